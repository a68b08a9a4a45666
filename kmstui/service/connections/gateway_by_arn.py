"""The gateway of one of several connections, and the one that leads each call to its own.

A multi-Region key has one ID in all of its Regions, and aliases of one name exist in each. So keys
and aliases of several connections go by their ARNs, which KMS takes wherever it takes a key ID; an
alias alone is changed by its name.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from kmstui.model import (
    Alias,
    Arn,
    Caller,
    ConnectionInfo,
    Key,
    KeyCreation,
    KeyEvent,
    KeyMetadata,
    Tag,
    bare_name,
    beside,
)
from kmstui.service.ports import Gateway, Urgency

_KEY = "key/"


class GatewayByArn:
    """A gateway whose keys and aliases go by their ARNs; takes either of both.

    What is not spelled out here goes on as it is: a key ID may be an ARN in all of it.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.info: ConnectionInfo = gateway.info
        self._account = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    @property
    def place(self) -> str:
        """The ARN of what is in its account and Region, up to `key/`; "" before it is known."""
        info = self.info
        return f"arn:{info.partition}:kms:{info.region}:{self._account}:" if self._account else ""

    def handle(self, name: str) -> str:
        """What a key ID or alias name of this connection goes by."""
        return beside(self.place, name)

    async def caller(self) -> Caller:
        """Who asks, whose account is that of all keys listed."""
        caller = await self._gateway.caller()
        self._account = self._account or caller.account
        return caller

    async def key_pages(self) -> AsyncIterator[Sequence[Key]]:
        """The keys, by their ARNs."""
        async for page in self._gateway.key_pages():
            if page and not self._account:
                self._account = page[0].account
            yield tuple(map(self._key, page))

    async def alias_pages(self, key_id: str | None = None) -> AsyncIterator[Sequence[Alias]]:
        """The aliases, by their ARNs."""
        async for page in self._gateway.alias_pages(key_id):
            yield tuple(map(self._alias, page))

    async def tag_pages(self) -> AsyncIterator[Mapping[str, tuple[Tag, ...]]]:
        """Tags by the ARNs of keys, which are known by then: the keys are listed first."""
        async for page in self._gateway.tag_pages():
            yield {self.handle(key_id): tags for key_id, tags in page.items()}

    async def describe(
        self, key_id: str, urgency: Urgency = Urgency.ASKED
    ) -> tuple[Key, KeyMetadata]:
        """A key, by its ARN."""
        key, metadata = await self._gateway.describe(key_id, urgency)
        return self._key(key), metadata

    async def create_key(self, creation: KeyCreation) -> tuple[Key, KeyMetadata]:
        """A new key, by its ARN."""
        key, metadata = await self._gateway.create_key(creation)
        return self._key(key), metadata

    async def replicate(self, key_id: str, region: str, description: str = "") -> Key:
        """A replica, by its ARN."""
        return self._key(await self._gateway.replicate(key_id, region, description))

    async def create_alias(self, name: str, key_id: str) -> None:
        """KMS names an alias by its name alone here."""
        await self._gateway.create_alias(bare_name(name), key_id)

    async def update_alias(self, name: str, key_id: str) -> None:
        """As `create_alias`."""
        await self._gateway.update_alias(bare_name(name), key_id)

    async def delete_alias(self, name: str) -> None:
        """As `create_alias`."""
        await self._gateway.delete_alias(bare_name(name))

    async def policy_puts(
        self, since: datetime, until: datetime
    ) -> tuple[tuple[str, KeyEvent], ...]:
        """The puts, each with its key's ARN."""
        found = await self._gateway.policy_puts(since, until)
        return tuple((self.handle(key_id), event) for key_id, event in found)

    def _key(self, key: Key) -> Key:
        if key.id == key.arn:
            return key
        arn = key.arn or self.handle(key.id)
        return replace(key, id=arn, arn_prefix="")

    def _alias(self, alias: Alias) -> Alias:
        # Before the account is known, the alias itself tells it.
        place = alias.arn_prefix or self.place
        return replace(
            alias,
            name=f"{place}{alias.name}",
            key_id=f"{place}{_KEY}{alias.key_id}" if alias.key_id and place else alias.key_id,
            arn_prefix="",
        )


class Router:
    """Leads each call to the connection of the key, alias, role or account that it names first."""

    def __init__(self, lead: Callable[[str], Gateway]) -> None:
        """`lead` gives the gateway for an ARN, and for "" the nearest."""
        self._lead = lead

    @property
    def info(self) -> ConnectionInfo:
        """What the nearest connection is."""
        return self._lead("").info

    def close(self) -> None:
        """Each connection is closed by its own session."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(Gateway, name, None)
        if method is None or name.startswith("_"):
            raise AttributeError(f"the port has no method {name}")
        if inspect.iscoroutinefunction(method):

            async def call(*arguments: Any, **named: Any) -> Any:
                return await getattr(self._to(arguments, named), name)(*arguments, **named)

            return call
        return lambda *arguments, **named: getattr(self._to(arguments, named), name)(
            *arguments, **named
        )

    def _to(self, arguments: Sequence[object], named: Mapping[str, object]) -> Gateway:
        given = (*arguments, *named.values())
        arns = (each for each in given if isinstance(each, str) and Arn.maybe(each))
        return self._lead(next(arns, ""))
