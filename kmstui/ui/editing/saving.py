"""How a draft is saved: review, merge where it must be, save, and what comes of it.

Each screen is pushed by the handler that decides so, without waiting in between, so that keys
typed ahead reach the screen they were meant for and never the text below it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kmstui.model.caller import ConnectionInfo
from kmstui.policy.lint.rules import Finding, Severity
from kmstui.policy.syntax.nodes import Span
from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.location import PolicyPlace, RolePolicyPlace
from kmstui.service.editing.results import (
    Place,
    Refused,
    Saved,
    SavedStillPropagating,
    SavedUnread,
    SaveResult,
    Unchanged,
)
from kmstui.ui.commands.aws_cli import aws_command
from kmstui.ui.editing.conflict_screen import ConflictScreen
from kmstui.ui.editing.review_screen import Confirmed, GoTo, ReviewAnswer, ReviewScreen
from kmstui.ui.editing.saving_screen import SaveEnd, SavingScreen
from kmstui.ui.style.symbols import Marks

if TYPE_CHECKING:
    from kmstui.ui.editing.edit_screen import EditScreen


def put_command(
    info: ConnectionInfo | None, place: PolicyPlace, text: str, *, bypass: bool = False
) -> str:
    """`aws kms put-key-policy …` or `aws iam put-role-policy …` with the text on one line."""
    document = _one_line(text)
    if isinstance(place, RolePolicyPlace):
        _, role, policy = place.subject.split("/")
        return aws_command(
            info, "put-role-policy", "--role-name", role, "--policy-name", policy,
            "--policy-document", document, service="iam",
        )  # fmt: skip
    flag = ("--bypass-policy-lockout-safety-check",) if bypass else ()
    return aws_command(
        info, "put-key-policy", "--key-id", place.subject, "--policy-name", "default",
        *flag, "--policy", document,
    )  # fmt: skip


def _one_line(text: str) -> str:
    try:
        return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


_URL = "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused put, and the text it was about."""

    result: Refused

    def is_lock_out_of(self, text: str) -> bool:
        """Whether KMS's lock-out check refused this very text."""
        return self.result.locks_out and self.result.sent == text

    def findings(self, text: str) -> tuple[Finding, ...]:
        """The refusal's words at each place that still stands in `text` as it was sent."""
        found = []
        for place in self.result.places:
            fragment = self.result.sent[place.span.start : place.span.end]
            at = place.span.start if text == self.result.sent else text.find(fragment)
            unique = text == self.result.sent or text.count(fragment) == 1
            if at >= 0 and unique:
                found.append(self._finding(place, Span(at, at + len(fragment))))
        return tuple(found)

    def _finding(self, place: Place, span: Span) -> Finding:
        error = self.result.error
        words = error.context.service_message or error.reason
        guess = "" if place.certain else "perhaps here: "
        return Finding(
            rule="AWS",
            severity=Severity.ERROR,
            title="The save was refused",
            message=f"Refused ({guess}{place.reason}): {words}",
            why=error.sentence,
            url=_URL,
            span=span,
        )


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
