"""From Ctrl-s to what the service holds: review, merge where it must be, save, and its end.

Each screen is pushed by the handler that decides so, without waiting in between, so that keys
typed ahead reach the screen they were meant for and never the text below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.results import (
    Refused,
    Saved,
    SavedStillPropagating,
    SavedUnread,
    SaveResult,
    Unchanged,
)
from kmstui.ui.editing.conflict import ConflictScreen
from kmstui.ui.editing.put_command import put_command
from kmstui.ui.editing.refusal import Refusal
from kmstui.ui.editing.review import Confirmed, GoTo, ReviewAnswer, ReviewScreen
from kmstui.ui.editing.saving import SaveEnd, SavingScreen
from kmstui.ui.style.symbols import Marks

if TYPE_CHECKING:
    from kmstui.ui.editing.screen import EditScreen


class SaveFlow:
    """Leads one text through; `refusal` is what the service said last."""

    def __init__(self, screen: EditScreen, signs: Marks) -> None:
        self._screen = screen
        self._signs = signs
        self._text = ""
        self._bypass_alias = ""
        self.refusal: Refusal | None = None

    def review(self) -> None:
        """Show what the present text does."""
        screen = self._screen
        self._text = text = screen.viewer.text
        review = ReviewScreen(
            screen.session.store,
            screen.target,
            screen.editing,
            text,
            self._signs,
            prepare=lambda: screen.ready_for_review(text),
            refused=self.refusal is not None and self.refusal.is_lock_out_of(text),
        )
        screen.app.push_screen(review, self._reviewed)

    def _reviewed(self, answer: ReviewAnswer | None) -> None:
        if isinstance(answer, Conflict):
            self._merge(answer)
        elif isinstance(answer, GoTo):
            self._screen.select(answer.span)
        elif isinstance(answer, Confirmed):
            self._save(answer.bypass_alias)

    def _merge(self, conflict: Conflict) -> None:
        screen = self._screen

        def merged(text: str | None) -> None:
            if text is not None:
                screen.editing.rebase(conflict)
                screen.put_text(text)
                self.review()

        screen.app.push_screen(
            ConflictScreen(screen.session.store, screen.target.title, conflict, self._signs), merged
        )

    def _save(self, bypass_alias: str) -> None:
        editing = self._screen.editing
        self._bypass_alias = bypass_alias
        saving = SavingScreen(
            editing, editing.review(self._text), self._signs, bypass_alias=bypass_alias
        )
        self._screen.app.push_screen(saving, self._ended)

    def _ended(self, end: SaveEnd | None) -> None:
        if isinstance(end, Conflict):
            self._merge(end)
        elif isinstance(end, Refused):
            self._take_refusal(end)
        elif isinstance(end, Saved | Unchanged | SavedStillPropagating | SavedUnread):
            self._finish(end)

    def _finish(self, end: SaveResult) -> None:
        screen = self._screen
        severity = "information" if isinstance(end, Saved | Unchanged) else "warning"
        screen.session.notify(end.sentence, severity)
        if not isinstance(end, Unchanged):
            screen.kms.last_change_command = put_command(
                screen.session.store.info,
                screen.target.place,
                self._text,
                bypass=bool(self._bypass_alias),
            )
        screen.kms.work(
            screen.target.show_stored,
            group="stored",
            what="reading what is stored",
            exclusive=False,
        )
        screen.dismiss(None)

    def _take_refusal(self, refused: Refused) -> None:
        screen = self._screen
        self.refusal = Refusal(refused)
        screen.viewer.set_lint(screen.lint)
        screen.notice.tell(refused.sentence, "bad")
        if refused.places:
            screen.select(refused.places[0].span)
