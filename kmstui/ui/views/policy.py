"""The key's policies, as the service holds them."""

from __future__ import annotations

import json
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from kmstui.service.session import Session
from kmstui.service.store import StoredPolicy, Topic
from kmstui.ui.editor.layout import format_json
from kmstui.ui.editor.text_area import PolicyTextArea
from kmstui.ui.feed import Changes
from kmstui.ui.marks import PLAIN, Marks
from kmstui.ui.views.view import KeyView
from kmstui.ui.widgets.frame_lines import Sentences


def pretty(text: str) -> str:
    """The policy with one member or item a line; as it is where it is no JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return format_json(text)


class PolicyText(PolicyTextArea):
    """The policy to read: moves as the tables do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "next line", show=False),
        Binding("k", "cursor_up", "previous line", show=False),
        Binding("g", "go(0)", "first line", show=False),
        Binding("G", "go(-1)", "last line", show=False),
        Binding("ctrl+d", "half(1)", "half a page down", show=False),
        Binding("ctrl+u", "half(-1)", "half a page up", show=False),
    ]

    def action_go(self, line: int) -> None:
        """Move to a line; -1 is the last."""
        self.move_cursor((line if line >= 0 else self.document.line_count - 1, 0))

    def action_half(self, direction: int) -> None:
        """Move by half a page."""
        line = self.cursor_location[0] + direction * max(1, self.size.height // 2)
        self.move_cursor((max(0, min(line, self.document.line_count - 1)), 0))


class PolicyView(KeyView):
    """A viewer of the policy, and of further policies where the key has them."""

    title: ClassVar[str] = "Policy"
    scope: ClassVar[str] = "policy"

    def __init__(self, session: Session, signs: Marks) -> None:
        super().__init__(session, signs)
        self._key_id: str | None = None
        self._shown: tuple[StoredPolicy, ...] | None = None
        self._number = 0
        self.text_area = PolicyText(read_only=True, ascii_marks=signs is PLAIN, id="policy-text")
        self.words = Sentences(most_lines=20, classes="words")

    def compose(self) -> ComposeResult:
        """Words where there is no text, and the text."""
        yield self.words
        yield self.text_area

    @property
    def focus_target(self) -> PolicyText:
        """The text."""
        return self.text_area

    @property
    def count(self) -> str:
        """Which of several policies is shown."""
        policies = self._shown or ()
        if len(policies) < 2:
            return ""
        return f"{policies[self._number].name} ({self._number + 1} of {len(policies)}: v)"

    @property
    def key_id(self) -> str | None:
        """The key whose policies are shown."""
        return self._key_id

    @property
    def policy(self) -> StoredPolicy | None:
        """The policy that is shown."""
        return self._shown[self._number] if self._shown else None

    def show_key(self, key_id: str | None) -> None:
        """Show what is in the store."""
        if key_id != self._key_id:
            self._number = 0
            self._shown = None
        self._key_id = key_id
        self._show()

    async def load(self, key_id: str) -> None:
        """The session reads policies of a chosen key by itself."""

    def show_problem(self, sentence: str) -> None:
        """Show why there is no text."""
        self.text_area.display = False
        self.words.say(f"{self.signs.error} {sentence}", "bad")

    def store_changed(self, changes: Changes) -> None:
        """Policies were read or forgotten."""
        ids = changes.get(Topic.POLICIES)
        if ids is not None and (not ids or self._key_id in ids):
            self._show()

    def next_policy(self) -> bool:
        """Show the next of the key's policies; answers whether there is another."""
        if not self._shown or len(self._shown) < 2:
            return False
        self._number = (self._number + 1) % len(self._shown)
        self._draw()
        return True

    def _show(self) -> None:
        policies = self.store.policies.get(self._key_id or "")
        if policies is not None and policies == self._shown:
            return
        self._shown = policies
        self._number = 0
        self._draw()

    def _draw(self) -> None:
        policy = self.policy
        if policy is None:
            self.text_area.display = False
            self.words.say("Reading…" if self._key_id else "", "dim")
        elif policy.problem:
            self.show_problem(policy.problem)
        else:
            text = pretty(policy.text)
            if text != self.text_area.text:
                self.text_area.load_text(text)
            self.words.say("")
            self.text_area.display = True
        self.post_message(self.TitleChanged())
