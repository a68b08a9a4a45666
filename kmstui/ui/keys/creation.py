"""The form that creates a key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from kmstui.model import CustomKeyStore, KeyCreation
from kmstui.service.changes import DESCRIPTION, TAG_LINE
from kmstui.service.editing import Library, read_library
from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.service.inventory import FLUSH_SECONDS
from kmstui.service.keys import (
    DEFAULT,
    KINDS,
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
from kmstui.ui.commands import Context, aws_command
from kmstui.ui.dialogs import KeptLine
from kmstui.ui.keys.change_dialog import Proposal, propose
from kmstui.ui.keys.form import ChoiceLine, Form, text_line
from kmstui.ui.main import main_of

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
    "external-key": "An existing AES-256 key of the external key manager; each KMS key needs "
    "another one.",
}

_ORIGINS = {"AWS_KMS": "made by KMS", "EXTERNAL": "imported by you"}
_ORIGIN_HELP = {
    "AWS_KMS": "KMS makes the key material and can rotate it. It cannot be changed later.",
    "EXTERNAL": "The key is made without material and waits until you import it (x, m). You keep a "
    "copy: what KMS has of it can expire, and be imported again.",
}
_OUTSIDE = "EXTERNAL_KEY_STORE"

_TRIES = 25
"""Looks for the row of a new key."""


class CreationForm(Form):
    """What CreateKey takes, and the alias that the key shall have."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "bring_back", "what was typed before", show=False),
    ]

    def __init__(self, context: Context, session: Session) -> None:
        """`session` is over the connection that creates it."""
        self._session = session
        self._several = len(session.each) > 1
        self._library: Library = read_library(context.app.options.templates_directory)
        self._policies: dict[str, CreationPolicy] = {DEFAULT.id: DEFAULT}
        self._stores: dict[str, CustomKeyStore] = {}
        self._stores_problem = ""
        self.usage = ChoiceLine(
            [(usage, f"{usage} - {_USAGES[usage]}") for usage in SPECS], id="usage"
        )
        self.spec = ChoiceLine([], id="spec")
        self.regions = ChoiceLine(
            [("", "this Region only"), ("multi", "multi-Region primary key")], id="regions"
        )
        self.origin = ChoiceLine(list(_ORIGINS.items()), id="origin")
        self.external_key = text_line("external-key", "its ID at the external key store proxy")
        self.description = text_line("description", "what it protects, for whom")
        self.alias = text_line("alias", "letters, digits, / _ -")
        self.tags = text_line("tags", "key=value key=value")
        self.policy = ChoiceLine([(DEFAULT.id, DEFAULT.title)], id="policy")
        self._kept: dict[str, KeptLine] = {}
        self._ages: dict[str, str] = {}
        """How long ago something was typed into a field that was not sent."""
        fields = (
            ("Usage", self.usage),
            ("Spec", self.spec),
            ("Regions", self.regions),
            ("Material", self.origin),
            ("External key", self.external_key),
            ("Description", self.description),
            ("Alias", self.alias),
            ("Tags", self.tags),
            ("Policy", self.policy),
        )
        where = f" in {session.label}" if self._several else ""
        super().__init__(f"Create a key{where}", context, fields)
        self.show_field(self.external_key, shown=False)
        self._set_specs()

    def on_mount(self) -> None:
        """Begin at the first field; key stores are read meanwhile."""
        self._offer_policies()
        for field, subject in ((self.description, DESCRIPTION), (self.tags, TAG_LINE)):
            name = field.id or ""
            if kept := KeptLine.of(self.about.app, subject, "", partial(self._offer, name)):
                self._kept[name] = kept
        self.run_worker(self._read_stores(), exit_on_error=True)
        super().on_mount()

    async def _read_stores(self) -> None:
        try:
            found = await self._session.gateway.custom_key_stores()
        except CancelledByPersonError:
            return
        except ServiceError as error:
            self._stores_problem = error.sentence
            return
        self._stores = {store.id: store for store in found}
        self.origin.set_choices(
            [*_ORIGINS.items()]
            + [
                (store.id, f"in key store {store.name or store.id}")
                for store in found
                if store.state == "CONNECTED"
            ]
        )

    # What was filled in

    @property
    def creation(self) -> KeyCreation:
        """What CreateKey is asked for, as far as the fields can be read."""
        store = self._stores.get(self.origin.value)
        external = self.external_key.value.strip()
        return KeyCreation(
            spec=self.spec.value,
            usage=self.usage.value,
            description=self.description.value,
            multi_region=bool(self.regions.value),
            origin=store.kind if store else self.origin.value,
            policy=self._policies[self.policy.value].text,
            tags=parse_tags(self.tags.value).tags,
            custom_key_store_id=store.id if store else "",
            external_key_id=external if store and store.kind == _OUTSIDE else "",
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

    def turned(self, line: ChoiceLine) -> None:
        """What a choice leaves to the others."""
        if line is self.usage:
            self._set_specs()
        if line is self.origin:
            store = self._stores.get(line.value)
            outside = store is not None and store.kind == _OUTSIDE
            self.show_field(self.external_key, shown=outside)
        if line is not self.policy:
            self._offer_policies()

    def typed(self, line: Input) -> None:
        """Keep what may be long."""
        name = line.id or ""
        if name in self._kept:
            self._kept[name].keep(line.value)

    def _offer(self, name: str, age: str) -> None:
        self._ages[name] = age
        self.on_descendant_focus()

    def action_bring_back(self) -> None:
        """Ctrl-r: what was typed in this field before and not sent stands in it again."""
        field = self.focused
        if isinstance(field, Input) and (field.id or "") in self._ages:
            field.value = self._kept[field.id or ""].earlier
            field.cursor_position = len(field.value)

    def help_of(self, field: str) -> str:
        """What a field is about, as sentences."""
        words = _HELP.get(field, "")
        if field == "policy":
            left_out = sum(bool(policy.off) for policy in self._policies.values())
            words = self._policies[self.policy.value].does
            if left_out:
                words += (
                    f" {left_out} further templates need something to be filled in, or do not "
                    "suit this key: take them in the editor afterwards (e, then Ctrl-t)."
                )
        if field == "origin":
            words = self._origin_words()
        if field in self._ages:
            words += f" Ctrl-r brings back what was typed {self._ages[field]} ago."
        return words

    def _origin_words(self) -> str:
        store = self._stores.get(self.origin.value)
        if store is not None:
            return (
                f"{KINDS.get(store.kind, store.kind)} {store.id}. Keys there encrypt and decrypt, "
                "in this Region alone, and cannot be used while the store is not connected."
            )
        words = _ORIGIN_HELP[self.origin.value]
        if self._stores_problem:
            return f"{words} Custom key stores are not offered. {self._stores_problem}"
        off = [each.name or each.id for each in self._stores.values() if each.state != "CONNECTED"]
        more = f" Not offered, since they are not connected: {', '.join(off)}." if off else ""
        return words + more

    # The review

    def action_review(self) -> None:
        """Show what will be created, and create it once that is confirmed."""
        problem = self.problem
        if problem:
            self.reason.say(problem, "bad")
            return
        creation, alias = self.creation, self.alias.value.strip()

        async def create(_: str) -> str:
            sentence = await _create(self.about, self._session, creation, alias)
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
        propose(self.about, proposal, agreed=lambda: self.dismiss(None))

    def _material_words(self, creation: KeyCreation) -> str:
        store = self._stores.get(creation.custom_key_store_id)
        if store is None:
            return _ORIGINS.get(creation.origin, creation.origin)
        key = f", external key {creation.external_key_id}" if creation.external_key_id else ""
        return f"in {KINDS.get(store.kind, store.kind)} {store.name or store.id}{key}"

    def _review_words(self, creation: KeyCreation, alias: str) -> str:
        info = self._session.info
        place = self._session.label if self._several else info.region if info else "?"
        tags = ", ".join(f"{tag.key}={tag.value}" for tag in creation.tags)
        policy = self._policies[self.policy.value]
        where = "multi-Region primary key" if creation.multi_region else "single-Region key"
        lines = [
            f"In {place}: a {where}, {creation.spec}, {creation.usage}",
            f"Material: {self._material_words(creation)}",
            f"Description: {creation.description or 'none'}",
            f"Alias: {full_name(alias) if alias else 'none'}",
            f"Tags: {tags or 'none'}",
            f"Policy: {policy.title}. {policy.does}",
            "Usage, spec, Regions and origin cannot be changed later. A key costs money each month "
            "from now on, and its deletion takes at least 7 days.",
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
    if creation.origin != "AWS_KMS":
        words += ["--origin", creation.origin]
    if creation.custom_key_store_id:
        words += ["--custom-key-store-id", creation.custom_key_store_id]
    if creation.external_key_id:
        words += ["--xks-key-id", creation.external_key_id]
    if creation.policy is not None:
        words += ["--policy", creation.policy]
    if creation.tags:
        tags = [{"TagKey": tag.key, "TagValue": tag.value} for tag in creation.tags]
        words += ["--tags", json.dumps(tags)]
    return words
