"""Regions that are not read at first, since an index of AWS's knows no key there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kmstui.model import KeyPlaces
from kmstui.service.ports import Target


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Some Regions of one account."""

    account: str
    targets: tuple[Target, ...]
    places: KeyPlaces
    """What tells that they hold no key."""

    @classmethod
    def of(cls, account: str, targets: Iterable[Target], places: KeyPlaces) -> LeftOut | None:
        """Those of the targets that an index knows to hold no key; None where that is none."""
        left_out = tuple(
            each
            for each in targets
            if not each.accounts and places.knows_none_in((account, each.region))
        )
        return cls(account, left_out, places) if left_out else None

    @property
    def notice(self) -> str:
        """Which these are, and who says so, as sentences."""
        names = ", ".join(sorted(each.region for each in self.targets))
        are = "is" if len(self.targets) == 1 else "are"
        return (
            f"{names} of {self.account} {are} not read: {self.places.source} knows no key there,"
            " and may miss some."
        )

    @property
    def sentence(self) -> str:
        """That, and how old the index may be and what it misses."""
        return f"{self.notice} {self.places.misses}"
