"""The text of a policy: offsets, findings that stay where they belong, changes, keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets.text_area import Edit, EditResult

from kmstui.policy.lint import Finding
from kmstui.ui.policy.finding_marks import FindingMark, FindingMarks, Location
from kmstui.ui.policy.highlighted_area import HighlightedTextArea
from kmstui.ui.style import FANCY, Symbols


def changed_range(before: str, after: str) -> tuple[int, int, int]:
    """The smallest range that differs: start, its end in `before`, its end in `after`."""
    start = _common_prefix(before, after)
    behind = _common_prefix(before[start:][::-1], after[start:][::-1])
    return start, len(before) - behind, len(after) - behind


def location_in(text: str, offset: int) -> tuple[int, int]:
    """Row and column of a place in a text."""
    return text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset) - 1


def _common_prefix(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class PolicyTextArea(HighlightedTextArea):
    """A TextArea for one JSON policy; knows findings, and nothing of where they come from."""

    def __init__(
        self, text: str = "", *, read_only: bool = False, symbols: Symbols = FANCY
    ) -> None:
        self.revision = 0
        """Counts the changes of the text, so that a finding knows which text it is about."""
        self._visited: Finding | None = None
        super().__init__(text, read_only=read_only, symbols=symbols)

    # What it holds

    @property
    def text(self) -> str:
        """The text as it was given and typed; each line break is one LF."""
        return self._stand_ins.decode(self.document.text)

    @text.setter
    def text(self, value: str) -> None:
        self.load_text(value)

    def load_text(self, text: str) -> None:
        """Show another text; forgets undo history and findings."""
        self.revision += 1
        self.folds = ()
        self._marks.put((), "")
        super().load_text(self._stand_ins.encode(text))
        self.refresh()

    def get_text_range(self, start: Location, end: Location) -> str:
        """The text between two locations."""
        return self._stand_ins.decode(super().get_text_range(start, end))

    @property
    def cursor_offset(self) -> int:
        """The cursor's place in `text`, in characters."""
        return self.offset_of(self.cursor_location)

    def offset_of(self, location: Location) -> int:
        """The place of a location in `text`, in characters."""
        row, column = location
        lines = self.document.lines
        return sum(map(len, lines[:row])) + row + min(column, len(lines[row]))

    def location_of(self, offset: int) -> Location:
        """The location of a place in `text`."""
        for row, line in enumerate(self.document.lines):
            if offset <= len(line):
                return row, max(0, offset)
            offset -= len(line) + 1
        return self.document.end

    # Findings

    @property
    def marks(self) -> FindingMarks:
        """The findings shown, where they stand now."""
        return self._marks

    def show_findings(self, findings: Iterable[Finding]) -> None:
        """Draw findings whose spans are offsets into the present `text`."""
        self._marks.put(findings, self.document.text)
        self.draw_differences()

    def mark_at_cursor(self) -> FindingMark | None:
        """The finding to speak of at the cursor: the one gone to last, where several are."""
        here, visited = self.cursor_location, self._visited
        on_row = self._marks.on_row(here[0]) if visited is not None else ()
        gone_to = (each for each in on_row if each.finding is visited and each.start == here)
        return next(gone_to, None) or self._marks.at(here)

    def go_to_mark(self, mark: FindingMark) -> None:
        """Put the cursor at a finding and speak of that one."""
        self._visited = mark.finding
        self.move_cursor(mark.start, center=True)

    def go_to_next_mark(self, by: int) -> None:
        """Go to the next finding (1) or the previous one (-1); each of several at one place."""
        told = self.mark_at_cursor()
        step = self._marks.after if by > 0 else self._marks.before
        mark = step(self.cursor_location, told.finding if told else None)
        if mark is not None:
            self.go_to_mark(mark)

    # Changes

    def edit(self, edit: Edit) -> EditResult:
        """Do one edit; findings are carried along."""
        edit.text = self._stand_ins.encode(edit.text)
        top, bottom = edit.top, edit.bottom
        with self.redrawing(top[0]):
            self.carry_folds(min(top, bottom), max(top, bottom), edit.text.count("\n"))
            result = super().edit(edit)
            self.revision += 1
            self._marks.carry(top, bottom, result.end_location)
        return EditResult(result.end_location, self._stand_ins.decode(result.replaced_text))

    def undo(self) -> None:
        """Take the last change back."""
        self._repeat(super().undo)
        # What is typed now is no part of the change before the one taken back.
        self.history.checkpoint()

    def redo(self) -> None:
        """Do the change again that was taken back last."""
        self._repeat(super().redo)

    def _repeat(self, action: Callable[[], None]) -> None:
        before = self.document.text
        with self.redrawing():
            self.folds = ()
            self.is_repeating = True
            try:
                action()
            finally:
                self.is_repeating = False
            self._carry_marks_from(before)

    def replace_text(self, text: str, cursor: int | None = None) -> None:
        """Make the whole text `text`, as one step of undo that touches only what differs."""
        before = self.document.text
        start, old_end, new_end = changed_range(before, encoded := self._stand_ins.encode(text))
        self.history.checkpoint()
        if old_end > start or new_end > start:
            top, bottom = location_in(before, start), location_in(before, old_end)
            # An edit takes the true text, and swaps its strange characters itself.
            self.replace(self._stand_ins.decode(encoded[start:new_end]), top, bottom)
        self.history.checkpoint()
        if cursor is not None:
            self.move_cursor(self.location_of(min(cursor, len(encoded))))

    def _carry_marks_from(self, before: str) -> None:
        after = self.document.text
        start, old_end, new_end = changed_range(before, after)
        if old_end == new_end == start:
            return
        self.revision += 1
        top, bottom = location_in(before, start), location_in(before, old_end)
        self._marks.carry(top, bottom, location_in(after, new_end))

    # Keys

    def take_key(self, event: events.Key) -> bool:
        """Give a key a meaning of one's own, before any other; True where it has had one."""
        return False

    async def on_key(self, event: events.Key) -> None:
        """Act on keys one after the other, as they came.

        Textual lets letters change the text at once, but sends keys with a binding on a round
        through the app: of "Down, x" arriving in one packet, x would be written first, in the
        wrong line. Over SSH that is every day's case. So bindings are acted on right here, and
        keys that were on their way when the focus left are passed on to where it went.
        """
        focused = self.screen.focused
        if self.app.screen is not self.screen:
            # Typed before a dialog was seen: neither meant for the text nor an answer to it.
            taken = True
        elif focused is not None and focused is not self:
            focused.post_message(events.Key(event.key, event.character))
            taken = True
        else:
            taken = self.take_key(event) or await self._act_on_binding(event)
        if taken:
            event.stop()
            event.prevent_default()
        elif "+" in event.key and not event.key.startswith("shift+"):
            # The letter of Alt-letter is no text; whoever is above may have a binding for it.
            event.prevent_default()

    def _actions_of(self, kind: type[DOMNode]) -> dict[str, str]:
        options = getattr(self.app, "options", None)
        return _actions_by_key(kind, options.keys if options is not None else ())

    async def _act_on_binding(self, event: events.Key) -> bool:
        if self.check_consume_key(event.key, event.character) and "+" not in event.key:
            return False
        for node in self.ancestors_with_self:
            if isinstance(node, Screen):
                break
            action = self._actions_of(type(node)).get(event.key)
            if action and await self.app.run_action(action, node):
                return True
        return False


