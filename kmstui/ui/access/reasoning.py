"""The whole reasoning behind an answer, and the statements that it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from kmstui.policy.evaluation import Decision, ReasoningLine
from kmstui.policy.iam import Truth
from kmstui.policy.syntax import Span
from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs import Dialog
from kmstui.ui.policy import pretty
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Block, Rows

KEY_POLICY = "key policy"


@dataclass(frozen=True, slots=True)
class StatementPlace:
    """A statement of a policy."""

    source: str
    """`key policy`, or what an identity's policy is called."""
    span: Span


def texts_of(decision: Decision) -> dict[str, str]:
    """The texts of the policies that were asked, by their names."""
    policies = decision.policies
    asked = (
        policies.key,
        *(policies.identity or ()),
        *policies.boundary_policies,
        *(policies.session or ()),
    )
    return {each.source: each.policy.document.text for each in asked}


def telling_span(decision: Decision | None) -> Span | None:
    """Where the statement stands that a person wants to see first: one whose condition is open."""
    deciding = () if decision is None else decision.deciding
    ordered = sorted(deciding, key=lambda applied: applied.truth is not Truth.MAYBE)
    return ordered[0].span if ordered else None


class ReasoningScreen(Dialog[StatementPlace]):
    """Returns the statement that the person wants to see, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", "go to the statement", show=False),
        Binding("q", "leave", "leave", show=False),
    ]

    def __init__(
        self,
        title: str,
        lines: Iterable[ReasoningLine],
        symbols: Symbols,
        decision: Decision | None,
    ) -> None:
        super().__init__(title)
        self.add_class("dialog-wide")
        self.add_class("reasoning")
        self._lines = tuple(lines)
        self._symbols = symbols
        self._first = telling_span(decision)
        self._placed = False
        self.rows = Rows(symbols=symbols)

    def compose(self) -> ComposeResult:
        """Title, sentences, keys."""
        keys = [("Enter", "Go to the statement"), ("Esc", "Close"), ("j k", "Scroll")]
        with self.box:
            yield self.heading_line()
            yield self.rows
            yield KeyBar(keys)

    def on_mount(self) -> None:
        """The sentences have the keys."""
        self.rows.show(self._blocks())
        self.rows.focus()

    def on_rows_resized(self) -> None:
        """At first the cursor stands on the statement that tells most, so that Enter goes there."""
        if not self._placed:
            self._placed = True
            places = [number for number, line in enumerate(self._lines) if line.span]
            places.sort(key=lambda number: self._lines[number].span != self._first)
            self.rows.go_to(str(places[0]) if places else "")

    def _blocks(self) -> Sequence[Block]:
        return [
            Block(
                line.text,
                "title" if number == 0 else "",
                lead=f"{self._symbols.arrow} " if line.span else "  ",
                about=str(number) if line.span else "",
            )
            for number, line in enumerate(self._lines)
        ]

    def on_line_table_chosen(self) -> None:
        """Clicked twice."""
        self.action_go()

    def action_go(self) -> None:
        """Go to the statement of the line under the cursor."""
        if not self.rows.about:
            return
        line = self._lines[int(self.rows.about)]
        if line.span is not None:
            self.dismiss(StatementPlace(line.source, line.span))


def statement_text(place: StatementPlace, texts: Mapping[str, str]) -> str:
    """What the policy says at a place, laid out."""
    return pretty(texts.get(place.source, "")[place.span.start : place.span.end])
