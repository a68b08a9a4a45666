"""The policy to read: text, findings below it, find and go to line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import TextArea
from textual.worker import Worker, WorkerState

from kmstui.policy.lint import Finding
from kmstui.ui.commands import CommandScreen, bound
from kmstui.ui.policy.debounce import Debounce
from kmstui.ui.policy.find_bar import FindBar
from kmstui.ui.policy.finding_widgets import FindingLine, FindingsList, WhyScreen
from kmstui.ui.policy.keys_screen import Keys, KeysScreen, keys_in
from kmstui.ui.policy.text_area import PolicyTextArea, ReadingArea
from kmstui.ui.style import FANCY, Symbols
from kmstui.ui.widgets import Counts, Searchable

Lint = Callable[[str], Sequence[Finding]]
"""Finds what is wrong with a text; pure, and called in a thread."""

_WIDE = 70
_LOW = 12
LINT_PAUSE = 0.15
"""Seconds without a key before a text that has changed is linted."""


class PolicyViewer(Vertical, Searchable):
    """Shows one policy text and what the linter says about it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,alt+n", "next_finding", "Next finding", tooltip="Go to the next finding",
                id="policy.next-finding"),
        Binding("shift+f8,f20,alt+p", "previous_finding", tooltip="Go to the one before",
                show=False, id="policy.previous-finding"),
        Binding("f1,alt+w", "why", "Why", tooltip="Why; where nothing is wrong, these keys",
                id="policy.why"),
        Binding("alt+k,question_mark", "keys", tooltip="All keys", show=False,
                id="program.help"),
        Binding("f2,alt+l", "toggle_findings", "Findings", tooltip="List all findings",
                id="policy.findings"),
        bound("find.open", "find", "Find", tooltip="Find text, plain or by regular expression"),
        Binding("f3", "find_again(1)", tooltip="Find the next", show=False, id="find.next"),
        Binding("shift+f3,f15", "find_again(-1)", tooltip="Find the one before", show=False,
                id="find.previous"),
        Binding("ctrl+g", "go_to_line", tooltip="Go to a line by its number", show=False,
                id="policy.line"),
        Binding("escape", "close", "Close", tooltip="Close what is open here", show=False),
        bound("edit.fold", "fold", tooltip="Fold the statement, or open it"),
        bound("edit.fold-all", "fold_all", tooltip="Fold every statement, or open all"),
        Binding("f5,alt+z", "toggle_wrap", "Wrap", tooltip="Wrap long lines", show=False,
                id="policy.wrap"),
        # Where a text is typed, letters go into it.
        Binding("slash", "search", "Search", show=False, id="text.search"),
        Binding("n", "again(1)", "Next match", show=False, id="text.next"),
        Binding("N", "again(-1)", "Match before", show=False, id="text.previous"),
    ]  # fmt: skip

    @dataclass
    class FindingsChanged(Message):
        """The linter has spoken about the present text."""

        viewer: PolicyViewer
        counts: Counts

    @dataclass
    class WrapToggled(Message):
        """The person wants long lines wrapped, or no more."""

        viewer: PolicyViewer

    def __init__(
        self,
        text: str = "",
        *,
        lint: Lint | None = None,
        symbols: Symbols = FANCY,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._lint = lint
        self._symbols = symbols
        self.area = self._make_area(text)
        self._line = FindingLine(symbols=symbols)
        self._list = FindingsList(symbols=symbols)
        self._bar = FindBar(self.area)
        self._list.display = self._bar.display = False
        self.area.settled = self._settled
        self.area.say = self.say
        self._lint_soon = Debounce(self, LINT_PAUSE, self._lint_now)
        self._counts: Counts | None = None
        self._seen_revision = -1

    def _make_area(self, text: str) -> PolicyTextArea:
        return ReadingArea(text, read_only=True, symbols=self._symbols)

    def compose(self) -> ComposeResult:
        """Text above, what is said about it below."""
        yield self.area
        yield self._list
        yield self._bar
        yield self._line

    def on_mount(self) -> None:
        """Lint what was given."""
        self._text_changed(at_once=True)

    def on_resize(self, event: events.Resize) -> None:
        """Give the words below the room they need, as far as there is room."""
        rows = 2 if event.size.width >= _WIDE else 3
        self._line.styles.height = 1 if event.size.height < _LOW else rows

    def focus(self, scroll_visible: bool = True) -> PolicyViewer:
        """Focus the text."""
        self.area.focus(scroll_visible)
        return self

    # What it shows

    @property
    def text(self) -> str:
        """The whole text."""
        return self.area.text

    @property
    def counts(self) -> Counts | None:
        """How many findings the present text has; None while that is not known."""
        return self._counts if self._seen_revision == self.area.revision else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings shown, in the order of the text."""
        return tuple(mark.finding for mark in self.area.marks)

    def load(self, text: str, *, offset: int = 0) -> None:
        """Show another text with the cursor at `offset`; what was shown is forgotten."""
        self.area.load_text(text)
        self.area.move_cursor(self.area.location_of(min(offset, len(text))))
        self._text_changed(at_once=True)

    def set_lint(self, lint: Lint | None) -> None:
        """Lint by another function from now on, as when the key at hand has become known."""
        self._lint = lint
        self._lint_soon.cancel()
        self._lint_now()

    # Linting

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Somebody types, or a text was loaded."""
        event.stop()
        self._text_changed(at_once=False)

    def _text_changed(self, *, at_once: bool) -> None:
        if self.area.revision == self._seen_revision or not self.is_running:
            return
        self._lint_soon.poke()
        if at_once:
            self._lint_soon.flush()

    def _lint_now(self) -> None:
        if self._lint is None:
            # Not judged is something else than judged and found good.
            self._seen_revision = self.area.revision
            self._counts = None
            self._show_findings(())
            return
        lint, text, revision = self._lint, self.area.text, self.area.revision
        self.run_worker(
            lambda: (revision, lint(text)),
            thread=True,
            exclusive=True,
            group="lint",
            exit_on_error=False,
            description="lint the policy text",
        )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Take what the thread found, or say that the linter itself has failed."""
        event.stop()
        if event.state is WorkerState.SUCCESS and event.worker.result:
            self._line.tell("")
            self._linted(*event.worker.result)
        elif event.state is WorkerState.ERROR:
            error = event.worker.error
            self._line.tell(
                f"The linter failed on this text ({type(error).__name__}: {error}): "
                "its findings are not shown. Please report this."
            )

    def _linted(self, revision: int, findings: Sequence[Finding]) -> None:
        """Show what was found, unless the text has changed since."""
        if revision == self.area.revision:
            self._seen_revision = revision
            self._counts = Counts.of(findings)
            self._show_findings(findings)
            self.post_message(self.FindingsChanged(self, self._counts))

    # Findings

    def _show_findings(self, findings: Sequence[Finding]) -> None:
        self.area.show_findings(findings)
        if self._list.display:
            self._list.show(self.area.marks)
        self._speak_of_cursor()

    def on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:
        """The area has said so itself already, and sooner."""
        event.stop()

    def _settled(self) -> None:
        """The text or the cursor is another now."""
        self._line.say("")
        self._speak_of_cursor()
        if self._lint_soon.pending:
            # Linting takes turns with the keys: one that came meanwhile took 20 ms and more.
            self._lint_soon.poke()

    def say(self, words: str) -> None:
        """Say what came of a key, below the text, where it covers nothing, until the next key."""
        self._line.say(words)

    def _speak_of_cursor(self) -> None:
        mark = self.area.mark_at_cursor()
        finding = mark.finding if mark else None
        alike = len(self.alike(finding)) if finding is not None else 0
        self._line.show(finding, self._counts, alike=alike)

    def alike(self, finding: Finding) -> Sequence[Finding]:
        """All findings of the same rule whose fixes can be made here."""
        return ()

    def action_next_finding(self) -> None:
        """Go to the next finding."""
        self.area.go_to_next_mark(1)

    def action_previous_finding(self) -> None:
        """Go to the previous finding."""
        self.area.go_to_next_mark(-1)

    def finding_at_hand(self) -> Finding | None:
        """The finding that F1 and F4 mean: the list's, when it has the focus, or the cursor's.

        Says so where there is none.
        """
        finding = self._finding_meant
        if finding is None:
            self.say("There is no finding on this line; F8 goes to the next one.")
        return finding

    @property
    def _finding_meant(self) -> Finding | None:
        mark = self._list.chosen if self._list.has_focus else self.area.mark_at_cursor()
        return mark.finding if mark else None

    def action_why(self) -> None:
        """Tell the story behind the finding at hand; where there is none, all keys."""
        finding = self._finding_meant
        if finding is None:
            self.action_keys()
        else:
            self.app.push_screen(WhyScreen(finding, self._keys, symbols=self._symbols))

    def action_keys(self) -> None:
        """Tell all keys that work here."""
        self.app.push_screen(KeysScreen(self._keys))

    @property
    def _keys(self) -> Keys:
        return keys_in(self.screen, writing=not self.area.read_only)

    def action_toggle_findings(self) -> None:
        """Open the list of findings, or close it."""
        self._list.display = not self._list.display
        if self._list.display:
            self._list.show(self.area.marks)
            self.screen.set_focus(self._list)
        else:
            self.screen.set_focus(self.area)

    def close_part(self) -> bool:
        """Close the bar or the list, if one is open; whether there was one."""
        if self._bar.display and self._bar.is_typing:
            self._bar.action_close()
        elif self._list.display:
            self.action_toggle_findings()
        else:
            return False
        return True

    def action_close(self) -> None:
        """Close what is open here; with nothing open the key is somebody else's."""
        if not self.close_part():
            self._bar.display = False
            raise SkipAction

    def on_line_table_chosen(self, event: FindingsList.Chosen) -> None:
        """Go there."""
        event.stop()
        if self._list.chosen is not None:
            self.area.go_to_mark(self._list.chosen)
        self.screen.set_focus(self.area)

    # Find and go to

    def action_find(self) -> None:
        """Ask what to find, beginning with what is selected."""
        self._bar.open("find")

    def action_search(self) -> None:
        """As in any text that is read."""
        self.action_find()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of matches are somebody else's while nothing is looked for, help is the panes'."""
        if action == "keys":
            return not isinstance(self.screen, CommandScreen)
        return bool(self._bar.search_query.pattern) if action == "again" else True

    def action_again(self, by: int) -> None:
        """Go to the next match, or the one before."""
        self.search_again(by)

    def search_again(self, by: int) -> bool:
        """As in any text that is read."""
        if self._bar.search_query.pattern:
            self._bar.display = True
            self._bar.step(by)
        return bool(self._bar.search_query.pattern)

    def action_go_to_line(self) -> None:
        """Ask for a line number."""
        self._bar.open("line")

    def action_find_again(self, by: int) -> None:
        """Go to the next or previous match of what was last looked for."""
        if self._bar.search_query.pattern:
            self._bar.step(by)
        else:
            self.action_find()

    def action_fold(self) -> None:
        """Fold the statement at the cursor, or open it."""
        if not self.area.fold(self.area.cursor_location[0]):
            self.say("The cursor is in no statement of several lines.")

    def action_fold_all(self) -> None:
        """Fold every statement, or open all of them."""
        if not self.area.fold_all():
            self.say("There is no statement of several lines here.")

    def action_toggle_wrap(self) -> None:
        """Wrap long lines, or let them run out of sight again."""
        self.area.soft_wrap = not self.area.soft_wrap
        self.post_message(self.WrapToggled(self))
