"""The form that creates a key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from kmstui.model import KeyCreation
from kmstui.service.changes import DESCRIPTION, TAG_LINE
from kmstui.service.editing import Library, read_library
from kmstui.service.inventory import FLUSH_SECONDS
from kmstui.service.keys import (
    DEFAULT,
    SPECS,
    CreationPolicy,
    Lifecycle,
    creation_policies,
    full_name,
    key_creation_problem,
    specs_for,
)
from kmstui.service.session import Session
from kmstui.service.tags import parse_tags
from kmstui.ui.commands import Context, KeyBar, aws_command
from kmstui.ui.dialogs import Dialog, KeptLine
from kmstui.ui.keys.change_dialog import Proposal, propose
from kmstui.ui.main import main_of
from kmstui.ui.style import OneLine, Part
from kmstui.ui.widgets import Sentences

_USAGES = {
    "ENCRYPT_DECRYPT": "encrypt and decrypt",
    "SIGN_VERIFY": "sign and verify",
    "GENERATE_VERIFY_MAC": "generate and verify MACs",
    "KEY_AGREEMENT": "agree on shared secrets",
    "ENCAPSULATE_DECAPSULATE": "encapsulate and decapsulate",
}

_HELP = {
    "usage": "What the key is for; it cannot be changed later. AWS services use encrypt and "
    "decrypt.",
    "spec": "Its kind of key material; it cannot be changed later. AWS services use "
    "SYMMETRIC_DEFAULT.",
    "regions": "A multi-Region key can be replicated into other Regions; no key can be made one "
    "later.",
    "description": "Everybody who may describe the key reads it.",
    "alias": "A name for programs and people; alias/ may be left out.",
    "tags": 'As for t: project=kmsworkshop "cost center=42"',
    "policy": "",
}

_TRIES = 25
"""Looks for the row of a new key."""


class ChoiceLine(OneLine, can_focus=True, inherit_bindings=False):
    """Shows the value chosen between two signs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "turn(1)", "next", show=False),
        Binding("left,h", "turn(-1)", "previous", show=False),
    ]

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, line: ChoiceLine) -> None:
            super().__init__()
            self.line = line

    class Submitted(Message):
        """Enter was pressed."""

    def __init__(self, choices: Sequence[tuple[str, str]], *, id: str) -> None:
        """`choices` are values with the words that stand for them."""
        super().__init__(id=id, classes="choice")
        self._choices = tuple(choices)
        self._number = 0
        self._write()

    @property
    def value(self) -> str:
        """The value chosen."""
        return self._choices[self._number][0] if self._choices else ""

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer other values; the one chosen stays chosen where it still is one."""
        before = self.value
        self._choices = tuple(choices)
        values = [value for value, _ in self._choices]
        self._number = values.index(before) if before in values else 0
        self._write()

    def action_turn(self, steps: int) -> None:
        """Choose the next value, or the one before."""
        if len(self._choices) > 1:
            self._number = (self._number + steps) % len(self._choices)
            self._write()
            self.post_message(self.Changed(self))

    def on_key(self, event: events.Key) -> None:
        """Enter goes on."""
        if event.key == "enter":
            event.stop()
            self.post_message(self.Submitted())

    def watch_has_focus(self, focused: bool) -> None:
        """The signs stand out while the arrow keys turn it."""
        super().watch_has_focus(focused)
        self._write()

    def _write(self) -> None:
        style = "key" if self.has_focus else "dim"
        words = self._choices[self._number][1] if self._choices else ""
        many = len(self._choices) > 1
        parts: list[Part] = [("< " if many else "  ", style), words, (" >" if many else "", style)]
        if many:
            parts.append((f"  {self._number + 1} of {len(self._choices)}", "dim"))
        self.show(parts)


class CreationForm(Dialog[None]):
    """Fields from top to bottom; nothing is sent before the review."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "review", "create", show=False),
        Binding("ctrl+r", "bring_back", "what was typed before", show=False),
        Binding("down,tab", "turn(1)", "next field", show=False),
        Binding("up,shift+tab", "turn(-1)", "field before", show=False),
    ]

    def __init__(self, context: Context) -> None:
        super().__init__("Create a key", "dialog-wide")
        self._about = context
        self._session = context.connection
        self._library: Library = read_library(context.app.options.templates_directory)
        self._policies: dict[str, CreationPolicy] = {DEFAULT.id: DEFAULT}
        self.usage = ChoiceLine(
            [(usage, f"{usage} - {_USAGES[usage]}") for usage in SPECS], id="usage"
        )
        self.spec = ChoiceLine([], id="spec")
        self.regions = ChoiceLine(
            [("", "this Region only"), ("multi", "multi-Region primary key")], id="regions"
        )
        self.description = self._line("description", "what it protects, for whom")
        self.alias = self._line("alias", "letters, digits, / _ -")
        self.tags = self._line("tags", "key=value key=value")
        self.policy = ChoiceLine([(DEFAULT.id, DEFAULT.title)], id="policy")
        self._fields: tuple[tuple[str, Widget], ...] = (
            ("Usage", self.usage),
            ("Spec", self.spec),
            ("Regions", self.regions),
            ("Description", self.description),
            ("Alias", self.alias),
            ("Tags", self.tags),
            ("Policy", self.policy),
        )
        self._kept: dict[str, KeptLine] = {}
        self._ages: dict[str, str] = {}
        """How long ago something was typed into a field that was not sent."""
        self.help_line = Sentences(most_lines=4)
        self.reason = Sentences(classes="dialog--reason")
        rows = (
            Horizontal(
                OneLine([(f" {label}", "dim")], classes="form--label"), field, classes="form--row"
            )
            for label, field in self._fields
        )
        keys = KeyBar(
            [("↑ ↓", "Field "), ("← →", "Choose "), ("Ctrl-s", "Review "), ("Esc", "Leave")]
        )
        self.parts = (self.heading_line(), *rows, self.help_line, self.reason, keys)
        self._set_specs()

    @staticmethod
    def _line(name: str, placeholder: str) -> Input:
        line = Input(placeholder=placeholder, compact=True, id=name)
        line.cursor_blink = False
        return line

    def on_mount(self) -> None:
        """Begin at the first field."""
        self.usage.focus()
        self._offer_policies()
        for field, subject in ((self.description, DESCRIPTION), (self.tags, TAG_LINE)):
            name = field.id or ""
            if kept := KeptLine.of(self._about.app, subject, "", partial(self._offer, name)):
                self._kept[name] = kept
        self._explain("usage")

    # What was filled in

    @property
    def creation(self) -> KeyCreation:
        """What CreateKey is asked for, as far as the fields can be read."""
        return KeyCreation(
            spec=self.spec.value,
            usage=self.usage.value,
            description=self.description.value,
            multi_region=bool(self.regions.value),
            policy=self._policies[self.policy.value].text,
            tags=parse_tags(self.tags.value).tags,
        )

    @property
    def problem(self) -> str:
        """Why it cannot be created so, as a sentence, or ""."""
        problems = parse_tags(self.tags.value).problems
        if problems:
            return f"Tags: {problems[0].message}."
        chosen = self._policies[self.policy.value]
        if chosen.off:
            return f"Policy: {chosen.off}"
        return key_creation_problem(self._session, self.creation, self.alias.value.strip())

    def _set_specs(self) -> None:
        info = self._session.info
        partition = info.partition if info else "aws"
        specs = specs_for(self.usage.value, partition)
        self.spec.set_choices([(spec, spec) for spec in specs])

    def _offer_policies(self) -> None:
        offered = creation_policies(self._session, self.creation, self._library.templates)
        self._policies = {policy.id: policy for policy in offered}
        possible = [policy for policy in offered if not policy.off]
        self.policy.set_choices([(policy.id, policy.title) for policy in possible])

    # Moving and typing

    def action_turn(self, steps: int) -> None:
        """Go to the next field, or the one before."""
        fields = [field for _, field in self._fields]
        index = next((i for i, field in enumerate(fields) if field.has_focus), 0)
        # At once: a key typed ahead is for the field that it goes to.
        self.set_focus(fields[(index + steps) % len(fields)])

    @on(ChoiceLine.Changed)
    def _chosen(self, event: ChoiceLine.Changed) -> None:
        event.stop()
        if event.line is self.usage:
            self._set_specs()
        if event.line is not self.policy:
            self._offer_policies()
        self._explain(event.line.id or "")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        name = event.input.id or ""
        if name in self._kept:
            self._kept[name].keep(event.value)
        self._explain(name)

    def _offer(self, name: str, age: str) -> None:
        self._ages[name] = age
        self.on_descendant_focus()

    def action_bring_back(self) -> None:
        """Ctrl-r: what was typed in this field before and not sent stands in it again."""
        field = self.focused
        if isinstance(field, Input) and (field.id or "") in self._ages:
            field.value = self._kept[field.id or ""].earlier
            field.cursor_position = len(field.value)

    @on(Input.Submitted)
    @on(ChoiceLine.Submitted)
    def _entered(self, event: Input.Submitted | ChoiceLine.Submitted) -> None:
        event.stop()
        if self.policy.has_focus:
            self.action_review()
        else:
            self.action_turn(1)

    def on_descendant_focus(self) -> None:
        """Say what the field is about."""
        self._explain(self.focused.id or "" if self.focused else "")

    def _explain(self, field: str) -> None:
        words = _HELP.get(field, "")
        if field == "policy":
            left_out = sum(bool(policy.off) for policy in self._policies.values())
            words = self._policies[self.policy.value].does
            if left_out:
                words += (
                    f" {left_out} further templates need something to be filled in, or do not "
                    "suit this key: take them in the editor afterwards (e, then Ctrl-t)."
                )
        if field in self._ages:
            words += f" Ctrl-r brings back what was typed {self._ages[field]} ago."
        self.help_line.say(words, "dim")
        self.reason.say(self.problem, "warn")

    # The review

    def action_review(self) -> None:
        """Show what will be created, and create it once that is confirmed."""
        problem = self.problem
        if problem:
            self.reason.say(problem, "bad")
            return
        creation, alias = self.creation, self.alias.value.strip()

        async def create(_: str) -> str:
            sentence = await _create(self._about, self._session, creation, alias)
            for kept in self._kept.values():
                kept.forget()
            return sentence

        proposal = Proposal(
            title="Create this key?",
            words=self._review_words(creation, alias),
            yes="Create",
            doing="Creating a key",
            send=create,
        )
        propose(self._about, proposal, agreed=lambda: self.dismiss(None))

    def _review_words(self, creation: KeyCreation, alias: str) -> str:
        info = self._session.info
        tags = ", ".join(f"{tag.key}={tag.value}" for tag in creation.tags)
        policy = self._policies[self.policy.value]
        where = "multi-Region primary key" if creation.multi_region else "single-Region key"
        lines = [
            f"In {info.region if info else '?'}: a {where}, {creation.spec}, {creation.usage}",
            f"Description: {creation.description or 'none'}",
            f"Alias: {full_name(alias) if alias else 'none'}",
            f"Tags: {tags or 'none'}",
            f"Policy: {policy.title}. {policy.does}",
            "Usage, spec and Regions cannot be changed later. A key costs money each month from "
            "now on, and its deletion takes at least 7 days.",
        ]
        return "\n".join(lines)


