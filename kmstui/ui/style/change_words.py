"""Entries of the journal in words."""

from __future__ import annotations

import json

from kmstui.service.ports import ChangeRecord
from kmstui.ui.style.symbols import Marks


def change_words(record: ChangeRecord, signs: Marks) -> str:
    """What was changed: each thing with its value before and after."""
    before, after = _read(record.before), _read(record.after)
    if not isinstance(before, dict) or not isinstance(after, dict):
        return f"{record.before} {signs.arrow} {record.after}"
    names = list(dict.fromkeys((*before, *after)))
    return ", ".join(
        _step(name, before.get(name), after.get(name), signs)
        for name in names
        if before.get(name) != after.get(name)
    )


def _step(name: str, old: object, new: object, signs: Marks) -> str:
    if old is None:
        return f"+{name}={_text(new)}"
    if new is None:
        return f"-{name} (was {_text(old)})"
    return f"{name}: {_text(old)} {signs.arrow} {_text(new)}"


def _text(value: object) -> str:
    if value == "":
        return "(empty)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _read(text: str) -> object:
    try:
        read: object = json.loads(text)
    except ValueError:
        # An entry of a damaged journal, or a newer kmstui's: shown as it stands.
        return text
    return read
