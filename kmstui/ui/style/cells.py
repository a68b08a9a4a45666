"""Text from a service is data: shown as it is, never obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from kmstui.model import visible

ELLIPSIS = "…"
_ARN = "arn:"


@lru_cache(maxsize=4096)
def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` made visible, cut with an ellipsis or padded to exactly `width` cells.

    Of an ARN the end says most: what it begins with goes.
    """
    if width <= 0:
        return ""
    shown = visible(text)
    length = len(shown) if shown.isascii() else cell_len(shown)
    if length > width and shown.startswith(_ARN) and shown.isascii() and width > 2 * len(_ARN):
        return f"{_ARN}{ELLIPSIS}{shown[len(_ARN) + 1 - width :]}"
    if length > width:
        return set_cell_size(set_cell_size(shown, width - 1) + ELLIPSIS, width)
    return " " * (width - length) + shown if right else shown + " " * (width - length)


def width_of(text: str) -> int:
    """How many cells `text` takes once it is made visible."""
    shown = visible(text)
    return len(shown) if shown.isascii() else cell_len(shown)


CHARACTERS_PER_CELL = 4
"""Looked at for a line: those without a width of their own stand in the cell of another."""


def _pieces(text: str, width: int) -> Iterator[str]:
    most = width * CHARACTERS_PER_CELL
    for word in text.split(" "):
        at = 0
        while len(rest := word[at : at + most]) == most or cell_len(rest) > width:
            # Longer than a line, as an ARN may be: broken where the line ends.
            head = set_cell_size(rest, width).rstrip() or rest[0]
            yield head
            at += len(head)
        yield rest


def wrap(text: str, width: int) -> list[str]:
    """`text` made visible and broken into lines of at most `width` cells, at spaces if possible."""
    if width <= 0:
        return []
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in _pieces(visible(paragraph), width):
            if line and cell_len(line) + 1 + cell_len(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines
