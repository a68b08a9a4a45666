"""The editor alone, as a program that a test can start on a real terminal.

Ctrl-b says on the last line when everything that was typed before it is drawn and linted. Ctrl-n
draws the whole screen anew, so that a test can compare what a series of changes left on the
terminal with what should stand there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from kmstui.policy.authoring.completion import complete
from kmstui.policy.iam.vocabulary import knowledge
from kmstui.policy.lint.linter import lint
from kmstui.ui.policy.editor import PolicyEditor
from kmstui.ui.style.text_styles import TEXT_STYLE_CLASSES
from kmstui.ui.style.theme import DARK, style_sheets
from kmstui.ui.terminal.painter import PaintedApp


class Host(PaintedApp[None]):
    """Shows a file's policy in the editor."""

    CSS_PATH: ClassVar = [str(sheet) for sheet in style_sheets()]
    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLE_CLASSES)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+b", "tell_settled", priority=True),
        Binding("ctrl+n", "anew", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        self.editor = PolicyEditor(
            Path(sys.argv[1]).read_text(encoding="utf-8"),
            lint=lint,
            complete=lambda text, at: complete(text, at, knowledge()),
        )
        yield self.editor
        yield Static(id="state")

    def on_mount(self) -> None:
        self.count = 0
        self.seen: object = None
        self.editor.focus()

    def action_tell_settled(self) -> None:
        self.seen = None
        self._settle()

    def _settle(self) -> None:
        # Keys go through several queues: only a second look tells that none is on its way.
        state = self.editor.area.revision, self.editor.area.selection, self.focused
        busy = self.editor.counts is None or self.editor.area._propose_soon.pending
        if busy or state != self.seen:
            self.seen = state
            self.set_timer(0.2, self._settle)
        else:
            self.count += 1
            self.call_after_refresh(self._tell, f"settled {self.count}")

    def action_anew(self) -> None:
        for widget in self.screen.walk_children():
            widget.refresh()
        self.action_draw_anew()
        self.call_after_refresh(self._tell, f"redrawn {self.count}")

    def _tell(self, state: str) -> None:
        self.query_one("#state", Static).update(state)

    def on_policy_editor_save_requested(self, event: PolicyEditor.SaveRequested) -> None:
        Path(sys.argv[1]).write_text(event.text, encoding="utf-8")
        self.exit()


if __name__ == "__main__":
    Host().run()
