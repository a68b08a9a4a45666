"""What an interrupted run left behind, at the next start: which keys were done, and what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Protocol, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from kmstui.service.inventory import Store
from kmstui.service.tags import TagChange, Tagging, UnfinishedTags
from kmstui.ui.commands import KeyBar, Program
from kmstui.ui.dialogs import Dialog
from kmstui.ui.style import Part, Symbols
from kmstui.ui.tags.change_screen import Planner
from kmstui.ui.tags.words import number, short_name, step_line
from kmstui.ui.widgets import Column, LineTable, Sentences

FINISH, UNDO, KEEP = "finish", "undo", "keep"
"""What the screen answers; None: ask again at the next start."""

_IN_FRONT_SECONDS = 0.3
"""Time between two looks at whether nothing is open over the panes any more."""

T = TypeVar("T")

_COLUMNS = (
    Column("state", "STATE", 9, rank=1),
    Column("key", "KEY", 20, most=36),
    Column("what", "WHAT", 24, rank=2, most=400),
)


def unfinished_words(run: UnfinishedTags) -> str:
    """What became of the run, in sentences."""
    done, left, unread = len(run.all_done), len(run.open), len(run.unread)
    words = (
        f"A change of tags on {number(done + left + unread, 'key')}, begun "
        f"{run.began:%Y-%m-%d %H:%M} UTC, was interrupted. KMS shows it on {number(done, 'key')}"
    )
    words += f", and not on {left:,}." if left else "."
    if unread:
        words += f" {number(unread, 'key')} could not be read now."
    return words


class UnfinishedScreen(Dialog[str]):
    """Lists the keys of the run with what was found, and asks what to do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "answer('finish')", "finish", show=False),
        Binding("z", "answer('undo')", "undo", show=False),
        Binding("a", "answer('keep')", "accept it as it is", show=False),
    ]

    def __init__(self, run: UnfinishedTags, store: Store, symbols: Symbols) -> None:
        super().__init__("An interrupted change of tags")
        self.add_class("dialog-full", "tag-change", "-many")
        self._run = run
        self._store = store
        self._symbols = symbols
        self._rows: dict[str, tuple[str, TagChange, str]] = {}
        for change in run.open:
            self._rows[change.key_id] = ("not done", change, "")
        for change, why in run.unread:
            self._rows[change.key_id] = ("not read", change, why)
        for change in run.all_done:
            self._rows[change.key_id] = ("done", change, "")
        self.table = LineTable(_COLUMNS, self._cells, symbols=symbols)
        self.table.set_rows(list(self._rows))

    def compose(self) -> ComposeResult:
        """Title, what was found, the keys of the run, and what can be done."""
        words = Sentences(classes="dialog--reason", most_lines=6)
        words.say(unfinished_words(self._run), "warn")
        keys = KeyBar(classes="dialog--keys")
        parts: list[Part] = []
        if self._run.open or self._run.unread:
            parts += [(" f", "key"), " Finish the rest "]
        if self._run.all_done:
            parts += [(" z", "key"), " Undo what was done "]
        parts += [(" a", "key"), " Accept ", (" Esc", "key"), " Ask next time "]
        keys.show(parts)
        with self.box:
            yield self.heading_line("warn")
            yield words
            yield self.table
            yield keys

    def on_mount(self) -> None:
        """The list has the keys."""
        self.table.focus()

    def action_answer(self, answer: str) -> None:
        """Do this."""
        can = {
            FINISH: bool(self._run.open or self._run.unread),
            UNDO: bool(self._run.all_done),
            KEEP: True,
        }
        if can[answer]:
            self.dismiss(answer)

    def _cells(self, row: str, columns: Sequence[str]) -> Sequence[Part]:
        state, change, why = self._rows[row]
        style = {"done": "good", "not done": "warn"}.get(state, "bad")
        what: Part = (why, "bad") if why else step_line(change, self._symbols)
        cells: dict[str, Part] = {
            "state": (state, style),
            "key": short_name(self._store, row),
            "what": what,
        }
        return [cells[column] for column in columns]


class Show(Protocol):
    """Shows what a planner comes to, to be sent from there."""

    def __call__(
        self,
        title: str,
        planner: Planner,
        *,
        written: Callable[[], Awaitable[None]],
        closed: Callable[[bool | None], None],
    ) -> None:
        """`written` is called when all is journalled, `closed` when the screen is left."""


async def ask_about_unfinished(program: Program, tagging: Tagging, show: Show) -> None:
    """Settle what left nothing to do; ask about each other run, when nothing is open."""
    session = program.session
    for run in await tagging.unfinished():
        if not run.open and not run.unread and session.journal.durable:
            await tagging.settle(run)
            session.notify(f"{unfinished_words(run)} Nothing is left to do.")
        elif not session.journal.durable:
            later = "It can be finished or undone once the journal can be written."
            session.notify(f"{unfinished_words(run)} {later}", "warning")
        elif session.read_only:
            words = "Start kmstui without --read-only to finish or undo it."
            session.notify(f"{unfinished_words(run)} {words}", "warning")
        else:
            await _ask(program, tagging, show, run)


async def _ask(program: Program, tagging: Tagging, show: Show, run: UnfinishedTags) -> None:
    # A screen tells nobody but itself that it is in front again.
    while not program.main.is_current:  # noqa: ASYNC110
        await asyncio.sleep(_IN_FRONT_SECONDS)
    screen = UnfinishedScreen(run, program.session.store, program.symbols)
    answered: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
    program.call_later(program.push_screen, screen, _setter(answered))
    answer = await answered

    async def settle() -> None:
        await tagging.settle(run)

    async def show_until_closed(title: str, planner: Planner) -> None:
        closed: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        show(title, planner, written=settle, closed=_setter(closed))
        await closed

    if answer == FINISH:
        rest = (*run.open, *(change for change, _ in run.unread))
        await show_until_closed(
            "Finish the change of tags", lambda told: tagging.plan_again(rest, told)
        )
    elif answer == UNDO:
        done = run.all_done
        await show_until_closed(
            "Undo the change of tags", lambda told: tagging.plan_undo(done, told)
        )
    elif answer is not None:
        await settle()


def _setter(future: asyncio.Future[T]) -> Callable[[T], None]:
    def set_it(value: T) -> None:
        if not future.done():
            future.set_result(value)

    return set_it
