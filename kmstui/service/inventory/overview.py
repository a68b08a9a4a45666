"""How many keys are in which state, how old, and used when: groups that the filter finds again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kmstui.model import Fact, Key
from kmstui.service.inventory.filter import Filter, parse_filter
from kmstui.service.inventory.key_facts import is_unread
from kmstui.service.inventory.store import Store


@dataclass(frozen=True, slots=True)
class Group:
    """Keys that have something in common."""

    section: str
    title: str
    filter: str = ""
    """What shows these very keys in the list; empty where no filter does."""


STATE, AGE, LAST_USE, PLACE = "State", "Age", "Last use", "Account and Region"

_AGES = (
    Group(AGE, "under 30 days", "age:<30d"),
    Group(AGE, "30 days to a year", "age:>30d age:<1y"),
    Group(AGE, "1 to 3 years", "age:>1y age:<3y"),
    Group(AGE, "over 3 years", "age:>3y"),
)
_USES = (
    Group(LAST_USE, "within 7 days", "used:7d"),
    Group(LAST_USE, "7 to 30 days ago", "unused:7d used:30d"),
    Group(LAST_USE, "30 to 90 days ago", "unused:30d used:90d"),
    Group(LAST_USE, "over 90 days ago", "unused:90d used:"),
    Group(LAST_USE, "no use recorded", "no:use"),
)
NOT_READ = Group(LAST_USE, "not asked yet")
NOT_TOLD = Group(LAST_USE, "refused or not told")
_UNKNOWN = {
    section: (Group(section, "not read yet"), Group(section, "refused", "problem:"))
    for section in (STATE, AGE)
}

Groups = tuple[Group, ...]


class Overview:
    """Counts keys; one that changed is counted anew.

    It takes a few microseconds a key: go through many in slices.
    """

    def __init__(self, store: Store, now: datetime, *, with_aws: bool) -> None:
        """`with_aws` counts what AWS manages, too."""
        self._store, self._with_aws = store, with_aws
        self._ages = self._parsed(_AGES, now)
        # Of a key that was never used nobody can say since when: that group is asked first.
        self._uses = self._parsed((_USES[-1], *_USES[:-1]), now)
        self._of: dict[str, Groups] = {}
        self._same: dict[Groups, Groups] = {}
        """Many keys have the same groups: one object for all of them."""
        self._counts: Counter[Group] = Counter()

    @staticmethod
    def _parsed(groups: Iterable[Group], now: datetime) -> Sequence[tuple[Group, Filter]]:
        return [(group, parse_filter(group.filter, now)) for group in groups]

    @property
    def total(self) -> int:
        """Keys that were counted."""
        return len(self._of)

    def count(self, key_id: str) -> None:
        """Count a key, anew where it was counted before; one that is gone is counted no more."""
        self._counts.subtract(self._of.pop(key_id, ()))
        key = self._store.keys.get(key_id)
        if key is not None and (self._with_aws or not key.is_aws_managed):
            groups = tuple(self._groups(key))
            self._of[key_id] = self._same.setdefault(groups, groups)
            self._counts.update(groups)

    def _groups(self, key: Key) -> Iterator[Group]:
        if key.metadata is None:
            for unread, refused in _UNKNOWN.values():
                yield refused if key.problem else unread
        else:
            state = key.metadata.state
            yield Group(STATE, state, f"state:{state.lower()}")
            yield _first(self._ages, key) or _UNKNOWN[AGE][0]
        unknown = NOT_READ if is_unread(key, Fact.LAST_USE) else NOT_TOLD
        yield _first(self._uses, key) or unknown
        words = " ".join(filter(None, (key.account, key.region))) or "not known"
        yield Group(PLACE, words, f"account:{key.account} region:{key.region}")

    def sections(self) -> Mapping[str, Sequence[tuple[Group, int]]]:
        """The groups with their counts by section; places only where there are several."""
        found = [each for each, count in self._counts.items() if count > 0]
        states = sorted(
            (each for each in found if each.section == STATE and each not in _UNKNOWN[STATE]),
            key=lambda each: (-self._counts[each], each.title),
        )
        places = sorted((each for each in found if each.section == PLACE), key=lambda g: g.title)
        groups = {
            STATE: (*states, *_UNKNOWN[STATE]),
            AGE: (*_AGES, *_UNKNOWN[AGE]),
            LAST_USE: (*_USES, NOT_READ, NOT_TOLD),
            PLACE: places if places[1:] else (),
        }
        unknown = {*_UNKNOWN[STATE], *_UNKNOWN[AGE], NOT_READ, NOT_TOLD}
        return {
            section: [
                (each, self._counts[each])
                for each in listed
                if self._counts[each] or each not in unknown
            ]
            for section, listed in groups.items()
            if listed
        }

    def why(self, group: Group) -> str:
        """Why nobody can say of the keys of a group, by the first of them; may be empty."""
        key_id = next((each for each, groups in self._of.items() if group in groups), "")
        key = self._store.keys.get(key_id)
        if key is None:
            return ""
        if key.sharer:
            return "KMS does not tell the last use of a key that another account shares."
        return key.facts.problem(Fact.LAST_USE) or key.problem

    def unread(self) -> Iterator[str]:
        """Keys whose last use nobody asked for yet."""
        return (key_id for key_id, groups in self._of.items() if NOT_READ in groups)


def _first(groups: Iterable[tuple[Group, Filter]], key: Key) -> Group | None:
    return next((group for group, wanted in groups if wanted.judge(key, ()) is True), None)
