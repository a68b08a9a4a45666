"""Two people changed the policy: decide place by place, and look at all texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.service.editing import Conflict, Merge, resolve_merge
from kmstui.ui.commands import bound, key_of
from kmstui.ui.dialogs import FullScreen, QuestionDialog
from kmstui.ui.editing.review_rows import INDENT, diff_rows
from kmstui.ui.policy import pretty
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Block, Row, Rows, code_lines

VIEWS = ("Decide", "Merged", "Their change", "Your change", "Before")


class ConflictScreen(FullScreen[str]):
    """Returns the text that the person goes on with, merged or their own; None: not decided."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("conflict.take", "take", "take the merged text"),
        bound("conflict.overwrite", "overwrite", "go on with your text alone"),
        bound("conflict.turn", "turn", "the other one's choice"),
        bound("conflict.next", "next", "next place"),
        bound("conflict.next-text", "view(1)", "next text"),
        bound("conflict.previous-text", "view(-1)", "text before"),
        Binding("escape,q", "leave", "back", show=False),
    ]

    def __init__(self, title: str, conflict: Conflict, symbols: Symbols) -> None:
        super().__init__(symbols)
        self._about_title = title
        self._conflict = conflict
        merged = conflict.merge
        self._choices = [each.kept for each in merged.conflicts] if merged else []
        self._view = 0
        self.rows = Rows(symbols=symbols, id="conflict-rows")
        self.body = (self.rows,)

    def on_mount(self) -> None:
        """Begin with the places to decide."""
        self.rows.focus()
        self._draw()

    @property
    def merged(self) -> str:
        """The merged text as chosen so far; my own where there is no merge."""
        merge = self._conflict.merge
        if merge is None:
            return self._conflict.mine
        return resolve_merge(merge, self._choices) if merge.conflicts else merge.text

    def _draw(self) -> None:
        views = [
            (f" {name} ", "title" if number == self._view else "dim")
            for number, name in enumerate(VIEWS)
        ]
        self.title_line.show([(" Merge ", "title"), (f"{self._about_title} ", "accent"), *views])
        keys = [
            ("conflict.next-text", "Texts"),
            ("conflict.overwrite", "Overwrite theirs"),
            ("Esc", "Back"),
        ]
        if self._conflict.merge is not None:
            keys = [("conflict.take", "Take merged"), *keys]
        if self._choices:
            keys = [("conflict.turn", "Yours/theirs"), ("conflict.next", "Next"), *keys]
        self.key_bar.show_keys(keys)
        self.rows.show(self._content())

    def _content(self) -> Iterator[Row]:
        conflict = self._conflict
        match self._view:
            case 0:
                yield from self._places()
            case 1:
                yield from code_lines(pretty(self.merged, INDENT))
            case 2:
                yield from diff_rows(conflict.base, conflict.theirs)
            case 3:
                yield from diff_rows(conflict.base, conflict.mine)
            case _:
                yield from code_lines(pretty(conflict.base, INDENT))

    def _places(self) -> Iterator[Row]:
        yield Block(self._conflict.sentence, "warn")
        merge = self._conflict.merge
        if merge is None:
            return
        yield Block("")
        for number, (place, choice) in enumerate(zip(merge.conflicts, self._choices, strict=True)):
            about = str(number)
            yield Block(place.where, "title", about=about)
            yield Block(_short(place.base), "dim", "      it was ", about)
            for name, value in (("mine", place.mine), ("theirs", place.theirs)):
                word = "yours" if name == "mine" else "theirs"
                chosen = choice == name
                lead = f"  {'(x)' if chosen else '( )'} {word:6} "
                yield Block(_short(value), "accent" if chosen else "", lead, about)
        yield from _touched(merge)
        if not merge.conflicts:
            yield Block("")
            yield Block("The merged text", "title")
            yield from diff_rows(self._conflict.theirs, self.merged)

    def action_view(self, steps: int) -> None:
        """Show another text."""
        self._view = (self._view + steps) % len(VIEWS)
        self.rows.forget_place()
        self._draw()

    def action_turn(self) -> None:
        """Take the other one's at this place."""
        about = self.rows.about
        if self._view != 0 or not about.isdecimal():
            self.notice.tell(
                "Go to a place that both changed;"
                f" {key_of('conflict.turn', self)} switches between yours and theirs."
            )
            return
        number = int(about)
        self._choices[number] = "theirs" if self._choices[number] == "mine" else "mine"
        self._draw()

    def action_next(self) -> None:
        """Go to the next place."""
        about = self.rows.about
        following = (int(about) + 1) % len(self._choices) if about.isdecimal() else 0
        self.rows.go_to(str(following))

    def action_take(self) -> None:
        """Go on with the merged text."""
        if self._conflict.merge is None:
            self.notice.tell(self._conflict.why_unmerged, "warn")
        else:
            self.dismiss(self.merged)

    def action_overwrite(self) -> None:
        """Go on with my text, which takes their change back."""
        words = self._conflict.what_overwriting_does
        question = QuestionDialog("Go on without their change?", words, yes="Go on")
        self.program.ask(question, lambda _: self.dismiss(self._conflict.mine))


def _touched(merge: Merge) -> Iterator[Row]:
    if merge.touched_by_both:
        yield Block("")
        yield Block(
            f"Both of you changed {', '.join(merge.touched_by_both)}: look at it once more.", "warn"
        )


def _short(value: str) -> str:
    return " ".join(value.split()) or "not there"
