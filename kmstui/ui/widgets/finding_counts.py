"""How many findings a policy has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kmstui.ui.style import Symbols

if TYPE_CHECKING:
    from kmstui.policy.lint import Finding


@dataclass(frozen=True, slots=True)
class Counts:
    """How many findings there are of each severity."""

    errors: int = 0
    warnings: int = 0
    infos: int = 0

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Counts:
        """Count `findings`."""
        numbers = Counter(finding.severity.name for finding in findings)
        return cls(numbers["ERROR"], numbers["WARNING"], numbers["INFO"])


def counts_text(counts: Counts, signs: Symbols) -> str:
    """How many findings of each severity, each behind its sign."""
    return " ".join(
        f"{sign}{number}"
        for sign, number in (
            (signs.error, counts.errors),
            (signs.warning, counts.warnings),
            (signs.information, counts.infos),
        )
        if number
    )
