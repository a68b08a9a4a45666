"""What the linter says of a text: the line at the cursor, the list of all, the story behind one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from kmstui.model import visible
from kmstui.policy.lint import Finding
from kmstui.ui.commands import key_of
from kmstui.ui.policy.finding_marks import FindingMark
from kmstui.ui.policy.keys_screen import Keys, KeysScreen
from kmstui.ui.policy.reading_box import ReadingBox
from kmstui.ui.style import FANCY, Part, Symbols
from kmstui.ui.widgets import Block, Column, Counts, TextTable


def counted(counts: Counts) -> str:
    """The counts in words: "2 errors, 1 warning"."""
    words = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in (
            (counts.errors, "error"),
            (counts.warnings, "warning"),
            (counts.infos, "note"),
        )
        if number
    ]
    return ", ".join(words) or "no findings"


class FindingLine(Widget):
    """Two lines that say what is wrong where the cursor is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "finding--error",
        "finding--warning",
        "finding--info",
        "finding--keys",
    }

    def __init__(self, *, symbols: Symbols = FANCY) -> None:
        super().__init__()
        self._symbols = symbols
        self._finding: Finding | None = None
        self._counts: Counts | None = None
        self._trouble = ""
        self._alike = 0
        self._said = ""

    def show(self, finding: Finding | None, counts: Counts | None, *, alike: int) -> None:
        """Speak of `finding`, or of the counts; None for counts not yet known.

        `alike` findings of its rule can be fixed here.
        """
        if (finding, counts, alike) != (self._finding, self._counts, self._alike):
            self._finding, self._counts, self._alike = finding, counts, alike
            self.refresh()

    def tell(self, trouble: str) -> None:
        """Say that there are no findings for a reason; an empty text ends it."""
        if trouble != self._trouble:
            self._trouble = trouble
            self.refresh()

    def say(self, words: str) -> None:
        """Say something else in their place; an empty text ends it."""
        if words != self._said:
            self._said = words
            self.refresh()

    def render(self) -> Text:
        """The finding and what can be done about it."""
        text = Text(no_wrap=False, end="")
        if self._said:
            return text.append(visible(self._said), self._style("warning"))
        if self._trouble:
            return text.append(visible(self._trouble), self._style("error"))
        finding = self._finding
        if finding is None:
            return text.append(
                "" if self._counts is None else counted(self._counts).capitalize(),
                self._style("keys"),
            )
        word = finding.severity.word
        symbol = self._symbols.for_severity(finding.severity.word)
        text.append(f"{symbol} {finding.rule} ", self._style(word))
        text.append(visible(finding.message))
        offered = [(key_of("policy.why", self), "why")]
        if finding.fix and self._alike:
            offered.append((key_of("edit.fix", self), visible(finding.fix.title)))
        if self._alike > 1:
            offered.append((key_of("edit.fix-alike", self), f"all {self._alike} alike"))
        words = "".join(f" · {key} {does}" for key, does in offered if key)
        return text.append(words, self._style("keys"))

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"finding--{name}")


class FindingsList(TextTable):
    """The list that F2 opens below the text: one line a finding."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Go there")]

    def __init__(self, *, symbols: Symbols = FANCY) -> None:
        column = Column("finding", "", 1, most=1000)
        super().__init__((column,), self._finding_cells, symbols=symbols, header=False)
        self._symbols = symbols
        self._listed: tuple[FindingMark, ...] = ()

    def show(self, findings: Iterable[FindingMark]) -> None:
        """List these, the worst first, keeping the place."""
        self._listed = tuple(sorted(findings, key=lambda mark: -mark.finding.severity))
        self.border_title = counted(Counts.of(mark.finding for mark in self._listed)).capitalize()
        self.set_rows([str(index) for index in range(len(self._listed))])

    @property
    def chosen(self) -> FindingMark | None:
        """The finding under the list's cursor."""
        return self._listed[self.cursor] if self._listed else None

    def _finding_cells(self, row: str, _: Sequence[str]) -> Sequence[Part]:
        """Mark, place, rule and message; a star says that it can be fixed."""
        mark = self._listed[int(row)]
        finding, (line, column) = mark.finding, mark.start
        symbol = self._symbols.for_severity(finding.severity.word)
        fixable = "*" if finding.fix else " "
        place = f"{line + 1:>4}:{column + 1:<3}"
        return (f"{symbol} {place} {finding.rule}{fixable} {finding.message}",)

    def action_choose(self) -> None:
        """Go to the finding under the cursor."""
        self.post_message(self.Chosen(self, self.cursor_row))


class WhyScreen(ReadingBox):
    """Says what a finding means, where AWS says so, and what its fix would do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "keys", "all keys", show=False, id="policy.why"),
    ]

    def __init__(self, finding: Finding, keys: Keys = (), *, symbols: Symbols = FANCY) -> None:
        """`keys` are told with F1, if any are given."""
        more = "F1 all keys" if keys else ""
        super().__init__("Why", _story(finding, symbols), more, symbols=symbols)
        self._keys = keys

    def action_keys(self) -> None:
        """Tell the keys instead; without any, close."""
        if self._keys:
            self.app.switch_screen(KeysScreen(self._keys))
        else:
            self.dismiss()


def _story(finding: Finding, symbols: Symbols) -> Iterator[Block]:
    word = finding.severity.word
    lead = f"{symbols.for_severity(word)} {word} {finding.rule}  "
    yield Block(finding.title, "title", lead)
    for paragraph in (finding.message, finding.why):
        yield Block("")
        yield Block(paragraph)
    if finding.fix:
        yield Block("")
        yield Block(finding.fix.title, lead="Its fix: ", lead_style="dim")
    if finding.url:
        yield Block("")
        yield Block(finding.url, "dim")
