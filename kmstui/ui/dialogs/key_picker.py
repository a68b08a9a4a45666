"""Chooses a key by typing parts of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from kmstui.model.key import Key
from kmstui.service.inventory.filter import FilterError, parse_filter
from kmstui.service.inventory.store import Store
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.runtime.time_slices import TimeSlices
from kmstui.ui.runtime.type_ahead import TypeAhead
from kmstui.ui.style.text_styles import Part
from kmstui.ui.widgets.columns import Column
from kmstui.ui.widgets.line_table import LineTable
from kmstui.ui.widgets.sentences import Sentences

_MOST = 100
"""Keys offered at once; typing on narrows them."""

_COLUMNS = (
    Column("alias", "ALIAS", 14, rank=0, most=28),
    Column("id", "KEY ID", 36, rank=1, least=12),
    Column("state", "STATE", 8, rank=3),
    Column("spec", "SPEC", 17, rank=2),
)


class KeyPicker(Dialog[str]):
    """Answers the ID of a key, or None.

    Keys that cannot be chosen come last, with the reason under the list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move(1)", "next", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "previous", show=False, priority=True),
        Binding("pagedown", "move(10)", "ten further", show=False, priority=True),
        Binding("pageup", "move(-10)", "ten back", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        store: Store,
        slices: TimeSlices,
        type_ahead: TypeAhead,
        problem: Callable[[Key], str],
    ) -> None:
        """`problem` answers why a key cannot be chosen, as a sentence, or ""."""
        super().__init__(title)
        self.add_class("dialog-wide")
        self._store = store
        self._slices = slices
        self._type_ahead = type_ahead
        self._problem = problem
        self._problems: dict[str, str] = {}
        self._found: str | None = None
        self._moved = False
        self.input = Input(
            placeholder="alias, key ID, tag:name=value, spec:rsa … as in the filter", compact=True
        )
        self.input.cursor_blink = False
        self.table = LineTable(_COLUMNS, self._cells)
        self.table.can_focus = False
        self.reason = Sentences(classes="dialog--reason")

    def compose(self) -> ComposeResult:
        """Title, the line, the keys, and why the one under the cursor is off."""
        with self.box:
            yield self.heading_line()
            yield self.input
            yield self.table
            yield self.reason

    def on_mount(self) -> None:
        """Offer everything at first."""
        self.input.focus()
        self._search("")

    def action_move(self, steps: int) -> None:
        """Move in the list while typing."""
        self._moved = True
        self.table.action_move(steps)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Find what matches."""
        event.stop()
        self._search(event.value)

    def on_line_table_moved(self) -> None:
        """Say why a key is off."""
        self._explain()

    def on_line_table_chosen(self) -> None:
        """Clicked twice."""
        self._choose()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: this key, once what was typed has been looked for."""
        event.stop()
        if event.value == self._found:
            self._choose()
        else:
            worker = self.run_worker(
                self._choose_found(event.value), group="choose", exclusive=True
            )
            # The key typed behind this one is for what is opened with the choice.
            self._type_ahead.opens(worker, self)

    async def _choose_found(self, text: str) -> None:
        # Keys typed ahead: Enter may come before the search for the text has ended.
        await self._find(text)
        self._choose()

    def _choose(self) -> None:
        row = self.table.cursor_row
        if row is not None and not self._problems.get(row):
            self.dismiss(row)

    def _search(self, text: str) -> None:
        self.run_worker(self._find(text), group="find", exclusive=True)

    async def _find(self, text: str) -> None:
        try:
            wanted = parse_filter(text)
        except FilterError as error:
            self.reason.say(str(error), "warn")
            return
        word = text.strip().casefold()
        named: list[str] = []
        possible: list[str] = []
        others: dict[str, str] = {}
        self._slices.begin()
        for key in self._store.keys.values():
            aliases = self._store.aliases_of(key.id)
            if not key.is_aws_managed and wanted.matches(key, aliases):
                problem = self._problem(key)
                if problem and len(others) < _MOST:
                    others[key.id] = problem
                elif not problem and any(word in alias.casefold() for alias in aliases):
                    named.append(key.id)
                elif not problem and len(possible) < _MOST:
                    possible.append(key.id)
                if len(named) >= _MOST:
                    break
            if self._slices.over:
                await self._slices.next()
        self._found = text
        self._show([*self._in_order(named), *self._in_order(possible)][:_MOST], others)

    def _in_order(self, key_ids: list[str]) -> list[str]:
        # Keys whose alias holds what was typed come before those that match by a tag or a word.
        return sorted(key_ids, key=lambda each: (self._store.aliases_of(each) or ("~",), each))

    def _show(self, possible: list[str], others: dict[str, str]) -> None:
        chosen = self.table.cursor_row if self._moved else None
        self._problems = others
        rows = [*possible, *others]
        self.table.set_empty("No key matches.")
        self.table.set_rows(rows)
        if chosen not in rows:
            self._moved = False
            self.table.forget_place()
            self.table.set_rows(rows)
        self._explain()

    def _explain(self) -> None:
        self.reason.say(self._problems.get(self.table.cursor_row or "", ""), "warn")

    def _cells(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        key = self._store.keys.get(row)
        if key is None:
            return ()
        metadata = key.metadata
        role = "dim" if self._problems.get(row) else ""
        names = self._store.aliases_of(row)
        more = f" +{len(names) - 1}" if len(names) > 1 else ""
        cells: dict[str, Part] = {
            "alias": (names[0].removeprefix("alias/") + more if names else "-", role or "accent"),
            "id": (row, role),
            "state": (metadata.state if metadata else "", role),
            "spec": (metadata.spec if metadata else "", role),
        }
        return [cells[column] for column in columns]
