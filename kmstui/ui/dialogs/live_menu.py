"""A menu about something that is still being read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kmstui.service.inventory.store import Store, Topic
from kmstui.ui.dialogs.menu import Menu, MenuItem
from kmstui.ui.runtime.store_feed import Changes, StoreFeed


class LiveMenu(Menu):
    """What is off comes on, or the other way round, when the store learns more of the key."""

    def __init__(self, title: str, items: Callable[[], Sequence[MenuItem]], store: Store) -> None:
        """`items` answers the same ids each time."""
        super().__init__(title, items())
        self._read_items = items
        self._store = store
        self._feed: StoreFeed | None = None

    def on_mount(self) -> None:
        """Subscribe; Textual calls the menu's own `on_mount` as well."""
        self._feed = StoreFeed(self._store, (Topic.KEYS,), self, self._read_again)

    def on_unmount(self) -> None:
        """No more news."""
        if self._feed is not None:
            self._feed.close()

    def _read_again(self, changes: Changes) -> None:
        self.change_items(self._read_items())
