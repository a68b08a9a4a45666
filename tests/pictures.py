"""The screen of a terminal as a picture: what the program has sent, in the colours of 256."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import groupby

from pyte.screens import Char
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME
from rich.text import Text

from tests.pty_terminal import PtyTerminal

_PYTES_NAMES = {"brown": "yellow", "default": "default"}
"""pyte calls colour 3 so."""


class PicturedTerminal(PtyTerminal):
    """A terminal whose screen can be kept as a picture."""

    def picture(self, title: str, name: str, *, light: bool = False) -> str:
        """The screen as SVG; `name` tells its classes from those of other pictures."""
        console = Console(
            record=True, width=self.columns, file=io.StringIO(), color_system="truecolor",
            force_terminal=True, legacy_windows=False,
        )  # fmt: skip
        for row in range(self.rows):
            cells = [self._screen.buffer[row][column] for column in range(self.columns)]
            console.print(_line(cells), end="\n", overflow="crop", no_wrap=True)
        theme = DEFAULT_TERMINAL_THEME if light else SVG_EXPORT_THEME
        return console.export_svg(title=title, theme=theme, unique_id=name)


def _line(cells: Sequence[Char]) -> Text:
    line = Text()
    for style, run in groupby(cells, _style):
        line.append("".join(cell.data for cell in run), style)
    return line


def _style(cell: Char) -> Style:
    return Style(
        color=_colour(cell.fg), bgcolor=_colour(cell.bg), bold=cell.bold,
        underline=cell.underscore, reverse=cell.reverse, italic=cell.italics,
    )  # fmt: skip


def _colour(name: str) -> Color:
    if len(name) == 6 and all(letter in "0123456789abcdef" for letter in name):
        return Color.parse(f"#{name}")
    return Color.parse(_PYTES_NAMES.get(name, name.replace("bright", "bright_")))
