"""A tiny app around the widgets, and ways to wait for what they do by themselves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.theme import Theme

from kmstui.policy.authoring.completion import CompletionContext, complete
from kmstui.policy.iam.vocabulary import knowledge
from kmstui.policy.lint.core import Finding, Severity
from kmstui.policy.syntax.nodes import Edit, Fix, Span
from kmstui.ui.policy.editor import PolicyEditor
from kmstui.ui.policy.viewer import PolicyViewer
from kmstui.ui.style.text_styles import TEXT_STYLE_CLASSES
from kmstui.ui.style.theme import DARK, style_sheets

ROOT = "arn:aws:iam::111122223333:root"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Enable IAM policies",
                "Effect": "Allow",
                "Principal": {"AWS": ROOT},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Use",
                "Effect": "Allow",
                "Principal": {"AWS": ROOT},
                "Action": ["kms:Encrypt", "kms:ReEncrypt"],
                "Resource": "*",
            },
        ],
    },
    indent=4,
)

_NOTES = {
    "kms:ReEncrypt": ("KMS202", Severity.WARNING, "kms:ReEncrypt*"),
    "kms:Decrpyt": ("KMS201", Severity.ERROR, "kms:Decrypt"),
    "<FILL IN>": ("KMS601", Severity.ERROR, ""),
}


def lint_words(text: str) -> Sequence[Finding]:
    """Finds three words, as the real linter would, and nothing else."""
    findings = []
    for word, (rule, severity, better) in _NOTES.items():
        at = text.find(f'"{word}"')
        while at >= 0:
            span = Span(at, at + len(word) + 2)
            fix = Fix(f"Write {better}", (Edit(span, f'"{better}"'),)) if better else None
            findings.append(
                Finding(
                    rule, severity, "Wrong word", f'"{word}" is wrong here.', "So.", "u", span, fix
                )
            )
            at = text.find(f'"{word}"', at + 1)
    return findings


def complete_words(text: str, offset: int):
    return complete(text, offset, knowledge(), CompletionContext(root=ROOT))


class Host(App[None]):
    """Nothing but the widget under test."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLE_CLASSES)

    def __init__(self, widget: PolicyViewer, theme: Theme = DARK) -> None:
        super().__init__(css_path=[str(sheet) for sheet in style_sheets()])
        self.register_theme(theme)
        self.theme = theme.name
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        self.widget.focus()


@dataclass
class Bench:
    """A widget on a screen: what is pressed and what it draws."""

    widget: PolicyViewer
    pilot: Pilot[None]
    said: list[Message] = field(default_factory=list)

    @property
    def area(self):
        return self.widget.area

    @property
    def lines(self) -> list[str]:
        """The text area as it is drawn."""
        return [self.area.render_line(y).text.rstrip() for y in range(self.area.size.height)]

    @property
    def said_below(self) -> str:
        """The lines below the text: the finding at the cursor, or what came of a key."""
        return self.widget._line.render().plain

    def messages(self, kind: type[Message]) -> list[Message]:
        # The hook hears of a message once from every widget that it passes.
        told = {id(message): message for message in self.said if isinstance(message, kind)}
        return list(told.values())

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for something that happens by itself."""
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, f"never came: {what}\n" + "\n".join(self.lines)
            await self.pilot.pause(0.005)

    async def linted(self) -> None:
        await self.until(lambda: self.widget.counts is not None, "the linter's findings")
        await self.pilot.pause()

    async def proposed(self) -> None:
        """Wait for the proposals for what has been typed so far."""
        due = self.area._propose_soon
        await self.until(lambda: self.area.popup and not due.pending, "the popup")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        names = {" ": "space", '"': "quotation_mark", ":": "colon", ",": "comma", "\n": "enter"}
        await self.pilot.press(*(names.get(character, character) for character in text))

    async def go(self, word: str, *, behind: bool = False) -> None:
        """Put the cursor at the first `word` of the text."""
        at = self.widget.text.index(word) + (len(word) if behind else 0)
        self.area.move_cursor(self.area.location_of(at))
        await self.pilot.pause()


BenchFactory = Callable[..., AbstractAsyncContextManager[Bench]]


@pytest.fixture
def bench() -> BenchFactory:
    """Open an editor (or another widget) on a screen of a size."""

    @asynccontextmanager
    async def open_bench(
        text: str = POLICY,
        *,
        widget: PolicyViewer | None = None,
        size: tuple[int, int] = (80, 24),
        theme: Theme = DARK,
    ) -> AsyncIterator[Bench]:
        shown = widget or PolicyEditor(text, lint=lint_words, complete=complete_words)
        said: list[Message] = []
        async with Host(shown, theme).run_test(size=size, message_hook=said.append) as pilot:
            opened = Bench(shown, pilot, said)
            await opened.linted()
            yield opened
            await asyncio.sleep(0)

    return open_bench
