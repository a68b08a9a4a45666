"""Lines of a text as cells of the screen: their characters, styles, width, and words behind them.

A policy is data: an escape sequence, a bidirectional override or a zero-width space in it must be
seen, must take one cell, and must come back out of the widget unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from kmstui.model import is_seen
from kmstui.ui.style import LONGEST_LINE, fit
from kmstui.ui.terminal import is_simple

_FIRST_STAND_IN = 0xF0000
"""Supplementary private use area A: one cell wide for Textual, and never a line break."""

_PLAIN = re.compile(r"[^\n\t\x20-\x7e]")
_STAND_INS = re.compile("[\U000f0000-\U0010ffff]")
_NAMED = {"\x7f": "␡", "\xa0": "␣", "\u202f": "␣", "\u3000": "␣"}
_UNNAMED = "�"


@lru_cache(maxsize=4096)
def is_strange(character: str) -> bool:
    """Would not show as itself: a control, format, private, unassigned, blank or zero-width one."""
    return not is_seen(character) or cell_len(character) == 0


@lru_cache(maxsize=4096)
def glyph(character: str) -> str:
    """One cell that stands for a strange character on the screen."""
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    return _NAMED.get(character, _UNNAMED)


class PlaceholderCharacters:
    """Swaps strange characters for private ones that Textual measures rightly, and back.

    The swap is one character for one, so offsets mean the same on both sides. Stand-ins are
    handed out as needed, so that even a text holding private-use characters survives.
    """

    def __init__(self) -> None:
        self._by_original: dict[str, str] = {}
        self._originals: dict[str, str] = {}

    def encode(self, text: str) -> str:
        """What the widget holds for `text`; CR LF becomes LF, which JSON reads alike."""
        text = text.replace("\r\n", "\n")
        if not _PLAIN.search(text):
            return text
        return _PLAIN.sub(self._encode_match, text)

    def decode(self, text: str) -> str:
        """The text that the widget's `text` stands for."""
        if text.isascii():
            return text
        return _STAND_INS.sub(lambda match: self._originals.get(match[0], match[0]), text)

    def original(self, stand_in: str) -> str:
        """The character that `stand_in` stands for; itself where it is none."""
        return self._originals.get(stand_in, stand_in)

    def shown(self, text: str) -> str:
        """The widget's `text` with a glyph for each stand-in."""
        if text.isascii():
            return text
        return _STAND_INS.sub(lambda match: glyph(self.original(match[0])), text)

    def _encode_match(self, match: re.Match[str]) -> str:
        character = match[0]
        if not is_strange(character):
            return character
        stand_in = self._by_original.get(character)
        if stand_in is None:
            stand_in = chr(_FIRST_STAND_IN + len(self._by_original))
            self._by_original[character] = stand_in
            self._originals[stand_in] = character
        return stand_in


def stand_ins_in(text: str) -> list[int]:
    """Where the stand-ins are in a text that the widget holds."""
    if text.isascii():
        return []
    return [match.start() for match in _STAND_INS.finditer(text)]


StyledSpan = tuple[int, int, Style]

_NOT_LATIN = re.compile("[^\x20-\x7e\xa1-\xac\xae-\u024f]")


def has_a_cell_each(text: str) -> bool:
    """Whether each character takes one cell; lines that are long and not Latin are not tried."""
    if not _NOT_LATIN.search(text):
        return True
    return len(text) <= LONGEST_LINE and "\t" not in text and is_simple(text)


def goes_on(line: str, cells: int, tab: int) -> bool:
    """Whether a line takes more than so many cells; a tab takes up to `tab`."""
    # Some characters take no cell, but hardly three of four; a line may have 30,000.
    return cell_len(line[: 4 * cells].expandtabs(tab)) > cells


def styled_cells(
    line: str, spans: Iterable[StyledSpan], base: Style, columns: slice, tabs: Sequence[int]
) -> Iterator[Segment]:
    """Some columns of a line, the widths of whose tabs are given.

    A later span goes over an earlier one where they overlap.
    """
    text: Sequence[str] = line[columns]
    first = columns.start
    if tabs:
        widths = iter(tabs[line.count("\t", 0, first) :])
        text = [" " * next(widths) if letter == "\t" else letter for letter in text]
    styles = [base] * len(text)
    for start, end, style in spans:
        here = slice(max(0, start - first), max(0, end - first))
        styles[here] = [under + style for under in styles[here]]
    for style, run in groupby(range(len(text)), styles.__getitem__):
        where = list(run)
        yield Segment("".join(text[where[0] : where[-1] + 1]), style)


def over(strip: Strip, words: Segment, start: int) -> Strip:
    """The strip with words written over it from a cell on."""
    tail = Strip([words])
    after = strip.crop(min(start + tail.cell_length, strip.cell_length))
    return Strip.join([strip.crop(0, start), tail, after])


_LEAST_CELLS = 8
"""With less room than this, nothing is better than a stump."""


def line_end_message(messages: Sequence[str], cells: int) -> str:
    """The first message, and how many more there are, in the cells there are; may be empty."""
    if cells < _LEAST_CELLS:
        return ""
    more = f" (+{len(messages) - 1})" if len(messages) > 1 else ""
    return fit(messages[0], cells - len(more)).rstrip() + more


def widest(lines: Sequence[str], tab: int) -> int:
    """The cells of the widest line, with tab stops every `tab` cells."""
    text = "\n".join(lines)
    if text.isascii() and "\t" not in text:
        return max(map(len, lines))
    return max(
        # Long lines are not remembered: one of 32 KB, typed in, would fill the memory.
        (_width_of if len(line) <= LONGEST_LINE else _width_of.__wrapped__)(line, tab)
        for line in lines
    )


@lru_cache(maxsize=4096)
def _width_of(line: str, tab: int) -> int:
    return cell_len(line.expandtabs(tab))
