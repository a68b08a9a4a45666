"""Keys as a person reads and writes them, and as Textual names them."""

from __future__ import annotations

import re
import string
import unicodedata

from textual.keys import KEY_NAME_REPLACEMENTS, Keys


class UnknownKeyError(ValueError):
    """No key is called so; the message is a sentence."""


def _textual_name(character: str) -> str:
    name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


_CHARACTERS = {_textual_name(each): each for each in string.punctuation}

_READABLE = {
    **_CHARACTERS,
    "escape": "Esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "ctrl+@": "Ctrl-Space",
    "ctrl+at": "Ctrl-Space",
    # As terminals send them, Shift-F3 and so on are function keys of their own.
    "f15": "Shift-F3",
    "f16": "Shift-F4",
    "f20": "Shift-F8",
    "f22": "Shift-F10",
}

_WRITTEN = {
    "esc": "escape",
    "return": "enter",
    "pgdn": "pagedown",
    "pgup": "pageup",
    "del": "delete",
}

_SAME = {
    "ctrl+space": "ctrl+@",
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
"""What a terminal sends for two keys alike, so that no program can tell them apart."""

_MODIFIERS = {"ctrl": "ctrl", "control": "ctrl", "alt": "alt", "meta": "alt", "shift": "shift"}


def readable_key(key: str) -> str:
    """A key as a person reads it: `Ctrl-p`, `?`, `Esc`."""
    if key in _READABLE:
        return _READABLE[key]
    head, plus, tail = key.rpartition("+")
    if plus and tail:
        modifiers = "-".join(part.capitalize() for part in head.split("+"))
        return f"{modifiers}-{readable_key(tail)}"
    return key if len(key) == 1 else key.capitalize()


def key_named(text: str) -> str:
    """Textual's name of a key that is written as `readable_key` has it, or so itself.

    Raises:
        UnknownKeyError: no terminal sends such a key.
    """
    *before, base = re.split(r"(?<=\w)[-+](?=.)", text.strip())
    modifiers = [_MODIFIERS.get(each.lower(), "") for each in before]
    if len(base) == 1:
        name = base if base.isalnum() else _CHARACTERS_BACK.get(base, "")
        if modifiers == ["shift"] and base.isalpha():
            name, modifiers = base.upper(), []
        elif "ctrl" in modifiers:
            name = name.lower()
    else:
        name = _WRITTEN.get(base.lower(), base.lower())
        name = name if name in _CHARACTERS or name in _NAMES else ""
    if not name or not all(modifiers) or not _is_sent(modifiers, name):
        raise UnknownKeyError(f"{text!r} is no key; keys are written e, E, ?, Ctrl-p, Alt-n, F8")
    key = "+".join((*sorted(modifiers), name))
    return _SAME.get(key, key)


def _is_sent(modifiers: list[str], name: str) -> bool:
    """Whether terminals send it, and Textual reads it: Alt with a sign comes as the sign alone."""
    character = _CHARACTERS.get(name, name if len(name) == 1 else "")
    if not modifiers or not character:
        return True
    if modifiers == ["alt"]:
        # Terminals send those for Ctrl-Left and Ctrl-Right too, and Textual reads them so.
        return character.isalnum() and character not in "bf"
    return modifiers == ["ctrl"] and (character.isalpha() or character in "@[\\]^_")


_CHARACTERS_BACK = {character: name for name, character in _CHARACTERS.items()}
_NAMES = {each.value for each in Keys if "+" not in each.value and "<" not in each.value}
