"""KMS301 … KMS310: principals that KMS rejects, that are not what they seem, or are foreign."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kmstui.policy.iam import did_you_mean
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import (
    BROKEN_VALUE,
    ERROR,
    INFO,
    RESOURCE,
    WARNING,
    Hit,
    Subject,
    remembered,
    rule,
)
from kmstui.policy.lint.facts.conditions import clauses
from kmstui.policy.lint.facts.coverage import elsewhere, let_in_by_condition, shut_out
from kmstui.policy.lint.facts.values import (
    PARTITIONS,
    AwsPrincipal,
    Form,
    account_of,
    find_placeholders,
    read_principal,
    right_role_arn,
)
from kmstui.policy.lint.fixes import write
from kmstui.policy.syntax import (
    Fix,
    Member,
    ObjectNode,
    PrincipalEntry,
    Statement,
    StringNode,
    delete_statement,
    delete_value,
    fix,
    insert_condition,
    replace_node,
)

PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")
_MEANT_TYPES = {
    "user": "AWS", "users": "AWS", "role": "AWS", "roles": "AWS", "account": "AWS", "arn": "AWS",
    "iam": "AWS", "services": "Service", "federate": "Federated",
}  # fmt: skip


class AwsUse(NamedTuple):
    """One `AWS` principal as it stands in a statement."""

    statement: Statement
    element: str
    """`Principal` or `NotPrincipal`."""
    entry: PrincipalEntry
    read: AwsPrincipal

    @property
    def node(self) -> StringNode:
        """The string."""
        return self.entry.value


@remembered
def aws_uses(subject: Subject) -> tuple[AwsUse, ...]:
    """All `AWS` principals of the policy that are not placeholders, in the order written."""
    return tuple(
        AwsUse(statement, element, entry, read_principal(entry.value.value))
        for statement in subject.statements
        for element, entries in (
            ("Principal", statement.principals),
            ("NotPrincipal", statement.not_principals),
        )
        for entry in entries
        if entry.type == "AWS"
        and entry.value.value.strip()
        and not find_placeholders(entry.value.value)
    )


def _of_form(subject: Subject, form: Form) -> Iterator[AwsUse]:
    return (use for use in aws_uses(subject) if use.read.form is form)


@rule("KMS301", ERROR, "Malformed principal", pages.PRINCIPAL, RESOURCE, hidden_by=BROKEN_VALUE)
def malformed_principal(subject: Subject) -> Iterator[Hit]:
    """ARNs and account IDs that cannot exist.

    KMS checks each principal when the policy is saved, and rejects a policy with one that does
    not exist. As the value of a condition (a warning) it is never matched.
    """
    for use in _of_form(subject, Form.MALFORMED):
        value = use.node.value
        change = None
        if value != value.strip():
            change = write(use.node, value.strip(), "Remove the white space")
        elif (right := right_role_arn(value)) and "[" not in right and "SERVICE" not in right:
            change = write(use.node, right)
        yield Hit(use.node.span, f"{value!r} {use.read.reason}", change)
    for clause in clauses(subject):
        if clause.key in _HOLD_PRINCIPALS:
            yield from (
                Hit(
                    node.span,
                    f"{node.value!r} is nobody's ARN: the role's is {right}",
                    severity=WARNING,
                )
                for node in clause.strings
                if (right := right_role_arn(node.value))
            )


_HOLD_PRINCIPALS = ("aws:principalarn", "kms:granteeprincipal", "kms:retiringprincipal")
"""Condition keys whose values are ARNs of principals."""


@rule("KMS302", ERROR, "Wildcard in a principal", pages.PRINCIPAL, RESOURCE, hidden_by=BROKEN_VALUE)
def wildcard_in_principal(subject: Subject) -> Iterator[Hit]:
    """Principals with `*` or `?` in them.

    A principal is matched as a whole: * can stand for everybody, but never for a part of an
    ARN. KMS rejects the policy; use the condition key aws:PrincipalArn, which accepts patterns.
    """
    for use in _of_form(subject, Form.WILDCARD):
        yield Hit(
            use.node.span,
            f"{use.node.value!r} contains a wildcard; only * by itself can be a principal",
            _by_condition(subject, use),
        )


def _by_condition(subject: Subject, use: AwsUse) -> Fix | None:
    """Everybody, under the condition that their ARN is one of those listed."""
    statement = use.statement
    if use.element != "Principal" or use.statement.effect not in ("Allow", "Deny"):
        return None
    forms = {read_principal(entry.value.value).form for entry in statement.principals}
    types = {entry.type for entry in statement.principals}
    if types != {"AWS"} or not forms <= {Form.WILDCARD, Form.IDENTITY}:
        return None
    patterns = [entry.value.value for entry in statement.principals]
    if any(not pattern.startswith("arn:") or pattern.count(":") < 5 for pattern in patterns):
        return None
    if any(entry.key.value.lower() == "aws:principalarn" for entry in statement.conditions):
        return None
    member = statement.node.member("Principal")
    if member is None:
        return None
    value: str | list[str] = patterns[0] if len(patterns) == 1 else patterns
    text = subject.text
    return fix(
        "Use * with ArnLike aws:PrincipalArn",
        replace_node(member.value, {"AWS": "*"}),
        insert_condition(text, statement.node, "ArnLike", "aws:PrincipalArn", value),
    )


@rule("KMS303", ERROR, "Not a principal", pages.PRINCIPAL, RESOURCE, hidden_by=BROKEN_VALUE)
def not_a_principal(subject: Subject) -> Iterator[Hit]:
    """ARNs of things that cannot be principals.

    Groups, instance profiles and keys do not send requests, so they cannot be principals; KMS
    rejects the policy. Name the users or roles.
    """
    for use in _of_form(subject, Form.NO_PRINCIPAL):
        yield Hit(use.node.span, f"{use.read.reason} cannot be a principal: {use.node.value!r}")


@rule("KMS304", ERROR, "Deleted principal", pages.IDENTIFIERS, hidden_by=BROKEN_VALUE)
def deleted_principal(subject: Subject) -> Iterator[Hit]:
    """Unique IDs of users and roles that were deleted.

    When a user or role is deleted, its ARN in the policy turns into its unique ID, and KMS
    rejects every later save until that is removed.
    """
    for use in _of_form(subject, Form.UNIQUE_ID):
        kind = {"AIDA": "user", "AROA": "role", "AGPA": "group"}.get(use.node.value[:4])
        what = f"a deleted {kind}" if kind else "something that is not a user or role"
        yield Hit(
            use.node.span,
            f"{use.node.value} is the unique ID of {what}; KMS will reject the save",
            _removal(subject, use),
        )


def _is_unique_id(entry: PrincipalEntry) -> bool:
    return entry.type == "AWS" and read_principal(entry.value.value).form is Form.UNIQUE_ID


def _removal(subject: Subject, use: AwsUse) -> Fix | None:
    """Remove a principal; the statement goes where it names no other, the only one excepted."""
    statement, root, text = use.statement, subject.root, subject.text
    entries = statement.principals if use.element == "Principal" else statement.not_principals
    if all(_is_unique_id(entry) for entry in entries):
        if len(subject.statements) == 1 or root is None:
            return None
        return fix("Remove the statement", delete_statement(text, root, statement))
    holder = statement.node.get(use.element)
    if not isinstance(holder, ObjectNode):
        return None
    for member in holder.members:
        if member.span.start <= use.node.span.start < member.span.end:
            return fix("Remove it", delete_value(text, holder, member, use.node))
    return None


@rule("KMS305", ERROR, "Unknown principal type", pages.PRINCIPAL, RESOURCE)
def unknown_principal_type(subject: Subject) -> Iterator[Hit]:
    """Types of principals that do not exist.

    The type of a principal is AWS, Service, Federated or CanonicalUser, written exactly like
    this; KMS rejects any other.
    """
    for _, element in subject.elements("Principal", "NotPrincipal"):
        holder = element.value
        if isinstance(holder, ObjectNode):
            for member in holder.members:
                if member.key.value not in PRINCIPAL_TYPES:
                    yield _unknown_type(holder, member)


def _unknown_type(holder: ObjectNode, member: Member) -> Hit:
    name = member.key.value
    meant = did_you_mean(name.strip(), PRINCIPAL_TYPES) or _MEANT_TYPES.get(name.strip().lower())
    message = f"{name!r} is not a type of principal"
    if name == "*":
        # Writing AWS here would open the key to everybody, so the person has to say whom.
        return Hit(member.key.span, f'{message}; everybody is {{"AWS": "*"}}')
    if meant is None and name.startswith("arn:"):
        return Hit(member.key.span, f'{message}; principals come after it: {{"AWS": …}}')
    hint = f"; did you mean {meant!r}?" if meant else ""
    change = None
    if meant and holder.member(meant) is None:
        change = write(member.key, meant)
    return Hit(member.key.span, message + hint, change)


@rule("KMS307", WARNING, "Federated or canonical user", pages.PRINCIPAL)
def federated_principal(subject: Subject) -> Iterator[Hit]:
    """Types of principals that do not call KMS.

    Principals of a key policy are accounts, users, roles, sessions and services. Whoever signs
    in through an identity provider sends requests as a session of a role, so name that role;
    canonical user IDs are for S3.
    """
    for statement in subject.statements:
        for entry in (*statement.principals, *statement.not_principals):
            if entry.type in ("Federated", "CanonicalUser") and entry.value.value.strip():
                instead = "role" if entry.type == "Federated" else "account"
                yield Hit(
                    entry.value.span,
                    f"KMS documents no {entry.type} principals; name the {instead} behind"
                    f" {entry.value.value!r}",
                )


@rule("KMS308", WARNING, "user/root is not the account", pages.DEFAULT_KEY_POLICY)
def user_named_root(subject: Subject) -> Iterator[Hit]:
    """An IAM user called root, who is hardly ever meant.

    `user/root` is an ordinary IAM user that happens to be called root; the account is `:root`.
    """
    for use in _of_form(subject, Form.USER_NAMED_ROOT):
        right = use.node.value.removesuffix("user/root") + "root"
        yield Hit(
            use.node.span,
            f"{use.node.value!r} is an IAM user, not the account",
            write(use.node, right),
        )


@rule("KMS309", ERROR, "Another partition", pages.ARNS, hidden_by=BROKEN_VALUE)
def other_partition(subject: Subject) -> Iterator[Hit]:
    """Principals of a partition that is not the key's.

    Principals of another partition (aws, aws-cn, aws-us-gov …) do not exist for this key, so
    KMS rejects the policy.
    """
    arn = subject.key.arn
    if arn is None:
        return
    for use in aws_uses(subject):
        partition = use.read.partition
        if partition in PARTITIONS and partition != arn.partition:
            right = f"arn:{arn.partition}:{use.node.value.split(':', 2)[2]}"
            yield Hit(
                use.node.span,
                f"{use.node.value!r} is in the partition {partition}, the key in {arn.partition}",
                write(use.node, right, f"Write {arn.partition}"),
            )


@rule("KMS310", INFO, "Another account has access", pages.CROSS_ACCOUNT, hidden_by=BROKEN_VALUE)
def other_account(subject: Subject) -> Iterator[Hit]:
    """Each other account that a statement gives access to, where it is named first.

    Principals of another account can use the key if an IAM policy in that account allows it
    too.
    """
    arn = subject.key.arn
    if arn is None:
        return
    seen: set[tuple[int, str]] = set()
    for statement, node, account in _let_in(subject):
        place = (statement.index, account)
        if not account or account == arn.account or place in seen:
            continue
        seen.add(place)
        yield Hit(
            node.span,
            f"Account {account} has access by {statement.label}; the key belongs to {arn.account}",
        )


def _let_in(subject: Subject) -> Iterator[tuple[Statement, StringNode, str]]:
    """Whom Allows name as principals, or let in as everybody of an account."""
    dead = {statement.index for statement, _ in shut_out(subject)}
    for use in aws_uses(subject):
        statement = use.statement
        allows = statement.effect == "Allow" and use.element == "Principal"
        if allows and statement.index not in dead:
            yield statement, use.node, account_of(use.entry)
    left_over = {id(node) for _, node, *_ in elsewhere(subject)}
    for statement, node in let_in_by_condition(subject):
        if id(node) not in left_over:
            yield statement, node, node.value
