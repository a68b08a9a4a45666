"""Several keys at once: what happens to each, all of it together, and how each save ended."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from kmstui.service.changes import STATEMENTS, TypedText
from kmstui.service.editing import KeyOutcome, KeyPlan, StatementBatch
from kmstui.service.errors import ServiceError
from kmstui.service.session import Session
from kmstui.ui.commands import bound
from kmstui.ui.dialogs import FullScreen, QuestionDialog
from kmstui.ui.editing.review_rows import review_rows
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Block, Column, LineTable, Row, Rows, TextTable, code_lines

ALL = "all"
"""The row that stands for all keys together."""

_STYLES = {
    KeyOutcome.READING: "dim",
    KeyOutcome.READY: "accent",
    KeyOutcome.LEFT_OUT: "warn",
    KeyOutcome.SAVING: "dim",
    KeyOutcome.SAVED: "good",
    KeyOutcome.DOUBTFUL: "warn",
    KeyOutcome.FAILED: "bad",
}


class BatchScreen(FullScreen[None]):
    """Reviews and saves a statement on several keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("batch.save", "save", "save"),
        Binding("escape,q", "leave", "leave", show=False),
    ]

    def __init__(
        self,
        session: Session,
        key_ids: Sequence[str],
        statements: Sequence[Mapping[str, Any]],
        symbols: Symbols,
        *,
        remove: bool,
    ) -> None:
        super().__init__(symbols)
        self._session = session
        self._statements = statements
        self._remove = remove
        self._working = True
        self.plan_of_keys = StatementBatch(
            session, key_ids, statements, remove, self._rules_off, self._told
        )
        columns = (
            Column("key", "KEY", 28, rank=0, most=52),
            Column("outcome", "", 12, rank=1),
            Column("detail", "", 16, rank=2, most=200),
        )
        self.table = TextTable(columns, self._cells, symbols=symbols, id="batch-keys")
        self.rows = Rows(symbols=symbols)
        self.body = (self.table, self.rows)

    def _rules_off(self, key_id: str) -> Collection[str]:
        return self.program.options.rules_off(key_id)

    def on_mount(self) -> None:
        """Read and judge every key."""
        self.table.set_rows([ALL, *self.plan_of_keys.key_ids])
        self.table.focus()
        self.key_bar.show_keys(
            [("batch.save", "Save"), ("j k", "Key by key"), ("Tab", "Read on"), ("Esc", "Leave")]
        )
        self._draw()
        self.program.work(self._plan, group="batch", what="several keys")

    def go_on(self) -> None:
        """Read those that could not be read or saved again; what was saved is left out then."""
        outcomes = [plan.outcome for plan in self.plan_of_keys.plans.values()]
        if not self._working and KeyOutcome.FAILED in outcomes:
            self._working = True
            self.program.work(self._plan, group="batch", what="several keys")

    async def _plan(self) -> None:
        try:
            await self.plan_of_keys.plan()
        except ServiceError as error:
            self.notice.tell(error.sentence, "bad")
        finally:
            self._working = False
            if self.is_attached:
                self.notice.fade()
                self._draw()

    def _told(self, plan: KeyPlan) -> None:
        if self.is_attached:
            self.table.redraw((plan.key_id, ALL))
            self._write_title()
            if self.table.cursor_row in (plan.key_id, ALL):
                self._describe()

    # Drawing

    def _draw(self) -> None:
        self.table.redraw()
        self._write_title()
        self._describe()

    def _write_title(self) -> None:
        verb = "Remove" if self._remove else "Add"
        self.title_line.show(
            [
                (f" {verb} a statement ", "title"),
                (f"{len(self.plan_of_keys.key_ids)} keys", "accent"),
            ],
            [(f"{self._counts()} ", "")],
        )

    def _counts(self) -> str:
        counts = Counter(plan.outcome for plan in self.plan_of_keys.plans.values())
        return ", ".join(f"{counts[each]} {each.value}" for each in KeyOutcome if counts[each])

    def _cells(self, row: str, _: Sequence[str]) -> Mapping[str, Part]:
        if row == ALL:
            return {"key": ("All together", "title"), "outcome": "", "detail": self._counts()}
        plan = self.plan_of_keys.plans.get(row)
        outcome = plan.outcome if plan else KeyOutcome.READING
        return {
            "key": (self._session.store.row_name(row), "accent"),
            "outcome": (outcome.value, _STYLES[outcome]),
            "detail": (plan.detail if plan else "", "dim"),
        }

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Another key is looked at."""
        if event.table is self.table:
            self.rows.forget_place()
            self._describe()

    def _describe(self) -> None:
        row = self.table.cursor_row
        if row is None:
            return
        self.rows.show(self._all() if row == ALL else self._one(self.plan_of_keys.plans.get(row)))

    def _one(self, plan: KeyPlan | None) -> Iterator[Row]:
        if plan is None or plan.outcome is KeyOutcome.READING:
            yield Block("Reading…", "dim")
            return
        if plan.detail:
            yield Block(plan.detail, _STYLES[plan.outcome])
            yield Block("")
        if plan.assessment is not None:
            yield from review_rows(plan.assessment, (), self.symbols)

    def _all(self) -> Iterator[Row]:
        yield Block("The statement taken out" if self._remove else "The statement added", "title")
        for statement in self._statements:
            yield from code_lines(json.dumps(statement, indent=2, ensure_ascii=False))
        yield Block("")
        yield Block("Who gains and who loses", "title")
        counts: Counter[str] = Counter()
        for plan in self.plan_of_keys.plans.values():
            if plan.outcome is not KeyOutcome.LEFT_OUT and plan.assessment is not None:
                counts.update({line.sentence for line in plan.assessment.access})
        for sentence, number in counts.most_common():
            yield Block(sentence, "", f"{number:3} key{'s' if number != 1 else ' '} ")
        if not counts and not self._working:
            yield Block("Nobody gains or loses anything.", "dim")

    # Saving

    def action_save(self) -> None:
        """Save every key that will change, after a question."""
        ready = self.plan_of_keys.ready
        if self._working:
            self.notice.tell("Still working; try again in a moment.")
        elif not ready:
            self.notice.tell("No key is left that this would change.", "warn")
        else:
            left = len(self.plan_of_keys.key_ids) - len(ready)
            words = f"{left} of the keys are left out. " if left else ""
            question = QuestionDialog(
                f"Save the policies of {len(ready)} keys?",
                f"{words}Each is read again before it is put, and read back afterwards.",
                yes="Save",
            )
            self.program.ask(question, self._sure)

    def _sure(self, _: str) -> None:
        self._working = True
        self.program.work(
            self._save, group="batch", what="saving several keys", exclusive=False, rings=True
        )

    async def _save(self) -> None:
        unsaved = self.program.unsaved
        unsaved.append(self._words_if_lost)
        try:
            await self.plan_of_keys.save()
            saved = any(
                plan.outcome is KeyOutcome.SAVED for plan in self.plan_of_keys.plans.values()
            )
            if saved and not self._remove:
                await TypedText(self._session.of("").change_scope(), STATEMENTS).close()
        finally:
            unsaved.remove(self._words_if_lost)
            self._working = False
            if self.is_attached:
                self.notice.fade()
                self._draw()
        self._session.notify(
            f"Policies of {len(self.plan_of_keys.key_ids)} keys: {self._counts()}."
        )

    def _words_if_lost(self) -> str:
        number = len(self.plan_of_keys.key_ids)
        return f"The policies of {number} keys are being saved; what has not begun would be left."

    def action_leave(self) -> None:
        """Leave; what is under way goes on to its end, which is told."""
        if self._words_if_lost in self.program.unsaved:
            words = "The policies are still being saved; how that ended will be told here."
            self._session.notify(words)
        self.dismiss(None)
