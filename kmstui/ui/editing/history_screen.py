"""The history of a policy: behind pane 3, and on a screen of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.policy.evaluation import NOTHING_READ
from kmstui.service.access import ChainReader
from kmstui.service.editing import ABSENT, HistorySource, compare_key_access
from kmstui.service.inventory import Topic
from kmstui.service.session import Session
from kmstui.ui.commands import bound
from kmstui.ui.dialogs import FullScreen
from kmstui.ui.editing.history_panel import HistoryPanel
from kmstui.ui.main import KeyView
from kmstui.ui.runtime import Changes
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import LineTable


class HistoryScreen(FullScreen[str]):
    """Returns the text to bring back; None: none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("history.parts", "toggle_save", "draft and put of a save"),
        # As in the view of the panes.
        Binding("space", "mark", "compare with this one", show=False, id="history.mark"),
        Binding("b", "bring_back", "bring back", show=False, id="history.restore"),
        Binding("w", "export", "write to a file", show=False, id="history.export"),
        Binding("f", "cloudtrail", "ask CloudTrail", show=False, id="history.cloudtrail"),
        Binding("m", "more", "older versions", show=False, id="history.more"),
        Binding("V", "ask_analyzer", "ask IAM Access Analyzer", show=False, id="history.analyzer"),
        Binding("escape,q", "leave", "back", show=False),
        bound("edit.history", "leave"),
    ]

    def __init__(
        self, source: HistorySource, title: str, symbols: Symbols, *, may_restore: bool
    ) -> None:
        super().__init__(symbols)
        self._source = source
        self._about_title = title
        self._may_restore = may_restore
        self.panel = HistoryPanel(symbols)
        self.body = (self.panel,)

    def on_mount(self) -> None:
        """Read the list."""
        self.title_line.show([(" History ", "title"), (self._about_title, "accent")])
        back = [("history.restore", "Bring back")] if self._may_restore else []
        self.key_bar.show_keys(
            [
                ("history.parts", "Draft, put"),
                ("history.mark", "Compare with"),
                *back,
                ("history.export", "Write"),
                *([("history.cloudtrail", "CloudTrail")] if self._source.key_arn else []),
                ("Tab", "Turn"),
                ("Esc", "Back"),
            ]
        )
        self.panel.table.focus()
        self.program.work(
            lambda: self.panel.read(self._source), group="history", what="reading the history"
        )

    def action_mark(self) -> None:
        """Compare with the version under the cursor."""
        self.panel.mark()

    def action_toggle_save(self) -> None:
        """List the draft and the put of a save, or no more."""
        self.panel.toggle_save()

    def action_bring_back(self) -> None:
        """Take this version into the editor."""
        chosen = self.panel.chosen
        if not self._may_restore:
            self.notice.tell("This policy is read-only here.", "warn")
        elif chosen is not None and chosen.text == ABSENT:
            self.notice.tell("There was no such policy then: to have none again, delete it in IAM.")
        elif chosen is not None:
            self.dismiss(chosen.text)

    def action_export(self) -> None:
        """Write the version to a file."""
        self.panel.export()

    def action_cloudtrail(self) -> None:
        """Ask CloudTrail who put what."""
        if not self._source.key_arn:
            self.notice.tell("CloudTrail is asked about keys; this is a role's policy.", "warn")
            return
        self.notice.tell("Asking CloudTrail…")
        self._run(self.panel.ask_cloudtrail, "asking CloudTrail")

    def action_ask_analyzer(self) -> None:
        """Let IAM Access Analyzer check the change from one version to the other."""
        why_not = self.panel.ask_analyzer()
        if why_not:
            self.notice.tell(why_not, "warn")

    def action_more(self) -> None:
        """List older versions too."""
        self._run(self.panel.list_more, "reading the history")

    def _run(self, job: Callable[[], Awaitable[str]], what: str) -> None:
        async def run() -> None:
            self.notice.tell(await job())

        self.program.work(run, group="history", what=what)


class HistoryView(KeyView):
    """What this computer has seen of the policy, and CloudTrail where it is asked."""

    scope: ClassVar[str] = "history"

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self._source: HistorySource | None = None
        self._chain = NOTHING_READ
        self.panel = HistoryPanel(symbols)
        self.parts = (self.panel,)

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
        if key_id != self.key_id:
            self.panel.forget()
        self.key_id = key_id

    async def load(self, key_id: str) -> None:
        """Read the list from the journal."""
        key = self.store.keys.get(key_id)
        if key is None:
            return
        if self._source is None or self._source.key_arn != key.arn:
            self._chain = NOTHING_READ
            self._source = HistorySource(
                self.session,
                key_id,
                key.arn,
                lambda old, new: compare_key_access(old, new, key.arn, self._chain),
            )
        source = self._source
        await self.panel.read(source)
        self.post_message(self.TitleChanged())
        # An organization may be out of reach: what changed does not wait for it.
        chain = await self.connection.shared(ChainReader).chain(key)
        if source is self._source and chain.is_known:
            self._chain = chain
            self.panel.compare()

    def show_problem(self, sentence: str) -> None:
        """Say it where the list would stand."""
        self.panel.forget()
        self.panel.table.set_empty(sentence, "bad")

    def store_changed(self, changes: Changes) -> None:
        """A policy that was read or put is a new version."""
        ids = changes.get(Topic.POLICIES)
        if ids and self.key_id in ids and self.key_id is not None and self.is_attached:
            self.run_worker(
                self.load(self.key_id), group="history", exclusive=True, exit_on_error=True
            )
