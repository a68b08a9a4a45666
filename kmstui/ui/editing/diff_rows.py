"""The difference of two policy texts as rows: unified, or side by side where there is room."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import zip_longest

from kmstui.service.editing.history import pretty
from kmstui.ui.widgets.prose_rows import Block, Pair, Row, code

SIDE_BY_SIDE_WIDTH = 140
"""Cells from which on two texts stand beside each other."""

_CONTEXT = 3
"""Lines around a change that show where it is."""


def diff_rows(old: str, new: str, *, width: int) -> tuple[Row, ...]:
    """What changes, with the lines around it; layout that only differs in white space does not.

    One row says so where nothing does.
    """
    old_lines, new_lines = pretty(old).splitlines(), pretty(new).splitlines()
    groups = list(difflib.SequenceMatcher(None, old_lines, new_lines).get_grouped_opcodes(_CONTEXT))
    if not groups:
        return (Block("Nothing but layout differs.", "dim"),)
    draw = _beside if width >= SIDE_BY_SIDE_WIDTH else _unified
    rows: list[Row] = []
    for group in groups:
        first, last = group[0], group[-1]
        rows.append(Block(_place(first[1], last[2], first[3], last[4]), "dim"))
        for tag, start, end, new_start, new_end in group:
            rows += draw(tag, old_lines[start:end], new_lines[new_start:new_end])
    return tuple(rows)


def _place(start: int, end: int, new_start: int, new_end: int) -> str:
    """As `diff -u` says where a group stands, in words."""
    old = f"line {start + 1}" if end - start <= 1 else f"lines {start + 1}–{end}"
    new = f"line {new_start + 1}" if new_end - new_start <= 1 else f"{new_start + 1}–{new_end}"
    return f"··· {old}, now {new}"


def _unified(tag: str, old: list[str], new: list[str]) -> Iterator[Row]:
    if tag == "equal":
        for line in old:
            yield code(line, sign="  ")
        return
    for line in old:
        yield code(line, "bad", "- ")
    for line in new:
        yield code(line, "good", "+ ")


def _beside(tag: str, old: list[str], new: list[str]) -> Iterator[Row]:
    if tag == "equal":
        for line in old:
            yield Pair(f"  {line}", f"  {line}")
        return
    for left, right in zip_longest(old, new):
        yield Pair(
            "" if left is None else f"- {left}",
            "" if right is None else f"+ {right}",
            "bad",
            "good",
        )
