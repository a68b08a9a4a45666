"""Proposals while somebody writes: when they come, what keys do to them, what is written."""

from __future__ import annotations

from collections.abc import Callable

from textual.widget import Widget

from kmstui.policy.authoring.completion import Completions
from kmstui.ui.policy.debounce import Debounce
from kmstui.ui.policy.editing_area import EditingArea
from kmstui.ui.policy.popup import MOST_ROWS, CompletionPopup

Complete = Callable[[str, int], Completions]
"""What could be written at an offset of a text; pure and quick."""

PAUSE = 0.08
"""Seconds after a letter before there are proposals."""


class Completing:
    """Opens and closes the popup of an area, and writes what is chosen from it."""

    def __init__(self, owner: Widget, area: EditingArea, complete: Complete | None) -> None:
        self._area = area
        self._complete = complete
        self._revision = area.revision
        self._soon = Debounce(owner, PAUSE, self._open_if_useful)

    @property
    def pending(self) -> bool:
        """Proposals for what was typed last have not been looked for yet."""
        return self._soon.pending

    def settled(self) -> None:
        """The text or the cursor is another now."""
        if self._revision != self._area.revision:
            self._revision = self._area.revision
            self._text_changed()
        else:
            self._cursor_moved()

    def _text_changed(self) -> None:
        """Propose something soon if a word has been begun; otherwise proposals are old now."""
        if self._complete and _begins_a_word(self._area.typed):
            self._soon.poke()
        else:
            self._soon.cancel()
            self._area.popup = None

    def _cursor_moved(self) -> None:
        """Proposals for another place are of no use."""
        popup = self._area.popup
        if popup and self._area.cursor_offset <= popup.completions.start:
            self._area.popup = None

    def open(self) -> bool:
        """Show proposals; whether there are any."""
        if self._complete is None:
            return False
        area = self._area
        text, offset = area.text, area.cursor_offset
        completions = self._complete(text, offset)
        written = text[completions.start : completions.end]
        items = completions.items
        if not items or (len(items) == 1 and items[0].insert.rstrip(": ") == written):
            return False
        row, column = area.cursor_location
        at = area.place_of((row, column - (offset - completions.start)))
        area.popup = CompletionPopup(completions, at, area.scrollable_content_region.size)
        return True

    def _open_if_useful(self) -> None:
        if not self._area.has_focus or not self.open():
            self._area.popup = None

    def take_key(self, key: str) -> bool:
        """Let a key act on the popup; True where it did."""
        popup = self._area.popup
        if popup is None:
            return False
        steps = {"up": -1, "down": 1, "pageup": -MOST_ROWS, "pagedown": MOST_ROWS}
        if key in steps:
            popup.move(steps[key])
            self._area.popup = popup
        elif key in ("enter", "tab"):
            return self._accept(popup)
        elif key == "escape":
            self._area.popup = None
        else:
            return False
        return True

    def _accept(self, popup: CompletionPopup) -> bool:
        """Write what was proposed; False where nothing fits what has been typed since."""
        area = self._area
        area.popup = None
        if self._complete is None:
            return False
        now = self._complete(area.text, area.cursor_offset)
        fitting = [item for item in now.items if item.label == popup.chosen.label]
        items = fitting if fitting and popup.moved else now.items
        if not items:
            return False
        start, end = map(area.location_of, (now.start, now.end))
        area.history.checkpoint()
        area.replace(items[0].insert, start, end, maintain_selection_offset=False)
        area.history.checkpoint()
        return True


def _begins_a_word(typed: str) -> bool:
    return bool(typed) and (typed.isalnum() or typed in '":-./_*')
