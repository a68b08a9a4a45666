"""Text from files and services made safe to print: data is shown, never obeyed."""

from __future__ import annotations

import re

_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}

_UNSEEN = re.compile(
    "["
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u2800\U00013441\U00013442\U00016fe4\U0001d159"
    "]"
)
"""What Python takes for printable, and nobody sees.

The first two rows are those of Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties.txt):
fillers, variation selectors, tags. The last are signs for nothing, such as the braille blank.
"""


def is_seen(character: str) -> bool:
    """Whether a terminal would show the character, and do nothing else."""
    return character.isprintable() and not _UNSEEN.match(character)


def visible(text: str) -> str:
    """`text` on one line, with every character that does not print written as its code.

    Control characters, bidirectional marks, zero-width, blank and unassigned characters come out
    as in Python and JSON, with a backslash.
    """
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return "".join(character if is_seen(character) else _code(character) for character in text)


def _code(character: str) -> str:
    number = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
