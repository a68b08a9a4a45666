"""Characters that a terminal would obey or swallow, made visible.

A policy is data: an escape sequence, a bidirectional override or a zero-width space in it must be
seen, must take one cell, and must come back out of the widget unchanged.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import cell_len

_FIRST_STAND_IN = 0xF0000
"""Supplementary private use area A: one cell wide for Textual, and never a line break."""

_PLAIN = re.compile(r"[^\n\t\x20-\x7e]")
_STAND_INS = re.compile("[\U000f0000-\U0010ffff]")
_NAMED = {"\x7f": "␡", "\xa0": "␣", "\u202f": "␣", "\u3000": "␣"}
_UNNAMED = "�"


@lru_cache(maxsize=4096)
def is_strange(character: str) -> bool:
    """Would not show as itself: a control, format, private, unassigned or zero-width character."""
    return not character.isprintable() or cell_len(character) == 0


@lru_cache(maxsize=4096)
def glyph(character: str) -> str:
    """One cell that stands for a strange character on the screen."""
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    return _NAMED.get(character, _UNNAMED)


class StandIns:
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
