"""Key policies opened for a change by a command, and what must be allowed before one is put."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kmstui.model import Arn, Key, bare_name
from kmstui.policy.access import Direction, access_diff
from kmstui.policy.iam import PrincipalKind
from kmstui.scripting.command import CommandError
from kmstui.scripting.live_source import find
from kmstui.service.access import AccountFacts, ChainReader, caller_identity
from kmstui.service.editing import Assessment, KeyPolicyTarget, PolicyEditing
from kmstui.service.errors import CancelledByPersonError, FailedError, NotFoundError

if TYPE_CHECKING:
    from kmstui.scripting.parser import Parser
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.session import Session

_GAINS = (Direction.GAINS, Direction.UNDENIED, Direction.UNCLEAR)
_OF_NO_ACCOUNT = (PrincipalKind.SERVICE, PrincipalKind.PROVIDER)
"""Whom a policy lets in for an account's own sake: AWS services and identity providers."""


@dataclass(frozen=True, slots=True)
class Concern:
    """What of a change must be allowed by an option of its own."""

    option: str
    sentence: str


@dataclass(frozen=True, slots=True)
class KeyEdit:
    """The policy of one key, opened."""

    target: KeyPolicyTarget
    editing: PolicyEditing

    @property
    def key_id(self) -> str:
        """The key's ID."""
        return bare_name(self.target.key.id)

    @property
    def word(self) -> str:
        """What a person types to show that they mean this one: the alias."""
        return self.target.word

    async def review(self, text: str) -> Review:
        """What it does to put `text` in place of what the edit is a change of."""
        base = self.editing.base
        last = await self.editing.last_put()
        earlier = None if last is None else (last.before, last.sent)
        assessment = await asyncio.to_thread(self.target.rules.assess, base, text, earlier)
        outside: tuple[str, ...] = ()
        if not assessment.not_json:
            outside = await asyncio.to_thread(outside_gains, base, text, self.target.key.arn)
        return Review(self, assessment, outside)


@dataclass(frozen=True, slots=True)
class Review:
    """What is shown before a put."""

    edit: KeyEdit
    assessment: Assessment
    outside: tuple[str, ...]
    """What somebody outside the key's account gains, or may gain, in sentences."""

    @property
    def concerns(self) -> tuple[Concern, ...]:
        """What must be allowed."""
        return tuple(self._concerns())

    def _concerns(self) -> Iterator[Concern]:
        assessment = self.assessment
        if assessment.locks_out:
            yield Concern("--allow-lockout", "It locks you out, or may.")
        if self.outside:
            yield Concern("--allow-outside", f"Outside the account: {' '.join(self.outside)}")
        if assessment.to_acknowledge:
            number = len(assessment.to_acknowledge)
            errors = "an error" if number == 1 else f"{number} errors"
            yield Concern("--allow-errors", f"The linter finds {errors} in it.")

    def missing(self, options: argparse.Namespace) -> tuple[Concern, ...]:
        """The concerns that the options do not allow."""
        return tuple(
            each
            for each in self.concerns
            if not getattr(options, each.option.removeprefix("--").replace("-", "_"))
        )


def add_allowing_options(parser: Parser, *, asks: bool = True) -> None:
    """Add what allows a put that needs a decision; `asks`: it is asked for, unless `--yes`."""
    group = parser.add_argument_group("allowing")
    add = group.add_argument
    if asks:
        add("--yes", action="store_true", help="put without asking; needed where no terminal is")
    add(
        "--allow-lockout",
        action="store_true",
        help="though it may take from you, or from everybody, the right to change the policy",
    )
    add(
        "--allow-outside",
        action="store_true",
        help="though somebody outside the key's account gains access, or may",
    )
    add("--allow-errors", action="store_true", help="though the linter finds errors in it")


