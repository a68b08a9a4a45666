"""The rows of the list of all findings: what is told of each, their orders, and their filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kmstui.model import place_in
from kmstui.policy.lint import Severity
from kmstui.service.findings import (
    RULES,
    Control,
    Judged,
    KeyFindings,
    LocatedFinding,
    controls_of,
    in_short,
)
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Cells, Column

COLUMNS = (
    Column("mark", "", 1, rank=0),
    Column("key", "KEY", 16, rank=1, most=52),
    Column("rule", "RULE", 6, rank=3),
    Column("line", "LINE", 4, rank=4, right=True),
    Column("controls", "CONTROLS", 23, rank=5),
    Column("message", "FINDING", 30, rank=2, most=400),
)
_STYLES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: ""}
_RANKS = {Severity.ERROR: 0, Severity.WARNING: 2, Severity.INFO: 3}
_UNREAD, _NOT_KNOWN = "not read", "not known"
_LAST = 9
"""The rank of what is not known, behind all that is."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding of a key, a policy that could not be read, or what is not known of keys."""

    id: str
    key_id: str
    """Empty where the row is about several keys."""
    name: str
    """The key's first alias without its prefix, or its ID; or how many keys are meant."""
    found: LocatedFinding | None = None
    problem: str = ""
    rule_not_known: str = ""
    """The rule of which nobody can say whether it finds something."""
    unknown_of: tuple[tuple[str, str], ...] = ()
    """Keys of which that is so, by their IDs, each with the reason."""

    @property
    def severity_word(self) -> str:
        """`error`, `warning`, `info`, or that something was not read, or is not known."""
        if self.rule_not_known:
            return _NOT_KNOWN
        return self.found.finding.severity.word if self.found else _UNREAD

    @property
    def rule(self) -> str:
        """The rule's id; empty for a policy that was not read."""
        return self.found.finding.rule if self.found else self.rule_not_known

    @property
    def controls(self) -> tuple[Control, ...]:
        """What the rule serves."""
        return controls_of(self.rule)

    @property
    def rank(self) -> int:
        """Smaller is worse; what could not be read comes right after the errors."""
        if self.rule_not_known:
            return _LAST
        return _RANKS[self.found.finding.severity] if self.found else 1

    @property
    def place(self) -> tuple[int, str]:
        """Where among those of one key and severity."""
        if self.found is None or not self.found.line:
            return (0, self.rule)
        return (self.found.line, self.rule)

    @property
    def sentence(self) -> str:
        """All of it, for the line below the list."""
        if self.rule_not_known:
            return f"{self.name}: {self._why_not_known}"
        place = place_in(self.key_id)
        name = f"{self.name} ({place})" if place else self.name
        if self.found is None:
            return f"{name}: not read. {self.problem}"
        finding = self.found.finding
        line = f", line {self.found.line}" if self.found.line else ""
        return f"{name}{line}: {finding.severity.word}. {finding.message}"

    @property
    def _why_not_known(self) -> str:
        rule = RULES.get(self.rule_not_known)
        what = f"whether “{rule.title}” is so" if rule else "what the rules about keys would say"
        return f"{what} is not known. {self.problem}"

    def text(self) -> str:
        """What the filter looks through, in lower case."""
        found = self.found
        words = (found.finding.title, found.finding.message) if found else (self.problem,)
        controls = (each.words for each in self.controls)
        parts = (self.severity_word, self.name, self.key_id, self.rule, *words, *controls)
        return " ".join(parts).lower()

    def cells(self, columns: Sequence[str], symbols: Symbols) -> Cells:
        """The row's cells; the reason why a key was not read takes the rest of its row."""
        if self.found is None:
            mark: Part = (symbols.error, "bad")
            name: Part = (self.name, "accent")
            words, style = f"not read: {self.problem}", "bad"
            if self.rule_not_known:
                mark, name = ("?", "dim"), (self.name, "dim")
                words, style = f"{self.rule_not_known} {self._why_not_known}", "dim"
            cells: dict[str, Part] = {"mark": mark, "key": name}
            shown = [cells[column] for column in columns if column in cells]
            return [*shown, (words, style)]
        finding = self.found.finding
        style = _STYLES[finding.severity]
        return {
            "mark": (symbols.for_severity(finding.severity.word), style),
            "key": (self.name, "accent"),
            "rule": (finding.rule, "dim"),
            "line": (str(self.found.line or ""), "dim"),
            "controls": (in_short(self.controls), "dim"),
            "message": (finding.message, style),
        }


