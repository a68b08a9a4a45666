"""The text of a policy: offsets, findings that stay where they belong, changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.document._document import EditResult
from textual.document._edit import Edit
from textual.message import Message

from kmstui.policy.lint.core.findings import Finding
from kmstui.ui.policy.changes import changed_range, location_in
from kmstui.ui.policy.finding_marks import Location, Mark, Marks
from kmstui.ui.policy.marked_area import MarkedTextArea


class PolicyTextArea(MarkedTextArea):
    """A TextArea for one JSON policy; knows findings, and nothing of where they come from."""

    @dataclass
    class MarksChanged(Message):
        """The findings shown have changed."""

        text_area: PolicyTextArea

        @property
        def control(self) -> PolicyTextArea:
            """The text area that sent this message."""
            return self.text_area

    def __init__(
        self,
        text: str = "",
        *,
        read_only: bool = False,
        ascii_marks: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        self.revision = 0
        """Counts the changes of the text, so that a finding knows which text it is about."""
        super().__init__(text, read_only=read_only, ascii_marks=ascii_marks, id=id, classes=classes)

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
    def marks(self) -> Marks:
        """The findings shown, where they stand now."""
        return self._marks

    def show_findings(self, findings: Iterable[Finding]) -> None:
        """Draw findings whose spans are offsets into the present `text`."""
        self._marks.put(findings, self.document.text)
        self.draw_differences()
        self.post_message(self.MarksChanged(self))

    def mark_at_cursor(self) -> Mark | None:
        """The finding to speak of at the cursor."""
        return self._marks.at(self.cursor_location)

    # Changes

    def edit(self, edit: Edit) -> EditResult:
        """Do one edit; findings are carried along."""
        edit.text = self._stand_ins.encode(edit.text)
        top, bottom = edit.top, edit.bottom
        with self._redrawing(top[0]):
            result = super().edit(edit)
            self.revision += 1
            self._marks.carry(top, bottom, result.end_location)
        return EditResult(result.end_location, self._stand_ins.decode(result.replaced_text))

    def undo(self) -> None:
        """Take the last change back."""
        before = self.document.text
        with self._redrawing():
            super().undo()
            self._carry_marks_from(before)

    def redo(self) -> None:
        """Do the change again that was taken back last."""
        before = self.document.text
        with self._redrawing():
            super().redo()
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
