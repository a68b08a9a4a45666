"""Who is given what: the statements of a policy as the rules about security look at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from kmstui.model import Arn
from kmstui.policy.iam import ActionInfo, key_actions, knowledge, resource_match
from kmstui.policy.lint.core import Subject, remembered
from kmstui.policy.lint.facts.conditions import Clause, clauses_of
from kmstui.policy.lint.facts.values import (
    ACCOUNT_ID,
    DOCUMENTATION_ACCOUNTS,
    Form,
    account_in,
    fill_account,
    find_placeholders,
    read_principal,
)
from kmstui.policy.syntax import ObjectNode, PrincipalEntry, Span, Statement, StringNode

PUT_KEY_POLICY = "kms:PutKeyPolicy"
SCHEDULE_KEY_DELETION = "kms:ScheduleKeyDeletion"
CREATE_GRANT = "kms:CreateGrant"
GRANT_ACTIONS = frozenset({CREATE_GRANT, "kms:ListGrants", "kms:RevokeGrant"})
"""The actions whose requests carry kms:GrantIsForAWSResource."""

STAND_IN = "111111111111"
"""Stands for an account that a placeholder left open and nothing else tells."""


class NamedKind(Enum):
    """What a principal of a statement is."""

    EVERYBODY = auto()
    ROOT = auto()
    """The account: its root user, and whomever its IAM policies allow."""
    USER = auto()
    ROLE = auto()
    SESSION = auto()
    SERVICE = auto()
    OTHER = auto()
    """Identity providers, canonical users, and what is not a principal."""


IDENTITIES = (NamedKind.USER, NamedKind.ROLE, NamedKind.SESSION)


class NamedPrincipal(NamedTuple):
    """One principal of a statement."""

    entry: PrincipalEntry
    kind: NamedKind
    value: str
    """As written, with account placeholders filled in."""
    account: str
    own: bool
    """Of the key's account, as far as that is known; a placeholder for it counts."""
    foreign: bool
    """Surely of another account than the key's."""
    name: str
    """What two statements must share to be about the same principal."""

    @property
    def short(self) -> str:
        """A few words for a message."""
        if self.kind is NamedKind.EVERYBODY:
            return "everybody"
        if self.kind is NamedKind.ROOT:
            return (
                f"account {self.entry.value.value}"
                if ":" not in self.value
                else (self.entry.value.value)
            )
        arn = Arn.maybe(self.entry.value.value)
        return self.entry.value.value if arn is None else arn.resource


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """One statement of effect Allow or Deny that is about this key."""

    statement: Statement
    allow: bool
    who: tuple[NamedPrincipal, ...]
    """Of its Principal; empty where it has a NotPrincipal."""
    actions: frozenset[str]
    """The actions on keys that it covers, NotAction worked out."""
    clauses: tuple[Clause, ...]
    signature: frozenset[tuple[str, str, frozenset[str]]]
    """Its conditions, comparable: operator, key, values."""
    unfilled: bool
    """Whether it names a placeholder, or an account of AWS's examples that is not the key's: who
    is meant is not known then, and it is not compared with other statements."""

    @property
    def infos(self) -> list[ActionInfo]:
        """What is known of its actions."""
        known = knowledge()
        return [info for name in self.actions if (info := known.action(name)) is not None]

    @property
    def conditional(self) -> bool:
        """Whether it has a Condition, a half-written one included."""
        block = self.statement.node.get("Condition")
        if isinstance(block, ObjectNode):
            return bool(block.members)
        return block is not None

    @property
    def names(self) -> str:
        """Its principals in a few words."""
        short = [who.short for who in self.who]
        return short[0] if len(short) == 1 else f"{short[0]} and {len(short) - 1} more"


_KINDS = {
    ("iam", "user"): NamedKind.USER,
    ("iam", "role"): NamedKind.ROLE,
    ("sts", "assumed-role"): NamedKind.SESSION,
    ("sts", "federated-user"): NamedKind.SESSION,
}


def _kind(type_: str, value: str) -> tuple[NamedKind, str]:
    if type_ == "*":
        return NamedKind.EVERYBODY, ""
    if type_ == "Service":
        return NamedKind.SERVICE, ""
    if type_ != "AWS":
        return NamedKind.OTHER, ""
    read = read_principal(value)
    if read.form is Form.EVERYBODY:
        return NamedKind.EVERYBODY, ""
    if read.form in (Form.ACCOUNT_ID, Form.ROOT):
        return NamedKind.ROOT, read.account
    arn = Arn.maybe(value)
    if arn is None or read.form not in (Form.IDENTITY, Form.USER_NAMED_ROOT):
        return NamedKind.OTHER, read.account
    return _KINDS.get((arn.service, arn.resource_type), NamedKind.OTHER), read.account


def name_of(kind: NamedKind, rest: str = "") -> str:
    """The name of a principal among all: for the account its number, for others their value."""
    return f"{kind.name} {rest}"


@lru_cache(maxsize=4096)
def _told(type_: str, written: str, home: str) -> tuple[NamedKind, str, str, bool, bool, str]:
    """All of a principal but its entry; the same come again, in a policy and at each key press."""
    value = fill_account(written, home or STAND_IN)
    kind, account = _kind(type_, value)
    if find_placeholders(value):
        kind = NamedKind.OTHER  # nobody, until it is filled in
    if not ACCOUNT_ID.fullmatch(account):
        account = ""
    own = value != written or (bool(account) and account == home)
    foreign = bool(account and home) and not own
    name = "" if kind is NamedKind.EVERYBODY else account if kind is NamedKind.ROOT else value
    return kind, value, account, own, foreign, name_of(kind, name)


