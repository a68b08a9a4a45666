"""Finding in a text: from where, to which match, and what is said about it."""

from __future__ import annotations

from textual.document._document import Selection

from kmstui.ui.policy.line_bar import LineBar, Mode
from kmstui.ui.policy.search import (
    Query,
    SearchError,
    find_all,
    next_match,
    previous_match,
    replace_all,
    replacement_of,
)
from kmstui.ui.policy.text_area import PolicyTextArea


class Searching:
    """Selects the matches of what is asked for in the bar."""

    def __init__(self, area: PolicyTextArea, bar: LineBar) -> None:
        self._area = area
        self._bar = bar
        self._from = 0

    def open(self, mode: Mode) -> None:
        """Ask, beginning with what is selected."""
        selected = self._area.selected_text
        start, end = sorted((self._area.selection.start, self._area.selection.end))
        self._from = self._area.offset_of(start)
        one_line = start[0] == end[0] and mode != "line"
        self._bar.open(mode, selected if one_line else "")

    def show_first(self, query: Query) -> None:
        """Select the first match from where the search began."""
        if matches := self._matches(query):
            self._select(matches, next_match(matches, self._from))

    def step(self, query: Query, by: int) -> None:
        """Select the next match (1) or the previous one (-1)."""
        matches = self._matches(query)
        if not matches:
            return
        start, end = sorted((self._area.selection.start, self._area.selection.end))
        if by > 0:
            index = next_match(matches, self._area.offset_of(end))
        else:
            index = previous_match(matches, self._area.offset_of(start))
        self._select(matches, index)

    def replaced_everywhere(self, query: Query, template: str) -> str | None:
        """The text with every match replaced; None where there is none, or it cannot be done."""
        if not self._matches(query):
            return None
        try:
            text, count = replace_all(self._area.text, query, template)
        except SearchError as error:
            self._bar.tell(str(error))
            return None
        self._bar.tell(f"{count} replaced")
        return text

    def replace_one(self, query: Query, template: str) -> None:
        """Replace the match that is selected, if one is, and go to the next."""
        area = self._area
        start, end = sorted((area.selection.start, area.selection.end))
        present = (area.offset_of(start), area.offset_of(end))
        if present in self._matches(query):
            try:
                insert = replacement_of(area.text, present, query, template)
            except SearchError as error:
                self._bar.tell(str(error))
                return
            area.history.checkpoint()
            area.replace(insert, start, end, maintain_selection_offset=False)
        self.step(query, 1)

    def _matches(self, query: Query) -> list[tuple[int, int]]:
        try:
            matches = find_all(self._area.text, query)
        except SearchError as error:
            self._bar.tell(str(error))
            return []
        self._bar.tell("" if matches or not query.pattern else "not found")
        return matches

    def _select(self, matches: list[tuple[int, int]], index: int) -> None:
        start, end = map(self._area.location_of, matches[index])
        self._area.selection = Selection(start, end)
        self._area.scroll_cursor_visible(center=True)
        self._bar.tell(f"{index + 1} of {len(matches)}")
