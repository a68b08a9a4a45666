"""The save under way, step by step, and how it ended."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.edit import PolicyEditing, Review
from kmstui.service.editing.put import SaveStep
from kmstui.service.editing.results import (
    OutcomeUnknown,
    Refused,
    Saved,
    SavedButDiffers,
    SavedStillPropagating,
    SavedUnread,
    SaveOutcome,
    SaveResult,
    Unchanged,
)
from kmstui.service.errors import ServiceError
from kmstui.ui.commands.key_bar import KeyBar
from kmstui.ui.commands.program import program_of
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.editing.review_rows import diff_rows
from kmstui.ui.style.symbols import Marks
from kmstui.ui.widgets.prose_rows import Block, Row, Rows

SaveEnd = SaveOutcome | ServiceError
"""How a save ended; an error was raised before anything was sent."""

_TITLES: dict[type[object], tuple[str, str]] = {
    SavedStillPropagating: ("Saved, still propagating", "warn"),
    SavedButDiffers: ("Accepted, but something else is stored", "bad"),
    SavedUnread: ("Accepted, not read back", "warn"),
    Refused: ("Refused: nothing has changed", "bad"),
    OutcomeUnknown: ("Nobody can tell yet whether it was saved", "bad"),
}


class SavingScreen(Dialog[SaveEnd]):
    """Runs the save; closes by itself where it ended as wished, else after it was read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "wait no longer", show=False),
        Binding("enter,q", "close", "close", show=False),
    ]

    def __init__(
        self, editing: PolicyEditing, review: Review, signs: Marks, *, bypass_alias: str = ""
    ) -> None:
        super().__init__(f"Saving the policy of {editing.place.label}")
        self.add_class("dialog-wide", "saving")
        self._editing = editing
        self._review = review
        self._bypass_alias = bypass_alias
        self._signs = signs
        self._steps: list[SaveStep] = []
        self._end: SaveEnd | None = None
        self._head = self.heading_line()
        self.rows = Rows(signs=signs)
        self.keys = KeyBar()

    def compose(self) -> ComposeResult:
        """What happens, and the keys."""
        with self.box:
            yield self._head
            yield self.rows
            yield self.keys

    def on_mount(self) -> None:
        """Begin."""
        self.rows.focus()
        self._show_steps()
        app = program_of(self)
        # Where this is cancelled, the editing itself carries the save to its end.
        app.work(self._run, group="save", what="saving", exclusive=False)

    async def _run(self) -> None:
        try:
            self._take(await self._save())
        finally:
            if self._end is None and self.is_attached:
                # A fault of our own, which is told; the person must not be stuck here.
                self.dismiss(None)

    async def _save(self) -> SaveEnd:
        try:
            return await self._editing.save(
                self._review, bypass_alias=self._bypass_alias, observe=self._observe
            )
        except ServiceError as error:
            return error

    def _take(self, end: SaveEnd) -> None:
        self._end = end
        if isinstance(end, Saved | Unchanged | Conflict):
            self.dismiss(end)
        else:
            self._show_end(end)

    def _observe(self, step: SaveStep) -> None:
        if step not in self._steps:
            self._steps.append(step)
            self._show_steps()

    def _show_steps(self) -> None:
        rows: list[Row] = [
            Block(f"{step}", "good", f" {self._signs.done} ") for step in self._steps[:-1]
        ]
        rows += [Block(f"{step}…", "", "   ") for step in self._steps[-1:]]
        self.rows.show(rows)
        self.keys.show(
            [(" Esc", "key"), " Wait no longer "] if SaveStep.WAITING in self._steps else [" "]
        )

    def _show_end(self, end: SaveResult | ServiceError) -> None:
        title, role = _TITLES.get(type(end), ("Not saved: nothing was sent", "bad"))
        self._head.say(title, role)
        rows: list[Row] = [Block(paragraph) for paragraph in _words(end)]
        rows += self._differences(end)
        self.rows.show(rows)
        self.keys.show([(" Enter", "key"), " Close ", (" j k", "key"), " Scroll "])

    def _differences(self, end: SaveResult | ServiceError) -> list[Row]:
        if not isinstance(end, SavedButDiffers | OutcomeUnknown) or not end.stored:
            return []
        head = Block("From your text to what is stored now", "title")
        return [Block(""), head, *diff_rows(end.sent, end.stored, width=0)]

    def action_stop(self) -> None:
        """Wait no longer for reads to show it; or close, once it has ended."""
        if self._end is None:
            self._editing.stop_waiting()
        else:
            self.action_close()

    def action_close(self) -> None:
        """Close, if it has ended."""
        if self._end is not None:
            self.dismiss(self._end)


def _words(end: SaveResult | ServiceError) -> list[str]:
    if isinstance(end, ServiceError):
        return [end.sentence, "Your text is kept."]
    found = [end.sentence]
    if isinstance(end, Refused) and end.locks_out:
        found.append(
            "This is KMS's lock-out check. It can be bypassed from the review (b), after you have"
            " typed the key's alias."
        )
    if isinstance(end, OutcomeUnknown):
        found.append(
            "Enter goes back to your text. Ctrl-s there reads the stored policy again and shows"
            " your text beside it; nothing is sent before y."
        )
    return found
