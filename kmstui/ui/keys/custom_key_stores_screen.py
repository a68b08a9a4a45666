"""The custom key stores of the Region: their states, what keeps one from connecting, connecting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.model import CustomKeyStore
from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.service.keys import (
    KINDS,
    ON_THE_WAY,
    CustomKeyStores,
    connect_off,
    disconnect_off,
    error_words,
)
from kmstui.ui.commands import Context, aws_command, bound, no_changes
from kmstui.ui.dialogs import ListScreen
from kmstui.ui.keys.change_dialog import Proposal, propose
from kmstui.ui.keys.table_view import moment
from kmstui.ui.main import copy_text
from kmstui.ui.style import Part
from kmstui.ui.widgets import Block, Cells, Column, Rows

_COLUMNS = (
    Column("name", "KEY STORE", 16, rank=0, most=30),
    Column("state", "STATE", 13, rank=1),
    Column("error", "WHY IT FAILED", 24, rank=2, most=48),
    Column("kind", "TYPE", 8, rank=3, most=24),
    Column("id", "ID", 21, rank=4, most=64),
)
_MOST_ROWS = 10
_LOOK_SECONDS = 3.0
"""Between two looks at stores that are on the way to another state."""


def state_part(state: str) -> tuple[str, str]:
    """A ConnectionState and the style of its cell."""
    styles = {"CONNECTED": "good", "FAILED": "bad"}
    return state or "unknown", styles.get(state, "warn")


class CustomKeyStoresScreen(ListScreen[str]):
    """Returns the ID of the store whose keys shall be shown."""

    KEYS = (
        ("key-stores.connect", "Connect"),
        ("key-stores.disconnect", "Disconnect"),
        ("key-stores.keys", "Its keys"),
        ("key-stores.copy", "Copy command"),
        ("key-stores.read", "Read again"),
        ("Esc", "Close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("key-stores.connect", "connect", "connect the key store"),
        bound("key-stores.disconnect", "disconnect", "disconnect the key store"),
        bound("key-stores.keys", "keys", "show its keys"),
        bound("key-stores.copy", "copy", "copy the command"),
        bound("key-stores.read", "read", "read again"),
        Binding("escape,q", "leave", "close", show=False),
    ]

    def __init__(self, context: Context, chosen: str = "") -> None:
        """`chosen` is the ID of the store under the cursor at first."""
        super().__init__(context.app.symbols, _COLUMNS, "key-stores")
        self._session = context.connection
        self._first = chosen
        self._stores: dict[str, CustomKeyStore] = {}
        self.words = Rows()
        self.body = (self.table, self.words)

    def begin(self) -> None:
        """Ask KMS."""
        self.action_read()

    @property
    def chosen(self) -> CustomKeyStore | None:
        """The store under the cursor."""
        return self._stores.get(self.table.cursor_row or "")

    def action_read(self) -> None:
        """Read the stores."""
        self._title("")
        self.table.set_empty("Reading…")
        self._look()

    def _look(self) -> None:
        self.program.work(self._follow, group="key-stores", what="reading custom key stores")

    async def _follow(self) -> None:
        """Read them, and again while one of them is on the way to another state."""
        while self.is_running:
            try:
                stores = await self._session.gateway.custom_key_stores()
            except CancelledByPersonError:
                return
            except ServiceError as error:
                self._stores = {}
                self.show_problem(error.sentence)
                self.table.set_rows([])
                self.show_chosen()
                return
            if not self.is_running:
                return
            self._show(stores)
            if not any(store.state in ON_THE_WAY for store in stores):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    def _title(self, count: str) -> None:
        info = self._session.info
        region = f" in {info.region}" if info else ""
        self.title_line.show([(f" Custom key stores{region}", "title"), count])

    def _show(self, stores: Sequence[CustomKeyStore]) -> None:
        self._stores = {store.id: store for store in stores}
        self._title(f"  {len(stores)}")
        self.table.set_empty("There is none: all keys here are in KMS's own HSMs.")
        self.table.set_rows(list(self._stores))
        self.table.styles.height = 1 + min(_MOST_ROWS, max(2, len(stores)))
        if self._first in self._stores:
            self.table.move_to_row(self._first)
            self._first = ""
        self.show_chosen()

    def cells_of(self, row: str, columns: Sequence[str]) -> Cells:
        """What is told of a store."""
        store = self._stores[row]
        cells: dict[str, Part] = {
            "name": (store.name or store.id, "accent"),
            "state": state_part(store.state),
            "error": (store.error, "bad") if store.error else ("-", "dim"),
            "kind": {"AWS_CLOUDHSM": "CloudHSM", "EXTERNAL_KEY_STORE": "external"}.get(
                store.kind, store.kind
            ),
            "id": (store.id, "dim"),
        }
        return cells

    def show_chosen(self) -> None:
        """Tell all of the store under the cursor."""
        store = self.chosen
        self.words.show(_about(store) if store else ())

    # What a person asks

    def action_connect(self) -> None:
        """Connect the store under the cursor, after a question."""
        self._ask(connecting=True)

    def action_disconnect(self) -> None:
        """Disconnect the store under the cursor, after a question."""
        self._ask(connecting=False)

    def _ask(self, *, connecting: bool) -> None:
        store, context = self.chosen, Context(self.program, self)
        if store is None:
            return
        off = (connect_off if connecting else disconnect_off)(store)
        if reason := no_changes(context) or off:
            self._session.notify(reason, "warning")
            return
        proposal = (_connecting if connecting else _disconnecting)(
            CustomKeyStores(self._session), store
        )
        propose(context, proposal, lambda: self.set_timer(_LOOK_SECONDS / 3, self._look))

    def choose(self) -> None:
        """Show the keys of the store under the cursor."""
        self.action_keys()

    def action_keys(self) -> None:
        """Close, and show the keys of the store under the cursor."""
        if self.chosen is not None:
            self.dismiss(self.chosen.id)

    def action_copy(self) -> None:
        """Copy the command that describes the store."""
        store = self.chosen
        if store is None:
            return
        text = aws_command(
            self._session.info, "describe-custom-key-stores", "--custom-key-store-id", store.id
        )
        context = Context(self.program, self)
        self.program.work(lambda: copy_text(context, text, "Command"), group="copy", what="copying")


def _about(store: CustomKeyStore) -> Iterator[Block]:
    if error := error_words(store):
        yield Block(error, "bad")
    if store.state == "FAILED":
        yield Block("To try again: d disconnects it, and then c connects it.")
    elif store.state in ON_THE_WAY:
        yield Block("This can take 20 minutes. It is looked at again while you are here.", "warn")
    elif store.state == "DISCONNECTED":
        yield Block(
            "Its keys are Unavailable: nothing is encrypted or decrypted with them until it is "
            "connected.",
            "warn",
        )
    for label, value in (
        ("Type", KINDS.get(store.kind, store.kind)),
        ("ID", store.id),
        ("Cluster", store.cluster_id),
        ("Proxy", " ".join(filter(None, (store.proxy, store.connectivity)))),
        ("Service", store.endpoint_service),
        ("Created", moment(store.created)),
    ):
        if value:
            yield Block(value, lead=f"{label:<9}")


def _connecting(stores: CustomKeyStores, store: CustomKeyStore) -> Proposal:
    name = store.name or store.id
    return Proposal(
        title=f"Connect the key store {name}?",
        words=(
            f"State: {store.state or 'unknown'} → CONNECTED. KMS looks for "
            f"{store.cluster_id or store.proxy or 'what stands behind it'} and connects to it, "
            "which can take 20 minutes. Then its keys can be used again, and keys be made in it."
        ),
        yes="Connect",
        doing=f"Connecting the key store {name}",
        send=lambda _: stores.connect(store),
        command=lambda _: ("connect-custom-key-store", "--custom-key-store-id", store.id),
    )


def _disconnecting(stores: CustomKeyStores, store: CustomKeyStore) -> Proposal:
    name = store.name or store.id
    return Proposal(
        title=f"Disconnect the key store {name}?",
        words=(
            f"State: {store.state or 'unknown'} → DISCONNECTED. Until it is connected again all "
            "keys in it are Unavailable: nothing can be encrypted or decrypted with them, by AWS "
            "services neither, and no key can be made in it. Nothing is lost."
        ),
        yes="Disconnect",
        doing=f"Disconnecting the key store {name}",
        send=lambda _: stores.disconnect(store),
        command=lambda _: ("disconnect-custom-key-store", "--custom-key-store-id", store.id),
        style="bad",
        word="" if store.state == "FAILED" else name,
    )
