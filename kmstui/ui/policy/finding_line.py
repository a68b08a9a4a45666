"""The line below the text: the whole message of the finding at the cursor, or the counts."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from kmstui.model.visible import visible
from kmstui.policy.lint.core.findings import Finding
from kmstui.ui.policy.marked_area import mark_of
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
