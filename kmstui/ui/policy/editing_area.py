"""The text area for writing JSON: indents, brackets, paste, stops, and proposals."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets.text_area import Selection

from kmstui.policy.authoring import Completions
from kmstui.ui.policy.brackets import enclosing_bracket
from kmstui.ui.policy.completion_popup import MOST_ROWS, CompletionPopup
from kmstui.ui.policy.debounce import Debounce
from kmstui.ui.policy.finding_marks import FindingMark
from kmstui.ui.policy.layout import detect_indent, leading_space, pasted
from kmstui.ui.policy.text_area import PolicyTextArea
from kmstui.ui.style import FANCY, Symbols

PLACEHOLDER_RULE = "KMS601"
"""The linter's rule for what a template left to fill in; Tab goes from one to the next."""

Complete = Callable[[str, int], Completions]
"""What could be written at an offset of a text; pure and quick."""

PROPOSAL_PAUSE = 0.08
"""Seconds after a letter before there are proposals."""

LONGEST_TEXT = 131_072
"""Characters that a paste may make of a text. A key policy holds at most 32,768 bytes (AWS KMS
quotas); more is taken, since a person may want to cut it here."""


class EditingArea(PolicyTextArea):
    """A policy that is written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "undo", "Undo", show=False),
        Binding("ctrl+y", "redo", "Redo", show=False),
    ]

    def __init__(
        self, text: str = "", *, complete: Complete | None = None, symbols: Symbols = FANCY
    ) -> None:
        super().__init__(text, symbols=symbols)
        self._complete = complete
        self._proposed_for = self.revision
        self._propose_soon = Debounce(self, PROPOSAL_PAUSE, self._propose_if_useful)
        self.typed = ""
        """The character that the last change typed; empty where it was another change."""

    def take_key(self, event: events.Key) -> bool:
        """Give a key its meaning in JSON."""
        self.typed = ""
        if self.read_only:
            return False
        if self._key_of_popup(event.key) or self._json_key(event):
            return True
        if event.is_printable and not event.key.startswith("alt+"):
            self.typed = event.character or ""
        return False

    def _json_key(self, event: events.Key) -> bool:
        keys: dict[str, Callable[[], None]] = {
            "enter": self._new_line,
            "tab": self._tab,
            "shift+tab": self._dedent,
        }
        if action := keys.get(event.key):
            action()
            return True
        return event.character in ("}", "]") and self._close(event.character)

    def replace_text(self, text: str, cursor: int | None = None) -> None:
        """Make the whole text `text`, as one step of undo; proposals were for another one."""
        self.popup = None
        self.typed = ""
        super().replace_text(text, cursor)

    # Indents

    @property
    def _unit(self) -> str:
        return detect_indent(self.document.text)

    def _new_line(self) -> None:
        start, end = sorted((self.selection.start, self.selection.end))
        before = self.document[start[0]][: start[1]]
        line = self.document[end[0]]
        after = line[end[1] :]
        end = (end[0], end[1] + len(leading_space(after)))
        after = after.lstrip()
        indent = leading_space(before)
        opens = before.rstrip()[-1:] in ("{", "[")
        inner = indent + self._unit if opens else indent
        if opens and after[:1] in ("}", "]"):
            self.replace(f"\n{inner}\n{indent}", start, end, maintain_selection_offset=False)
            self.move_cursor((start[0] + 1, len(inner)))
        else:
            if after[:1] in ("}", "]") and not opens:
                inner = inner.removesuffix(self._unit)
            self.replace(f"\n{inner}", start, end, maintain_selection_offset=False)

    def _close(self, bracket: str) -> bool:
        """A closing bracket alone on its line goes below the line of its partner."""
        if not self.selection.is_empty:
            return False
        row, column = self.cursor_location
        if self.document[row][:column].strip():
            return False
        partner = enclosing_bracket(self.document.lines, (row, column))
        if partner is None:
            return False
        indent = leading_space(self.document[partner[0]])
        self.replace(indent + bracket, (row, 0), (row, column), maintain_selection_offset=False)
        return True

    def _tab(self) -> None:
        start, end = sorted((self.selection.start, self.selection.end))
        if start[0] != end[0]:
            self._shift_rows(start[0], end[0], self._indented)
        elif stop := self._next_stop():
            self.selection = Selection(stop.start, stop.end)
            self.scroll_cursor_visible()
        else:
            width = len(self._unit.expandtabs())
            blanks = " " * (width - self.get_column_width(*start) % width)
            self.replace(blanks, start, end, maintain_selection_offset=False)

    def _next_stop(self) -> FindingMark | None:
        stops = [mark for mark in self.marks if mark.finding.rule == PLACEHOLDER_RULE]
        # The selection's start, so that a stop just reached is not found again.
        here = min(self.selection.start, self.selection.end)
        return next((stop for stop in stops if stop.start > here), stops[0] if stops else None)

    def _dedent(self) -> None:
        start, end = sorted((self.selection.start, self.selection.end))
        self._shift_rows(start[0], end[0], self._dedented)

    def _indented(self, line: str) -> str:
        return self._unit + line if line else line

    def _dedented(self, line: str) -> str:
        width = len(self._unit.expandtabs())
        blanks = len(leading_space(line[:width]))
        return line[1:] if line.startswith("\t") else line[blanks:]

    def _shift_rows(self, first: int, last: int, shift: Callable[[str], str]) -> None:
        lines = [self.document[row] for row in range(first, last + 1)]
        shifted = [shift(line) for line in lines]
        if shifted == lines:
            return
        start, end = self.selection
        self.history.checkpoint()
        self.replace(self._stand_ins.decode("\n".join(shifted)), (first, 0), (last, len(lines[-1])))
        self.history.checkpoint()

        def moved(row: int, column: int) -> tuple[int, int]:
            return row, max(0, column + len(shifted[row - first]) - len(lines[row - first]))

        self.selection = Selection(moved(*start), moved(*end))

    # Paste

    async def on_paste(self, event: events.Paste) -> None:
        """Paste from the terminal."""
        event.stop()
        event.prevent_default()
        self.insert_pasted(event.text)
        if not self.has_focus:
            self.focus()

    def action_paste(self) -> None:
        """Paste what was copied or cut here."""
        self.insert_pasted(self.app.clipboard)

    def insert_pasted(self, paste: str) -> None:
        """Insert a paste as JSON: unwrapped from what AWS tools print around it, and indented."""
        if self.read_only:
            return
        becomes = len(self.document.text) - len(self.selected_text) + len(paste)
        if becomes > LONGEST_TEXT:
            self.say(
                f"With this paste the text would have {becomes:,} characters; a key policy holds "
                "at most 32,768 bytes. Nothing was inserted."
            )
            return
        self.typed = ""
        start, end = sorted((self.selection.start, self.selection.end))
        text, begin = pasted(paste, self.text, self.offset_of(start), self.offset_of(end))
        start = self.location_of(begin)
        self.history.checkpoint()
        self.replace(text, start, end, maintain_selection_offset=False)
        self.history.checkpoint()

    # Proposals

    def update_proposals(self) -> None:
        """The text or the cursor is another now: propose something soon, or nothing any more."""
        if self._proposed_for == self.revision:
            if self.popup and self.cursor_offset <= self.popup.completions.start:
                self.popup = None
            return
        self._proposed_for = self.revision
        if self._complete and _begins_a_word(self.typed):
            self._propose_soon.poke()
        else:
            self._propose_soon.cancel()
            self.popup = None

    def propose(self) -> bool:
        """Show what could be written here; returns whether there is anything."""
        if self._complete is None:
            return False
        text, offset = self.text, self.cursor_offset
        completions = self._complete(text, offset)
        written = text[completions.start : completions.end]
        items = completions.items
        if not items or (len(items) == 1 and items[0].insert.rstrip(": ") == written):
            return False
        row, column = self.cursor_location
        at = self.place_of((row, column - (offset - completions.start)))
        self.popup = CompletionPopup(completions, at, self.scrollable_content_region.size)
        return True

    def _propose_if_useful(self) -> None:
        if not self.has_focus or not self.propose():
            self.popup = None

    def _key_of_popup(self, key: str) -> bool:
        popup = self.popup
        if popup is None:
            return False
        steps = {"up": -1, "down": 1, "pageup": -MOST_ROWS, "pagedown": MOST_ROWS}
        if key in steps:
            popup.move(steps[key])
            self.popup = popup
        elif key in ("enter", "tab"):
            return self._accept(popup)
        elif key == "escape":
            self.popup = None
        else:
            return False
        return True

    def _accept(self, popup: CompletionPopup) -> bool:
        """Write what was proposed; False where nothing fits what has been typed since."""
        self.popup = None
        if self._complete is None:
            return False
        now = self._complete(self.text, self.cursor_offset)
        fitting = [item for item in now.items if item.label == popup.chosen.label]
        items = fitting if fitting and popup.moved else now.items
        if not items:
            return False
        start, end = map(self.location_of, (now.start, now.end))
        self.history.checkpoint()
        self.replace(items[0].insert, start, end, maintain_selection_offset=False)
        self.history.checkpoint()
        return True


def _begins_a_word(typed: str) -> bool:
    return bool(typed) and (typed.isalnum() or typed in '":-./_*')
