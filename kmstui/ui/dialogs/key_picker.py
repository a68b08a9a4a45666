"""Chooses a key by typing parts of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kmstui.model import Key
from kmstui.service.inventory import Filter, FilterError, Store, parse_filter
from kmstui.ui.commands import program_of
from kmstui.ui.dialogs.matching import nearness
from kmstui.ui.dialogs.search_dialog import MOST_FOUND, SearchDialog
from kmstui.ui.widgets import Cells, Column, LineTable, Sentences

_COLUMNS = (
    Column("alias", "ALIAS", 14, rank=0, most=28),
    Column("id", "KEY ID", 36, rank=1, least=12),
    Column("state", "STATE", 8, rank=3),
    Column("spec", "SPEC", 17, rank=2),
)


class KeyPicker(SearchDialog[str]):
    """Returns the ID of a key, or None.

    Keys that cannot be chosen come last, with the reason under the list.
    """

    def __init__(self, title: str, store: Store, problem: Callable[[Key], str]) -> None:
        """`problem` returns why a key cannot be chosen, as a sentence, or ""."""
        super().__init__(
            title,
            "alias, key ID, tag:name=value, spec:rsa … as in the filter",
            LineTable(_COLUMNS, self._cells),
        )
        self._store = store
        self._problem = problem
        self._problems: dict[str, str] = {}
        self._moved = False
        self.reason = Sentences(classes="dialog--reason")
        self.parts = (self.heading_line(), self.input, self.table, self.reason)

    def action_move(self, steps: int) -> None:
        """Move in the list while typing."""
        self._moved = True
        super().action_move(steps)

    def on_line_table_moved(self) -> None:
        """Say why a key is off."""
        self._explain()

    def choose(self) -> None:
        """Take this key, if it can be chosen."""
        row = self.table.cursor_row
        if row is not None and not self._problems.get(row):
            self.dismiss(row)

    async def find(self, text: str) -> None:
        """Show the keys that match the filter."""
        try:
            await self._find(text, parse_filter(text))
        except FilterError as error:
            self.reason.say(str(error), "warn")

    async def _find(self, text: str, wanted: Filter) -> None:
        word = text.strip().casefold()
        named: list[str] = []
        possible: list[str] = []
        others: dict[str, str] = {}
        slices = program_of(self).slices
        slices.begin()
        # A copy: more keys may come in the pauses.
        for key_id in tuple(self._store.keys):
            key, aliases = self._store.keys.get(key_id), self._store.aliases_of(key_id)
            if key and not key.fixed and wanted.matches(key, aliases):
                problem = self._problem(key)
                if problem and len(others) < MOST_FOUND:
                    others[key.id] = problem
                elif not problem and any(word in alias.casefold() for alias in aliases):
                    named.append(key.id)
                elif not problem and len(possible) < MOST_FOUND:
                    possible.append(key.id)
                if len(named) >= MOST_FOUND:
                    break
            if slices.over:
                await slices.next()
        self._show(
            [*self._in_order(named, word), *self._in_order(possible, "")][:MOST_FOUND], others
        )

    def _in_order(self, key_ids: list[str], word: str) -> list[str]:
        # Keys whose alias holds what was typed come before those that match by a tag or a word.
        def near(key_id: str) -> tuple[object, ...]:
            aliases = self._store.aliases_of(key_id) or ("~",)
            names = (alias.removeprefix("alias/") for alias in aliases)
            return (min(nearness(word, name) for name in names) if word else (), aliases, key_id)

        return sorted(key_ids, key=near)

    def _show(self, possible: list[str], others: dict[str, str]) -> None:
        chosen = self.table.cursor_row if self._moved else None
        self._problems = others
        rows = [*possible, *others]
        self.table.set_empty("No key matches.")
        if chosen not in rows:
            self._moved = False
            self.table.forget_place()
        self.table.set_rows(rows)
        self._explain()

    def _explain(self) -> None:
        self.reason.say(self._problems.get(self.table.cursor_row or "", ""), "warn")
        self.call_after_refresh(self.share_room, self.table)

    def _cells(self, row: str, _: Sequence[str]) -> Cells:
        key = self._store.keys.get(row)
        if key is None:
            return ()
        metadata = key.metadata
        style = "dim" if self._problems.get(row) else ""
        names = self._store.aliases_of(row)
        more = f" +{len(names) - 1}" if len(names) > 1 else ""
        return {
            "alias": (names[0].removeprefix("alias/") + more if names else "-", style or "accent"),
            "id": (row, style),
            "state": (metadata.state if metadata else "", style),
            "spec": (metadata.spec if metadata else "", style),
        }
