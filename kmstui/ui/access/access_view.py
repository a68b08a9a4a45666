"""Who can do what with the chosen key: principals by access groups, and a what-if line."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import Input

from kmstui.model import Key
from kmstui.policy.access import AccessGroup, Cell, Row
from kmstui.policy.evaluation import Decision, ReasoningLine, not_considered_sentence
from kmstui.service.access import DELEGATED_AT_FIRST, AccessReader
from kmstui.service.inventory import Topic
from kmstui.service.session import Session
from kmstui.ui.access.cells import GROUPS, cell_part, cell_words, columns_for
from kmstui.ui.access.inquiry import Answer, Inquiry, answer_line, row_id, unread_identity
from kmstui.ui.access.question import WhatIfLine, question_line
from kmstui.ui.access.reading_view import ReadingView, key_facts
from kmstui.ui.commands import key_of, program_of
from kmstui.ui.main import main_of
from kmstui.ui.runtime import Changes
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Sentences, TextTable

TOLD_AFTER_SECONDS = 0.5
"""A reading that takes longer shows how far it is."""
_TELLING_SECONDS = 0.25
"""Time between two words on how far it is."""
_MORE = 200
"""Identities that are read besides when a person asks for more."""
_HINT = (
    "Tab completes, Enter shows the reasoning, Esc closes. A condition key without a value, as"
    " aws:SourceVpce=, says that the request does not carry it."
)
_STATUS_LINES, _PROBLEM_LINES = 3, 10
"""Room for what could not be read: beside a table, and in the place of one."""
_LOW, _HIGH = 14, 26
"""Lines of the view under which words are kept short, and from which on they may be long."""


class AccessView(ReadingView):
    """A table, what the cell under the cursor means, and what no answer rests on."""

    scope: ClassVar[str] = "access"

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self._inquiry: Inquiry | None = None
        self._rows: dict[str, Row] = {}
        self._group = AccessGroup.ENCRYPT
        self._most = DELEGATED_AT_FIRST
        self._reading: object = None
        """Tells the reading that runs from one that it has replaced; None while none runs."""
        self._stopping = False
        self._tell_from = 0.0
        self._answer = Answer("", "")
        self._wants_question = False
        self.status = Sentences(most_lines=_STATUS_LINES, more="(Enter: all of it)")
        self.table = TextTable(columns_for(80, self._group), self._cells, symbols=symbols)
        self.words = Sentences(least_lines=4, most_lines=4, more="(Enter: all of it)")
        self.what_if = WhatIfLine()
        self.status.display = False

    def compose(self) -> ComposeResult:
        """What could not be read, the table, the cell in words, the question, the gaps."""
        yield self.status
        yield self.table
        yield self.words
        yield self.what_if
        yield self.left_out

    @property
    def focus_target(self) -> Widget:
        """The question while one is asked, else the table."""
        return self.what_if if self.what_if.display else self.table

    @property
    def line_scope(self) -> str:
        """The question's."""
        return "what-if" if self.what_if.display else ""

    @property
    def count(self) -> str:
        """How many principals have access."""
        return str(sum(row.has_access for row in self._rows.values())) if self._rows else ""

    @property
    def inquiry(self) -> Inquiry | None:
        """What is shown."""
        return self._inquiry

    @property
    def decision(self) -> Decision | None:
        """The answer that is being looked at: the question's, or the first of the cell."""
        if self.what_if.display:
            return self._answer.decision
        cell = self.cell
        return cell.parts[0].decision if cell is not None and cell.parts else None

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows.get(self.table.cursor_row or "")

    @property
    def cell(self) -> Cell | None:
        """The cell under the cursor."""
        return None if self.row is None else self.row.cell(self._group)

    # The key

    def show_key(self, key_id: str | None) -> None:
        """Forget what was shown of another key."""
        if key_id != self._key_id:
            self._forget()
            self._key_id = key_id
            self.table.forget_place()
        self._draw()

    def _forget(self) -> None:
        self._shown.clear()
        self._inquiry = None
        self._rows = {}
        self._most = DELEGATED_AT_FIRST
        self._answer = Answer("", "")
        self._wants_question = False
        self.close_what_if()
        self.status.set_lines(0, _STATUS_LINES)
        self.status.say("")

    async def work_out(self, key: Key, policy: str) -> None:
        """Work the table out from the key policy at once, then from what else can be read."""
        if self._inquiry is None or self._inquiry.text != policy:
            self._take(await Inquiry.of(self.connection, key, policy, None))
        self._reading = mine = object()
        self._tell_from = monotonic() + TOLD_AFTER_SECONDS
        self._stopping = False
        waited = self.set_timer(TOLD_AFTER_SECONDS, self._tell_waiting)
        try:
            reading = await self.connection.shared(AccessReader).read(
                key,
                policy,
                most=self._most,
                tell=self._tell_progress,
                stop=lambda: self._stopping,
            )
        finally:
            waited.stop()
            if self._reading is mine:
                self._reading = None
        self._take(await Inquiry.of(self.connection, key, policy, reading))

    def _take(self, inquiry: Inquiry) -> None:
        if inquiry.key.id != self._key_id:
            return
        if self._inquiry is None and not inquiry.takes(self._group):
            self._choose_useful(inquiry)
        self._inquiry = inquiry
        self._rows = {row_id(row): row for row in inquiry.ordered(self.connection)}
        self.what_if.know(inquiry.vocabulary(self.connection))
        self._draw()
        self._shown.set()
        if self.what_if.display:
            self._ask(self.what_if.value)
        elif self._wants_question:
            self.open_what_if()

    def _choose_useful(self, inquiry: Inquiry) -> None:
        """Begin with a group whose actions this kind of key takes."""
        likely = (AccessGroup.ENCRYPT, AccessGroup.SIGN, AccessGroup.DECRYPT, *GROUPS)
        self._group = next((group for group in likely if inquiry.takes(group)), self._group)
        self.table.set_columns(columns_for(self.size.width, self._group))

    def show_problem(self, sentence: str) -> None:
        """Show why there is no table."""
        self._forget()
        self._draw()
        self.status.set_lines(0, _PROBLEM_LINES)
        self.status.say(f"{self.symbols.error} {sentence}", "bad")
        self.table.set_empty("")
        self._shown.set()

    def store_changed(self, changes: Changes) -> None:
        """Policies were read, the key was described, or it became known who asks."""
        if self._key_id is None:
            return
        policies = changes.get(Topic.POLICIES)
        again = policies is not None and (not policies or self._key_id in policies)
        again = again or self._key_id in changes.get(Topic.GRANTS, ())
        inquiry = self._inquiry
        if inquiry is not None:
            key = self.store.keys.get(self._key_id)
            caller = self.connection.caller
            again = again or (key is not None and key_facts(key) != key_facts(inquiry.key))
            again = again or (caller.arn if caller else "") != inquiry.caller
        if again:
            self.begin()

    def read_more(self) -> None:
        """Read and work out again, with identities that were left out."""
        self._most += _MORE
        self.begin()

    def stop(self) -> bool:
        """Read no further identities; returns whether any were being read."""
        was_reading = self._reading is not None and not self._stopping
        self._stopping = True
        if was_reading:
            self.status.say(
                "What was asked for is waited for, and no more read. Esc leaves.", "dim"
            )
        return was_reading

    # What it shows

    def on_resize(self, event: Resize) -> None:
        """Show as many groups as fit, and words as there is room."""
        lines = 2 if event.size.height < _LOW else 6 if event.size.height >= _HIGH else 4
        self.words.set_lines(lines, lines)
        self.table.set_columns(columns_for(event.size.width, self._group))

    def on_line_table_moved(self) -> None:
        """Speak of another row."""
        self._speak()

    def turn_group(self, steps: int) -> None:
        """Move to another group."""
        index = GROUPS.index(self._group) + steps
        if not 0 <= index < len(GROUPS):
            return
        self._group = GROUPS[index]
        columns = columns_for(self.size.width, self._group)
        if tuple(column.id for column in columns) != self.table.visible_columns:
            self.table.set_columns(columns)
        elif self.table.cursor_row is not None:
            self.table.redraw([self.table.cursor_row])
        self._speak()

    def _draw(self) -> None:
        waiting = "Reading…" if self._key_id and not self.status.text else ""
        self.table.set_empty(waiting)
        self.table.set_rows(tuple(self._rows))
        self._tell_reading()
        self._speak()
        self.post_message(self.TitleChanged())

    def _tell_reading(self) -> None:
        reading = self._inquiry.reading if self._inquiry else None
        if self.what_if.display:
            return
        if reading is None:
            self.status.say("")
            return
        words = list(reading.problems)
        if reading.left:
            words.append(
                f"{reading.left} further roles and users of the account were not looked at"
                f" ({key_of('access.more', self)} reads more)."
            )
        self.status.say(" ".join(words), "warn")

    def _tell_waiting(self) -> None:
        if not (self.status.text or self.what_if.display):
            self.status.say("Reading grants and IAM policies… (Esc stops)", "dim")

    def _tell_progress(self, done: int, of: int) -> None:
        now = monotonic()
        if of and now >= self._tell_from and not self.what_if.display:
            self._tell_from = now + _TELLING_SECONDS
            self.status.say(f"Reading IAM policies: {done} of {of} (Esc stops)", "dim")

    def _cells(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        found = self._rows[row]
        at_cursor = row == self.table.cursor_row
        name = found.principal.short
        if Inquiry.is_me(self.connection, found.principal):
            name = f"you: {name}"
        parts: list[Part] = [name if found.has_access else (name, "dim")]
        for cell in found.cells:
            if cell.group.value in columns:
                word, style = cell_part(cell)
                chosen = at_cursor and cell.group is self._group
                parts.append((f"{self.symbols.cursor if chosen else ' '}{word}", style))
        return parts

    def _speak(self) -> None:
        inquiry = self._inquiry
        if self.what_if.display:
            return
        row, cell = self.row, self.cell
        if inquiry is None or row is None or cell is None:
            self.words.say("")
            self.left_out.say("")
            return
        self.words.say(f"{row.principal.short}, {cell.group.value}. {cell_words(cell)}")
        decision = self.decision
        left_out = decision.not_considered if decision else inquiry.table.not_considered
        self.left_out.say(not_considered_sentence(inquiry.left_out(left_out)), "dim")

    # Reasoning

    def reasoning(self) -> tuple[str, tuple[ReasoningLine, ...]] | None:
        """The whole reasoning of the answer that is looked at, under its title."""
        inquiry = self._inquiry
        if inquiry is None:
            return None
        gaps = tuple(ReasoningLine(f"Not considered: {words}.") for words in inquiry.others)
        if inquiry.reading is not None:
            gaps += tuple(map(ReasoningLine, inquiry.reading.problems))
        if self.what_if.display:
            if self._answer.decision is None:
                return None
            request = self._answer.decision.request
            title = f"{request.action} for {request.principal.short}"
            return title, (*self._answer.reasoning, *gaps)
        row, cell = self.row, self.cell
        if row is None or cell is None:
            return None
        lines = cell.reasoning() or (
            ReasoningLine(cell_words(cell)),
            ReasoningLine(self.left_out.text),
        )
        return f"{row.principal.short}, {cell.group.value}", (*lines, *gaps)

    # What if

    def open_what_if(self) -> None:
        """Ask a question, beginning with the cell under the cursor."""
        row, cell = self.row, self.cell
        self._wants_question = row is None or cell is None
        if row is None or cell is None:
            return  # asked from another view: as soon as there is a table
        action = cell.parts[0].actions[0] if cell.parts else "kms:DescribeKey"
        is_me = Inquiry.is_me(self.connection, row.principal)
        self.status.say(_HINT, "dim")
        question = question_line(row.principal, action, is_me=is_me)
        self.what_if.ask(question, self._offer_question)
        self.post_message(self.KeysChanged())
        self._ask(self.what_if.value)

    def _offer_question(self, age: str) -> None:
        self.status.say(f"Ctrl-r brings back what was typed {age} ago. {_HINT}", "dim")

    def close_what_if(self) -> bool:
        """Back to the table; returns whether a question was open."""
        was_open = self.what_if.display
        if was_open:
            had_focus = self.what_if.has_focus
            self.what_if.display = False
            self.post_message(self.KeysChanged())
            self._answer = Answer("", "")
            if had_focus:
                self.table.focus(scroll_visible=False)
            self._tell_reading()
            self._speak()
        return was_open

    def on_input_changed(self, event: Input.Changed) -> None:
        """Answer while a person types."""
        event.stop()
        if self.what_if.display:
            self.what_if.keep()
            self._ask(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: the whole reasoning, as on a cell."""
        event.stop()
        main_of(program_of(self)).action_press("enter")

    def _ask(self, line: str) -> None:
        inquiry = self._inquiry
        if inquiry is None:
            return
        program_of(self).work(
            lambda: self._answer_line(inquiry, line), group="what-if", what="what if"
        )

    async def _answer_line(self, inquiry: Inquiry, line: str) -> None:
        answer = await answer_line(self.connection, inquiry, line)
        if inquiry is self._inquiry and self.what_if.display:
            self._answer = answer
            self.words.say(answer.words, "" if answer.decision else "warn")
            self.left_out.say(answer.gaps, "dim")

    async def read_who_is_asked_about(self) -> None:
        """Read the IAM policies of whom the question is about, if they were not read yet.

        Raises:
            ServiceError: they may not be read, or there is no such role or user.
        """
        arn = unread_identity(self.connection, self._answer.decision)
        if arn and self._inquiry is not None:
            await self.connection.shared(AccessReader).identity(arn)
            await self._answer_line(self._inquiry, self.what_if.value)
