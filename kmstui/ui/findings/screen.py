"""The findings of all keys, worst first: of their policies, and of the keys themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input

from kmstui.model import Key, place_in
from kmstui.policy.lint import Finding, KeyContext
from kmstui.service.access import lint_context
from kmstui.service.findings import (
    AllFindings,
    Judged,
    KeyFinding,
    KeyFindings,
    LocatedFinding,
    Remedy,
    Wanted,
    lint_stored,
    located,
)
from kmstui.service.inventory import Topic, alias_text
from kmstui.service.session import Session
from kmstui.ui.commands import DETAILS, GRANTS, POLICY, USES, bound
from kmstui.ui.dialogs import ListScreen
from kmstui.ui.findings.going import GoTo
from kmstui.ui.findings.rows import (
    COLUMNS,
    ORDERS,
    FindingRow,
    matcher,
    next_group,
    not_known_rows,
    rows_of,
)
from kmstui.ui.main import main_of
from kmstui.ui.policy import pretty
from kmstui.ui.runtime import Changes, StoreFeed
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Cells, Counts, Sentences, counts_text

DRAW_SECONDS = 0.25
"""Results that come within this time are drawn together: each frame costs a line over SSH."""
ROWS_A_SECOND = 20_000
"""A longer list is drawn less often, so that sorting it takes little of the time."""
_TAKEN_AT_ONCE = 16
"""Keys between two pauses."""

_VIEWS = {Remedy.POLICY: POLICY, Remedy.GRANTS: GRANTS, Remedy.USES: USES}
"""Where a remedy is nothing but a look."""


class FindingsScreen(ListScreen[GoTo]):
    """Reads every customer key's policy, and returns where the person wants to go."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("findings.go", "go", "tell what it means, or go to the place in the policy"),
        bound("findings.filter", "filter", "filter"),
        bound("findings.order", "order", "worst first, by rule, by key, by control"),
        bound("findings.next", "group(1)", "next group"),
        bound("findings.previous", "group(-1)", "group before"),
        bound("findings.read", "read_again", "read again"),
        bound("findings.why", "why", "why"),
        Binding("escape", "back", "stop, clear the filter, or close", show=False),
        Binding("q", "leave", "close", show=False),
    ]
    KEYS = (
        ("findings.go", "Go to it"),
        ("findings.why", "Why"),
        ("findings.filter", "Filter"),
        ("findings.order", "Order"),
        ("findings.next", "Next group"),
        ("findings.read", "Read again"),
    )

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(symbols, COLUMNS, "findings", id="findings-table")
        self._session = session
        self._all = session.shared(AllFindings)
        self._by_key: dict[str, list[FindingRow]] = {}
        self._not_known: dict[str, Judged] = {}
        self._shown: dict[str, FindingRow] = {}
        self._reading = False
        self._loading = session.store.progress.loading
        self._drawing: Timer | None = None
        self._order = next(iter(ORDERS))
        self.words = Sentences(least_lines=2, most_lines=4, more="(F1: all of it)")
        self.filter_input = Input(placeholder="error  KMS5  KEY01  alias  -word", compact=True)
        self.filter_input.cursor_blink = False
        self.filter_input.display = False
        self.body = (self.table, self.words, self.filter_input)

    def begin(self) -> None:
        """Show what is known from before, and read the rest."""
        topics = (Topic.POLICIES, Topic.PROGRESS, Topic.KEYS, Topic.ALIASES)
        StoreFeed(self._session.store, topics, self, self._store_changed)
        options = self.program.options
        self._all.wanted = Wanted(options.posture, options.rules_off)
        self._read()

    # Reading

    def _read(self) -> None:
        self._reading = True
        self._draw()
        self.program.work(self._run, group="findings", what="the findings of all keys", rings=True)

    async def _run(self) -> None:
        contexts = self.program.options
        session = self._session
        pause = self.program.slices.next

        def judge(key: Key, text: str) -> tuple[LocatedFinding, ...]:
            return judged(
                text, lint_context(key, session.of(key.id).caller), contexts.rules_off(key.id)
            )

        try:
            for number, result in enumerate(tuple(self._all.results.values())):
                if number % _TAKEN_AT_ONCE == 0:
                    await pause()
                self._take(result)
            if self._all.left_at:
                self._draw()
                self.table.move_to_row(self._all.left_at)
            await self._all.run(judge, self._told, pause, self._counted)
        finally:
            self._reading = False
            if self.is_running:
                self._draw()

    def _counted(self) -> None:
        if self.is_running:
            self._write_title()

    def _told(self, result: KeyFindings) -> None:
        counts = Counts.of(
            each.finding for each in result.found if isinstance(each.finding, Finding)
        )
        if not result.problem:
            main_of(self.program).keys_pane.set_findings(result.key_id, counts)
        if self.is_running:
            self._take(result)
            self._draw_soon()

    def _take(self, result: KeyFindings) -> None:
        key_id = result.key_id
        found = self._all.judged(key_id)
        self._by_key[key_id] = rows_of(result, found, self._name_of(key_id))
        if found.not_known:
            self._not_known[key_id] = found
        else:
            self._not_known.pop(key_id, None)

    def _name_of(self, key_id: str) -> str:
        store = self._session.store
        key = store.keys.get(key_id)
        name = alias_text(store.aliases_of(key_id)) or (key.bare_id if key else key_id)
        place = place_in(key_id)
        return f"{name} ({place})" if place else name

    def _store_changed(self, changes: Changes) -> None:
        if Topic.POLICIES in changes and not changes[Topic.POLICIES]:
            # A refresh, or another connection: nothing of before may stay.
            self._by_key.clear()
            self._not_known.clear()
        for topic in (Topic.KEYS, Topic.ALIASES):
            self._judge_again(changes.get(topic, frozenset()))
        loading = self._session.store.progress.loading
        if self._loading and not loading and not self._all.stopping:
            # More keys came meanwhile, and all aliases are known now.
            self._read()
        self._loading = loading
        self._draw_soon()

    def _judge_again(self, key_ids: Iterable[str]) -> None:
        for key_id in key_ids:
            result = self._all.results.get(key_id)
            if result is not None and key_id in self._by_key:
                self._take(result)

    def action_read_again(self) -> None:
        """Read everything again."""
        self._all.forget()
        self._by_key.clear()
        self._not_known.clear()
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
        of_keys = (row for rows in self._by_key.values() for row in rows)
        all_rows = (*of_keys, *not_known_rows(self._not_known))
        rows = sorted(filter(matches, all_rows), key=ORDERS[self._order].key)
        before, self._shown = self._shown, {row.id: row for row in rows}
        changed = {row for row, now in self._shown.items() if before.get(row) != now}
        if changed or before.keys() != self._shown.keys() or list(before) != list(self._shown):
            # Only lines that look different are drawn: a frame is many bytes over SSH.
            shown = list(self._shown)
            self.table.show_rows(shown, None, frozenset(changed or {""}), moved=True)
        self.table.set_empty(self._why_empty())
        self._write_title()
        self.show_chosen()

    def _why_empty(self) -> str:
        if self._reading:
            return "Reading…"
        if self.filter_input.value:
            return "No finding matches the filter. Esc clears it."
        if self._all.left:
            return "Stopped. r reads the policies."
        return "No findings: nothing is wrong with any customer key or its policy."

    def _write_title(self) -> None:
        found = [row.found.finding for row in self._shown.values() if row.found]
        unread = sum(row.severity_word == "not read" for row in self._shown.values())
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
        if self._order != next(iter(ORDERS)):
            parts.append((f"  {self._order}", "accent"))
        if self.filter_input.value:
            parts.append((f"  /{self.filter_input.value}", "accent"))
        self.title_line.show((*parts, *self._missing()))
        cleared = self.filter_input.display or self.filter_input.value
        stopped = (self._reading and not self._all.stopping) or self._all.facts_left()
        word = "Clear" if cleared else "Stop" if stopped else "Close"
        self.key_bar.show_keys((*self.KEYS, ("Esc", word)))

    def _missing(self) -> Iterable[Part]:
        """What of the keys themselves is still being read, or is not known."""
        if left := self._all.facts_left():
            told = ", ".join(f"{fact} of {number:,}" for fact, number in left.items())
            yield (f"  reading {told} (Esc stops)", "dim")
        elif unknown := len(self._not_known):
            yield (f"  {unknown:,} not wholly known", "warn")

    def cells_of(self, row: str, columns: Iterable[str]) -> Cells:
        """What is told of a finding."""
        return self._shown[row].cells(tuple(columns), self.symbols)

    @property
    def chosen(self) -> FindingRow | None:
        """The row under the cursor."""
        return self._shown.get(self.table.cursor_row or "")

    def show_chosen(self) -> None:
        """Say all of the finding under the cursor."""
        self.words.say(self.chosen.sentence if self.chosen else "")

    # What a person asks

    def choose(self) -> None:
        """Enter, or two clicks, on a row."""
        self.action_go()

    def action_go(self) -> None:
        """Close with the place of the finding under the cursor; of a key itself tell its story."""
        row = self.chosen
        if row is None:
            return
        if row.found is None or not isinstance(row.found.finding, Finding):
            if row.key_id and row.found is None:
                self._leave_for(row, GoTo(row.key_id))
            else:
                self.action_why()
            return
        self._leave_for(row, GoTo(row.key_id, row.found.finding.span.start))

    def _leave_for(self, row: FindingRow, place: GoTo) -> None:
        self._all.left_at = row.id
        self.dismiss(place)

    def action_why(self) -> None:
        """Tell the story behind the row under the cursor."""
        from kmstui.ui.findings.story import KeyStory, not_known_story
        from kmstui.ui.policy import ReadingBox, WhyScreen

        row = self.chosen
        if row is None:
            return
        if row.rule_not_known:
            story = not_known_story(row, self._name_of)
            self.app.push_screen(ReadingBox("Not known", story, symbols=self.symbols))
        elif row.found is not None:
            finding = row.found.finding
            if isinstance(finding, KeyFinding):
                self.app.push_screen(
                    KeyStory(
                        finding, row.name, lambda chosen: self._mend(row, chosen), self.symbols
                    )
                )
            else:
                self.app.push_screen(WhyScreen(finding, symbols=self.symbols))

    def _mend(self, row: FindingRow, remedy: Remedy | None) -> None:
        """Do what was chosen about a finding; None goes to the key."""
        from kmstui.ui.findings.story import REMEDIES

        if remedy is None:
            self._leave_for(row, GoTo(row.key_id, view=DETAILS))
        elif remedy is Remedy.TAG:
            self._leave_for(row, GoTo(row.key_id, view=DETAILS, tag=True))
        elif remedy in _VIEWS:
            self._leave_for(row, GoTo(row.key_id, view=_VIEWS[remedy]))
        else:
            _, command = REMEDIES[remedy]
            worker = self.program.work(
                lambda: self._run_command(row.key_id, command), group="mend", what="changing a key"
            )
            self.program.type_ahead.opens(worker, self)

    async def _run_command(self, key_id: str, name: str) -> None:
        """Run a command about the key, as in the panes behind; its question opens over the list."""
        main = main_of(self.program)
        if await main.go_to_key(key_id, open_keys=False):
            main.run_command(next(each for each in main.all_commands if each.id == name))
        else:
            self._session.notify("The key is not listed any more. r reads again.", "warning")

    def action_order(self) -> None:
        """Order the list otherwise; the row stays under the cursor."""
        names = list(ORDERS)
        self._order = names[(names.index(self._order) + 1) % len(names)]
        self._draw()

    def action_group(self, by: int) -> None:
        """Go to the first row of the next group, or of the one before."""
        rows = list(self._shown.values())
        if rows:
            found = next_group(rows, self.table.cursor, by, ORDERS[self._order])
            if found is not None:
                self.table.move_to_row(rows[found].id)

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
