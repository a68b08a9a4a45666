"""How many findings there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kmstui.ui.style import Symbols

if TYPE_CHECKING:
    from kmstui.policy.lint import Severity

    class Weighed(Protocol):
        """A finding, of whatever kind."""

        @property
        def severity(self) -> Severity:
            """How bad it is."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many findings there are of each severity."""

    errors: int = 0
    warnings: int = 0
    infos: int = 0

    @classmethod
    def of(cls, findings: Iterable[Weighed]) -> Counts:
        """Count `findings`."""
        numbers = Counter(finding.severity.name for finding in findings)
        return cls(numbers["ERROR"], numbers["WARNING"], numbers["INFO"])


def counts_text(counts: Counts, symbols: Symbols) -> str:
    """How many findings of each severity, each behind its sign."""
    return " ".join(
        f"{symbol}{number}"
        for symbol, number in (
            (symbols.error, counts.errors),
            (symbols.warning, counts.warnings),
            (symbols.information, counts.infos),
        )
        if number
    )
