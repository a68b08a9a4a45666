"""The versions of the chosen key's policy, behind pane 3."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult

from kmstui.service.editing.key_target import compare_key_access
from kmstui.service.inventory.store import Topic
from kmstui.service.session import Session
from kmstui.ui.editing.history_panel import HistoryPanel
from kmstui.ui.editing.history_source import HistorySource
from kmstui.ui.runtime.store_feed import Changes
from kmstui.ui.style.symbols import Marks
from kmstui.ui.views.view import KeyView
from kmstui.ui.widgets.line_table import LineTable


class HistoryView(KeyView):
    """What this computer has seen of the policy, and CloudTrail where it is asked."""

    title: ClassVar[str] = "History"
    scope: ClassVar[str] = "history"

    def __init__(self, session: Session, signs: Marks) -> None:
        super().__init__(session, signs)
        self._key_id: str | None = None
        self._source: HistorySource | None = None
        self.panel = HistoryPanel(signs)

    def compose(self) -> ComposeResult:
        """The panel alone."""
        yield self.panel

    @property
    def count(self) -> str:
        """How many versions there are."""
        more = "+" if self._source is not None and self._source.has_more else ""
        return f"{self.panel.count}{more}" if self.panel.count else ""

    @property
    def focus_target(self) -> LineTable:
        """The list."""
        return self.panel.table

    def show_key(self, key_id: str | None) -> None:
        """Nothing is known before it was read from the journal."""
        if key_id != self._key_id:
            self.panel.forget()
        self._key_id = key_id

    async def load(self, key_id: str) -> None:
        """Read the list from the journal."""
        key = self.store.keys.get(key_id)
        if key is None:
            return
        if self._source is None or self._source.key_arn != key.arn:
            compare = partial(compare_key_access, key_arn=key.arn)
            self._source = HistorySource(self.session, key_id, key.arn, compare)
        await self.panel.read(self._source)
        self.post_message(self.TitleChanged())

    def show_problem(self, sentence: str) -> None:
        """Say it where the list would stand."""
        self.panel.forget()
        self.panel.table.set_empty(sentence, "bad")

    def store_changed(self, changes: Changes) -> None:
        """A policy that was read or put is a new version."""
        ids = changes.get(Topic.POLICIES)
        key_id = self._key_id
        if ids and key_id in ids and key_id is not None and self.is_attached:
            self.run_worker(self.load(key_id), group="history", exclusive=True, exit_on_error=True)
