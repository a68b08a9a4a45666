"""What is known of KMS's vocabulary: actions, condition keys, operators and services.

The tables come from the generated `kms_model.json`, in union with the operations of the
installed botocore, so that an action newer than the file is never called unknown. Of a
misspelled word it tells what was probably meant.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kmstui.policy.iam.match_value import has_wildcard, wildcard_match

MODEL = Path(__file__).parent / "kms_model" / "kms_model.json"
"""The generated file, which `tests/make_kms_model.py` makes."""

_MOST_REMEMBERED = 4096
"""Patterns and names; nonsense brings new ones without end."""
_NAMESPACE = "kms:"


@dataclass(frozen=True, slots=True, eq=False)
class ActionInfo:
    """One permission of the `kms` namespace.

    There is one object of each, so they are compared and hashed by identity, which is quick.
    """

    name: str
    """With its prefix and in AWS's own case: `kms:Decrypt`."""
    access_level: str
    """`List`, `Read`, `Write`, `Permissions management`, `Tagging`."""
    description: str = ""
    iam_only: bool = False
    """It names no key as its resource, so it does nothing in a key policy."""
    cross_account: bool = False
    """It can be used by a principal of another account."""
    condition_keys: frozenset[str] = frozenset()
    """Condition keys (lower case) that requests for it may carry, global ones not included."""
    usages: frozenset[str] = frozenset()
    """KeyUsage values it works with; empty where it works with any key."""
    symmetric_only: bool = False
    asymmetric_only: bool = False

    def works_with(self, usage: str, spec: str) -> bool:
        """Whether it works with keys of this usage and spec, as far as they are known.

        Any may where either is empty, or one that AWS has added since the data was made.
        """
        if not (is_known("kms:KeyUsage", usage) and is_known("kms:KeySpec", spec)):
            return True
        if usage and self.usages and usage not in self.usages:
            return False
        if spec and self.symmetric_only and not spec.startswith("SYMMETRIC"):
            return False
        return not (self.asymmetric_only and spec.startswith(("SYMMETRIC", "HMAC")))


@dataclass(frozen=True, slots=True)
class ConditionKeyInfo:
    """One condition key, `kms:` or global."""

    name: str
    """In AWS's own case; a key with a name in it ends in a colon: `kms:EncryptionContext:`."""
    type: str
    """`String`, `Bool`, `Numeric`, `Date`, `ARN`, `IPAddress`."""
    multivalued: bool = False
    iam_only: bool = False
    deprecated_for: str = ""
    """The key that replaces it, or empty."""
    values: tuple[str, ...] = ()
    """Its enumeration, where it has one."""
    other_types: tuple[str, ...] = ()
    """Types of operators that AWS documents for it beside its own, such as `Numeric` for
    kms:ValidTo, which takes seconds since 1970 too."""


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """The vocabulary at hand."""

    date: str
    """When the generated file was made, YYYY-MM-DD."""
    actions: Mapping[str, ActionInfo]
    """By lower-case name with prefix."""
    condition_keys: Mapping[str, ConditionKeyInfo]
    """By lower-case name."""
    via_services: frozenset[str]
    """The SERVICE part of kms:ViaService values."""
    service_principals: frozenset[str]
    """Known service principals without their `.amazonaws.com`."""
    principals_of_other_domains: frozenset[str]
    """Known service principals, in full, that end otherwise: `logs.amazonaws.com.cn`."""

    def action(self, name: str) -> ActionInfo | None:
        """The action `name`, prefix included, in any case; None where there is none.

        Asks the installed botocore, once, when the generated file does not know it.
        """
        lower = name.lower()
        found = self.actions.get(lower)
        # A pattern is the name of no action: most policies have one, and none of those needs
        # what the newer ones are read from, which takes 8 ms.
        if found is None and lower.startswith(_NAMESPACE) and not has_wildcard(lower):
            return _newer_actions().get(lower)
        return found

    def expand(self, pattern: str) -> tuple[str, ...]:
        """The names of all actions that `pattern` (any case, `*`, `?`) matches, sorted."""
        return _names(self, pattern)

    def matching(self, pattern: str) -> tuple[ActionInfo, ...]:
        """All actions that `pattern` (any case, `*`, `?`) matches, sorted by name."""
        return _matching(self, pattern)

    def condition_key(self, name: str) -> ConditionKeyInfo | None:
        """The condition key `name` in any case; None where there is none.

        `kms:EncryptionContext:NAME`, `aws:ResourceTag/NAME` and their like are found by the
        part before the name, which must not be empty.
        """
        return _find_key(self, name)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _matching(known: Knowledge, pattern: str) -> tuple[ActionInfo, ...]:
    if not has_wildcard(pattern):
        found = known.action(pattern)
        return () if found is None else (found,)
    infos = _described(pattern, known.actions)
    if not infos and pattern.lower().startswith(_NAMESPACE):
        infos = _described(pattern, _newer_actions())
    return infos