@lru_cache(maxsize=64)
def _actions_by_key(
    kind: type[DOMNode], rebound: tuple[tuple[str, tuple[str, ...]], ...]
) -> dict[str, str]:
    """What the bindings of a class and of those it is made from say, the nearest class last.

    Those that a person gave other keys (`rebound`, by the binding's id) have those instead.
    """
    given = dict(rebound)
    bindings = [
        binding
        for cls in reversed(kind.__mro__)
        for binding in Binding.make_bindings(cls.__dict__.get("BINDINGS", ()))
    ]
    own = {each.key: each.action for each in bindings if each.id not in given}
    others = {key: each.action for each in bindings for key in given.get(each.id or "", ())}
    return own | others


class ReadingArea(PolicyTextArea):
    """A policy that is read: the keys of a pager instead of those of an editor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "to_top", "Top", show=False),
        Binding("G", "to_bottom", "Bottom", show=False),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False),
        Binding("home", "to_top", show=False),
        Binding("end", "to_bottom", show=False),
    ]

    def action_to_top(self) -> None:
        """Go to the first line."""
        self.move_cursor((0, 0))

    def action_to_bottom(self) -> None:
        """Go to the last line."""
        self.move_cursor((self.document.line_count - 1, 0))

    def action_half_page(self, direction: int) -> None:
        """Go half a screen up or down."""
        rows = max(1, self.content_size.height // 2)
        self.move_cursor_relative(rows=direction * rows)
