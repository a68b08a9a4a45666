"""The history of one policy on a screen of its own, as the editor opens it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from kmstui.service.editing.location import ABSENT
from kmstui.ui.dialogs.editing_screen import EditingScreen
from kmstui.ui.editing.history_panel import HistoryPanel, ask_and_export
from kmstui.ui.editing.history_source import HistorySource
from kmstui.ui.style.symbols import Marks


class HistoryScreen(EditingScreen[str | None]):
    """Answers the text to bring back; None: none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "compare with this one", show=False),
        Binding("tab,shift+tab", "turn", "list or difference", show=False),
        Binding("b", "bring_back", "bring back", show=False),
        Binding("w", "export", "write to a file", show=False),
        Binding("f", "cloudtrail", "ask CloudTrail", show=False),
        Binding("m", "more", "older versions", show=False),
        Binding("escape,q,f6", "leave", "back", show=False),
    ]

    def __init__(
        self, source: HistorySource, title: str, signs: Marks, *, may_restore: bool
    ) -> None:
        super().__init__(source.session.store)
        self._source = source
        self._about_title = title
        self._may_restore = may_restore
        self.panel = HistoryPanel(signs)

    def compose(self) -> ComposeResult:
        """Title, panel, keys."""
        yield self.title_line
        yield self.panel
        yield self.notice
        yield self.key_bar

    def on_mount(self) -> None:
        """Read the list."""
        self.title_line.show([(" History ", "title"), (self._about_title, "accent")])
        back = [("b", "Bring back")] if self._may_restore else []
        self.show_keys(
            [
                ("Space", "Compare with"),
                *back,
                ("w", "Write"),
                *([("f", "CloudTrail")] if self._source.key_arn else []),
                ("Tab", "Turn"),
                ("Esc", "Back"),
            ]
        )
        self.panel.table.focus()
        self.kms.work(
            lambda: self.panel.read(self._source), group="history", what="reading the history"
        )

    def action_mark(self) -> None:
        """Compare with the version under the cursor."""
        self.panel.mark()

    def action_turn(self) -> None:
        """Between the list and the difference."""
        panel = self.panel
        (panel.rows if panel.table.has_focus else panel.table).focus()

    def action_bring_back(self) -> None:
        """Take this version into the editor."""
        chosen = self.panel.chosen
        if not self._may_restore:
            self.notice.tell("This policy can be looked at only.", "warn")
        elif chosen is not None and chosen.text == ABSENT:
            self.notice.tell("There was no such policy then: to have none again, delete it in IAM.")
        elif chosen is not None:
            self.dismiss(chosen.text)

    def action_export(self) -> None:
        """Write the version to a file."""
        if self.panel.chosen is not None:
            ask_and_export(self.kms, self.panel.chosen)

    def action_cloudtrail(self) -> None:
        """Ask CloudTrail who put what."""
        if not self._source.key_arn:
            self.notice.tell("CloudTrail is asked about keys; this is a role's policy.", "warn")
            return
        self.notice.tell("Asking CloudTrail…")
        self.kms.work(self._ask, group="history", what="asking CloudTrail")

    def action_more(self) -> None:
        """List older versions too."""
        self.kms.work(self._list_more, group="history", what="reading the history")

    async def _list_more(self) -> None:
        self.notice.tell(await self.panel.list_more())

    async def _ask(self) -> None:
        self.notice.tell(await self.panel.ask_cloudtrail())

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)
