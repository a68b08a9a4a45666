"""A menu: choose one of several things."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType

from kmstui.service.inventory import Topic
from kmstui.ui.commands import KeyBar, program_of
from kmstui.ui.dialogs.dialog import Dialog
from kmstui.ui.dialogs.matching import nearness
from kmstui.ui.runtime import Changes, StoreFeed
from kmstui.ui.style import Part, width_of
from kmstui.ui.widgets import Column, LineTable, Sentences

_MOST_TYPED = 100
"""Characters to narrow a list by."""
_USUAL, _WIDEST = 72, 120
"""Cells of a menu's box; what its items say may make it wider, where the screen is."""
_AROUND = 12
"""Cells of border, padding, cursor, letters and gaps."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of a menu."""

    id: str
    """What the menu returns."""
    text: str
    key: str = ""
    """A single character that chooses it at once."""
    detail: str = ""
    """What stands beside it."""
    off: str = ""
    """Why it cannot be chosen, as a sentence; it is shown then."""


class Menu(Dialog[str]):
    """Returns the id of the item chosen, or None.

    A letter chooses its item at once; in a menu whose items have no letters, such as the
    Regions, typing narrows the list instead.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "choose", show=False),
    ]

    def __init__(
        self,
        title: str,
        items: Sequence[MenuItem],
        chosen: str = "",
        *,
        live: Callable[[], Sequence[MenuItem]] | None = None,
    ) -> None:
        """`live` returns the same items when the store has learnt more of keys: some come on."""
        super().__init__(title)
        self._live = live
        self._typed = ""
        self._head = self.heading_line()
        self._items = {item.id: item for item in items}
        self._chosen = chosen
        self._keys = {item.key: item.id for item in items if item.key}
        columns = [
            Column("key", "", 1, rank=1),
            Column("text", "", 16, most=max((len(item.text) + 4 for item in items), default=16)),
            Column("detail", "", 8, rank=2, most=200),
        ]
        if not self._keys:
            columns = columns[1:]
        if not any(item.detail or item.off for item in items):
            columns = columns[:-1]
        self.flexible = self.table = LineTable(columns, self._cells, header=False)
        self.table.set_rows([item.id for item in items])
        self.reason = Sentences(classes="dialog--reason")
        self.parts = (self._head, self.table, self.reason)

    def on_mount(self) -> None:
        """Begin at what is in use."""
        self.table.styles.height = len(self._items)
        self.box.styles.width = min(_WIDEST, max(_USUAL, self._needed))
        if self._chosen:
            self.table.move_to_row(self._chosen)
        self._explain()
        if self._live is not None:
            renew = partial(self._renew, self._live)
            StoreFeed(program_of(self).session.store, (Topic.KEYS,), self, renew)

    @property
    def _needed(self) -> int:
        """Cells of the box that shows every item whole."""
        items = self._items.values()
        text = max((width_of(item.text) for item in items), default=0)
        detail = max((width_of(item.off or item.detail) for item in items), default=0)
        return text + 4 + detail + _AROUND

    def _renew(self, live: Callable[[], Sequence[MenuItem]], _: Changes) -> None:
        self._items = {item.id: item for item in live()}
        self.table.redraw()
        self._explain()

    def on_line_table_moved(self) -> None:
        """Say why an item is off."""
        self._explain()

    def on_key(self, event: events.Key) -> None:
        """A letter chooses its item, or narrows the list."""
        item = self._keys.get(event.character or "")
        if item is not None:
            event.stop()
            self._choose(item)
        elif self._keys:
            if event.key == "q":
                event.stop()
                self.dismiss(None)
        elif event.is_printable and event.character:
            event.stop()
            self._narrow(self._typed + event.character)
        elif event.key == "backspace":
            event.stop()
            self._narrow(self._typed[:-1])

    def on_paste(self, event: events.Paste) -> None:
        """As typed, where typing narrows; a paste chooses nothing."""
        event.stop()
        if not self._keys:
            self._narrow(self._typed + " ".join(event.text.split()))

    def _narrow(self, typed: str) -> None:
        # More is no name: it was pasted here by mistake.
        self._typed = typed = typed[:_MOST_TYPED]
        word = typed.casefold()
        found = [
            item
            for item in self._items.values()
            if word in item.text.casefold() or word in item.detail.casefold()
        ]
        if word:
            found.sort(key=lambda item: nearness(word, item.text))
        self.table.forget_place()
        self.table.set_rows([item.id for item in found])
        if not word and self._chosen:
            self.table.move_to_row(self._chosen)
        self._head.say(f"{self.heading}: {typed}" if typed else self.heading, "title")
        self.table.set_empty("Nothing matches; Backspace deletes letters.")
        self._explain()

    @on(LineTable.Chosen)
    def action_choose(self) -> None:
        """Choose the item under the cursor."""
        if self.table.cursor_row is not None:
            self._choose(self.table.cursor_row)

    def _choose(self, item_id: str) -> None:
        if self._items[item_id].off:
            self.table.move_to_row(item_id)
            self._explain()
        else:
            self.dismiss(item_id)

    def _explain(self) -> None:
        item = self._items.get(self.table.cursor_row or "")
        self.reason.say(item.off if item else "", "warn")
        self.call_after_refresh(self.share_room, self.table)

    def _cells(self, row: str, _: Sequence[str]) -> Mapping[str, Part]:
        item = self._items[row]
        style = "dim" if item.off else ""
        return {
            "key": (item.key, "key"),
            "text": (item.text, style),
            "detail": (item.off or item.detail, "dim"),
        }


class MarkingMenu(Menu):
    """Returns the ids that were marked with Space, with commas between them; or the one chosen."""

    def __init__(self, title: str, items: Sequence[MenuItem], chosen: Sequence[str] = ()) -> None:
        """`chosen` are in use; where they are several, they are marked."""
        super().__init__(title, items, next(iter(chosen), ""))
        self._marked = dict.fromkeys(chosen if len(chosen) > 1 else ())
        self.parts = (*self.parts, KeyBar([("Space", "Marks several"), ("Enter", "Goes there")]))

    def on_key(self, event: events.Key) -> None:
        """Space marks; all else as in any menu."""
        row = self.table.cursor_row
        if event.key != "space":
            return
        event.stop()
        # The menu would narrow its list by it.
        event.prevent_default()
        if row is not None:
            if row in self._marked:
                del self._marked[row]
            else:
                self._marked[row] = None
            self.table.redraw()
            self.table.action_move(1)

    def _choose(self, item_id: str) -> None:
        marked = [each for each in self._marked if not self._items[each].off]
        self.dismiss(",".join(marked) or item_id)

    def _cells(self, row: str, columns: Sequence[str]) -> Mapping[str, Part]:
        cells = super()._cells(row, columns)
        item = self._items[row]
        mark = "[x] " if row in self._marked else "    " if self._marked else ""
        return {**cells, "text": (f"{mark}{item.text}", "accent" if row in self._marked else "")}