def rows_of(result: KeyFindings, judged: Judged, name: str) -> list[FindingRow]:
    """The rows of one key."""
    key_id = result.key_id
    rows = [
        FindingRow(f"{key_id}:{each.rule}", key_id, name, LocatedFinding(each))
        for each in judged.found
    ]
    if result.problem:
        return [FindingRow(f"{key_id}:", key_id, name, None, result.problem), *rows]
    numbered = enumerate(result.found)
    return [*(FindingRow(f"{key_id}:{number}", key_id, name, each) for number, each in numbered),
            *rows]  # fmt: skip


def not_known_rows(judged: Mapping[str, Judged]) -> Iterator[FindingRow]:
    """A row for each rule of which nobody can say whether it finds something, and of what keys.

    What is still to be read is none of these: the title says how much that is.
    """
    by_rule: dict[str, dict[str, str]] = {}
    for key_id, each in judged.items():
        for unknown in each.not_known:
            if unknown.why:
                by_rule.setdefault(unknown.rule, {})[key_id] = unknown.why
    for rule, keys in sorted(by_rule.items()):
        (why, times), *_ = Counter(keys.values()).most_common(1)
        more = "" if times == len(keys) else " And other reasons: F1 tells them."
        name = "1 key" if len(keys) == 1 else f"{len(keys):,} keys"
        yield FindingRow(f"?:{rule}", "", name, None, why + more, rule, tuple(keys.items()))


class Order(NamedTuple):
    """How rows are ordered."""

    key: Callable[[FindingRow], tuple[object, ...]]
    group: Callable[[FindingRow], object]
    """What is the same of the rows of one group."""


def _serves(row: FindingRow) -> list[str]:
    return [each.words for each in row.controls[:1]]


ORDERS: Mapping[str, Order] = {
    "worst first": Order(
        lambda row: (row.rank, row.name, *row.place), lambda row: row.severity_word
    ),
    "by rule": Order(
        lambda row: (row.rank == _LAST, row.rule, row.name, *row.place), lambda row: row.rule
    ),
    "by key": Order(
        lambda row: (row.rank == _LAST, row.name, row.rank, *row.place), lambda row: row.name
    ),
    "by control": Order(
        lambda row: (not row.controls, _serves(row), row.rank, row.name, *row.place), _serves
    ),
}
"""By their names; the first is the usual one."""


def matcher(text: str) -> Callable[[FindingRow], bool]:
    """Whether a row has all the words and none of those that begin with a minus."""
    words = text.lower().split()
    wanted = [word for word in words if not word.startswith("-")]
    unwanted = [word[1:] for word in words if word.startswith("-") and len(word) > 1]

    def matches(row: FindingRow) -> bool:
        if not words:
            return True
        haystack = row.text()
        return all(word in haystack for word in wanted) and not any(
            word in haystack for word in unwanted
        )

    return matches


def next_group(rows: Sequence[FindingRow], at: int, by: int, order: Order) -> int | None:
    """The index of the first row of the next group, or of the one before; None at the end."""
    group = order.group
    here = group(rows[at])
    others: Iterable[int] = range(at + by, len(rows) if by > 0 else -1, by)
    found = next((index for index in others if group(rows[index]) != here), None)
    if found is None or by > 0:
        return found
    there = group(rows[found])
    while found and group(rows[found - 1]) == there:
        found -= 1
    return found
