"""The signs drawn on the screens, and their ASCII forms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symbols:
    """One character each, so that a column of them is one cell wide."""

    cursor: str = "❯"
    marked: str = "●"
    error: str = "✖"
    warning: str = "▲"
    information: str = "ℹ"
    ascending: str = "↑"
    descending: str = "↓"
    more: str = "…"
    dot: str = "·"
    bar: str = "│"
    arrow: str = "→"
    done: str = "✔"
    folded: str = "▸"
    opened: str = "▾"

    def for_severity(self, word: str) -> str:
        """The symbol of a finding: an error, a warning, or else an info."""
        return {"error": self.error, "warning": self.warning}.get(word, self.information)


PLAIN = Symbols(
    cursor=">",
    marked="*",
    error="x",
    warning="!",
    information="i",
    ascending="^",
    descending="v",
    more="~",
    dot="-",
    bar="|",
    arrow=">",
    done="o",
    folded=">",
    opened="v",
)
FANCY = Symbols()
