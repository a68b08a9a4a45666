"""Keys beside each other: what differs first, and what is alike folded into a line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Resize

from kmstui.service.editing import Weight
from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.service.keys import (
    Fact,
    KeyAction,
    KeyPicture,
    PolicyDifference,
    compare_policies,
    compared,
)
from kmstui.ui.commands import Context, bound, no_changes
from kmstui.ui.comparison.aligning import Alignment, alignments
from kmstui.ui.dialogs import FullScreen, Menu, MenuItem
from kmstui.ui.keys import act_on_set
from kmstui.ui.policy import pretty
from kmstui.ui.style import fit, width_of
from kmstui.ui.widgets import Block, Hunk, Row, Rows

_STYLES = {Weight.BAD: "bad", Weight.GOOD: "good", Weight.DOUBT: "warn"}
_LONG_LABEL = 24
_LEAST_COLUMN = 12
"""Cells for a key, below which the keys stand under each other."""


class CompareScreen(FullScreen[None]):
    """Two keys or more; each is named, and read when the screen opens and after each change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("compare.align", "align", "make a policy, tags, or a description as another key's"),
        bound("compare.replicate", "replicate", "replicate the set into another Region"),
        bound("compare.primary", "primary", "make the key of another Region the primary one"),
        bound("compare.fold", "fold", "what is alike: show or hide it"),
        bound("compare.texts", "texts", "the policies as text: show or hide them"),
        bound("compare.read", "read", "read again"),
        Binding("escape,q", "leave", "close", show=False),
    ]

    def __init__(
        self,
        context: Context,
        title: str,
        read: Callable[[], Awaitable[Sequence[KeyPicture]]],
        set_of: str = "",
    ) -> None:
        """`set_of` is the key whose related keys these are; "" where they are no set."""
        super().__init__(context.app.symbols)
        self._heading = title
        self._read = read
        self._set_of = set_of
        self._pictures: Sequence[KeyPicture] = ()
        self._policies: Sequence[PolicyDifference] | None = None
        self._folded, self._with_texts = True, False
        self._has_led_away = False
        """Whether something that may have changed the keys was opened from here."""
        self.rows = Rows()
        self.body = (self.rows,)

    def on_mount(self) -> None:
        """Read the keys."""
        self.rows.focus()
        self.action_read()

    def on_screen_resume(self) -> None:
        """Something may have been changed in front of it."""
        if self._has_led_away:
            self.action_read()

    def on_resize(self, _: Resize) -> None:
        """Whether values fit beside each other hangs on the room."""
        if self._pictures:
            self.call_after_refresh(self._show)

    def action_read(self) -> None:
        """Read all of them again."""
        self.title_line.show([(f" {self._heading}", "title"), "  reading…"])
        self.program.work(self._load, group="compare", what="comparing keys")

    async def _load(self) -> None:
        try:
            self._pictures = await self._read()
        except CancelledByPersonError:
            return
        except ServiceError as error:
            if self.is_running:
                self.title_line.show([(f" {self._heading}", "title")])
                self.rows.show([Block(f"{self.symbols.error} {error.sentence}", "bad")])
            return
        self._policies = None
        self._show()
        # Two long policies take a moment, and nobody waits for it with the keyboard.
        self._policies = await asyncio.to_thread(compare_policies, self._pictures)
        self._show()

    def _show(self) -> None:
        if not self.is_running:
            return
        self.title_line.show([(f" {self._heading}", "title")])
        of_sets = (("compare.replicate", "Replicate"), ("compare.primary", "Primary Region"))
        self.key_bar.show_keys(
            (
                ("compare.align", "Bring in line"),
                *(of_sets if self._set_of else ()),
                ("compare.fold", "Show alike" if self._folded else "Hide alike"),
                ("compare.texts", "Hide texts" if self._with_texts else "Texts"),
                ("compare.read", "Read again"),
                ("text.search", "Search"),
                ("Esc", "Close"),
            )
        )
        self.rows.show(list(self._lines()))

    def action_fold(self) -> None:
        """Show what is alike too, or leave it out again."""
        self._folded = not self._folded
        self._show()

    def action_texts(self) -> None:
        """Show the policies' texts, or leave them out again."""
        self._with_texts = not self._with_texts
        self._show()

    # Changes

    def action_align(self) -> None:
        """Choose what of which key shall be as another one's, and show what that changes."""
        context = Context(self.program, self)
        found = {each.id: each for each in alignments(self._pictures, self._policies)}
        if reason := no_changes(context):
            self.program.session.notify(reason, "warning")
        elif not found:
            self.program.session.notify(
                "Policies, tags and descriptions are alike, as far as they could be read.",
            )
        else:
            items = [MenuItem(each.id, each.words, off=each.off) for each in found.values()]
            self.program.ask(
                Menu("Bring in line: what shall change?", items),
                lambda chosen: self._align(context, found[chosen]),
            )

    def _align(self, context: Context, chosen: Alignment) -> None:
        self._has_led_away = True
        chosen.show(context, self._changed)

    def action_replicate(self) -> None:
        """Replicate the set into one more Region."""
        self._change_set(KeyAction.REPLICATE)

    def action_primary(self) -> None:
        """Make the key of another Region the primary one."""
        self._change_set(KeyAction.PRIMARY_REGION)

    def _change_set(self, action: KeyAction) -> None:
        context = Context(self.program, self)
        if not self._set_of:
            reason: str | None = "This is for the Regions of a multi-Region key."
        else:
            reason = no_changes(context) or act_on_set(context, self._set_of, action, self._changed)
        if reason:
            self.program.session.notify(reason, "warning")

    def _changed(self) -> None:
        if self.is_running:
            self.action_read()

    # What is shown

    def _lines(self) -> Iterator[Row]:
        read = [each for each in self._pictures if each.facts]
        for each in self._pictures:
            if each.problem:
                yield Block(f"{each.name}: {each.problem}", "bad", f"{self.symbols.error} ")
        if len(read) < 2:
            yield Block("There are no two keys that could be read, so there is nothing to compare.")
            return
        facts = compared(self._pictures)
        yield from self._policy_lines()
        yield from self._different(read, [fact for fact in facts if fact.differs])
        alike = [fact for fact in facts if not fact.differs]
        yield Block("")
        if self._folded:
            names = ", ".join(fact.label for fact in alike) or "nothing"
            yield Block(f"Alike: {names}", "dim")
        else:
            yield Block("Alike", "title")
            width = max((width_of(fact.label) for fact in alike), default=0)
            for fact in alike:
                lead = f"  {fit(fact.label, min(width, _LONG_LABEL))}  "
                yield Block(fact.values[0], lead=lead, lead_style="dim")

    def _different(self, read: Sequence[KeyPicture], facts: Sequence[Fact]) -> Iterator[Row]:
        if not facts:
            yield Block("Beside their policies they differ in nothing that was read.")
            return
        label = min(_LONG_LABEL, max(width_of(fact.label) for fact in facts))
        column = (self.rows.size.width - label - 6) // len(read) - 2
        names = [each.name for each in read]
        if column >= max(_LEAST_COLUMN, *map(width_of, names)):
            yield Block(names[-1], "title", _beside("Different", names, label, column))
        else:
            yield Block("Different", "title")
        for fact in facts:
            fits = all(width_of(value) <= column for value in fact.values)
            if column >= _LEAST_COLUMN and fits and width_of(fact.label) <= label:
                lead = _beside(fact.label, fact.values, label, column)
                yield Block(fact.values[-1], lead=lead)
                continue
            yield Block(fact.label, lead="  ")
            width = max(map(width_of, names))
            for name, value in zip(names, fact.values, strict=True):
                yield Block(value, lead=f"    {fit(name, width)}  ", lead_style="dim")

    def _policy_lines(self) -> Iterator[Row]:
        if self._policies is None:
            yield Block("The policies are being compared…", "dim")
            return
        for each in self._policies:
            first, other = each.first.name, each.other.name
            if each.same_meaning:
                yield Block(f"Policy: {other} means the same as {first}", "good")
            else:
                yield Block(f"Policy: under that of {other}, beside that of {first}", "title")
                for line in each.access:
                    yield Block(line.sentence, _STYLES.get(line.weight, ""), lead="  ")
                if not each.access:
                    yield Block("Nobody may do more or less; the texts differ.", lead="  ")
            if self._with_texts:
                old, new = (pretty(one.policy or "") for one in (each.first, each.other))
                yield Hunk(old.splitlines(), new.splitlines())
        yield Block("")


def _beside(label: str, values: Sequence[str], label_width: int, column: int) -> str:
    """A label and all values but the last, which follows."""
    cells = "".join(f"{fit(value, column)}  " for value in values[:-1])
    return f"  {fit(label, label_width)}  {cells}"
