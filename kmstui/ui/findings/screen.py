"""The findings of all keys, worst first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input

from kmstui.model import Key
from kmstui.policy.lint import KeyContext, Severity
from kmstui.service.access import lint_context
from kmstui.service.findings import AllFindings, KeyFindings, LocatedFinding, lint_stored, located
from kmstui.service.inventory import Topic, alias_text
from kmstui.service.session import Session
from kmstui.ui.commands import bound
from kmstui.ui.dialogs import FullScreen
from kmstui.ui.main import main_of
from kmstui.ui.policy import pretty
from kmstui.ui.runtime import Changes, StoreFeed
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Cells, Column, Counts, LineTable, Sentences, counts_text

DRAW_SECONDS = 0.25
"""Results that come within this time are drawn together: each frame costs a line over SSH."""
ROWS_A_SECOND = 20_000
"""A longer list is drawn less often, so that sorting it takes little of the time."""

_KEYS = (
    ("findings.go", "Go to it"),
    ("findings.why", "Why"),
    ("findings.filter", "Filter"),
    ("findings.read", "Read again"),
    ("Esc", "Close"),
)


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

    def order(self) -> tuple[int, str, int, str]:
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

    def cells(self, columns: Sequence[str], symbols: Symbols) -> Cells:
        """The row's cells; the reason why a key was not read takes the rest of its row."""
        if self.found is None:
            cells: dict[str, Part] = {"mark": (symbols.error, "bad"), "key": (self.name, "accent")}
            shown = [cells[column] for column in columns if column in cells]
            return [*shown, (f"not read: {self.problem}", "bad")]
        finding = self.found.finding
        style = _STYLES[finding.severity]
        return {
            "mark": (symbols.for_severity(finding.severity.word), style),
            "key": (self.name, "accent"),
            "rule": (finding.rule, "dim"),
            "line": (str(self.found.line), "dim"),
            "message": (finding.message, style),
        }


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


@dataclass(frozen=True, slots=True)
class GoTo:
    """The finding that the person wants to see in its policy."""

    key_id: str
    offset: int