def outside_gains(base: str, text: str, key_arn: str) -> tuple[str, ...]:
    """What anybody outside the key's account gains, in sentences.

    AWS services and identity providers are not counted: a policy names them for the account's own
    workloads.
    """
    diff = access_diff(base, text, key_arn)
    account = key_arn.split(":")[4] if key_arn.count(":") >= 5 else ""
    found = []
    for change in diff.changes:
        others = [
            each
            for each in change.principals
            if each.account != account and each.kind not in _OF_NO_ACCOUNT
        ]
        if change.direction in _GAINS and others:
            names = tuple(dict.fromkeys(each.short for each in others))
            found.append(replace(change, principals=tuple(others), names=names).sentence)
    return tuple(found) if diff.complete else (*found, diff.left_open)


async def keys_named(session: Session, name: str) -> tuple[Key, ...]:
    """The keys that a person names by ID, ARN or alias, one of each connection that has it.

    An ARN names a key of one connection alone.

    Raises:
        ServiceError: there is none, or one may not be described.
    """
    if Arn.maybe(name) is not None:
        return (await add_key(session.of(name), name),)
    found, missing = [], None
    for each in session.each:
        try:
            found.append(await add_key(each, name))
        except CancelledByPersonError:
            # A connection that is not open was told of.
            continue
        except NotFoundError as error:
            missing = error
    if missing is not None and not found:
        raise missing
    return tuple(found)


async def add_key(session: Session, name: str) -> Key:
    """Read a key of one connection into the store, and its aliases.

    Raises:
        ServiceError: there is none, or it may not be described.
    """
    key, metadata = await find(session.gateway, name)
    key = replace(key, metadata=metadata)
    session.store.add_keys((key,))
    try:
        async for page in session.gateway.alias_pages(key.id):
            session.store.add_aliases(page)
    except FailedError:
        # Without its aliases a key is called by its ID.
        pass
    return key


@dataclass(slots=True)
class KeyEdits:
    """Opens policies of keys; what an account tells is read once for each connection."""

    session: Session
    around: Surroundings
    batch: str = ""
    """What the changes of several keys share in the journal."""
    _facts: dict[Session, AccountFacts] = field(default_factory=dict)

    async def open(self, name: str) -> KeyEdit:
        """The policy of the key that a person names by ID, ARN or alias.

        Raises:
            CommandError: it cannot be changed, or several connections have a key of that name.
            ServiceError: it cannot be read.
        """
        keys = await keys_named(self.session, name)
        if len(keys) > 1:
            arns = ", ".join(key.arn for key in keys)
            raise CommandError(f"{name} is a key of several connections: name one of {arns}.")
        return await self.open_key(keys[0])

    async def open_key(self, key: Key) -> KeyEdit:
        """The policy of a key; raises as `open`."""
        session = self.session.of(key.id)
        off = {*self.around.disabled, *self.around.disabled_by_key.get(key.bare_id, ())}
        target = KeyPolicyTarget(session, key, off)
        if target.why_not:
            raise CommandError(target.why_not)
        editing = PolicyEditing(target.location, session.change_scope(self.batch))
        await editing.open()
        return await self._known(session, target, editing)

    async def imagined(self, key: Key, base: str) -> KeyEdit:
        """The policy of a key that does not exist, of which nothing but a review can be made.

        `base` is what it is compared with.
        """
        session = self.session
        target = KeyPolicyTarget(session, key, self.around.disabled)
        editing = PolicyEditing(target.location, session.change_scope(self.batch))
        editing.base = base
        return await self._known(session, target, editing)

    async def _known(
        self, session: Session, target: KeyPolicyTarget, editing: PolicyEditing
    ) -> KeyEdit:
        """An edit that knows the account: who asks, and what binds that."""
        if session not in self._facts:
            identity = await caller_identity(session.gateway, session.caller)
            self._facts[session] = AccountFacts(*identity)
        chain = await session.shared(ChainReader).own_chain(target.key)
        target.know(replace(self._facts[session], chain=chain))
        return KeyEdit(target, editing)