@lru_cache(maxsize=_MOST_REMEMBERED)
def _names(known: Knowledge, pattern: str) -> tuple[str, ...]:
    return tuple(info.name for info in _matching(known, pattern))


def _described(pattern: str, actions: Mapping[str, ActionInfo]) -> tuple[ActionInfo, ...]:
    return tuple(
        info for lower, info in actions.items() if wildcard_match(pattern, lower, ignore_case=True)
    )


@lru_cache(maxsize=_MOST_REMEMBERED)
def _find_key(known: Knowledge, name: str) -> ConditionKeyInfo | None:
    lower = name.lower()
    if lower and lower[-1] not in ":/" and lower in known.condition_keys:
        return known.condition_keys[lower]
    for mark in ":/":
        at = lower.find(mark, lower.find(":") + 1)
        if 0 < at < len(lower) - 1 and lower[: at + 1] in known.condition_keys:
            return known.condition_keys[lower[: at + 1]]
    return None


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """The vocabulary of the generated file; read once."""
    model: dict[str, Any] = json.loads(MODEL.read_text(encoding="utf-8"))
    return Knowledge(
        date=model["date"],
        actions={
            f"{_NAMESPACE}{name}".lower(): _action(name, entry)
            for name, entry in model["actions"].items()
        },
        condition_keys={
            name.lower(): _condition_key(name, entry)
            for name, entry in model["condition_keys"].items()
        },
        via_services=frozenset(model["via_services"]),
        service_principals=frozenset(model["service_principals"]),
        principals_of_other_domains=frozenset(model["principals_of_other_domains"]),
    )


@lru_cache(maxsize=64)
def is_known(condition_key: str, word: str) -> bool:
    """Whether a word is one that KMS is known to have; an empty one says nothing new."""
    info = knowledge().condition_key(condition_key)
    return not word or info is None or word in info.values


def _action(name: str, entry: dict[str, Any]) -> ActionInfo:
    sets = {key: frozenset(each) for key, each in entry.items() if isinstance(each, list)}
    return ActionInfo(_NAMESPACE + name, **(entry | sets))


def _condition_key(name: str, entry: dict[str, Any]) -> ConditionKeyInfo:
    lists = {key: tuple(each) for key, each in entry.items() if isinstance(each, list)}
    return ConditionKeyInfo(name, **(entry | lists))


def botocore_model() -> dict[str, Any]:
    """The KMS model of the installed botocore, without importing it; empty without one.

    The file is found beside the package, since importing botocore takes 100 ms.
    """
    # Only an action that the generated file does not know needs it.
    import gzip
    from importlib.util import find_spec

    spec = find_spec("botocore")
    for location in (spec.submodule_search_locations if spec is not None else None) or ():
        path = Path(location, "data", "kms", "2014-11-01", "service-2.json.gz")
        if path.is_file():
            model: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
            return model
    return {}


@lru_cache(maxsize=1)
def _newer_actions() -> dict[str, ActionInfo]:
    """Actions that the installed botocore has and the generated file has not.

    Nothing is known of them but their names, so they count as usable by anyone under any
    condition key, which is the reading that raises no alarm.
    """
    known = knowledge()
    any_key = frozenset(known.condition_keys)
    return {
        lower: ActionInfo(
            name=_NAMESPACE + name,
            access_level="Write",
            description=f"{name} of KMS",
            cross_account=True,
            condition_keys=any_key,
        )
        for name in sorted(botocore_model().get("operations", ()))
        if (lower := f"{_NAMESPACE}{name}".lower()) not in known.actions
        and name not in _OPERATIONS_WITHOUT_PERMISSION
    }


