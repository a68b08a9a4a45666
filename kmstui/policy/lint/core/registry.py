"""How a rule is written and found: a function of the policy with its story beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from kmstui.policy.iam.vocabulary import Knowledge
from kmstui.policy.lint.core.findings import KeyContext, Severity
from kmstui.policy.syntax.nodes import Document, Fix, Span
from kmstui.policy.syntax.statements import Policy

T = TypeVar("T")


class Hit(NamedTuple):
    """One place where a rule applies, as its function reports it."""

    span: Span
    message: str
    fix: Fix | None = None
    severity: Severity | None = None
    """Where it differs from the rule's own."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at."""

    document: Document
    policy: Policy
    key: KeyContext
    knowledge: Knowledge
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What `remembered` readings were made of this subject; rules do not touch it."""


def remembered(read: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """Make a reading of the subject once and share it between the rules that ask for it."""

    @wraps(read)
    def recall(subject: Subject) -> T:
        if read not in subject.memo:
            subject.memo[read] = read(subject)
        reading: T = subject.memo[read]
        return reading

    return recall


Check = Callable[[Subject], Iterable[Hit]]


class Rule(NamedTuple):
    """One rule of the catalogue."""

    id: str
    severity: Severity
    title: str
    why: str
    url: str
    check: Check


RULES: dict[str, Rule] = {}
"""Every registered rule by id, in the order registered."""


def rule(
    id_: str, severity: Severity, title: str, *, why: str, url: str
) -> Callable[[Check], Check]:
    """Register a function as the rule `id_`.

    Raises:
        ValueError: two functions claim the same id.
    """

    def register(check: Check) -> Check:
        if id_ in RULES:
            raise ValueError(f"rule {id_} is registered twice")
        RULES[id_] = Rule(id_, severity, title, why, url, check)
        return check

    return register
