"""What CloudTrail saw happen with the key, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from textual.events import Resize

from kmstui.model import KeyEvent
from kmstui.service.inventory import Topic
from kmstui.service.keys import context_condition, read_events
from kmstui.service.session import Session
from kmstui.service.uses import UsesByDay, uses_by_day
from kmstui.ui.commands import key_of
from kmstui.ui.keys.grants_view import short_principal
from kmstui.ui.keys.table_view import TableView, as_json, moment
from kmstui.ui.keys.use_chart import UseChart
from kmstui.ui.policy import pretty
from kmstui.ui.runtime import Changes
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Block, Cells, Column, Row, code_lines, labelled

MORE = "more"
"""The row after the events, where there are older ones."""

_NONE = (
    "CloudTrail saw nothing happen with this key in the last 90 days. Events show about five "
    "minutes after they happen."
)

_ONLY_LOOKS = "Nothing but looks at the key, which are hidden: {} shows them."

_LOOKING = ("Describe", "List", "Get")
"""Beginnings of operations that look at the key, as kmstui itself does, and do not use it."""

_COLUMNS = (
    Column("time", "TIME (UTC)", 16, rank=0),
    Column("name", "WHAT", 16, rank=1, most=26),
    Column("who", "WHO", 14, rank=2, least=8, most=64),
    Column("source", "FROM", 15, rank=4, most=30),
    Column("endpoint", "ENDPOINT", 12, rank=6, most=24),
    Column("context", "ENCRYPTION CONTEXT", 18, rank=3, least=10, most=100),
    Column("error", "ERROR", 14, rank=5, most=40),
)


def looks_only(event: KeyEvent) -> bool:
    """Whether the call neither used the key nor changed it. GetPublicKey gives the key away."""
    return event.name.startswith(_LOOKING) and event.name != "GetPublicKey"


def context_words(event: KeyEvent) -> str:
    """The event's encryption context on one line."""
    return " ".join(f"{name}={value}" for name, value in event.encryption_context)


def event_rows(event: KeyEvent) -> Iterator[Row]:
    """Everything of an event."""
    yield from labelled(_told(event))
    if event.policy:
        yield Block("")
        yield Block("Policy that was put", "title")
        yield from code_lines(pretty(event.policy))


def _told(event: KeyEvent) -> Iterator[tuple[str, str]]:
    yield "Time", moment(event.time) or "unknown"
    yield "What", f"{event.name}{' (only reads)' if event.read_only else ''}"
    yield "Who", event.principal or "unknown"
    yield "From", event.source_ip or "unknown"
    yield "Endpoint", event.vpc_endpoint or "public"
    yield "With", event.user_agent or "unknown"
    if event.tls:
        yield "TLS", ", ".join(event.tls)
    if event.error_code:
        yield "Error", f"{event.error_code}: {event.error_message}"
    label = "Encryption context"
    for name, value in event.encryption_context:
        yield label, f"{name} = {value}"
        label = ""
    yield label, "none" if label else "in the list c copies it as a policy condition"
    yield "Event ID", event.id


