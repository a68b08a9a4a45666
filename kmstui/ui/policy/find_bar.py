"""Find, replace and go to line: in a text, and the one-line bar below it that asks for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static
from textual.widgets.text_area import Selection

from kmstui.model import time_limit
from kmstui.ui.commands import bound
from kmstui.ui.policy.text_area import PolicyTextArea

MOST_SECONDS = 0.25
"""Of processor time, to look through a text once."""


class SearchError(ValueError):
    """The pattern or the replacement cannot be used; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. Case counts only where the pattern has a capital letter."""

    pattern: str
    regex: bool = False

    def compile(self) -> re.Pattern[str]:
        """The pattern as a regular expression.

        Raises:
            SearchError: it is no regular expression.
        """
        pattern = self.pattern if self.regex else re.escape(self.pattern)
        ignore_case = 0 if any(map(str.isupper, self.pattern)) else re.IGNORECASE
        try:
            return re.compile(pattern, re.MULTILINE | ignore_case)
        except (re.error, OverflowError, RecursionError) as error:
            raise SearchError(
                f"{self.pattern!r} is not a valid regular expression: {error}."
            ) from error


def find_all(text: str, query: Query) -> list[tuple[int, int]]:
    """Start and end of every match that is not empty.

    Raises:
        SearchError: the pattern is no regular expression, or takes too long.
    """
    if not query.pattern:
        return []
    try:
        with time_limit(MOST_SECONDS):
            return [match.span() for match in query.compile().finditer(text) if match[0]]
    except TimeoutError:
        raise SearchError("The regular expression takes too long.") from None


def next_match(matches: Sequence[tuple[int, int]], offset: int) -> int:
    """The index of the first match at or behind `offset`, else of the first of all."""
    return next((index for index, (start, _) in enumerate(matches) if start >= offset), 0)


def previous_match(matches: Sequence[tuple[int, int]], offset: int) -> int:
    """The index of the last match before `offset`, else of the last of all."""
    before = [index for index, (start, _) in enumerate(matches) if start < offset]
    return before[-1] if before else len(matches) - 1


def replacement_of(text: str, match: tuple[int, int], query: Query, template: str) -> str:
    r"""What `template` makes of one match; `\1` and `\g<name>` work in regex mode.

    Raises:
        SearchError: the template names a group that is not there.
    """
    if not query.regex:
        return template
    found = query.compile().match(text, *match)
    if found is None:
        # A look-behind or an anchor saw more than the match: take the template as it stands.
        return template
    try:
        return found.expand(template)
    except (re.error, IndexError) as error:
        raise SearchError(f"{template!r} cannot be the replacement: {error}.") from error


def replace_all(text: str, query: Query, template: str) -> tuple[str, int]:
    """The text with every match replaced, and how many there were.

    Raises:
        SearchError: the pattern or the template cannot be used.
    """
    matches = find_all(text, query)
    pieces: list[str] = []
    at = 0
    for start, end in matches:
        pieces += [text[at:start], replacement_of(text, (start, end), query, template)]
        at = end
    return "".join(pieces) + text[at:], len(matches)


Mode = Literal["find", "replace", "line"]


class FindBar(Horizontal):
    """Asks for a pattern, a replacement or a line number; selects matches, and says which."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        bound("find.next", "step(1)", "next match"),
        bound("find.previous", "step(-1)", "match before"),
        bound("find.regex", "toggle_regex", "as a regular expression, or plainly"),
        bound("find.replace-all", "replace_all", "replace all"),
    ]

    def __init__(self, area: PolicyTextArea) -> None:
        super().__init__()
        self._area = area
        self._from = 0
        self.mode: Mode = "find"
        self.regex = False
        self._pattern = Input(placeholder="find", compact=True, select_on_focus=True)
        self._replacement = Input(placeholder="replace with", compact=True)
        self._label = Static("Find", classes="bar--label", markup=False)
        self._state = Static("", classes="bar--state", markup=False)

    def compose(self) -> ComposeResult:
        """Label, one or two inputs, state."""
        yield self._label
        yield self._pattern
        yield self._replacement
        yield self._state

    def open(self, mode: Mode) -> None:
        """Ask, beginning with what is selected."""
        start, end = self._selected
        self._from = self._area.offset_of(start)
        self.mode = mode
        self.display = True
        self._replacement.display = mode == "replace"
        self._label.update("Line" if mode == "line" else "Find")
        text = self._area.selected_text if start[0] == end[0] and mode != "line" else ""
        if text or mode == "line":
            self._pattern.value = text
        self._tell("")
        # At once: the keys that are on their way already are meant for here.
        self.screen.set_focus(self._pattern)

    @property
    def is_typing(self) -> bool:
        """Whether it has the keys."""
        return self._pattern.has_focus or self._replacement.has_focus

    def action_close(self) -> None:
        """Back to the text."""
        self.display = False
        self.screen.set_focus(self._area)

    def _tell(self, state: str) -> None:
        """Say what came of it: "3 of 12", or why not."""
        flag = ".* " if self.regex and self.mode != "line" else ""
        self._state.update(flag + state)

    @property
    def search_query(self) -> Query:
        """What is looked for now."""
        return Query(self._pattern.value, self.regex)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look while typing."""
        event.stop()
        if self.display and self.mode != "line" and event.input is self._pattern:
            self._show_first()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: go to the line, to the next match, or replace this one."""
        event.stop()
        if self.mode == "line":
            self._go_to_line(self._pattern.value.strip())
        elif event.input is self._replacement:
            self._replace_one()
        elif self._area.read_only:
            # As in a pager: the text has the keys again, and n and N go on.
            self.screen.set_focus(self._area)
        else:
            self.step(1)

    def _go_to_line(self, digits: str) -> None:
        """Go to a line; a number too large means the last."""
        if not digits.isdecimal():
            self._tell("Type a line number.")
            return
        last = self._area.document.line_count
        row = (last if len(digits) > 9 else min(max(1, int(digits)), last)) - 1
        self._area.move_cursor((row, 0), center=True)
        self.action_close()

    # Find

    def action_step(self, by: int) -> None:
        """Next or previous match."""
        if self.mode != "line":
            self.step(by)

    def action_toggle_regex(self) -> None:
        """Read the pattern as a regular expression, or plainly again."""
        self.regex = not self.regex
        self._show_first()

    def _show_first(self) -> None:
        """Select the first match from where the search began."""
        if matches := self._matches():
            self._select(matches, next_match(matches, self._from))

    def step(self, by: int) -> None:
        """Select the next match (1) or the previous one (-1)."""
        matches = self._matches()
        if not matches:
            return
        start, end = map(self._area.offset_of, self._selected)
        index = next_match(matches, end) if by > 0 else previous_match(matches, start)
        self._select(matches, index)

    @property
    def _selected(self) -> Selection:
        return Selection(*sorted(self._area.selection))

    def _matches(self) -> list[tuple[int, int]]:
        try:
            matches = find_all(self._area.text, self.search_query)
        except SearchError as error:
            self._tell(str(error))
            return []
        self._tell("" if matches or not self.search_query.pattern else "not found")
        return matches

    def _select(self, matches: list[tuple[int, int]], index: int) -> None:
        self._area.selection = Selection(*map(self._area.location_of, matches[index]))
        self._area.scroll_cursor_visible(center=True)
        self._tell(f"{index + 1} of {len(matches)}")

    # Replace

    def _replace_one(self) -> None:
        """Replace the match that is selected, if one is, and go to the next."""
        area, (start, end) = self._area, self._selected
        if area.read_only:
            return
        present = (area.offset_of(start), area.offset_of(end))
        if present in self._matches():
            try:
                insert = replacement_of(
                    area.text, present, self.search_query, self._replacement.value
                )
            except SearchError as error:
                self._tell(str(error))
                return
            area.history.checkpoint()
            area.replace(insert, start, end, maintain_selection_offset=False)
        self.step(1)

    def action_replace_all(self) -> None:
        """Replace every match as one step of undo."""
        if self.mode != "replace" or self._area.read_only or not self._matches():
            return
        try:
            text, count = replace_all(self._area.text, self.search_query, self._replacement.value)
        except SearchError as error:
            self._tell(str(error))
            return
        self._tell(f"{count} replaced")
        self._area.replace_text(text)