async def _create(context: Context, session: Session, creation: KeyCreation, alias: str) -> str:
    key, sentence = await Lifecycle(session).create(creation, alias)
    info = session.info
    commands = [aws_command(info, *create_words(creation))]
    if alias:
        words = ("create-alias", "--alias-name", full_name(alias), "--target-key-id", key.id)
        commands.append(aws_command(info, *words))
    context.app.last_change_command = "\n".join(commands)
    await _go_to_new(context, key.id)
    return sentence


async def _go_to_new(context: Context, key_id: str) -> None:
    """Put the cursor on a new key, whose row comes with the store's next news."""
    for _ in range(_TRIES):
        if await main_of(context.app).go_to_key(key_id):
            return
        await asyncio.sleep(FLUSH_SECONDS)


def create_words(creation: KeyCreation) -> Sequence[str]:
    """The words of the AWS CLI command that creates the key."""
    words = ["create-key", "--key-usage", creation.usage, "--key-spec", creation.spec]
    if creation.description:
        words += ["--description", creation.description]
    if creation.multi_region:
        words.append("--multi-region")
    if creation.policy is not None:
        words += ["--policy", creation.policy]
    if creation.tags:
        tags = [{"TagKey": tag.key, "TagValue": tag.value} for tag in creation.tags]
        words += ["--tags", json.dumps(tags)]
    return words
