"""What an interrupted run left behind, at the next start: which keys were done, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic

from textual.binding import Binding, BindingType

from kmstui.service.runs import UnfinishedRun
from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs import Dialog
from kmstui.ui.runs.shown_kind import C, ShownKind
from kmstui.ui.runs.words import number
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Column, Sentences, TextTable

FINISH, UNDO, KEEP = "finish", "undo", "keep"
"""What the screen returns; None: ask again at the next start."""

_COLUMNS = (
    Column("state", "STATE", 9, rank=1),
    Column("key", "KEY", 20, most=52),
    Column("what", "WHAT", 24, rank=2, most=400),
)


def unfinished_words(run: UnfinishedRun[C], kind: ShownKind[C]) -> str:
    """What became of the run, in sentences."""
    done, left, unread = len(run.all_done), len(run.open), len(run.unread)
    noun = kind.noun(change for change, _ in run.found)
    words = (
        f"A {noun} on {number(done + left + unread, 'key')}, begun "
        f"{run.began:%Y-%m-%d %H:%M} UTC, was interrupted. KMS shows it on {number(done, 'key')}"
    )
    words += f", and not on {left:,}." if left else "."
    if unread:
        words += f" {number(unread, 'key')} could not be read now."
    return words


class UnfinishedScreen(Dialog[str], Generic[C]):
    """Lists the keys of the run with what was found, and asks what to do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "answer('finish')", "finish", show=False),
        Binding("z", "answer('undo')", "undo", show=False),
        Binding("a", "answer('keep')", "accept it as it is", show=False),
    ]

    def __init__(self, run: UnfinishedRun[C], kind: ShownKind[C], symbols: Symbols) -> None:
        noun = kind.noun(change for change, _ in run.found)
        super().__init__(f"An interrupted {noun}", "dialog-full", "run", "-many")
        self._run = run
        self._kind = kind
        self._rows: dict[str, tuple[str, C, str]] = {}
        for change in run.open:
            self._rows[change.key_id] = ("not done", change, "")
        for change, why in run.unread:
            self._rows[change.key_id] = ("not read", change, why)
        for change in run.all_done:
            self._rows[change.key_id] = ("done", change, "")
        self.table = TextTable(_COLUMNS, self._cells, symbols=symbols)
        self.table.set_rows(list(self._rows))
        words = Sentences(
            unfinished_words(run, kind), "warn", classes="dialog--reason", most_lines=6
        )
        offered = []
        if run.open or run.unread:
            offered.append(("f", "Finish the rest"))
        if run.all_done:
            offered.append(("z", "Undo what was done"))
        keys = KeyBar([*offered, ("a", "Accept"), ("Esc", "Ask next time")])
        self.parts = (self.heading_line("warn"), words, self.table, keys)

    def action_answer(self, answer: str) -> None:
        """Do this."""
        can = {
            FINISH: bool(self._run.open or self._run.unread),
            UNDO: bool(self._run.all_done),
            KEEP: True,
        }
        if can[answer]:
            self.dismiss(answer)

    def _cells(self, row: str, _: Sequence[str]) -> Mapping[str, Part]:
        state, change, why = self._rows[row]
        style = {"done": "good", "not done": "warn"}.get(state, "bad")
        what: Part = (why, "bad") if why else self._kind.line(change)
        return {
            "state": (state, style),
            "key": self._kind.store.row_name(row),
            "what": what,
        }
