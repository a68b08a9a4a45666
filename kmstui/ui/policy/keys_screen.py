"""All keys that work in a policy's text, told by what they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from kmstui.ui.commands import readable_key
from kmstui.ui.policy.reading_box import ReadingBox
from kmstui.ui.style import FANCY, Symbols, wrap
from kmstui.ui.widgets import Block

Keys = Sequence[tuple[str, Sequence[tuple[str, str]]]]
"""Groups: a title, and in it keys and what they do."""

_CHANGING = {
    "undo": "Take the last change back",
    "redo": "Do it again",
    "select_all": "Select all",
    "select_line": "Select the line",
    "cut": "Cut what is selected, or the line",
    "copy": "Copy what is selected",
    "paste": "Paste; the terminal's own paste works too",
    "delete_left": "Delete the character before the cursor",
    "delete_right": "Delete the character at the cursor",
    "delete_word_left": "Delete to the beginning of the word",
    "delete_word_right": "Delete to the end of the word",
    "delete_to_start_of_line": "Delete to the beginning of the line",
    "delete_to_end_of_line_or_delete_line": "Delete to the end of the line",
    "delete_line": "Delete the line",
}
_MOVING = {
    "cursor_up": "Up",
    "cursor_down": "Down",
    "cursor_left": "Left",
    "cursor_right": "Right",
    "cursor_word_left": "A word to the left",
    "cursor_word_right": "A word to the right",
    "cursor_line_start": "Beginning of the line",
    "cursor_line_end": "End of the line",
    "cursor_page_up": "A page up",
    "cursor_page_down": "A page down",
    "to_top": "First line",
    "to_bottom": "Last line",
    "half_page(1)": "Half a page down",
    "half_page(-1)": "Half a page up",
}
_JSON = (
    ("Tab", "Indent; to the next place to fill in; take the proposal"),
    ("Shift-Tab", "Indent less"),
    ("Enter", "New line, indented; take the proposal"),
    ("Shift and a key that moves", "Select"),
)
"""Keys that the area takes before any binding."""


def keys_in(screen: Screen[object], *, writing: bool) -> Keys:
    """What works on the screen now, commands first; keys that nobody has words for are left out."""
    commands: dict[str, list[str]] = {}
    changing: dict[str, list[str]] = {}
    moving: dict[str, list[str]] = {}
    for key, active in screen.active_bindings.items():
        action = active.binding.action
        if key.startswith("super+") or action.startswith("app."):
            continue
        for table, words in (
            (commands, active.binding.tooltip),
            (changing, _CHANGING.get(action) if writing or action == "copy" else None),
            (moving, _MOVING.get(action)),
        ):
            if words:
                table.setdefault(words, []).append(readable_key(key))
                break
    return tuple(
        (title, rows)
        for title, rows in (
            ("Commands", _rows(commands)),
            ("The text", [*_rows(changing, _CHANGING), *(_JSON if writing else ())]),
            ("Moving", _rows(moving)),
        )
        if rows
    )


def _rows(
    table: Mapping[str, Sequence[str]], order: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    listed = table if order is None else [each for each in order.values() if each in table]
    return [(" ".join(dict.fromkeys(table[words])), words) for words in listed]


_WIDTH = 18
"""Cells for the keys; more of them go on below."""


class KeysScreen(ReadingBox):
    """Lists keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "dismiss", "close", show=False),
    ]

    def __init__(self, keys: Keys, *, symbols: Symbols = FANCY) -> None:
        super().__init__("Keys", _blocks(keys), symbols=symbols)


def _blocks(keys: Keys) -> Iterator[Block]:
    for title, rows in keys:
        yield Block(title, "title")
        for key, words in rows:
            first, *others = wrap(key, _WIDTH)
            yield Block(words, lead=f"  {first:<{_WIDTH}}  ", lead_style="key")
            yield from (Block("", lead=f"  {each}", lead_style="key") for each in others)
