"""What binds requests besides the key and its account, as far as it may be read.

Control policies come from Organizations, which tells them to the management account and delegated
administrators alone; the policy of a VPC endpoint comes from EC2. What is refused is a reason in
the chain, which stands under each answer, and fails nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import replace

from kmstui.model import AccountControls, ConnectionInfo, ControlPolicy, Key, Route
from kmstui.policy.evaluation import ENDPOINT, NOTHING_READ, Chain
from kmstui.service.errors import ServiceError, unless_refused
from kmstui.service.inventory import Topic
from kmstui.service.ports import Gateway
from kmstui.service.session import Session

MOST_ACCOUNTS = 20
"""So many other accounts are asked about for one key; each takes about ten calls."""

_OF_URL = re.compile(r"//(vpce-[0-9a-z]+)-")
_ENDPOINT_ID = re.compile(r"vpce-(?:[0-9a-f]{8}|[0-9a-f]{17})")


def endpoint_of(info: ConnectionInfo) -> str:
    """The VPC endpoint in the URL of a connection; empty where the URL names none.

    https://docs.aws.amazon.com/kms/latest/developerguide/vpce-connect.html
    """
    found = _OF_URL.search(info.endpoint_url)
    return found[1] if found else ""


def is_endpoint_id(text: str) -> bool:
    """Whether this is the whole ID of a VPC endpoint, not one that is still being typed."""
    return _ENDPOINT_ID.fullmatch(text) is not None


async def read_chain(reader: ChainSource, key: Key, own: str, others: Iterable[str] = ()) -> Chain:
    """What an organization sets over a key's account and the accounts that use the key.

    Args:
        reader: Reads over one connection.
        key: The key.
        own: The account of who asks.
        others: Further accounts; asked about where the organization of the first ones tells.
    """
    owner = key.account
    first = dict.fromkeys(filter(None, (owner, own)))
    found = await asyncio.gather(*map(reader.controls, first))
    if any(each.organization and not each.problem for each in found):
        more = dict.fromkeys(each for each in others if each and each not in first)
        found += await asyncio.gather(*map(reader.controls, tuple(more)[:MOST_ACCOUNTS]))
    chain = NOTHING_READ
    for controls in found:
        chain = chain.with_account(controls, owner)
    # "RCPs do not apply to AWS managed keys" (Organizations User Guide).
    return chain.with_rcps(()) if key.is_aws_managed else chain


async def with_endpoint(reader: ChainSource, chain: Chain, endpoint_id: str) -> Chain:
    """The chain with the policy of a VPC endpoint, or with why that is not known."""

    async def read() -> Chain:
        return chain.with_endpoint(await reader.endpoint(endpoint_id), endpoint_id)

    return await unless_refused(read, lambda error: chain.without(reason_of(error), ENDPOINT))


async def of_connection(reader: ChainSource, chain: Chain) -> Chain:
    """The chain for requests over the connection in use, all of which go through its endpoint."""
    info = reader.gateway.info
    endpoint_id = endpoint_of(info)
    if endpoint_id:
        # Without its ID the policy binds each request, whatever is known of aws:SourceVpce.
        return replace(await with_endpoint(reader, chain, endpoint_id), endpoint_id="")
    if info.route is Route.VPC_ENDPOINT:
        return chain.without("the connection goes through one, but its ID is not known", ENDPOINT)
    return chain


def reason_of(error: ServiceError) -> str:
    """Why a policy is not known, for the end of a sentence."""
    return f"{error.context.operation or error.title}: {error.reason}"


class ChainSource:
    """Reads over one connection, each account and each endpoint once."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._controls: dict[str, AccountControls] = {}
        self._endpoints: dict[str, ControlPolicy] = {}
        self._asking = asyncio.Lock()
        """Many keys are asked about at once, and all of them want the same."""

    async def controls(self, account: str) -> AccountControls:
        """What an organization sets over an account."""
        async with self._asking:
            if account not in self._controls:
                self._controls[account] = await self.gateway.account_controls(account)
            return self._controls[account]

    async def endpoint(self, endpoint_id: str) -> ControlPolicy:
        """The policy of a VPC endpoint.

        Raises:
            ServiceError: it cannot be read.
        """
        async with self._asking:
            if endpoint_id not in self._endpoints:
                self._endpoints[endpoint_id] = await self.gateway.endpoint_policy(endpoint_id)
            return self._endpoints[endpoint_id]


class ChainReader:
    """Reads for one session, and keeps what was read until a refresh or a switch."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._source: ChainSource | None = None
        session.store.subscribe(Topic.POLICIES, self._policies_changed)

    def _policies_changed(self, key_ids: frozenset[str]) -> None:
        if not key_ids:
            self._source = None

    @property
    def source(self) -> ChainSource:
        """What reads over the connection in use."""
        gateway = self._session.gateway
        if self._source is None or self._source.gateway is not gateway:
            self._source = ChainSource(gateway)
        return self._source

    async def chain(self, key: Key, accounts: Iterable[str] = ()) -> Chain:
        """What binds the requests about a key, whoever sends them.

        Args:
            key: The key.
            accounts: Those of principals that may send them, besides its own and the caller's.

        Raises:
            CancelledByPersonError: the connection is gone.
        """
        caller = self._session.caller
        return await read_chain(self.source, key, caller.account if caller else "", accounts)

    async def own_chain(self, key: Key) -> Chain:
        """What binds the caller's requests about a key over the connection in use.

        Raises:
            CancelledByPersonError: the connection is gone.
        """
        return await of_connection(self.source, await self.chain(key))

    async def through(self, chain: Chain, endpoint_id: str) -> Chain:
        """The chain with the policy of a VPC endpoint that a question names."""
        if not is_endpoint_id(endpoint_id):
            return chain
        return await with_endpoint(self.source, chain, endpoint_id)
