"""Text from files and services made safe to print: data is shown, never obeyed."""

from __future__ import annotations

_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def visible(text: str) -> str:
    """`text` on one line, with every character that does not print written as its code.

    Control characters, bidirectional marks, zero-width and unassigned characters come out as
    in Python and JSON, with a backslash.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _code(character) for character in text)


def _code(character: str) -> str:
    number = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
