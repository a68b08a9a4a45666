"""What commands read of a live account, each call over a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, TypeVar

from kmstui.model import Arn, Caller, Grant, Identity, Key, KeyMetadata
from kmstui.policy.evaluation import NOTHING_READ, Chain
from kmstui.policy.iam import account_of
from kmstui.policy.lint import KeyContext
from kmstui.scripting.each_connection import Answer, ask_each
from kmstui.service.access import (
    Asking,
    ChainSource,
    CheckAnswer,
    KmsAnswer,
    PolicyChange,
    ask_analyzer,
    ask_kms,
    of_connection,
    read_chain,
    with_endpoint,
)
from kmstui.service.errors import IncompleteListError, NotFoundError, ServiceError
from kmstui.service.ports import Connector, Gateway, Target, Urgency

T = TypeVar("T")

AT_ONCE = 16
"""Keys read at once: hides the latency; the gateway bounds what reaches the wire."""


class LivePolicy(NamedTuple):
    """The policy of one key as it is stored, or why it could not be read."""

    label: str
    """What to call the key: its alias or its ID."""
    key: KeyContext
    text: str = ""
    error: str = ""
    """A sentence; empty where the text was read."""
    chain: Chain = NOTHING_READ
    """The control policies of the key's account, where they were asked for and may be read."""


class KeyAccess(NamedTuple):
    """What a live key and its account tell about access to it."""

    key_arn: str
    policy: str
    """The key policy as stored."""
    grants: tuple[Grant, ...] | None = None
    """None where they may not be read."""
    identity: Identity | None = None
    """The role or user asked about, with its IAM policies; None where they may not be read."""
    is_missing: bool = False
    """Whether the account has no role or user of that name."""
    chain: Chain = NOTHING_READ
    """Control policies and the policy of the VPC endpoint, as far as they may be read."""
    metadata: KeyMetadata | None = None


class LiveSource:
    """Reads what the commands ask for; `usual` says what a target leaves open.

    Its methods raise `ServiceError` when nothing at all can be read, and nothing else; that one
    key of many cannot be read is a `LivePolicy` with an error.
    """

    def __init__(self, connector: Callable[[], Connector], usual: Target) -> None:
        self._connector = connector
        self._usual = usual

    # lint

    def policy(self, target: Target, key: str, *, with_chain: bool = False) -> LivePolicy:
        """The policy of one key: ID, ARN or alias; `with_chain`: control policies, too.

        Raises:
            ServiceError: it cannot be read.
        """
        return self.run(target, partial(read_policy, name=key, with_chain=with_chain))

    def policies(
        self, target: Target, progress: Callable[[int, int], None]
    ) -> Iterator[LivePolicy]:
        """The policies of all customer managed keys, in the order that KMS lists them.

        Raises:
            ServiceError: the keys cannot be listed.
        """

        async def read(gateway: Gateway) -> list[LivePolicy]:
            keys, problem = await _listed(gateway)
            names = await _alias_names(gateway)
            caller = await _caller(gateway)
            limit = asyncio.Semaphore(AT_ONCE)
            done = 0

            async def one(key: Key) -> LivePolicy | None:
                nonlocal done
                async with limit:
                    result = await _stored(gateway, key, names.get(key.id, key.id), caller)
                done += 1
                progress(done, len(keys))
                return result

            results = await asyncio.gather(*(one(key) for key in keys))
            missing = [LivePolicy("the list of keys", KeyContext(), error=problem)]
            return [*filter(None, results), *(missing if problem else ())]

        if not self.is_several(target):
            yield from self.run(target, read)
            return
        for answer in self.each(target, read):
            for stored in answer.value or ():
                yield stored._replace(label=f"{stored.label} ({answer.label})")
            if problem := answer.error or answer.words:
                yield LivePolicy(answer.label, KeyContext(), error=f"{answer.label}: {problem}")

    # can

    def caller(self, target: Target) -> str:
        """The ARN of who asks.

        Raises:
            ServiceError: STS did not tell.
        """

        async def read(gateway: Gateway) -> str:
            return (await gateway.caller()).arn

        return self.run(target, read)

    def key_access(
        self, target: Target, key: str, principal: str, *, endpoint: str | None = ""
    ) -> KeyAccess:
        """What is stored about a key, and about a principal of its account.

        Args:
            target: The connection.
            key: Its ID, ARN or alias.
            principal: ARN of the role or user.
            endpoint: The VPC endpoint that requests go through; None for that of this connection.

        Raises:
            ServiceError: the key's policy cannot be read.
        """

        async def read(gateway: Gateway) -> KeyAccess:
            found, metadata = await find(gateway, key)
            policy = await gateway.get_policy(found.id)
            grants, (identity, is_missing), chain = await asyncio.gather(
                _grants(gateway, found.id),
                _identity(gateway, principal),
                _chain(ChainSource(gateway), found, account_of(principal), endpoint),
            )
            return KeyAccess(found.arn, policy, grants, identity, is_missing, chain, metadata)

        return self.run(target, read)

    def dry_runs(self, target: Target, wanted: Asking) -> tuple[KmsAnswer, ...]:
        """What KMS says of the caller's requests, which it does not carry out.

        Raises:
            ServiceError: there is no connection.
        """
        return self.run(target, lambda gateway: ask_kms(gateway, wanted))

    # diff

    def policy_checks(
        self,
        target: Target,
        change: PolicyChange,
        actions: Sequence[str],
        tell: Callable[[str], None],
    ) -> tuple[CheckAnswer, ...]:
        """What Access Analyzer says of a change; `tell` is told its Region before it is asked.

        Raises:
            ServiceError: there is no connection.
        """

        async def ask(gateway: Gateway) -> tuple[CheckAnswer, ...]:
            tell(gateway.info.region)
            return await ask_analyzer(gateway, change, actions)

        return self.run(target, ask)

    def is_several(self, target: Target) -> bool:
        """Whether a target, with what it leaves open, means more than one connection."""
        return self._settled(target).is_several

    def each(self, target: Target, read: Callable[[Gateway], Awaitable[T]]) -> list[Answer[T]]:
        """What `read` makes of each connection of a target, or why it told nothing."""
        return asyncio.run(ask_each(self._connector(), self._settled(target), read))

    def _settled(self, target: Target) -> Target:
        usual = self._usual
        return replace(
            usual,
            profile=target.profile or usual.profile,
            region=target.region or usual.region,
            endpoint_url=target.endpoint_url or usual.endpoint_url,
        )

    def run(self, target: Target, read: Callable[[Gateway], Awaitable[T]]) -> T:
        """What `read` makes of a connection of its own.

        Raises:
            ServiceError: there is no connection, or `read` raises it.
        """

        async def connected() -> T:
            gateway = await self._connector().connect(self._settled(target))
            try:
                return await read(gateway)
            finally:
                gateway.close()

        return asyncio.run(connected())