_OPERATIONS_WITHOUT_PERMISSION = frozenset({"ReEncrypt"})
"""ReEncrypt is allowed by kms:ReEncryptFrom and kms:ReEncryptTo (its API reference)."""


@lru_cache(maxsize=1024)
def action_info(action: str) -> ActionInfo | None:
    """What is known of an action written in any case; None where KMS does not have it."""
    return knowledge().action(action)


@lru_cache(maxsize=1)
def _keys_of_few() -> frozenset[str]:
    """The `kms:` condition keys that belong to the requests of a minority of the actions.

    A key that most actions have, and one has not, is more likely a gap in the tables than a
    fact about that action.
    """
    actions = [info for info in knowledge().actions.values() if not info.iam_only]
    holders = Counter(key for info in actions for key in info.condition_keys)
    return frozenset(
        key for key, count in holders.items() if key.startswith("kms:") and count * 2 < len(actions)
    )


@lru_cache(maxsize=512)
def absent_keys(action: str) -> frozenset[str]:
    """The `kms:` condition keys that requests for `action` never carry.

    One that ends in a colon stands for all keys that begin so. Source: Service Authorization
    Reference, "Actions, resources, and condition keys for AWS Key Management Service", and KMS
    Developer Guide, "AWS KMS condition keys". Of an action that is not known, nothing is known
    to be absent.
    """
    info = action_info(action)
    if info is None or info.iam_only:
        return frozenset()
    return _keys_of_few() - info.condition_keys


@lru_cache(maxsize=1)
def key_actions() -> tuple[str, ...]:
    """Every action that a key policy governs, in AWS's own case, sorted."""
    actions = knowledge().actions.values()
    return tuple(sorted(info.name for info in actions if not info.iam_only))


@lru_cache(maxsize=512)
def canonical_action(action: str) -> str:
    """An action in AWS's own case, with the `kms:` that people leave out."""
    if ":" not in action and action != "*":
        action = f"kms:{action}"
    info = action_info(action)
    return action if info is None else info.name


_SHORTEST_PREFIX = 4
_LONGEST_WORD = 100


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate nearest to `word`, case aside; None where none is near.

    Near is one change (insertion, deletion, replacement, swap of neighbours) in a word of up to
    seven letters, two up to eleven and three beyond; failing that, the shortest candidate that
    `word` begins.
    """
    names = tuple(candidates)
    near = _near(word, names)
    if near:
        return min(near)[1]
    lower = word.lower()
    if len(lower) > _LONGEST_WORD or len(lower.rpartition(":")[2]) < _SHORTEST_PREFIX:
        return None
    begun = [candidate for candidate in names if candidate.lower().startswith(lower)]
    return min(begun, key=len, default=None)


def misspelt(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` is surely a misspelling of; None where there is none, or two.

    For names of which new ones come up: near is what it is to `did_you_mean`, but a beginning
    says nothing, and words of three letters are all near each other.
    """
    near = sorted(_near(word, tuple(candidates)))
    if len(word) < _SHORTEST_PREFIX or not near:
        return None
    return near[0][1] if len(near) == 1 or near[0][0] < near[1][0] else None


@lru_cache(maxsize=4096)
def _near(word: str, candidates: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    """The candidates within reach of a few slips, with how many it takes."""
    lower = word.lower()
    if not lower or len(lower) > _LONGEST_WORD:
        return ()
    limit = 1 if len(lower) <= 7 else 2 if len(lower) <= 11 else 3
    letters = Counter(lower)
    found = []
    for candidate in candidates:
        other = candidate.lower()
        if abs(len(other) - len(lower)) > limit:
            continue
        if (letters - Counter(other)).total() > limit:
            continue
        distance = _distance(lower, other, limit)
        if distance <= limit:
            found.append((distance, candidate))
    return tuple(found)


def _distance(left: str, right: str, limit: int) -> int:
    """The number of changes between two words (optimal string alignment), or limit + 1."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        before, last, row = row, before, [i] + [0] * len(right)
        for j, other in enumerate(right, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                row[j] = min(row[j], last[j - 2] + 1)
        if min(row) > limit:
            return limit + 1
    return row[-1]
