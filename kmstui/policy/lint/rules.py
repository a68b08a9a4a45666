"""What a rule is, what it looks at and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from kmstui.policy.syntax.nodes import Fix, Span

if TYPE_CHECKING:
    from kmstui.model.arn import Arn
    from kmstui.policy.iam.vocabulary import Knowledge
    from kmstui.policy.syntax.nodes import Document
    from kmstui.policy.syntax.statements import Policy

T = TypeVar("T")


class Severity(IntEnum):
    """How bad a finding is; a larger number is worse."""

    INFO = 1
    """Worth knowing."""
    WARNING = 2
    """Very likely not what was meant."""
    ERROR = 3
    """KMS would reject the save, or the save would open the key or lock everyone out."""

    @property
    def word(self) -> str:
        """`info`, `warning` or `error`."""
        return self.name.lower()


class Finding(NamedTuple):
    """One thing a rule found."""

    rule: str
    """Its stable id, `KMS301`."""
    severity: Severity
    title: str
    """The rule's short name."""
    message: str
    """One sentence that names the offending text."""
    why: str
    """One or two sentences on what comes of it."""
    url: str
    """The AWS page that says so."""
    span: Span
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class KeyContext:
    """What is known about the key that the policy is for; all of it optional."""

    arn: Arn | None = None
    usage: str = ""
    """KeyUsage, such as `ENCRYPT_DECRYPT`."""
    spec: str = ""
    """KeySpec, such as `SYMMETRIC_DEFAULT`."""
    multi_region: bool | None = None
    caller: Arn | None = None
    """Who is asking: a user, role session, role or root ARN."""


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
