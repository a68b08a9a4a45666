"""The definition of a command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kmstui.ui.commands.context import Context

EVERYWHERE = "everywhere"
"""The scope of commands that work in every pane of the main screen."""
KEYS = "keys"
ALIASES = "aliases"
POLICY = "policy"
TAGS = "tags"
"""Scopes of the panes."""
DETAILS = "details"
GRANTS = "grants"
EVENTS = "events"
"""Scopes of further views, as their own `scope` says; other screens name theirs."""

Action = Callable[["Context"], Awaitable[None] | None]
Availability = Callable[["Context"], str | None]
"""Returns why the command cannot be used now, as a sentence, or None when it can."""


def always(context: Context) -> str | None:
    """Can be used at any time."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing to do. Bindings, key bar, help and palette are derived from it."""

    id: str
    """Unique; `noun.verb`."""
    label: str
    """One or two words for the key bar and menus."""
    help: str
    """One line for the help and the palette, beginning with a verb."""
    run: Action
    keys: tuple[str, ...] = ()
    """Textual's names of the keys; the first is shown."""
    scope: str = EVERYWHERE
    available: Availability = always
    bar: int = 0
    """Place in the key bar, smaller first; 0: not in it."""
    opens: bool = False
    """Whether it is a job that opens something: keys typed after it wait for that."""
    palette: bool = True
    """Whether the command palette offers it."""


_KEY_NAMES = {
    "question_mark": "?",
    "exclamation_mark": "!",
    "colon": ":",
    "slash": "/",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "underscore": "_",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "asterisk": "*",
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
    "ctrl+@": "Ctrl-Space",
    "pagedown": "PgDn",
    "pageup": "PgUp",
}


def readable_key(key: str) -> str:
    """A key as a person reads it: `Ctrl-p`, `?`, `Esc`."""
    if key in _KEY_NAMES:
        return _KEY_NAMES[key]
    head, plus, tail = key.rpartition("+")
    if plus and tail:
        modifiers = "-".join(part.capitalize() for part in head.split("+"))
        return f"{modifiers}-{_KEY_NAMES.get(tail, tail)}"
    return key if len(key) == 1 else key.capitalize()
