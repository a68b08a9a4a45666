"""Which accounts and Regions hold keys, as AWS's own indexes of resources know it."""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[str, str]
"""An account and a Region."""


@dataclass(frozen=True, slots=True)
class ResourceIndexes:
    """The indexes of Resource Explorer in one account."""

    regions: tuple[str, ...] = ()
    """Where there is one; of others it knows nothing."""
    aggregator: str = ""
    """The Region of the one that has what all others have; empty where there is none."""


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """Where keys are, by one index."""

    source: str
    """The index, as a sentence names it."""
    misses: str
    """How old it may be and what it may miss, as a sentence."""
    covered: frozenset[Place]
    """Of which it would know keys."""
    held: frozenset[Place]
    """Where it knows keys."""

    def knows_none_in(self, place: Place) -> bool:
        """Whether it would know keys there, and knows none."""
        return place in self.covered and place not in self.held