class EventsView(TableView[KeyEvent]):
    """A row for each event, and one that reads older ones."""

    scope: ClassVar[str] = "events"
    columns: ClassVar[tuple[Column, ...]] = _COLUMNS
    waiting: ClassVar[str] = "Asking CloudTrail…"

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self._token = ""
        self._reading = False
        self._stale = False
        self._looks_hidden = True
        self.chart = UseChart(symbols)
        self.parts = (self.table, self.chart)

    @property
    def count(self) -> str:
        """How many were read, and whether there are more."""
        if self.entries is None:
            return ""
        hidden = len(self.entries) - len(self._shown)
        return (
            f"{len(self.entries)}{' so far…' if self._token else ''}"
            f"{f' ({hidden} hidden: {self._looks_key})' if hidden else ''}"
        )

    @property
    def _looks_key(self) -> str:
        return key_of("event.looks", self)

    @property
    def _shown(self) -> list[str]:
        events = self.entries or {}
        return [
            row for row, event in events.items() if not (self._looks_hidden and looks_only(event))
        ]

    @property
    def rows(self) -> Sequence[str]:
        """The events that are not hidden, and the row that reads older ones."""
        return [*self._shown, *([MORE] if self._token else [])]

    def toggle_looks(self) -> None:
        """Hide the calls that only looked at the key, or show them again."""
        self._looks_hidden = not self._looks_hidden
        self._show_events()

    def _show_events(self) -> None:
        self.show_rows(_ONLY_LOOKS.format(self._looks_key) if self.entries else _NONE)
        self.chart.show(self.by_day)

    @property
    def by_day(self) -> UsesByDay | None:
        """The use of the key by day, as far as events were read; None before."""
        if self.entries is None:
            return None
        events = tuple(self.entries.values())
        return uses_by_day(events, self.session.clock(), older=bool(self._token))

    def on_resize(self, event: Resize) -> None:
        """A chart as there is room."""
        self.chart.set_room(event.size.height)

    @property
    def at_more(self) -> bool:
        """Whether the cursor is on the row that reads older events."""
        return self.table.cursor_row == MORE

    @property
    def has_more(self) -> bool:
        """Whether there are older events."""
        return bool(self._token)

    def show_key(self, key_id: str | None) -> None:
        """Another key's events are read when they are asked for."""
        if key_id != self.key_id:
            self._token = ""
            self.chart.show(None)
        super().show_key(key_id)

    async def load(self, key_id: str) -> None:
        """Read the newest events, unless some are here.

        Raises:
            ServiceError: CloudTrail may not be asked.
        """
        if self.entries is None or self._stale:
            await self._read(key_id)

    def store_changed(self, changes: Changes) -> None:
        """A refresh was asked for: read the newest events again, and show these until then."""
        if Topic.POLICIES in changes and not changes[Topic.POLICIES]:
            self._stale = True

    async def read_more(self) -> None:
        """Read the next older events.

        Raises:
            ServiceError: CloudTrail may not be asked.
        """
        if self.key_id is not None and self._token and not self._reading:
            await self._read(self.key_id, self._token)

    async def _read(self, key_id: str, token: str = "") -> None:
        key = self.store.keys.get(key_id)
        if key is None:
            return
        self._reading = True
        self.table.redraw((MORE,))
        try:
            page = await read_events(self.session, key.arn or key_id, token)
        finally:
            self._reading = False
            self.table.redraw((MORE,))
        if key_id == self.key_id:
            known = dict(self.entries if token and self.entries else {})
            self._stale = False
            for event in page.events:
                # One without an ID is told from others by what it says.
                what = f"{moment(event.time)} {event.name} {event.principal} {event.error_message}"
                known[event.id or what] = event
            self.entries = known
            self._token = page.token
            self._show_events()

    def show_problem(self, sentence: str) -> None:
        """The reason stands where the events would."""
        self._token = ""
        self.chart.show(None)
        super().show_problem(sentence)

    def copies(self) -> Sequence[tuple[str, str, str]]:
        """The event's parts."""
        event = self.chosen
        if event is None:
            return ()
        parts = [
            ("Who", "1", event.principal),
            ("From", "2", event.source_ip),
            ("VPC endpoint", "3", event.vpc_endpoint),
            ("Event as JSON", "5", _as_json(event)),
        ]
        if event.encryption_context:
            parts.append(("Context as condition", "4", context_condition(event.encryption_context)))
        return [part for part in sorted(parts, key=lambda part: part[1]) if part[2]]

    def _cells(self, row: str, columns: Sequence[str]) -> Cells:
        if row == MORE:
            words = f"older events: {key_of('event.more', self)} reads 50 more"
            if self._reading:
                words = "asking CloudTrail…"
            return ((words, "dim"),)
        return super()._cells(row, columns)

    def cells_of(self, event: KeyEvent) -> Mapping[str, Part]:
        """When, what, who and from where; what failed stands out, and what changed the key."""
        failed = bool(event.error_code)
        name = f"{self.symbols.error} {event.name}" if failed else event.name
        return {
            "time": (f"{event.time:%Y-%m-%d %H:%M}" if event.time else "unknown", "dim"),
            "name": (name, "bad" if failed else ("" if event.read_only else "warn")),
            "who": (short_principal(event.principal), "accent"),
            "source": event.source_ip or ("-", "dim"),
            "endpoint": event.vpc_endpoint or ("public", "dim"),
            "context": context_words(event) or ("-", "dim"),
            "error": (event.error_code, "bad"),
        }


def _as_json(event: KeyEvent) -> str:
    """The event by CloudTrail's names of its members."""
    members = {
        "eventID": event.id,
        "eventTime": event.time and event.time.isoformat(),
        "eventName": event.name,
        "userIdentity": event.principal,
        "sourceIPAddress": event.source_ip,
        "vpcEndpointId": event.vpc_endpoint,
        "userAgent": event.user_agent,
        "tlsDetails": ", ".join(event.tls),
        "errorCode": event.error_code,
        "errorMessage": event.error_message,
        "encryptionContext": dict(event.encryption_context),
        "policy": event.policy,
    }
    return as_json(members)
