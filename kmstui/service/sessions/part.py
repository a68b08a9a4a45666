"""The session over one of several connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, cast

from kmstui.model import Arn, Caller, ConnectionInfo
from kmstui.service.changes import Clock
from kmstui.service.connections import GatewayByArn, JournalByArn
from kmstui.service.errors import ServiceError
from kmstui.service.inventory import Inventory, InventoryPart, Progress, Store, TimeSlices
from kmstui.service.ports import Connector, Gateway, Journal, Scope, Target
from kmstui.service.session import Session


class Whole(Protocol):
    """What a part needs of the session over all of them."""

    store: Store
    connector: Connector
    journal: Journal
    clock: Clock
    read_only: bool
    demo: bool
    slices: TimeSlices

    def of(self, subject: str) -> Session:
        """The session over the connection of a key, alias or role."""
        ...

    @property
    def each(self) -> Sequence[Session]:
        """One for each connection."""
        ...

    def is_connected_by(self, gateway: Gateway) -> bool:
        """Whether the gateway is in use."""
        ...

    def place_of(self, scope: Scope) -> str:
        """The ARN up to `key/` of what is in an account and Region."""
        ...

    def connected(self, info: ConnectionInfo) -> None:
        """One of the connections stands."""
        ...

    def progressed(self) -> None:
        """One of the connections has read on."""
        ...

    def tell_problems(self) -> None:
        """One of the connections has trouble, or none any more."""
        ...


class PartSession(Session):
    """The session over one of several connections.

    Attributes:
        problem: Why nothing, or not all, was read over it, as a sentence; empty where all is well.
        progress: How far reading is.
        wanted: What it was opened for: more than `target` until the others are found.
    """

    def __init__(self, whole: Whole, target: Target) -> None:
        journal = JournalByArn(whole.journal, whole.place_of)
        super().__init__(
            whole.store,
            whole.connector,
            # It has every method of the port, which no type checker can see.
            cast("Any", journal),
            whole.clock,
            read_only=whole.read_only,
            demo=whole.demo,
        )
        self.slices = whole.slices
        self.target = target
        self.wanted = target
        self.problem = ""
        self.error: ServiceError | None = None
        self.progress = Progress(listing=True, loading=True)
        self._whole = whole
        self._by_arn: GatewayByArn | None = None
        self._info: ConnectionInfo | None = None
        self._caller: Caller | None = None
        self._caller_problem = ""

    def of(self, subject: str) -> Session:
        """As the session over all of them has it."""
        if subject and not subject.startswith("arn:"):
            # What has no ARN, such as a custom key store, is of the connection that named it.
            return self
        return self._whole.of(subject)

    @property
    def each(self) -> Sequence[Session]:
        """All of them."""
        return self._whole.each

    @property
    def info(self) -> ConnectionInfo | None:
        """What this connection is; None before there is one."""
        return self._info

    @property
    def caller(self) -> Caller | None:
        """Who asks over it; None before that is known."""
        return self._caller

    @property
    def caller_problem(self) -> str:
        """Why it is not known who asks over it."""
        return self._caller_problem

    @property
    def place(self) -> str:
        """The ARN of what is in its account and Region, up to `key/`; "" before it is known."""
        return self._by_arn.place if self._by_arn is not None else ""

    @property
    def account(self) -> str:
        """Its account; empty before it is known."""
        return self.place.split(":")[4] if self.place else ""

    @property
    def label(self) -> str:
        """The connection in a line: account or what leads there, and Region."""
        role = Arn.maybe(self.target.role)
        who = self.account or (role.account if role else "") or self.target.profile
        region = self._info.region if self._info else self.target.region
        return " ".join(filter(None, (who, region))) or "the connection"

    def is_connected_by(self, gateway: Gateway) -> bool:
        """Whether `gateway` is this one, or leads to all of them."""
        return gateway is self._gateway or self._whole.is_connected_by(gateway)

    def handle(self, name: str) -> str:
        """The ARN of a key ID or alias name of this connection."""
        return self._by_arn.handle(name) if self._by_arn is not None else name

    def shares(self, key_id: str) -> bool:
        """Whether another account shares the key with this one."""
        return self._inventory is not None and self._inventory.is_shared(key_id)

    def _account_of_keys(self) -> str:
        return self.account

    def _take(self, gateway: Gateway) -> None:
        self._by_arn = GatewayByArn(gateway)
        self._gateway = cast("Gateway", self._by_arn)
        self._info = replace(gateway.info, is_demo=self.demo)
        self.problem, self.error = "", None
        self._inventory = Inventory(
            self.store, self._gateway, self.slices, _Part(self, self._whole)
        )
        self._whole.connected(self._info)

    def _identified(self, caller: Caller | None, problem: str = "") -> None:
        self._caller, self._caller_problem = caller, problem
        self.store.session_changed()

    def _fail(self, error: ServiceError) -> None:
        self.error = error
        self.progress = replace(self.progress, listing=False, loading=False, stopped=True)
        self.tell_problem(error.sentence)
        self._whole.progressed()

    def tell_problem(self, sentence: str) -> None:
        """Keep why something was not read."""
        self.problem = sentence
        self.notify(f"{self.label}: {sentence}", "warning")
        self._whole.tell_problems()


class _Part(InventoryPart):
    """What one of several connections fills of the store."""

    def __init__(self, session: PartSession, whole: Whole) -> None:
        self._session = session
        self._whole = whole

    @property
    def place(self) -> str | None:
        return self._session.place or None

    def tell_problem(self, store: Store, sentence: str) -> None:
        self._session.tell_problem(sentence)

    def tell_progress(self, store: Store, progress: Progress) -> None:
        self._session.progress = progress
        self._whole.progressed()