@remembered
def home_account(subject: Subject) -> str:
    """The key's account: the key's own, else the one that the policy speaks of; or empty.

    Nobody can put the policy of another account's key, so the caller's account tells as well.
    """
    for arn in (subject.key.arn, subject.key.caller):
        if arn is not None:
            return arn.account
    roots: set[str] = set()
    all_accounts: set[str] = set()
    for statement in subject.statements:
        for entry in statement.principals:
            kind, account = _kind(entry.type, entry.value.value)
            if ACCOUNT_ID.fullmatch(account):
                all_accounts.add(account)
                manages = statement.effect == "Allow" and PUT_KEY_POLICY in _covered(statement)
                if kind is NamedKind.ROOT and manages:
                    roots.add(account)
    for accounts in (roots, all_accounts):
        if len(accounts) == 1:
            return accounts.pop()
    return ""


def partition(subject: Subject) -> str:
    """The partition of the key, or of the first principal that names one."""
    if subject.key.arn is not None:
        return subject.key.arn.partition
    for statement in subject.statements:
        for entry in statement.principals:
            arn = Arn.maybe(entry.value.value)
            if arn is not None:
                return arn.partition
    return "aws"


@lru_cache(maxsize=1)
def _every_action() -> frozenset[str]:
    return frozenset(key_actions())


@lru_cache(maxsize=2048)
def _expanded(patterns: tuple[str, ...]) -> frozenset[str]:
    """What patterns stand for; a policy repeats them, and each key press lints it again."""
    return _every_action() & {name for each in patterns for name in knowledge().expand(each)}


def expanded(nodes: tuple[StringNode, ...]) -> frozenset[str]:
    """The actions on keys that some patterns stand for."""
    return _expanded(tuple(node.value for node in nodes))


def covers_everything(node: StringNode) -> bool:
    """Whether one pattern stands for every action on keys: `kms:*`, `*`."""
    return expanded((node,)) == _every_action()


def _covered(statement: Statement) -> frozenset[str]:
    if statement.actions:
        return expanded(statement.actions)
    if statement.not_actions:
        return _every_action() - expanded(statement.not_actions)
    return frozenset()


def _is_about_key(statement: Statement, arn: str) -> bool:
    """Whether its Resource includes the key; any does where the key is not known."""
    if statement.not_resources and not statement.resources:
        return not any(
            node.value == "*" or (bool(arn) and resource_match(node.value, arn))
            for node in statement.not_resources
        )
    if not arn:
        return bool(statement.resources)
    return any(
        node.value == "*"
        or "${" in node.value
        or resource_match(node.value, arn)
        or bool(find_placeholders(node.value))
        for node in statement.resources
    )


def _signature(clauses: tuple[Clause, ...]) -> frozenset[tuple[str, str, frozenset[str]]]:
    return frozenset(
        (clause.operator.name or clause.entry.operator.value, clause.key, frozenset(clause.texts))
        for clause in clauses
    )


def _is_unfilled(subject: Subject, statement: Statement) -> bool:
    examples = _accounts_of_examples(subject)
    return any(
        _is_left_open(entry.type, entry.value.value, examples)
        for entry in (*statement.principals, *statement.not_principals)
    )


@lru_cache(maxsize=4096)
def _is_left_open(type_: str, value: str, examples: frozenset[str]) -> bool:
    return bool(find_placeholders(value)) or account_in(type_, value) in examples


@remembered
def _accounts_of_examples(subject: Subject) -> frozenset[str]:
    """The accounts of AWS's examples that the text names and that are not the key's."""
    arn = subject.key.arn
    named = (each for each in DOCUMENTATION_ACCOUNTS if each in subject.text)
    return frozenset() if arn is None else frozenset(named) - {arn.account}


def _read(subject: Subject) -> Iterator[StatementFacts]:
    home = home_account(subject)
    arn = "" if subject.key.arn is None else str(subject.key.arn)
    for statement in subject.statements:
        if statement.effect not in ("Allow", "Deny") or not _is_about_key(statement, arn):
            continue
        actions = _covered(statement)
        if not actions:
            continue
        conditions = clauses_of(subject, statement)
        yield StatementFacts(
            statement,
            statement.effect == "Allow",
            tuple(
                NamedPrincipal(entry, *_told(entry.type, entry.value.value, home))
                for entry in statement.principals
            ),
            actions,
            conditions,
            _signature(conditions),
            _is_unfilled(subject, statement),
        )


@remembered
def statement_facts(subject: Subject) -> tuple[StatementFacts, ...]:
    """The statements that give or take something on this key, in the order written."""
    return tuple(_read(subject))


@remembered
def allows(subject: Subject) -> tuple[StatementFacts, ...]:
    """The statements that give something, to somebody named."""
    return tuple(each for each in statement_facts(subject) if each.allow and each.who)


@remembered
def denies(subject: Subject) -> tuple[StatementFacts, ...]:
    """The statements that take something, from somebody named."""
    return tuple(each for each in statement_facts(subject) if not each.allow and each.who)


@remembered
def root_statements(subject: Subject) -> tuple[StatementFacts, ...]:
    """The Allow statements that let the key's account put the policy."""
    return tuple(
        each
        for each in allows(subject)
        if PUT_KEY_POLICY in each.actions
        and any(who.kind is NamedKind.ROOT and not who.foreign for who in each.who)
    )


def label_span(statement: Statement) -> Span:
    """Where a finding about a whole statement is shown: its Sid, else its Effect."""
    for name in ("Sid", "Effect"):
        member = statement.node.member(name)
        if member is not None:
            return member.value.span
    return Span(statement.node.span.start, statement.node.span.start + 1)
