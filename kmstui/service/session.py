"""One person's session: connecting, switching, refreshing, and reading what is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from kmstui.model import Caller, ConnectionInfo, Fact
from kmstui.service.changes import ChangeScope, Clock
from kmstui.service.errors import (
    CallerChangedError,
    CancelledByPersonError,
    JournalError,
    NotFoundError,
    ServiceError,
)
from kmstui.service.inventory import (
    FactReader,
    Inventory,
    Notice,
    Store,
    StoredPolicy,
    TimeSlices,
)
from kmstui.service.ports import Connector, Gateway, Journal, Scope, Target

T = TypeVar("T")


class Session:
    """The connection in use, and the store it fills; `Sessions` is that over several.

    Attributes:
        store: What was read; screens subscribe to it.
        target: What was asked for last; the truth about the connection is `info`.
        read_only: Whether the gateway refuses every change.
        is_connecting: Whether a connection is being made, for which credentials are fetched.
        demo: Whether the keys are those of the embedded KMS, and nothing is kept.
        slices: Lets keys go before long work.
        facts: Reads what costs a call a key; None while there is no connection.
        at_close: Called when the connection is closed: what was opened beside it goes with it.
    """

    def __init__(
        self,
        store: Store,
        connector: Connector,
        journal: Journal,
        clock: Clock,
        *,
        read_only: bool = False,
        demo: bool = False,
    ) -> None:
        self.store = store
        self.connector = connector
        self.journal = journal
        self.clock = clock
        self.read_only = read_only
        self.demo = demo
        self.slices = TimeSlices()
        self.target = Target()
        self.is_connecting = False
        self._gateway: Gateway | None = None
        self._inventory: Inventory | None = None
        self.facts: FactReader | None = None
        self.at_close: list[Callable[[], None]] = []
        self._identifying: asyncio.Task[None] | None = None
        self._shared: dict[object, object] = {}

    @property
    def gateway(self) -> Gateway:
        """The connection in use.

        Raises:
            CancelledByPersonError: there is none at the moment.
        """
        if self._gateway is None:
            raise CancelledByPersonError(
                "there is no connection at the moment", "Press r to connect again."
            )
        return self._gateway

    def is_connected_by(self, gateway: Gateway) -> bool:
        """Whether `gateway` is still the one in use.

        After a switch, what the old one returns must not reach the store.
        """
        return gateway is self._gateway

    def of(self, subject: str) -> Session:
        """The session over the connection of a key, alias, role or user, by its ID or ARN.

        What concerns one key is asked of it: gateway, caller, scope of the journal, and what views
        share. "" is the nearest connection, for what belongs to none.
        """
        return self

    @property
    def each(self) -> Sequence[Session]:
        """One session for each connection, the nearest first."""
        return (self,)

    @property
    def info(self) -> ConnectionInfo | None:
        """What the connection is; None before there is one."""
        return self.store.info

    @property
    def caller(self) -> Caller | None:
        """Who asks over the connection; None before it is known."""
        return self.store.caller

    @property
    def scope(self) -> Scope | None:
        """Account and Region for the journal, once both are known."""
        info, caller = self.info, self.caller
        if info is None:
            return None
        account = caller.account if caller else self._account_of_keys()
        return Scope(account, info.region) if account else None

    @property
    def caller_problem(self) -> str:
        """Why it is not known who asks, as a sentence; empty where it is, or is still asked."""
        return self.store.caller_problem

    @property
    def to_sign_in(self) -> Target:
        """The connection whose credentials a person would renew."""
        return self.target

    @property
    def label(self) -> str:
        """The connection in a few words: account and Region."""
        region = self.info.region if self.info else ""
        account = self.scope.account if self.scope else ""
        return " ".join(filter(None, (account, region))) or "the connection"

    def handle(self, name: str) -> str:
        """What a key ID or alias name of this connection goes by: its ARN, of one of several."""
        return name

    def change_scope(self, batch: str = "") -> ChangeScope:
        """Where changes on this connection are written down.

        Raises:
            JournalError: the account is not known yet, so nothing could be written down under it.
        """
        scope = self.scope
        if scope is None:
            raise JournalError(
                "the account is not known, so nothing can be written down",
                "Try again once the service answers.",
            )
        caller = self.caller
        return ChangeScope(self.journal, scope, caller.arn if caller else "", self.clock, batch)

    def shared(self, make: Callable[[Session], T]) -> T:
        """What `make` makes of this session, once: views share what they read by it."""
        if make not in self._shared:
            self._shared[make] = make(self)
        return cast("T", self._shared[make])

    def _account_of_keys(self) -> str:
        # STS may be out of reach while KMS works: every listed key's ARN names the account too.
        return next((key.account for key in self.store.keys.values() if not key.sharer), "")

    async def open(self, target: Target) -> None:
        """Connect and read the inventory; what was of another connection is gone first.

        Raises:
            ServiceError: the connection could not be made, or the keys not listed; the sentence
                also stands in the store's banner.
        """
        self._begin(target)
        await self.connect()
        await self.load()

    async def attach(self, target: Target) -> None:
        """Connect and ask who is asking, for who names the keys one by one.

        Raises:
            ServiceError: the connection could not be made.
        """
        self._begin(target)
        await self.connect()
        await self.identify()

    async def identify(self) -> None:
        """Ask who is asking over the connection in use.

        Raises:
            CancelledByPersonError: there is none.
        """
        await self._identify(self.gateway)

    def _begin(self, target: Target) -> None:
        self.close()
        self.store.clear()
        self.target = target

    async def connect(self) -> None:
        """Connect to the target.

        Raises:
            ServiceError: the connection could not be made.
        """
        try:
            self.is_connecting = True
            try:
                gateway = await self.connector.connect(self.target)
            finally:
                self.is_connecting = False
            self._take(gateway)
        except ServiceError as error:
            self._fail(error)
            raise

    def _take(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.store.connected(replace(gateway.info, is_demo=self.demo))
        self._inventory = Inventory(self.store, gateway, self.slices)
        self._read_facts()

    def _read_facts(self) -> None:
        self.facts = FactReader(self.store, lambda key_id: self.of(key_id).gateway)

    async def refresh(self) -> None:
        """Read the inventory again, and policies again when they are looked at.

        Raises:
            ServiceError: as `open`.
        """
        if self._gateway is None or self._inventory is None:
            await self.open(self.target)
            return
        self.store.set_banner("")
        self.store.forget_policies()
        if self.facts is not None:
            self.facts.restart()
        self.store.forget_facts()
        try:
            await self.load()
        except CallerChangedError:
            # Whoever refreshes wants what there is now, and the header says whose it is.
            await self.open(self.target)

    async def load(self) -> None:
        """Read the inventory over the connection in use.

        Raises:
            ServiceError: there is none, or the keys could not be listed.
        """
        gateway, inventory = self.gateway, self._inventory
        if inventory is None:
            return
        # Where STS is out of reach its answer comes late: neither the keys nor the reason why
        # there are none wait for it.
        self._identifying = asyncio.create_task(self._identify_later(gateway, inventory))
        try:
            await inventory.load()
        except ServiceError as error:
            if gateway is self._gateway:
                self._fail(error)
            raise
        await self._identifying

    def close(self) -> None:
        """Cancel everything in flight."""
        for close in self.at_close:
            close()
        if self._identifying is not None:
            self._identifying.cancel()
        self._identifying = None
        if self._inventory is not None:
            self._inventory.close()
        if self.facts is not None:
            self.facts.close()
        if self._gateway is not None:
            self._gateway.close()
        self.facts = None
        self._gateway = None
        self._inventory = None

    def show(self, key_ids: Sequence[str], facts: Sequence[Fact] = ()) -> None:
        """These rows are on the screen: describe them, and read these facts of them, first."""
        if self._inventory is not None:
            self._inventory.show(key_ids)
        if self.facts is not None:
            self.facts.show(key_ids, facts)

    def key_pressed(self) -> None:
        """A person is typing: long work and background reads step back for a moment."""
        self.slices.pressed()
        if self._gateway is not None:
            self._gateway.hold_background()

    async def look_at(self, key_id: str) -> None:
        """Read what the panes show of a chosen key: description, tags, policies.

        Policies come from the cache until a refresh. Refusals are shown where the answer would
        stand.
        """
        inventory = self._inventory
        if inventory is None:
            return
        await asyncio.gather(inventory.look_at(key_id), self.read_policies(key_id))

    async def read_policies(self, key_id: str, *, again: bool = False) -> None:
        """Read the key's policies into the store, and every text into the journal."""
        if not again and key_id in self.store.policies:
            return
        gateway = self.of(key_id).gateway
        key = self.store.keys.get(key_id)
        if key is not None and key.sharer:
            # ListKeyPolicies and GetKeyPolicy: "Cross-account use: No".
            why = f"The key {key.fixed}: its policy can be read only there."
            self.store.set_policies(key_id, (StoredPolicy("default", "", self.clock(), why),))
            return
        try:
            names = await gateway.policy_names(key_id)
        except ServiceError:
            # A role may read the policy without listing the names; `default` always exists.
            names = ()
        # Each key has one of this name (KMS API Reference, ListKeyPolicies), listed or not.
        names = names if "default" in names else ("default", *names)
        policies = tuple([await self._read_policy(gateway, key_id, name) for name in names])
        if self.is_connected_by(gateway):
            self.store.set_policies(key_id, policies)

    async def _read_policy(self, gateway: Gateway, key_id: str, name: str) -> StoredPolicy:
        try:
            text = await gateway.get_policy(key_id, name)
        except ServiceError as error:
            return StoredPolicy(name, "", self.clock(), error.sentence)
        own = self.of(key_id)
        # After a switch the scope is another account's, which never held this text.
        scope = own.scope if self.is_connected_by(gateway) else None
        if name == "default" and scope is not None:
            caller = own.caller.arn if own.caller else ""
            try:
                await own.journal.keep_version(scope, key_id, text, "fetched", caller=caller)
            except ServiceError as error:
                self.notify(error.sentence, "warning")
        return StoredPolicy(name, text, self.clock())

    async def find(self, name: str) -> str:
        """The ID of the key that a person named by ID, ARN or alias, with or without `alias/`.

        Raises:
            NotFoundError, ServiceError: no such key, or it may not be described.
        """
        if name in self.store.keys:
            return name
        alias = self.store.aliases.get(name) or self.store.aliases.get(f"alias/{name}")
        if alias is not None and alias.key_id:
            return alias.key_id
        return await self._find(name)

    async def _find(self, name: str) -> str:
        try:
            key, _ = await self.gateway.describe(name)
        except ServiceError as error:
            if "/" in name or not isinstance(error, NotFoundError):
                raise
            key, _ = await self.gateway.describe(f"alias/{name}")
        if key.id not in self.store.keys:
            self.store.add_keys((key,))
        return key.id

    def notify(self, text: str, severity: str = "information") -> None:
        """Tell the person one sentence, and keep it in the log."""
        self.store.notify(Notice(self.clock(), text, severity))

    async def _identify_later(self, gateway: Gateway, inventory: Inventory) -> None:
        await inventory.first_page.wait()
        await self._identify(gateway)

    async def _identify(self, gateway: Gateway) -> None:
        try:
            caller = await gateway.caller()
        except ServiceError as error:
            if gateway is self._gateway:
                self._identified(None, error.sentence)
            return
        if gateway is self._gateway:
            self._identified(caller)

    def _identified(self, caller: Caller | None, problem: str = "") -> None:
        self.store.identified(caller, problem)

    def _fail(self, error: ServiceError) -> None:
        self.store.set_banner(error.sentence)
        self.notify(error.sentence, "error")
