"""The rows of the list of all findings: their order, their filter, their cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kmstui.policy.lint import Severity
from kmstui.service.findings import KeyFindings, LocatedFinding
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Column

COLUMNS = (
    Column("mark", "", 1, rank=0),
    Column("key", "KEY", 16, rank=1, most=26),
    Column("rule", "RULE", 6, rank=3),
    Column("line", "LINE", 4, rank=4, right=True),
    Column("message", "FINDING", 20, rank=2, most=400),
)
_STYLES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: ""}
_UNREAD = "not read"


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding of one key, or a key that could not be read."""

    id: str
    key_id: str
    name: str
    """The key's first alias without its prefix, or its ID."""
    found: LocatedFinding | None
    problem: str = ""

    @property
    def severity_word(self) -> str:
        """`error`, `warning`, `info`, or that the key was not read."""
        return self.found.finding.severity.word if self.found else _UNREAD

    @property
    def place(self) -> tuple[int, str, int, str]:
        """Worst first; what could not be read comes right after the errors."""
        if self.found is None:
            return (1, self.name, 0, "")
        rank = {Severity.ERROR: 0, Severity.WARNING: 2, Severity.INFO: 3}
        finding = self.found.finding
        return (rank[finding.severity], self.name, finding.span.start, finding.rule)

    @property
    def sentence(self) -> str:
        """All of it, for the line below the list."""
        if self.found is None:
            return f"{self.name}: not read. {self.problem}"
        finding = self.found.finding
        return f"{self.name}, line {self.found.line}: {finding.severity.word}. {finding.message}"

    def text(self) -> str:
        """What the filter looks through, in lower case."""
        found = self.found
        words = (found.finding.rule, found.finding.title, found.finding.message) if found else ()
        return " ".join((self.severity_word, self.name, self.key_id, *words, self.problem)).lower()

    def cells(self, columns: Sequence[str], symbols: Symbols) -> list[Part]:
        """The row's cells; the reason why a key was not read takes the rest of its row."""
        if self.found is None:
            cells: dict[str, Part] = {"mark": (symbols.error, "bad"), "key": (self.name, "accent")}
            shown = [cells[column] for column in columns if column in cells]
            return [*shown, (f"not read: {self.problem}", "bad")]
        finding = self.found.finding
        style = _STYLES[finding.severity]
        cells = {
            "mark": (symbols.for_severity(finding.severity.word), style),
            "key": (self.name, "accent"),
            "rule": (finding.rule, "dim"),
            "line": (str(self.found.line), "dim"),
            "message": (finding.message, style),
        }
        return [cells[column] for column in columns]


def rows_of(result: KeyFindings, name: str) -> list[FindingRow]:
    """The rows of one key."""
    if result.problem:
        return [FindingRow(f"{result.key_id}:", result.key_id, name, None, result.problem)]
    return [
        FindingRow(f"{result.key_id}:{number}", result.key_id, name, found)
        for number, found in enumerate(result.found)
    ]


def matcher(text: str) -> Callable[[FindingRow], bool]:
    """Whether a row has all the words and none of those that begin with a minus."""
    words = text.lower().split()
    wanted = [word for word in words if not word.startswith("-")]
    unwanted = [word[1:] for word in words if word.startswith("-") and len(word) > 1]

    def matches(row: FindingRow) -> bool:
        haystack = row.text()
        return all(word in haystack for word in wanted) and not any(
            word in haystack for word in unwanted
        )

    return matches


def worst_first(rows: Iterable[FindingRow]) -> list[FindingRow]:
    """The rows in their order."""
    return sorted(rows, key=lambda row: row.place)