class FindingsScreen(FullScreen[GoTo]):
    """Reads every customer key's policy, and returns where the person wants to go."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("findings.go", "go", "go to the finding"),
        bound("findings.filter", "filter", "filter"),
        bound("findings.read", "read_again", "read again"),
        bound("findings.why", "why", "why"),
        Binding("escape", "back", "stop, clear the filter, or close", show=False),
        Binding("q", "leave", "close", show=False),
    ]

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(symbols)
        self.add_class("findings")
        self._session = session
        self._all = session.shared(AllFindings)
        self._by_key: dict[str, list[FindingRow]] = {}
        self._shown: dict[str, FindingRow] = {}
        self._reading = False
        self._drawing: Timer | None = None
        self.table = LineTable(COLUMNS, self._cells, symbols=symbols, id="findings-table")
        self.words = Sentences(least_lines=2, most_lines=4, more="(F1: all of it)")
        self.filter_input = Input(placeholder="error  KMS5  alias  -word", compact=True)
        self.filter_input.cursor_blink = False
        self.filter_input.display = False
        self.body = (self.table, self.words, self.filter_input)

    def on_mount(self) -> None:
        """Show what is known from before, and read the rest."""
        StoreFeed(self._session.store, (Topic.POLICIES, Topic.PROGRESS), self, self._store_changed)
        self.key_bar.show_keys(_KEYS)
        for result in self._all.results.values():
            self._take(result)
        self._read()
        self.table.focus()
        if self._all.left_at:
            self.table.move_to_row(self._all.left_at)

    # Reading

    def _read(self) -> None:
        self._reading = True
        self._draw()
        self.program.work(self._run, group="findings", what="the findings of all keys", rings=True)

    async def _run(self) -> None:
        contexts = self.program.options
        session = self._session

        def judge(key: Key, text: str) -> tuple[LocatedFinding, ...]:
            return judged(
                text, lint_context(key, session.of(key.id).caller), contexts.rules_off(key.id)
            )

        try:
            await self._all.run(judge, self._told, self.program.slices.next, self._counted)
        finally:
            self._reading = False
            if self.is_running:
                self._draw()

    def _counted(self) -> None:
        if self.is_running:
            self._write_title()

    def _told(self, result: KeyFindings) -> None:
        counts = Counts.of(each.finding for each in result.found)
        if not result.problem:
            main_of(self.program).keys_pane.set_findings(result.key_id, counts)
        if self.is_running:
            self._take(result)
            self._draw_soon()

    def _take(self, result: KeyFindings) -> None:
        store = self._session.store
        name = alias_text(store.aliases_of(result.key_id)) or result.key_id
        self._by_key[result.key_id] = rows_of(result, name)

    def _store_changed(self, changes: Changes) -> None:
        if Topic.POLICIES in changes and not changes[Topic.POLICIES]:
            # A refresh, or another connection: nothing of before may stay.
            self._by_key.clear()
        self._draw_soon()

    def action_read_again(self) -> None:
        """Read every policy again."""
        self._all.results.clear()
        self._by_key.clear()
        self._read()

    # Showing

    def _draw_soon(self) -> None:
        if self._drawing is None:
            seconds = max(DRAW_SECONDS, len(self._shown) / ROWS_A_SECOND)
            self._drawing = self.set_timer(seconds, self._draw)

    def _draw(self) -> None:
        if self._drawing is not None:
            self._drawing.stop()
            self._drawing = None
        matches = matcher(self.filter_input.value)
        rows = [row for rows in self._by_key.values() for row in rows if matches(row)]
        before, self._shown = (
            self._shown,
            {row.id: row for row in sorted(rows, key=FindingRow.order)},
        )
        changed = {row for row, now in self._shown.items() if before.get(row) is not now}
        if changed or len(before) != len(self._shown):
            # Only lines that look different are drawn: a frame is many bytes over SSH.
            shown = list(self._shown)
            self.table.show_rows(shown, None, frozenset(changed or {""}), moved=True)
        self.table.set_empty(self._why_empty())
        self._write_title()
        self._speak()

    def _why_empty(self) -> str:
        if self._reading:
            return "Reading…"
        if self.filter_input.value:
            return "No finding matches the filter. Esc clears it."
        if self._all.left:
            return "Stopped. r reads the policies."
        return "No findings: the linter has nothing to say about any customer key's policy."

    def _write_title(self) -> None:
        found = [row.found.finding for row in self._shown.values() if row.found]
        unread = sum(row.found is None for row in self._shown.values())
        total, left = self._all.total, self._all.left
        read = total - left
        parts: list[Part] = [(" Findings of all keys", "title"), "  "]
        listing = "" if not self._session.store.progress.listing else " so far"
        if self._reading:
            how = "stopping… (Esc closes)" if self._all.stopping else "(Esc stops)"
            parts.append(f"{read:,} of {total:,}{listing} keys read… {how}")
        elif left:
            parts.append(f"{read:,} of {total:,}{listing} keys read, stopped (r reads again)")
        else:
            parts.append(f"{total:,}{listing} keys")
        parts.append(f"  {counts_text(Counts.of(found), self.symbols)}")
        if unread:
            parts.append((f"  {unread:,} not read", "bad"))
        if self.filter_input.value:
            parts.append((f"  /{self.filter_input.value}", "accent"))
        self.title_line.show(parts)

    def _cells(self, row: str, columns: Sequence[str]) -> Cells:
        return self._shown[row].cells(columns, self.symbols)

    @on(LineTable.Moved)
    def _speak(self) -> None:
        row = self._shown.get(self.table.cursor_row or "")
        self.words.say(row.sentence if row else "")

    # What a person asks

    @on(LineTable.Chosen)
    def action_go(self) -> None:
        """Close with the place of the finding under the cursor."""
        row = self._shown.get(self.table.cursor_row or "")
        if row is not None:
            self._all.left_at = row.id
            self.dismiss(GoTo(row.key_id, row.found.finding.span.start if row.found else 0))

    def action_why(self) -> None:
        """Tell the story behind the finding under the cursor."""
        from kmstui.ui.policy import WhyScreen

        row = self._shown.get(self.table.cursor_row or "")
        if row is not None and row.found is not None:
            self.app.push_screen(WhyScreen(row.found.finding, symbols=self.symbols))

    def action_filter(self) -> None:
        """Filter while typing."""
        self.filter_input.display = True
        self.filter_input.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what matches."""
        event.stop()
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The filter stays; the list has the keys again."""
        event.stop()
        self._close_filter()

    def _close_filter(self) -> None:
        self.filter_input.display = False
        self.table.focus()

    def action_back(self) -> None:
        """Clear the filter, stop reading, or close."""
        if self.filter_input.display or self.filter_input.value:
            self.filter_input.value = ""
            self._close_filter()
        elif self._all.stop():
            self._write_title()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Close; the list is there again when it is next opened."""
        self._all.left_at = self.table.cursor_row or ""
        self._all.stop()
        self.dismiss(None)


def judged(
    stored: str, context: KeyContext, disabled: frozenset[str]
) -> tuple[LocatedFinding, ...]:
    """The findings of a stored policy at the places where its view shows them."""
    shown = pretty(stored)
    return located(shown, lint_stored(stored, shown, context, disabled))
