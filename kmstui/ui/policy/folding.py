"""Statements folded to a line each, so that a long policy can be looked over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from textual.widgets.text_area import Selection

from kmstui.policy.syntax import ArrayNode, Node, ObjectNode, StringNode, parse
from kmstui.ui.policy.finding_marks import Location
from kmstui.ui.policy.incremental_area import IncrementalTextArea


def statement_rows(text: str) -> list[range]:
    """The rows that each statement of more than one row takes; an unfinished text may have some."""
    rows = (
        range(text.count("\n", 0, item.span.start), text.count("\n", 0, item.span.end) + 1)
        for item in _statements(text)
    )
    return [each for each in rows if len(each) > 1]


def _statements(text: str) -> Sequence[Node]:
    root = parse(text).root
    holder = root.get("Statement") if isinstance(root, ObjectNode) else None
    return holder.items if isinstance(holder, ArrayNode) else ()


@lru_cache(maxsize=256)
def summary_of(statement: str) -> str:
    """What a folded statement is, in a few words: its Sid, its Effect, and how many rows it has."""
    node = parse(statement).root
    values = [node.get(name) for name in ("Sid", "Effect")] if isinstance(node, ObjectNode) else []
    words = [value.value for value in values if isinstance(value, StringNode)]
    return " · ".join([*words, f"{statement.count(chr(10)) + 1} lines"])


class FoldingTextArea(IncrementalTextArea):
    """Shows of a folded statement its first row only; whatever goes into one opens it."""

    _folds: tuple[range, ...] = ()
    """Rows of the folded statements, the first of which is shown."""

    @property
    def folds(self) -> tuple[range, ...]:
        """The rows of the folded statements, in order; the first of each is shown."""
        return self._folds

    @folds.setter
    def folds(self, folds: Iterable[range]) -> None:
        wanted = tuple(sorted(folds, key=lambda rows: rows.start))
        if wanted != self._folds:
            self._folds = wanted
            self._hide()

    def _hide(self) -> None:
        self.wrapped_document.hidden = tuple(rows[1:] for rows in self._folds)
        self.measure()
        self.draw_differences()

    def fold(self, row: int) -> bool:
        """Fold the statement around a row, or open it; whether there is one."""
        if folded := [rows for rows in self._folds if row in rows]:
            self.folds = [rows for rows in self._folds if rows not in folded]
            return True
        around = [rows for rows in statement_rows(self.document.text) if row in rows]
        self._fold(around)
        return bool(around)

    def fold_all(self) -> bool:
        """Fold every statement, or open all where any is folded; whether there are some."""
        if self._folds:
            self.folds = ()
            return True
        rows = statement_rows(self.document.text)
        self._fold(rows)
        return bool(rows)

    def _fold(self, statements: Iterable[range]) -> None:
        folds = list(statements)
        here = next((rows for rows in folds if self.cursor_location[0] in rows), None)
        if here is not None:
            # In sight, and so that the fold stays closed.
            self.move_cursor((here.start, len(self.document.get_line(here.start))))
        self.folds = (*self._folds, *folds)
        self.scroll_cursor_visible()

    def open_folds(self, rows: range) -> None:
        """Open what hides any of these rows."""
        self.folds = [fold for fold in self._folds if not _overlap(fold[1:], rows)]

    def carry_folds(self, top: Location, bottom: Location, added: int) -> None:
        """An edit of `top`…`bottom` by a text of `added` line breaks is about to be made."""
        if not self._folds:
            return
        change = added - (bottom[0] - top[0])
        kept = [
            fold
            for fold in self._folds
            if not _overlap(fold[1:], range(top[0], bottom[0] + 1))
            and not (
                change and fold.start in range(top[0], bottom[0] + 1) and top > (fold.start, 0)
            )
        ]
        self._folds = tuple(
            range(fold.start + change, fold.stop + change) if fold.start >= bottom[0] else fold
            for fold in kept
        )
        # The text is the old one still: what is hidden is worked out anew behind the edit.
        self.wrapped_document.hidden = ()

    def watch_selection(self, previous: Selection, selection: Selection) -> None:
        """Open what the cursor goes into."""
        if self._folds:
            self.open_folds(range(selection.end[0], selection.end[0] + 1))
        super().watch_selection(previous, selection)

    def measure(self) -> None:
        """Tell how much there is to scroll through, without what is folded."""
        if self._folds and not self.wrapped_document.hidden:
            self.wrapped_document.hidden = tuple(rows[1:] for rows in self._folds)
        super().measure()

    def get_cursor_down_location(self) -> Location:
        """Past what is folded."""
        return self._past(super().get_cursor_down_location(), 1)

    def get_cursor_up_location(self) -> Location:
        """To the row that stands for what is folded."""
        return self._past(super().get_cursor_up_location(), -1)

    def _past(self, target: Location, by: int) -> Location:
        row, column = target
        fold = next((each for each in self._folds if row in each[1:]), None)
        if fold is None:
            return target
        row = min(fold.stop, self.document.line_count - 1) if by > 0 else fold.start
        return row, min(column, len(self.document.get_line(row)))


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
