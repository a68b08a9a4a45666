"""The story behind one finding."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from kmstui.model.visible import visible
from kmstui.policy.lint.core.findings import Finding
from kmstui.ui.policy.marked_area import mark_of


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
