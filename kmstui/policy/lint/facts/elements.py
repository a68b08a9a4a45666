"""Elements of a policy by their names, as written and as meant."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from kmstui.policy.iam.suggestions import did_you_mean
from kmstui.policy.lint.rules import Subject, remembered
from kmstui.policy.syntax.brackets import ROOT_ELEMENTS, STATEMENT_ELEMENTS
from kmstui.policy.syntax.nodes import Member, ObjectNode


@lru_cache(maxsize=1024)
def meant_element(name: str, known: frozenset[str]) -> str | None:
    """The element that a misspelled name means; None for one that is right or far from all."""
    if name in known:
        return None
    return did_you_mean(name.strip(), sorted(known))


@remembered
def misspelled(subject: Subject) -> Mapping[int, Mapping[str, Member]]:
    """Members of root and statements whose names are wrong, by the element they mean.

    By the beginning of their object, so that a rule which misses an element there can tell that
    it is not missing but misspelled.
    """
    found: dict[int, dict[str, Member]] = {}
    root = subject.document.root
    if isinstance(root, ObjectNode):
        _collect(root, ROOT_ELEMENTS, found)
    for statement in subject.policy.statements:
        _collect(statement.node, STATEMENT_ELEMENTS, found)
    return found


def _collect(
    holder: ObjectNode, known: frozenset[str], found: dict[int, dict[str, Member]]
) -> None:
    for member in holder.members:
        if member.key.value not in known:
            meant = meant_element(member.key.value, known)
            if meant is not None:
                found.setdefault(holder.span.start, {})[meant] = member


def has_element(subject: Subject, holder: ObjectNode, *names: str) -> bool:
    """Whether an object has one of these elements, a misspelled one included."""
    if any(name in holder.by_name for name in names):
        return True
    meant = misspelled(subject).get(holder.span.start, {})
    return any(name in meant for name in names)
