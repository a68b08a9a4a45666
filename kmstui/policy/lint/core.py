"""What a rule is, what it looks at and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Flag, IntEnum, auto
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from kmstui.model import visible
from kmstui.policy.syntax import Fix, ObjectNode, Span

if TYPE_CHECKING:
    from kmstui.model import Arn
    from kmstui.policy.iam import Knowledge
    from kmstui.policy.syntax import Document, Member, Policy, Statement

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


INFO, WARNING, ERROR = Severity


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


class PolicyKind(Flag):
    """Which kind of policy a rule is about."""

    KEY = auto()
    """The policy of a key."""
    IDENTITY = auto()
    """A policy in IAM, of a role."""
    ENDPOINT = auto()
    """The policy of a VPC endpoint of KMS."""
    BOTH = KEY | IDENTITY
    RESOURCE = KEY | ENDPOINT
    """Policies that say who."""
    ANY = KEY | IDENTITY | ENDPOINT

    @property
    def word(self) -> str:
        """Which policies, in few words: `key`, `IAM and VPC endpoint`, `all`."""
        words = {
            PolicyKind.KEY: "key",
            PolicyKind.IDENTITY: "IAM",
            PolicyKind.ENDPOINT: "VPC endpoint",
        }
        named = [word for kind, word in words.items() if kind in self]
        return "all" if self is PolicyKind.ANY else " and ".join(named)


RESOURCE, ANY = PolicyKind.RESOURCE, PolicyKind.ANY


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
    scope: PolicyKind = PolicyKind.KEY
    """`KEY`, `IDENTITY` or `ENDPOINT`: what the policy is."""
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What `remembered` readings were made of this subject; rules do not touch it."""

    @property
    def text(self) -> str:
        """The policy as written."""
        return self.document.text

    @property
    def root(self) -> ObjectNode | None:
        """The object that the text is; None where it is something else."""
        root = self.document.root
        return root if isinstance(root, ObjectNode) else None

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements, in the order written."""
        return self.policy.statements

    def elements(self, *names: str) -> Iterator[tuple[Statement, Member]]:
        """The elements of the statements that have one of these names."""
        for statement in self.policy.statements:
            for name in names:
                member = statement.node.member(name)
                if member is not None:
                    yield statement, member


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
BROKEN_VALUE = ("KMS006", "KMS009", "KMS601")
"""Rules that say all there is to say of a value that is broken. Whichever rule is about how one
value is written is hidden by them."""


class IamVariant(NamedTuple):
    """What a rule says otherwise of a policy in IAM; what is empty is the same.

    EC2, which keeps the policies of VPC endpoints, reads them by the same grammar, so that this is
    said of those too.
    """

    severity: Severity | None = None
    why: str = ""
    url: str = ""


class Rule(NamedTuple):
    """One rule of the catalogue."""

    id: str
    severity: Severity
    title: str
    flags: str
    """What it finds, in one sentence."""
    why: str
    """What comes of that, in a few sentences."""
    url: str
    scope: PolicyKind
    hidden_by: tuple[str, ...]
    """Rules that tell the cause where they find something in the same text."""
    identity: IamVariant
    check: Check

    def finding(self, hit: Hit, scope: PolicyKind) -> Finding:
        """What it says of one place in a policy of that kind."""
        severity, why, url = self.severity, self.why, self.url
        if scope is not PolicyKind.KEY:
            keeper = "IAM" if scope is PolicyKind.IDENTITY else "EC2"
            severity = self.identity.severity or severity
            why = self.identity.why or why.replace("KMS rejects", "IAM rejects")
            why = why.replace("IAM re", f"{keeper} re")
            url = self.identity.url or url
        if hit.severity is not None:
            severity = hit.severity
        return Finding(
            self.id, severity, self.title, visible(hit.message), why, url, hit.span, hit.fix
        )


RULES: dict[str, Rule] = {}
"""Every registered rule by id."""


def rule(
    id_: str,
    severity: Severity,
    title: str,
    url: str,
    scope: PolicyKind = PolicyKind.KEY,
    *,
    hidden_by: tuple[str, ...] = (),
    identity: IamVariant | None = None,
) -> Callable[[Check], Check]:
    """Register a function as the rule `id_`.

    The first sentence of its docstring is what it finds, the rest is why that matters.

    Raises:
        ValueError: two functions claim the same id.
    """

    def register(check: Check) -> Check:
        if id_ in RULES:
            raise ValueError(f"rule {id_} is registered twice")
        flags, _, why = (check.__doc__ or "").partition("\n\n")
        RULES[id_] = Rule(
            id_,
            severity,
            title,
            flags,
            " ".join(why.split()),
            url,
            scope,
            hidden_by,
            identity or IamVariant(),
            check,
        )
        return check

    return register
