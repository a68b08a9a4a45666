"""What one of several connections fills of the store, and to whom it tells how that goes."""

from __future__ import annotations

from kmstui.service.inventory.store import Progress, Store


class InventoryPart:
    """What one connection fills of the store: all of it, where it is the only one."""

    @property
    def place(self) -> str | None:
        """How the names begin of the keys and aliases that it lists; None before that is known."""
        return ""

    def tell_problem(self, store: Store, sentence: str) -> None:
        """Something was not read."""
        store.set_banner(sentence)

    def tell_progress(self, store: Store, progress: Progress) -> None:
        """How far this connection is."""
        store.set_progress(progress)


WHOLE = InventoryPart()