async def read_policy(gateway: Gateway, name: str, *, with_chain: bool = False) -> LivePolicy:
    """The policy of the key that a person names; `with_chain`: control policies, too.

    Raises:
        ServiceError: it cannot be read.
    """
    found, metadata = await find(gateway, name)
    caller = await _caller(gateway)
    text = await gateway.get_policy(found.id)
    chain = await _chain(ChainSource(gateway), found, "", "") if with_chain else NOTHING_READ
    return LivePolicy(name, _context(found, metadata, caller), text, chain=chain)


async def find(gateway: Gateway, name: str) -> tuple[Key, KeyMetadata]:
    """Describe the key that a person named by ID, ARN or alias, with or without `alias/`.

    Raises:
        ServiceError: there is none, or it may not be described.
    """
    try:
        return await gateway.describe(name)
    except NotFoundError:
        if "/" in name:
            raise
        return await gateway.describe(f"alias/{name}")


async def _stored(
    gateway: Gateway, key: Key, label: str, caller: Caller | None
) -> LivePolicy | None:
    """One key's policy, or why it cannot be read; None for a key that AWS manages."""
    metadata: KeyMetadata | None = None
    try:
        _, metadata = await gateway.describe(key.id, Urgency.VISIBLE)
    except ServiceError:
        # The policy may be readable all the same, and is linted with less known about the key.
        metadata = None
    if metadata is not None and metadata.manager == "AWS":
        return None
    context = _context(key, metadata, caller)
    try:
        return LivePolicy(label, context, await gateway.get_policy(key.id))
    except ServiceError as error:
        return LivePolicy(label, context, error=error.sentence)


def _context(key: Key, metadata: KeyMetadata | None, caller: Caller | None) -> KeyContext:
    arn = Arn.maybe(key.arn)
    who = Arn.maybe(caller.arn) if caller is not None else None
    if metadata is None:
        return KeyContext(arn=arn, caller=who)
    return KeyContext(arn, metadata.usage, metadata.spec, bool(metadata.multi_region), who)


async def _caller(gateway: Gateway) -> Caller | None:
    try:
        return await gateway.caller()
    except ServiceError:
        # Rules and answers that need to know the caller say so by themselves.
        return None


async def _listed(gateway: Gateway) -> tuple[list[Key], str]:
    """The account's keys, and why some of them are missing; empty where none is."""
    keys: list[Key] = []
    try:
        async for page in gateway.key_pages():
            keys.extend(page)
    except IncompleteListError as error:
        return keys, error.sentence
    return keys, ""


async def _alias_names(gateway: Gateway) -> dict[str, str]:
    names: dict[str, str] = {}
    try:
        async for page in gateway.alias_pages():
            for alias in page:
                names.setdefault(alias.key_id, alias.name)
    except ServiceError:
        # Without an alias a key is shown by its ID.
        pass
    return names


async def _grants(gateway: Gateway, key_id: str) -> tuple[Grant, ...] | None:
    try:
        return await gateway.list_grants(key_id)
    except ServiceError:
        # None: the answer says that grants were not considered.
        return None


async def _identity(gateway: Gateway, principal: str) -> tuple[Identity | None, bool]:
    """A role or user, and whether there is none of that name in its account.

    IAM tells of the caller's account alone, and finds roles and users by name: one of the same
    name in this account is another than that which is asked about.
    """
    caller = await _caller(gateway)
    if caller is not None and caller.account != account_of(principal):
        return None, False
    try:
        found = await gateway.identity(principal)
    except NotFoundError:
        return None, caller is not None
    except ServiceError:
        # None: the answer says that IAM was not considered.
        return None, False
    return (found if account_of(found.arn) == account_of(principal) else None), False


async def _chain(source: ChainSource, key: Key, account: str, endpoint: str | None) -> Chain:
    chain = await read_chain(source, key, account)
    if endpoint is None:
        return await of_connection(source, chain)
    return await with_endpoint(source, chain, endpoint) if endpoint else chain
