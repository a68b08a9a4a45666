"""The review: what the change does, before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.policy.iam import same_meaning
from kmstui.policy.syntax import Span
from kmstui.service.access import PolicyChange
from kmstui.service.changes import age_in_words
from kmstui.service.editing import Assessment, Conflict, EditTarget, PolicyEditing
from kmstui.service.errors import FailedError
from kmstui.ui.commands import bound, key_of
from kmstui.ui.dialogs import FullScreen, QuestionDialog
from kmstui.ui.editing.analyzer_checks import check_change
from kmstui.ui.editing.review_rows import (
    STAYING,
    access_name,
    finding_name,
    review_rows,
    staying_rows,
)
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Block, Row, Rows


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The person has read it and wants it saved."""

    assessment: Assessment
    bypass_alias: str = ""
    """The alias that was typed to turn KMS's lock-out check off; empty: it stays on."""


@dataclass(frozen=True, slots=True)
class GoToSpan:
    """The person wants to go on editing, at this place of the text."""

    span: Span


ReviewAnswer = Confirmed | GoToSpan | Conflict


class ReviewScreen(FullScreen[ReviewAnswer]):
    """Returns what the person decided; None: back to the text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("review.save", "save", "save"),
        bound("edit.save", "save_by_editors_key"),
        bound("review.acknowledge", "acknowledge", "acknowledge"),
        bound("review.next", "next_error", "next error"),
        bound("review.go", "go_to", "go to the place; open what stays"),
        bound("review.merge", "merge", "merge"),
        bound("review.bypass", "bypass", "bypass the lock-out check"),
        bound("review.analyzer", "ask_analyzer", "ask IAM Access Analyzer"),
        Binding("escape,q", "leave", "back", show=False),
    ]

    def __init__(
        self,
        target: EditTarget,
        editing: PolicyEditing,
        text: str,
        symbols: Symbols,
        *,
        prepare: Callable[[], Awaitable[None]],
        refused: bool = False,
    ) -> None:
        """`prepare` is waited for first; `refused`: KMS's lock-out check said no before."""
        super().__init__(symbols)
        self._target = target
        self._editing = editing
        self._text = text
        self._prepare = prepare
        self._refused = refused
        self._conflict: Conflict | None = None
        self._unread = ""
        self._assessment: Assessment | None = None
        self._acknowledged: set[int] = set()
        self._undoing = ""
        self._staying: tuple[str, ...] | None = None
        self._staying_is_open = False
        self.rows = Rows(symbols=symbols, id="review-rows")
        self.body = (self.rows,)

    def on_mount(self) -> None:
        """Work it out."""
        self.rows.show([Block("Working out what this change does…", "dim")])
        self._write_frame()
        self.rows.focus()
        self.program.work(self._work_out, group="review", what="the review", exclusive=False)

    def go_on(self) -> None:
        """Read the stored policy again, if it could not be read."""
        if self._unread:
            self._unread = ""
            self.on_mount()

    async def _work_out(self) -> None:
        await asyncio.gather(self._look_for_conflict(), self._prepare())
        last = await self._editing.last_put()
        earlier = None if last is None else (last.before, last.sent)
        if last is not None:
            age = max(self.program.session.clock() - last.time, timedelta(0))
            self._undoing = f"your save of {age_in_words(age)} ago"
        assessment = await asyncio.to_thread(
            self._target.rules.assess, self._editing.base, self._text, earlier
        )
        if self.is_attached:
            self._assessment = assessment
            self._draw()

    async def _look_for_conflict(self) -> None:
        try:
            conflict = await self._editing.check_conflict(self._text)
        except FailedError as error:
            # It is read once more before anything is sent; until then the person can read on.
            self._unread = error.sentence
            return
        if conflict is not None and same_meaning(conflict.theirs, self._text):
            # Both came to the same: nothing is left to merge or to send.
            self._editing.rebase(conflict)
            conflict = None
        self._conflict = conflict

    def _key(self, name: str) -> str:
        return key_of(f"review.{name}", self)

    # Drawing

    def _draw(self) -> None:
        assessment = self._assessment
        if assessment is None:
            return
        self.rows.show(
            review_rows(
                assessment,
                self._acknowledged,
                self.symbols,
                before=self._before(assessment),
                undoing=self._undoing,
                staying=self._what_stays(),
            )
        )
        self._write_frame()

    def _what_stays(self) -> tuple[Row, ...]:
        if not self._target.key_arn:
            return ()
        return tuple(staying_rows(self._staying, self.symbols, is_open=self._staying_is_open))

    async def _work_out_staying(self) -> None:
        self._staying = await asyncio.to_thread(
            self._target.rules.staying, self._editing.base, self._text
        )
        if self.is_attached:
            self._draw()

    def _before(self, assessment: Assessment) -> list[Row]:
        rows: list[Row] = []
        if self._conflict is not None:
            rows.append(
                Block(
                    f"{self._conflict.sentence} {self._key('merge')} shows it.",
                    "bad",
                    " ! ",
                    "conflict",
                )
            )
        if self._unread:
            rows.append(
                Block(f"The stored policy could not be read again. {self._unread}", "bad", " ! ")
            )
        if assessment.unchanged:
            same = assessment.text == assessment.base
            words = "saving sends nothing" if same else "only its layout would change"
            rows.append(Block(f"This text means what is stored: {words}.", "warn"))
        if self._may_bypass:
            rows.append(
                Block(
                    f"KMS refuses such a policy. {self._key('bypass')} saves it past KMS's"
                    " lock-out check, after you have"
                    f" typed {self._target.word}.",
                    "warn",
                    " ! ",
                )
            )
        return [*rows, Block("")] if rows else rows

    def _write_frame(self) -> None:
        parts: list[Part] = [(" Review ", "title"), (self._target.title, "accent")]
        left = len(self._missing())
        end: list[Part] = []
        if self._assessment is None:
            end = [("…", "dim")]
        elif left:
            end = [(f"{left} error{'s' * (left != 1)} to acknowledge ", "bad")]
        self.title_line.show(parts, end)
        keys = [
            ("review.save", "Save"),
            ("review.acknowledge", "Acknowledge"),
            ("review.next", "Next error"),
            ("review.go", "Go there"),
        ]
        if self._conflict is not None:
            keys = [("review.merge", "Merge"), *keys[1:]]
        if self._may_bypass:
            keys.append(("review.bypass", "Bypass"))
        elif self._target.key_arn:
            keys.append(("review.analyzer", "Analyzer"))
        self.key_bar.show_keys([*keys, ("Esc", "Back")])

    # Errors

    def _missing(self) -> list[int]:
        if self._assessment is None:
            return []
        wanted = self._assessment.to_acknowledge
        return [index for index in wanted if index not in self._acknowledged]

    def action_acknowledge(self) -> None:
        """Take note of the error under the cursor, and go to the next."""
        assessment = self._assessment
        if assessment is None:
            return
        missing = self._missing()
        index = next((each for each in missing if finding_name(each) == self.rows.about), None)
        if index is None:
            self.action_next_error()
            return
        self._acknowledged.add(index)
        self._draw()
        if self._missing():
            self.action_next_error()
        else:
            self.notice.tell(f"Every error is acknowledged: {self._key('save')} saves it.", "warn")

    def action_next_error(self) -> None:
        """Go to the next error that is not acknowledged."""
        missing = self._missing()
        if not missing:
            self.notice.tell("No error is left to acknowledge.")
            return
        here = next((n for n in missing if finding_name(n) == self.rows.about), None)
        later = [n for n in missing if here is not None and n > here]
        self.rows.go_to(finding_name(later[0] if later else missing[0]))

    # Decisions

    def action_save_by_editors_key(self) -> None:
        """Ctrl-s opened the review; pressed twice by habit it must not send anything."""
        self.notice.tell(f"Read what it does; {self._key('save')} saves it.", "warn")

    def action_save(self) -> None:
        """Save it, if everything was read."""
        assessment = self._assessment_to_save()
        if assessment is None:
            return
        if assessment.locks_out:
            self._ask(
                "This policy locks you out, or may",
                assessment,
                "KMS's own lock-out check stays on and may refuse it.",
            )
        else:
            self.dismiss(Confirmed(assessment))

    def action_bypass(self) -> None:
        """Save it past KMS's lock-out check."""
        assessment = self._assessment_to_save()
        if assessment is None:
            return
        if not self._may_bypass:
            self.notice.tell(
                f"KMS would not refuse this policy: {self._key('save')} saves it.", "warn"
            )
            return
        self._ask(
            "Bypass KMS's lock-out check",
            assessment,
            "With BypassPolicyLockoutSafetyCheck KMS stores the policy all the same. If nobody"
            " can put another one, only AWS Support can help.",
            bypass_alias=self._target.word,
        )

    def _ask(
        self, title: str, assessment: Assessment, words: str, *, bypass_alias: str = ""
    ) -> None:
        judgements = " ".join(each.sentence for each in assessment.judgements)
        about, word = f"{judgements} {words}", self._target.word
        question = QuestionDialog(title, about, yes="Save", no="Back", word=word, style="bad")
        self.program.ask(question, lambda _: self.dismiss(Confirmed(assessment, bypass_alias)))

    @property
    def _may_bypass(self) -> bool:
        return self._refused or (self._assessment is not None and self._assessment.bypassable)

    def _assessment_to_save(self) -> Assessment | None:
        """What is saved; None where something must be done first, which is said."""
        missing = self._missing()
        if self._assessment is None:
            self.notice.tell("Still working it out; try again in a moment.")
        elif self._conflict is not None:
            self.rows.go_to("conflict")
            self.notice.tell(self._conflict.what_next, "warn")
        elif missing:
            self.rows.go_to(finding_name(missing[0]))
            self.notice.tell(
                f"Each error must be acknowledged with {self._key('acknowledge')} before this is"
                " saved.",
                "warn",
            )
        else:
            return self._assessment
        return None

    def action_merge(self) -> None:
        """Look at what the other one changed."""
        if self._conflict is not None:
            self.dismiss(self._conflict)
        else:
            self.notice.tell("Nobody else has changed the policy: there is nothing to merge.")

    def action_ask_analyzer(self) -> None:
        """Let IAM Access Analyzer check the change, once the person has read what is sent."""
        assessment = self._assessment
        if assessment is None:
            self.notice.tell("Still working it out; try again in a moment.")
            return
        change = PolicyChange(assessment.base, assessment.text, self._target.key_arn)
        why_not = check_change(
            self.program, change, self.symbols, lambda span: self.dismiss(GoToSpan(span))
        )
        if why_not:
            self.notice.tell(why_not, "warn")

    def action_go_to(self) -> None:
        """Go to the place in the text that the line is about; or open what stays, or close it."""
        assessment = self._assessment
        if assessment is None:
            return
        if self.rows.about == STAYING:
            self._staying_is_open = not self._staying_is_open
            self._draw()
            self.rows.go_to(STAYING)
            if self._staying is None:
                self.program.work(self._work_out_staying, group="staying", what="what stays")
            return
        places = {
            finding_name(index): finding.span for index, finding in enumerate(assessment.findings)
        }
        places |= {
            access_name(index): line.span
            for index, line in enumerate(assessment.access)
            if line.span is not None
        }
        span = places.get(self.rows.about)
        if span is not None:
            self.dismiss(GoToSpan(span))
