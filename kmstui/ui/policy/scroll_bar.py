"""How the bar beside a text looks, so that it is drawn anew only when it looks otherwise."""

from __future__ import annotations

from math import ceil

from textual.scrollbar import ScrollBar, ScrollBarRender

_STEPS = len(ScrollBarRender.VERTICAL_BARS)
"""How many places of the thumb a cell can show."""


def show_place(bar: ScrollBar, lines: int, window: int, top: float) -> None:
    """Let a bar show that of so many lines a window with so many shows those from `top` on.

    Textual's takes 1 ms to draw, and would be drawn with every line scrolled; in a text of 1,000
    lines the thumb moves with every sixth.
    """
    before = _thumb(bar.window_virtual_size, bar.window_size, bar.position)
    if _thumb(lines, window, top) != before:
        bar.window_virtual_size = lines
        bar.window_size = window
        bar.position = top


def _thumb(lines: int, window: int, top: float) -> tuple[int, int, int]:
    """Where the thumb begins and ends, in steps, as `ScrollBarRender` computes it."""
    if not window or lines <= window:
        return window, 0, 0
    length = max(1, window * window / lines)
    start = int((window - length) * top / (lines - window) * _STEPS)
    return window, start, start + ceil(length * _STEPS)
