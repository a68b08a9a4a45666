"""Commands about custom key stores, and about keys beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from kmstui.ui.commands import Command, Context, needs_key
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


# Comparing


def _not_two(context: Context) -> str | None:
    if len(context.targets) == 2:
        return None
    return "Mark the two keys first (Space on each)."


def _compare(context: Context) -> None:
    from kmstui.service.keys import KeyPicture, read_picture
    from kmstui.ui.keys.compare_screen import CompareScreen

    one, other = context.targets
    session, store = context.session, context.store

    async def read() -> Sequence[KeyPicture]:
        return await asyncio.gather(
            *(
                read_picture(session.of(each).gateway, each, store.bare_name(each))
                for each in (one, other)
            )
        )

    title = f"{store.bare_name(one)} beside {store.bare_name(other)}"
    context.app.push_screen(CompareScreen(context, title, read))


def _no_set(context: Context) -> str | None:
    reason = needs_key(context)
    if reason is not None:
        return reason
    metadata = context.key.metadata if context.key else None
    if metadata is None or not metadata.multi_region:
        return "It is no multi-Region key: there is none of its set in another Region."
    if len(metadata.replicas) < 2:
        return "It has no replica yet: x, p replicates it into another Region."
    return None


def _compare_set(context: Context) -> None:
    from kmstui.service.keys import KeyPicture, read_set
    from kmstui.ui.keys.compare_screen import CompareScreen

    key_id, session = context.chosen or "", context.session

    async def read() -> Sequence[KeyPicture]:
        return await read_set(session, key_id)

    title = f"{context.store.bare_name(key_id)} in all its Regions, the primary first"
    context.app.push_screen(CompareScreen(context, title, read))


COMMANDS = (
    Command(
        id="key.compare", label="Compare", help="Compare the two marked keys: policies by meaning,"
        " aliases, tags, rotation, grants", available=_not_two, run=_compare,
    ),
    Command(
        id="key.regions", label="All Regions", help="Compare a multi-Region key with its replicas:"
        " policies, tags, aliases, state", available=_no_set, run=_compare_set,
    ),
    Command(
        id="key-stores.open", label="Custom key stores", help="Show the custom key stores of this"
        " Region, why one failed, and connect or disconnect one",
        available=_needs_connection, run=_open_key_stores,
    ),
)  # fmt: skip
