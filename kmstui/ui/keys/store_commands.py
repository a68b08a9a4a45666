"""Commands about custom key stores."""

from __future__ import annotations

from kmstui.ui.commands import Command, Context
from kmstui.ui.main import main_of


def _open_key_stores(context: Context) -> None:
    from kmstui.ui.keys.custom_key_stores_screen import CustomKeyStoresScreen

    key = context.key
    chosen = key.metadata.custom_key_store_id if key and key.metadata else ""

    def show_keys(store_id: str) -> None:
        main_of(context.app).keys_pane.use_filter(f"store:{store_id}")

    context.app.ask(CustomKeyStoresScreen(context, chosen), show_keys)


def _needs_connection(context: Context) -> str | None:
    return None if context.store.info is not None else "There is no connection yet."


COMMANDS = (
    Command(
        id="key-stores.open", label="Custom key stores", help="Show the custom key stores of this"
        " Region, why one failed, and connect or disconnect one",
        available=_needs_connection, run=_open_key_stores,
    ),
)  # fmt: skip
