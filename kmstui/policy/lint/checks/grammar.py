"""Elements that are unknown, missing or contradictory (KMS101, KMS105 to 109, 111, 114)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from kmstui.policy.iam import did_you_mean
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import (
    ANY,
    ERROR,
    RESOURCE,
    WARNING,
    Hit,
    IamVariant,
    PolicyKind,
    Subject,
    remembered,
    rule,
)
from kmstui.policy.lint.facts.wrapped import holders, taken_out, wrapped
from kmstui.policy.lint.fixes import write
from kmstui.policy.syntax import (
    ROOT_ELEMENTS,
    STATEMENT_ELEMENTS,
    ArrayNode,
    Fix,
    Member,
    Node,
    ObjectNode,
    Span,
    Statement,
    StringNode,
    delete_member,
    fix,
    insert_first_member,
    insert_member,
    insert_statement,
    replace_node,
    root_statement,
)


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
    root = subject.root
    if root is not None:
        _collect(root, ROOT_ELEMENTS, found)
    for statement in subject.statements:
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


CURRENT_VERSION = "2012-10-17"
OLD_VERSION = "2008-10-17"
EFFECTS = ("Allow", "Deny")


def opening(node: Node) -> Span:
    """The opening bracket of an object, where findings about what it lacks are shown."""
    return Span(node.span.start, min(node.span.start + 1, node.span.end))


@rule("KMS101", ERROR, "Unknown element", pages.GRAMMAR, ANY, hidden_by=("KMS009",))
def unknown_element(subject: Subject) -> Iterator[Hit]:
    """Elements that a policy or a statement does not have.

    A policy has a fixed set of elements, whose names are case-sensitive; KMS rejects any other.
    """
    root = subject.root
    if wrapped(subject) is not None:
        return
    if root is not None and (held := holders(root)):
        yield from (_answer(subject, root, member) for member in held)
    elif root is not None:
        for member in root.members:
            if member.key.value not in ROOT_ELEMENTS:
                yield _unknown(root, member, ROOT_ELEMENTS)
    for statement in subject.statements:
        for member in statement.node.members:
            if member.key.value not in STATEMENT_ELEMENTS:
                yield _unknown(statement.node, member, STATEMENT_ELEMENTS)


def _unknown(holder: ObjectNode, member: Member, known: frozenset[str]) -> Hit:
    name = member.key.value
    span = member.key.span
    meant = meant_element(name, known)
    if meant is not None:
        change = None
        if holder.member(meant) is None:
            change = fix(f"Rename to {meant}", replace_node(member.key, meant))
        return Hit(span, f"{name!r} is not an element of a policy; it is spelled {meant!r}", change)
    if known is ROOT_ELEMENTS:
        if name in STATEMENT_ELEMENTS:
            return Hit(span, f"{name!r} belongs inside a statement")
    elif name in ROOT_ELEMENTS:
        return Hit(span, f"{name!r} belongs outside the statements")
    return Hit(span, f"{name!r} is not an element of a policy")


def _answer(subject: Subject, root: ObjectNode, member: Member) -> Hit:
    """About the member that holds the policy; the others around it are right where they are."""
    name = member.key.value
    message = f"The policy is what {name!r} holds"
    if name == "Policy" and isinstance(member.value, StringNode):
        message = (
            "This is the output of GetKeyPolicy; the policy is the string in its 'Policy' "
            "(get it with --query Policy --output text)"
        )
    return Hit(member.key.span, message, taken_out(subject, root, member))


def _is_elsewhere(subject: Subject) -> bool:
    """Whether the policy is somewhere inside, and nothing is to be said of what is around it."""
    root = subject.root
    return root is None or bool(holders(root)) or wrapped(subject) is not None


@rule("KMS102", WARNING, "Version missing", pages.VERSION, ANY)
def version_missing(subject: Subject) -> Iterator[Hit]:
    """A policy without Version.

    Without Version the policy is read as 2008-10-17, in which policy variables such as
    ${aws:PrincipalTag/team} are plain text.
    """
    root = subject.root
    if root is None or _is_elsewhere(subject):
        return
    if not has_element(subject, root, "Version"):
        edit = insert_first_member(subject.text, root, "Version", CURRENT_VERSION)
        yield Hit(opening(root), "The policy has no Version", fix("Insert Version", edit))


def _version(subject: Subject) -> StringNode | None:
    value = subject.root.get("Version") if subject.root is not None else None
    return value if isinstance(value, StringNode) else None


@rule("KMS103", ERROR, "Version invalid", pages.VERSION, ANY)
def version_invalid(subject: Subject) -> Iterator[Hit]:
    """A Version that the policy language does not have.

    Version is the version of the policy language, not of the policy: 2012-10-17, or the old
    2008-10-17. KMS rejects any other.
    """
    version = _version(subject)
    if version is not None and version.value not in (CURRENT_VERSION, OLD_VERSION):
        yield Hit(
            version.span,
            f"{version.value!r} is not a version of the policy language",
            write(version, CURRENT_VERSION, f"Set {CURRENT_VERSION}"),
        )


@rule("KMS104", WARNING, "Old Version", pages.VERSION, ANY)
def version_old(subject: Subject) -> Iterator[Hit]:
    """The old version of the policy language.

    In 2008-10-17 policy variables such as ${aws:PrincipalTag/team} are plain text.
    """
    version = _version(subject)
    if version is not None and version.value == OLD_VERSION:
        yield Hit(
            version.span,
            f"Version {OLD_VERSION} is out of date",
            write(version, CURRENT_VERSION, f"Set {CURRENT_VERSION}"),
        )


@rule(
    "KMS105",
    ERROR,
    "No statement",
    pages.STATEMENT,
    ANY,
    identity=IamVariant(why="A policy without statements allows nothing, so IAM rejects it."),
)
def statement_missing(subject: Subject) -> Iterator[Hit]:
    """A policy without Statement, or with an empty one.

    A key policy without statements lets nobody use or manage the key, so KMS rejects it.
    """
    root = subject.root
    if root is None or _is_elsewhere(subject):
        return
    holder = root.get("Statement")
    if holder is None:
        if not has_element(subject, root, "Statement"):
            yield Hit(opening(root), "The policy has no Statement", _root_fix(subject, root))
    elif (isinstance(holder, ArrayNode) and not holder.items) or (
        isinstance(holder, ObjectNode) and not holder.members
    ):
        yield Hit(holder.span, "Statement is empty", _root_fix(subject, root))


def _root_fix(subject: Subject, root: ObjectNode) -> Fix | None:
    arn = subject.key.arn
    if arn is None:
        return None
    statement = root_statement(arn.partition, arn.account)
    edits = insert_statement(subject.text, root, statement)
    return Fix("Insert the root statement", edits)


@rule("KMS106", ERROR, "Effect missing or wrong", pages.EFFECT, ANY, hidden_by=("KMS009",))
def effect_wrong(subject: Subject) -> Iterator[Hit]:
    """Statements that neither allow nor deny.

    Each statement needs an Effect, either Allow or Deny, written exactly like this.
    """
    for statement in subject.statements:
        node = statement.node.get("Effect")
        if node is None:
            if statement.node.members and not has_element(subject, statement.node, "Effect"):
                yield Hit(opening(statement.node), f"{_subject_of(statement)} has no Effect")
        elif isinstance(node, StringNode) and node.value not in EFFECTS:
            meant = did_you_mean(node.value.strip(), EFFECTS)
            message = f"Effect is {node.value!r}, not Allow or Deny"
            yield Hit(node.span, message, write(node, meant))


def _subject_of(statement: Statement) -> str:
    return statement.label[:1].upper() + statement.label[1:]


@rule("KMS107", ERROR, "Principal missing", pages.PRINCIPAL, RESOURCE)
def principal_missing(subject: Subject) -> Iterator[Hit]:
    """Statements without a principal.

    Each statement says whom it applies to; KMS rejects one without a principal.
    """
    for statement in subject.statements:
        node = statement.node
        if not node.members:
            yield Hit(node.span, f"{_subject_of(statement)} is empty")
        elif not has_element(subject, node, "Principal", "NotPrincipal"):
            yield Hit(opening(node), f"{_subject_of(statement)} has no Principal")
        for name in ("Principal", "NotPrincipal"):
            value = node.get(name)
            for empty in _empty_principals(value):
                yield Hit(empty.span, f"{name} names nobody")


def _empty_principals(value: Node | None) -> Iterator[Node]:
    """Where a Principal element says nobody: empty strings, lists and objects."""
    if isinstance(value, ObjectNode) and value.members:
        for member in value.members:
            yield from _empty_principals(member.value)
    elif isinstance(value, ArrayNode) and value.items:
        for item in value.items:
            if isinstance(item, StringNode) and not item.value.strip():
                yield item
    elif isinstance(value, ObjectNode | ArrayNode) or (
        isinstance(value, StringNode) and not value.value.strip()
    ):
        yield value


@rule(
    "KMS108",
    WARNING,
    "No Action",
    pages.PUT_KEY_POLICY,
    ANY,
    identity=IamVariant(
        ERROR, "IAM refuses a policy with a statement that lacks it.", pages.GRAMMAR
    ),
)
def action_missing(subject: Subject) -> Iterator[Hit]:
    """Statements that allow or deny nothing.

    A statement without Action has no effect. The KMS console calls it an error; PutKeyPolicy
    accepts it without a warning.
    """
    for statement in subject.statements:
        node = statement.node
        if node.members and not has_element(subject, node, "Action", "NotAction"):
            yield Hit(opening(node), f"{_subject_of(statement)} has no Action, so it has no effect")


@rule(
    "KMS109",
    WARNING,
    "No Resource",
    pages.PUT_KEY_POLICY,
    ANY,
    identity=IamVariant(
        ERROR, "IAM refuses a policy with a statement that lacks it.", pages.GRAMMAR
    ),
)
def resource_missing(subject: Subject) -> Iterator[Hit]:
    """Statements that apply to no key.

    A statement without Resource has no effect. The KMS console calls it an error; PutKeyPolicy
    accepts it without a warning. In a key policy the resource is this key, written *.
    """
    for statement in subject.statements:
        node = statement.node
        if node.members and not has_element(subject, node, "Resource", "NotResource"):
            after = node.member("Action") or node.member("NotAction")
            edit = insert_member(subject.text, node, "Resource", "*", after=after)
            yield Hit(
                opening(node),
                f"{_subject_of(statement)} has no Resource, so it has no effect",
                fix('Add "Resource": "*"', edit),
            )


@rule("KMS111", ERROR, "Element and its opposite", pages.GRAMMAR, ANY)
def element_with_opposite(subject: Subject) -> Iterator[Hit]:
    """Action beside NotAction, and so on.

    A statement may have an element or its Not-form, never both; KMS rejects it.
    """
    for statement in subject.statements:
        for name in ("Action", "Resource", "Principal"):
            opposite = statement.node.member(f"Not{name}")
            if opposite is not None and statement.node.member(name) is not None:
                yield Hit(
                    opposite.key.span, f"{_subject_of(statement)} has both {name} and Not{name}"
                )


@rule("KMS114", ERROR, "Principal in an IAM policy", pages.GRAMMAR, PolicyKind.IDENTITY)
def principal_in_identity_policy(subject: Subject) -> Iterator[Hit]:
    """Principal or NotPrincipal, which an IAM policy cannot have.

    IAM refuses the policy: it always applies to the role that has it. The key policy says who
    may use a key.
    """
    for statement, member in subject.elements("Principal", "NotPrincipal"):
        name = member.key.value
        yield Hit(
            member.key.span,
            f"{name} is not allowed in an IAM policy: it is about the role that has it",
            fix(f"Remove {name}", delete_member(subject.text, statement.node, member)),
        )
