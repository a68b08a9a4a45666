"""What an interrupted run left behind, at the next start: which keys were done, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.service.inventory import Store
from kmstui.service.tags import TagChange, UnfinishedTags
from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs import Dialog
from kmstui.ui.style import Part, Symbols
from kmstui.ui.tags.words import number, step_line
from kmstui.ui.widgets import Column, Sentences, TextTable

FINISH, UNDO, KEEP = "finish", "undo", "keep"
"""What the screen returns; None: ask again at the next start."""

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
        super().__init__("An interrupted change of tags", "dialog-full", "tag-change", "-many")
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
        self.table = TextTable(_COLUMNS, self._cells, symbols=symbols)
        self.table.set_rows(list(self._rows))
        words = Sentences(unfinished_words(run), "warn", classes="dialog--reason", most_lines=6)
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
        what: Part = (why, "bad") if why else step_line(change, self._symbols)
        return {
            "state": (state, style),
            "key": self._store.bare_name(row),
            "what": what,
        }
