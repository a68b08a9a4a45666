"""The last step before a terminal that shows ASCII alone."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_FORMS = str.maketrans(
    {
        **dict(zip("❯●✖▲ℹ↑↓…·→←✔▸▾", ">*x!i^v~-><o>v", strict=True)),
        **dict.fromkeys("│┃▌▐▊▎", "|"),
        **dict.fromkeys("─━–—▔▁", "-"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰", "+"),
        **dict.fromkeys("‘’", "'"),
        **dict.fromkeys("“”", '"'),
        **dict.fromkeys("█▄▀■", "#"),
    }
)


@lru_cache(maxsize=4096)
def to_ascii(text: str) -> str:
    """`text` with signs and lines in their ASCII forms, and `?` for what has none."""
    if text.isascii():
        return text
    plain = text.translate(_FORMS)
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in plain)


class AsciiFilter(LineFilter):
    """Replaces what is not ASCII, cell by cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line in ASCII."""
        return [Segment(to_ascii(text), style, control) for text, style, control in segments]
