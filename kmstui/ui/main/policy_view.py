"""The key's policies, as the service holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.message import Message
from textual.widget import Widget

from kmstui.policy.lint import Finding, KeyContext
from kmstui.service.access import lint_context
from kmstui.service.inventory import StoredPolicy, Topic
from kmstui.service.session import Session
from kmstui.ui.commands import program_of
from kmstui.ui.main.views import KeyView
from kmstui.ui.policy import Lint, PolicyViewer, pretty
from kmstui.ui.runtime import Changes
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Counts, Sentences, counts_text


def lint_for(
    stored: str, context: KeyContext, disabled: frozenset[str], joined: tuple[Finding, ...] = ()
) -> Lint:
    """The linter as the viewer calls it, in a thread, for one key.

    `joined` are findings of somebody else that stand beside those of the linter.
    """

    def run(text: str) -> Sequence[Finding]:
        from kmstui.service.findings import lint_stored

        found = (*lint_stored(stored, text, context, disabled), *joined)
        return sorted(found, key=lambda finding: finding.span)

    return run


class PolicyView(KeyView):
    """A viewer of the policy, and of further policies where the key has them."""

    scope: ClassVar[str] = "policy"
    can_focus = True

    class Linted(Message):
        """The findings of a key's default policy were counted."""

        def __init__(self, key_id: str, counts: Counts) -> None:
            super().__init__()
            self.key_id = key_id
            self.counts = counts

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self._shown: tuple[StoredPolicy, ...] | None = None
        self._number = 0
        self.viewer = PolicyViewer(symbols=symbols, id="policy-text")
        self.viewer.display = False
        self._linted_for: object = None
        self._joined: tuple[str, tuple[Finding, ...]] = ("", ())
        self.words = Sentences(most_lines=20, classes="words")
        self.parts = (self.words, self.viewer)

    @property
    def focus_target(self) -> Widget:
        """The text, or the view itself where there is none."""
        return self.viewer.area if self.viewer.display else self

    @property
    def count(self) -> str:
        """The findings, and which of several policies is shown."""
        words = []
        counts = self.viewer.counts if self.viewer.display else None
        if counts is not None:
            words.append(counts_text(counts, self.symbols))
        policies = self._shown or ()
        if len(policies) > 1:
            name = policies[self._number].name
            words.append(f"{name} ({self._number + 1} of {len(policies)}: v)")
        return " ".join(word for word in words if word)

    @property
    def policy(self) -> StoredPolicy | None:
        """The policy that is shown."""
        return self._shown[self._number] if self._shown else None

    def show_key(self, key_id: str | None) -> None:
        """Show what is in the store."""
        if key_id != self.key_id:
            self._number = 0
            self._shown = None
        self.key_id = key_id
        self._show()

    async def load(self, key_id: str) -> None:
        """The session reads policies of a chosen key by itself."""

    def show_problem(self, sentence: str) -> None:
        """Show why there is no text."""
        self.viewer.display = False
        self.words.say(f"{self.symbols.error} {sentence}", "bad")

    def store_changed(self, changes: Changes) -> None:
        """Policies were read or forgotten."""
        ids = changes.get(Topic.POLICIES)
        if ids is not None and (not ids or self.key_id in ids):
            self._show()
        if self.viewer.display and (Topic.KEYS in changes or Topic.SESSION in changes):
            self._lint_for_key()

    def next_policy(self) -> bool:
        """Show the next of the key's policies; returns whether there is another."""
        if not self._shown or len(self._shown) < 2:
            return False
        self._number = (self._number + 1) % len(self._shown)
        self._draw()
        return True

    def on_policy_viewer_findings_changed(self, event: PolicyViewer.FindingsChanged) -> None:
        """The title counts them."""
        event.stop()
        self.post_message(self.TitleChanged())
        policy = self.policy
        if policy is not None and policy.name == "default" and self.key_id is not None:
            self.post_message(self.Linted(self.key_id, event.counts))

    def join_findings(self, text: str, findings: Sequence[Finding]) -> None:
        """Show what somebody else found in this very text, as long as it is shown."""
        self._joined = (text, tuple(findings))
        self._lint_for_key()

    def _lint_for_key(self) -> None:
        key = self.store.keys.get(self.key_id or "")
        policy = self.policy
        if key is None or policy is None:
            return
        text, findings = self._joined
        joined = findings if text == pretty(policy.text) else ()
        if key.is_aws_managed or (key.metadata is None and not key.problem):
            # Only AWS can change its own: what the linter would say helps nobody. Whose a key is
            # will be told soon.
            wanted: object = joined
            lint: Lint | None = (lambda text: joined) if joined else None
        else:
            rules_off = program_of(self).options.rules_off(key.id)
            about = (lint_context(key, self.connection.caller), rules_off, joined)
            wanted = (policy.text, *about)
            lint = lint_for(policy.text, *about)
        if wanted != self._linted_for:
            self._linted_for = wanted
            self.viewer.set_lint(lint)

    def _show(self) -> None:
        policies = self.store.policies.get(self.key_id or "")
        if policies is not None and policies == self._shown:
            return
        self._shown = policies
        self._number = 0
        self._draw()

    def _draw(self) -> None:
        policy = self.policy
        wraps = program_of(self).memory.recall("wrap", everywhere=True) is True
        if wraps != self.viewer.area.soft_wrap:
            self.viewer.area.soft_wrap = wraps
        if policy is None:
            self.viewer.display = False
            self.words.say("Reading…" if self.key_id else "", "dim")
        elif policy.problem:
            self.show_problem(policy.problem)
        else:
            text = pretty(policy.text)
            self._lint_for_key()
            if text != self.viewer.text:
                self.viewer.load(text)
            self.words.say("")
            self.viewer.display = True
        self.post_message(self.TitleChanged())
