"""The line in which a question is typed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from kmstui.ui.access.question import Vocabulary


class _Words(Suggester):
    """Completes the word at the end of the line."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._vocabulary = vocabulary

    async def get_suggestion(self, value: str) -> str | None:
        """The whole line, its last word complete."""
        return self._vocabulary.completion(value)


class WhatIfLine(Input):
    """Takes a question; Tab takes the proposal that stands behind the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "cursor_right", "take the proposal", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(
            placeholder="principal=me action=kms:Decrypt aws:SourceVpce=vpce-1", compact=True,
            select_on_focus=False,
            classes="access--what-if",
        )  # fmt: skip
        self.cursor_blink = False
        self.display = False

    def know(self, vocabulary: Vocabulary) -> None:
        """Propose from these words."""
        self.suggester = _Words(vocabulary)

    def ask(self, text: str) -> None:
        """Open with a question to change."""
        self.value = text
        self.cursor_position = len(text)
        self.display = True
        self.focus(scroll_visible=False)
