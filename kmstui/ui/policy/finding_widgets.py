"""What the linter says of a text: the line at the cursor, the list of all, the story behind one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.message import Message
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from kmstui.model.visible import visible
from kmstui.policy.lint.rules import Finding
from kmstui.ui.policy.finding_marks import Mark
from kmstui.ui.policy.highlighted_area import mark_of
from kmstui.ui.style.cells import fit
from kmstui.ui.widgets.finding_counts import Counts


def counted(counts: Counts) -> str:
    """The counts in words: "2 errors, 1 warning"."""
    words = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in (
            (counts.errors, "error"),
            (counts.warnings, "warning"),
            (counts.infos, "note"),
        )
        if number
    ]
    return ", ".join(words) or "no findings"


class FindingLine(Widget):
    """Two lines that say what is wrong where the cursor is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "finding--error",
        "finding--warning",
        "finding--info",
        "finding--keys",
    }

    def __init__(self, *, ascii_marks: bool = False) -> None:
        super().__init__()
        self._ascii_marks = ascii_marks
        self._finding: Finding | None = None
        self._counts: Counts | None = None
        self._trouble = ""
        self._may_fix = False

    def show(self, finding: Finding | None, counts: Counts | None, *, may_fix: bool) -> None:
        """Speak of `finding`, or of the counts; None for counts not yet known."""
        if (finding, counts, may_fix) != (self._finding, self._counts, self._may_fix):
            self._finding, self._counts, self._may_fix = finding, counts, may_fix
            self.refresh()

    def tell(self, trouble: str) -> None:
        """Say that there are no findings for a reason; an empty text ends it."""
        if trouble != self._trouble:
            self._trouble = trouble
            self.refresh()

    def render(self) -> Text:
        """The finding and what can be done about it."""
        text = Text(no_wrap=False, end="")
        if self._trouble:
            return text.append(visible(self._trouble), self._style("error"))
        finding = self._finding
        if finding is None:
            return text.append(
                "" if self._counts is None else counted(self._counts).capitalize(),
                self._style("keys"),
            )
        word = finding.severity.word
        sign = mark_of(finding.severity, ascii_only=self._ascii_marks)
        text.append(f"{sign} {finding.rule} ", self._style(word))
        text.append(visible(finding.message))
        fix = f" · F4 {visible(finding.fix.title)}" if finding.fix and self._may_fix else ""
        return text.append(f" · F1 why{fix}", self._style("keys"))

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"finding--{name}")


class FindingsList(ScrollView, can_focus=True):
    """The list that F2 opens below the text: one line a finding."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"findings--cursor"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("home,g", "move(-100000)", show=False),
        Binding("end,G", "move(100000)", show=False),
        Binding("enter", "choose", "Go there"),
    ]

    @dataclass
    class Chosen(Message):
        """Go to this finding."""

        mark: Mark

    def __init__(self, *, ascii_marks: bool = False) -> None:
        super().__init__()
        self._ascii_marks = ascii_marks
        self._marks: tuple[Mark, ...] = ()
        self._cursor = 0

    def show(self, marks: Sequence[Mark]) -> None:
        """List these, keeping the place."""
        self._marks = tuple(marks)
        self._cursor = max(0, min(self._cursor, len(self._marks) - 1))
        self.border_title = counted(Counts.of(mark.finding for mark in self._marks)).capitalize()
        self.styles.height = max(1, len(self._marks)) + 1
        self.virtual_size = Size(1, len(self._marks))
        self.refresh()

    @property
    def chosen(self) -> Finding | None:
        """The finding under the list's cursor."""
        return self._marks[self._cursor].finding if self._marks else None

    def render_line(self, y: int) -> Strip:
        """One finding: its mark, place, rule and message; a star says that it can be fixed."""
        width = self.size.width
        index = y + self.scroll_offset.y
        if index >= len(self._marks):
            return Strip.blank(width, self.rich_style)
        finding = self._marks[index].finding
        row, column = self._marks[index].start
        sign = mark_of(finding.severity, ascii_only=self._ascii_marks)
        fixable = "*" if finding.fix else " "
        text = f"{sign} {row + 1:>4}:{column + 1:<3} {finding.rule}{fixable} {finding.message}"
        chosen = index == self._cursor and self.has_focus
        style = self.get_component_rich_style("findings--cursor") if chosen else self.rich_style
        return Strip([Segment(fit(text, width), style)], width)

    def action_move(self, by: int) -> None:
        """Move the cursor by so many findings, as far as there are any."""
        self._cursor = max(0, min(self._cursor + by, len(self._marks) - 1))
        height = max(1, self.size.height)
        top = max(min(self.scroll_offset.y, self._cursor), self._cursor - height + 1)
        self.scroll_to(y=top, animate=False, immediate=True)
        self.refresh()

    def action_choose(self) -> None:
        """Go to the finding under the cursor."""
        if self._marks:
            self.post_message(self.Chosen(self._marks[self._cursor]))


class WhyScreen(ModalScreen[None]):
    """Says what a finding means, where AWS says so, and what its fix would do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,f1,q", "dismiss", "Close"),
    ]

    def __init__(self, finding: Finding, *, ascii_marks: bool = False) -> None:
        super().__init__()
        self._finding = finding
        self._ascii_marks = ascii_marks

    def compose(self) -> ComposeResult:
        """One box with the text."""
        finding = self._finding
        sign = mark_of(finding.severity, ascii_only=self._ascii_marks)
        text = Text(f"{sign} {finding.severity.word} {finding.rule}  {visible(finding.title)}\n\n")
        text.append(f"{visible(finding.message)}\n\n{visible(finding.why)}\n")
        if finding.fix:
            text.append(f"\nF4 fixes it: {visible(finding.fix.title)}\n")
        text.append(f"\n{finding.url}")
        with VerticalScroll(classes="why--box") as box:
            yield Static(text, markup=False)
        box.border_title = "Why"
        box.border_subtitle = "Esc closes"
