"""The panes, and how they share the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widget import Widget

from kmstui.ui.style import Part, TitleLine
from kmstui.ui.widgets import LineTable

FOUR_PANES_WIDTH = 110
"""Cells from which on four panes stand side by side."""

_Line = tuple[Literal["round"], str]
"""A line of a frame, as Textual takes it."""

FRAMES = (150, 45)
"""Cells and lines of the window from which on there is room for frames."""

_LEFT_WITH_IDS = 93
"""Cells of the left column in which whole key IDs and some tags stand."""

ALL, ONE, ONLY = 0, 1, 2
"""All panes open, one open beside the titles of the others, one alone."""


class Pane(Vertical):
    """One of the numbered panes of the main screen."""

    number: ClassVar[int]
    """The digit that goes to it."""

    class Asked(Message):
        """The pane's title was clicked: a person wants it open."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="pane")
        self.title_line = TitleLine(classes="pane--title")
        self._opened = True

    def compose(self) -> ComposeResult:
        """Title and body."""
        yield self.title_line
        yield self.body

    @property
    def scope(self) -> str:
        """Whose commands work while the pane has the focus."""
        raise NotImplementedError

    @property
    def body(self) -> Widget:
        """What stands under the title while the pane is open."""
        raise NotImplementedError

    @property
    def focus_target(self) -> Widget:
        """What gets the focus when the pane is opened."""
        raise NotImplementedError

    def show_title(self, parts: Iterable[Part], end: Iterable[Part] = ()) -> None:
        """Write the title line: number, then `parts`; `end` stands at the right."""
        self.title_line.show([(f" {self.number} ", "key"), *parts], end)

    def set_open(self, *, opened: bool, focused: bool, framed: bool) -> None:
        """Show the body or the title alone; `framed`: with a line around it."""
        if opened != self._opened:
            # A class would let Textual work out the style of every widget in it, in 20 ms.
            self._opened = opened
            self.body.display = opened
            self.styles.height = None if opened else 1
        self.title_line.set_frame(framed=framed, focused=focused)
        colour = self.title_line.style_named("key" if focused else "frame").color
        line: _Line | None = ("round", str(colour.name)) if framed and colour else None
        styles = self.body.styles
        styles.border_left = styles.border_right = styles.border_bottom = line

    def on_click(self) -> None:
        """With the mouse on, a click on a closed pane opens it."""
        if not self._opened:
            self.post_message(self.Asked(self))


class TablePane(Pane):
    """A pane whose body is a table, which `__init__` makes."""

    table: LineTable

    @property
    def body(self) -> LineTable:
        """The table."""
        return self.table

    @property
    def focus_target(self) -> LineTable:
        """The table."""
        return self.table

    @property
    def chosen(self) -> str | None:
        """The row under the cursor: a key's ID, an alias with its prefix, a tag's key."""
        return self.table.cursor_row


class Panes(Container):
    """Two columns of panes; one pane has the focus, or had it last."""

    def __init__(self, left: Sequence[Pane], right: Sequence[Pane]) -> None:
        super().__init__(id="panes")
        self._columns = ((Vertical(id="left"), tuple(left)), (Vertical(id="right"), tuple(right)))
        self.all: tuple[Pane, ...] = (*left, *right)
        self.focused = self.all[0]
        self._zoom: int | None = None
        self._zoomed_by_opening = False

    def compose(self) -> ComposeResult:
        """The columns with their panes."""
        for column, panes in self._columns:
            with column:
                yield from panes

    @property
    def _lowest(self) -> int:
        return ALL if self.screen.size.width >= FOUR_PANES_WIDTH else ONE

    @property
    def zoom(self) -> int:
        """How the panes share the screen now."""
        return self._lowest if self._zoom is None else self._zoom

    @property
    def chosen_zoom(self) -> int | None:
        """What a person has set it to; None: as the width has it."""
        return None if self._zoomed_by_opening else self._zoom

    @chosen_zoom.setter
    def chosen_zoom(self, zoom: int) -> None:
        self._zoom = None
        self.change_zoom(zoom - self.zoom)

    def change_zoom(self, steps: int) -> None:
        """Give the focused pane more room or less."""
        zoom = max(self._lowest, min(self.zoom + steps, ONLY))
        self._zoom = None if zoom == self._lowest else zoom
        self._zoomed_by_opening = False
        self.share()

    def zoom_by_opening(self) -> None:
        """What is opened next has the screen alone, until `undo_opening`."""
        if self.zoom != ONLY:
            self._zoom = ONLY
            self._zoomed_by_opening = True

    def undo_opening(self) -> bool:
        """Undo `zoom_by_opening`; returns whether there was anything to undo."""
        if not self._zoomed_by_opening:
            return False
        self._zoom, self._zoomed_by_opening = None, False
        return True

    def beside(self, steps: int) -> Pane:
        """The pane so many steps after the focused one, round and round."""
        return self.all[(self.all.index(self.focused) + steps) % len(self.all)]

    def share(self) -> None:
        """Open, close and hide panes as it is due."""
        zoom = self.zoom
        wide, high = (have >= need for have, need in zip(self.screen.size, FRAMES, strict=True))
        framed = wide and high and zoom != ONE
        # Together, since each change of a class styles every widget of the panes anew.
        self.update_classes({"-all": zoom == ALL, "-framed": framed}, animate=False)
        width = self.screen.size.width
        left, _ = self._columns[0]
        whole_ids = min(width * 58 // 100, _LEFT_WITH_IDS) if zoom == ALL and wide else 0
        left.styles.width = max(width * 53 // 100, whole_ids) if zoom == ALL else None
        for pane in self.all:
            focused = pane is self.focused
            pane.set_open(opened=zoom == ALL or focused, focused=focused, framed=framed)
            pane.display = zoom != ONLY or focused
            pane.set_class(zoom == ALL and not focused, "-aside")
        for column, panes in self._columns:
            closed = zoom != ALL and self.focused not in panes
            column.styles.height = 2 if closed else None
            column.display = zoom != ONLY or self.focused in panes
