"""What elements hold: Version, Sid, JSON types, empty lists (KMS102 to 104, 110, 112, 113)."""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.policy.lint import pages
from kmstui.policy.lint.core import ANY, ERROR, WARNING, Hit, PolicyKind, Subject, rule
from kmstui.policy.lint.facts.values import ACCOUNT_ID
from kmstui.policy.lint.facts.wrapped import unwrap, wrapped
from kmstui.policy.lint.fixes import delete_whole, write
from kmstui.policy.syntax import (
    ArrayNode,
    Edit,
    ErrorNode,
    Fix,
    LiteralNode,
    Member,
    Node,
    NumberNode,
    ObjectNode,
    Span,
    Statement,
    StringNode,
    delete_member,
    fix,
    parse,
    replace_node,
    wrap_in_list,
)


@rule("KMS112", WARNING, "Duplicate Sid", pages.SID, ANY)
def duplicate_sid(subject: Subject) -> Iterator[Hit]:
    """The second and every later statement with the same Sid.

    Two statements with one Sid cannot be told apart in messages, diffs and logs.
    """
    taken = {statement.sid for statement in subject.statements}
    numbers: dict[str, int] = {}
    for statement in subject.statements:
        node = statement.node.get("Sid")
        if not isinstance(node, StringNode) or not node.value:
            continue
        if node.value in numbers:
            numbers[node.value], fresh = _fresh_sid(node.value, numbers[node.value], taken)
            taken.add(fresh)
            yield Hit(
                node.span,
                f"Another statement already has the Sid {node.value!r}",
                write(node, fresh, f"Rename to {fresh}"),
            )
        else:
            numbers[node.value] = 1


def _fresh_sid(sid: str, last: int, taken: set[str]) -> tuple[int, str]:
    """The next number after `last`, all of which are taken, and the Sid with it."""
    blank = " " if " " in sid else ""
    number = last + 1
    while f"{sid}{blank}{number}" in taken:
        number += 1
    return number, f"{sid}{blank}{number}"


@rule("KMS113", WARNING, "Empty list or condition", pages.GRAMMAR, ANY)
def empty_element(subject: Subject) -> Iterator[Hit]:
    """Empty lists and empty conditions.

    Nothing equals an empty list, so the statement never applies, or always applies where the
    operator is negated; an empty condition restricts nothing.
    """
    text = subject.text
    for statement in subject.statements:
        for member in statement.node.members:
            name = member.key.value
            if name in ("Action", "NotAction", "Resource", "NotResource") and _is_empty(member):
                change = _of_empty_list(subject, statement, member)
                yield Hit(member.value.span, f"{name} is an empty list", change)
            elif name == "Condition" and isinstance(member.value, ObjectNode):
                yield from _empty_conditions(text, statement.node, member, member.value)


def _of_empty_list(subject: Subject, statement: Statement, member: Member) -> Fix | None:
    """What mends a statement with an empty list; without the list it would be no better."""
    if member.key.value == "Action":
        return delete_whole(subject, statement)
    if member.key.value == "Resource" and subject.scope is PolicyKind.KEY:
        return fix('Write "*"', replace_node(member.value, "*"))
    return None


def _is_empty(member: Member) -> bool:
    return isinstance(member.value, ArrayNode) and not member.value.items


def _empty_conditions(
    text: str, statement: ObjectNode, block: Member, operators: ObjectNode
) -> Iterator[Hit]:
    if not operators.members:
        edit = delete_member(text, statement, block)
        yield Hit(operators.span, "The condition is empty", fix("Delete it", edit))
    for operator in operators.members:
        if not isinstance(operator.value, ObjectNode):
            continue
        if not operator.value.members:
            alone = len(operators.members) == 1
            holder, member = (statement, block) if alone else (operators, operator)
            edit = delete_member(text, holder, member)
            yield Hit(operator.value.span, f"{operator.key.value} is empty", fix("Delete it", edit))
        # A key without values makes its statement match nothing; deleting the key would make
        # it match more, so that is left to the person.
        yield from (
            Hit(member.value.span, f"{member.key.value!r} has no values to compare with")
            for member in operator.value.members
            if _is_empty(member)
        )


_STRINGS = frozenset({"Sid", "Effect"})
_LISTS = frozenset({"Action", "NotAction", "Resource", "NotResource"})
_PRINCIPALS = frozenset({"Principal", "NotPrincipal"})
_NOT_STRINGS = _PRINCIPALS | {"Condition"}
"""What a string is not good for, or not any."""


def json_type(node: Node) -> str:
    """What JSON calls a value."""
    if isinstance(node, LiteralNode):
        return "null" if node.value is None else "a boolean"
    if isinstance(node, ErrorNode):
        return "missing"
    return {
        StringNode: "a string",
        NumberNode: "a number",
        ObjectNode: "an object",
        ArrayNode: "a list",
    }[type(node)]


@rule("KMS110", ERROR, "Wrong JSON type", pages.GRAMMAR, ANY, hidden_by=("KMS001", "KMS006"))
def wrong_type(subject: Subject) -> Iterator[Hit]:
    """Values of a JSON type that their element does not accept.

    Each element accepts values of certain JSON types only; KMS rejects any other, and rejects
    null everywhere.
    """
    text = subject.text
    root = subject.document.root
    if root is None or isinstance(root, ErrorNode):
        return
    if (inside := wrapped(subject)) is not None:
        yield Hit(root.span, f"The text is {inside.form}", unwrap(subject, inside))
        return
    if not isinstance(root, ObjectNode):
        yield Hit(root.span, f"A policy is an object, not {json_type(root)}", _as_policy(root))
        return
    for member in root.members:
        if member.key.value in ("Version", "Id"):
            yield from _string(text, member.key.value, member.value)
        elif member.key.value == "Statement":
            yield from _statements(member.value)
    for statement in subject.statements:
        for member in statement.node.members:
            if not isinstance(member.value, StringNode) or member.key.value in _NOT_STRINGS:
                yield from _element(text, member)


def _as_policy(root: Node) -> Fix | None:
    """A bare list of statements made into a policy; a list of whole policies cannot be."""
    if not isinstance(root, ArrayNode) or not root.items:
        return None
    for item in root.items:
        if not isinstance(item, ObjectNode):
            return None
        if any(member.key.value == "Statement" for member in item.members):
            return None
    start = Edit(Span(root.span.start, root.span.start), '{"Version": "2012-10-17", "Statement": ')
    return fix("Make it a policy", start, Edit(Span(root.span.end, root.span.end), "}"))


def _statements(value: Node) -> Iterator[Hit]:
    items = value.items if isinstance(value, ArrayNode) else (value,)
    for item in items:
        if not isinstance(item, ObjectNode | ErrorNode):
            yield Hit(
                item.span, f"A statement is an object, not {json_type(item)}", _out_of_string(item)
            )


def _out_of_string(item: Node) -> Fix | None:
    """The statements that a string holds, without it; None where it holds anything else."""
    if not isinstance(item, StringNode) or not item.value.lstrip().startswith(("{", "[{")):
        return None
    document = parse(item.value)
    if document.problems or not isinstance(document.root, ObjectNode | ArrayNode):
        return None
    return fix("Take it out of the string", Edit(item.span, item.value))


def _element(text: str, member: Member) -> Iterator[Hit]:
    name, value = member.key.value, member.value
    if name in _STRINGS:
        yield from _string(text, name, value)
    elif name in _LISTS:
        yield from _string_or_list(text, name, value)
    elif name in _PRINCIPALS:
        yield from _principal(text, name, value)
    elif name == "Condition":
        yield from _condition(value)


def _quote(text: str, name: str, node: Node) -> Fix | None:
    """A number in quotes, just as it is written, where that makes a value the element takes."""
    written = text[node.span.start : node.span.end]
    if not isinstance(node, NumberNode):
        return None
    if name == "Version":
        return fix("Set 2012-10-17", replace_node(node, "2012-10-17"))
    if name in ("Sid", "Id") or (name not in _LISTS and ACCOUNT_ID.fullmatch(written)):
        return fix("Quote it", Edit(node.span, f'"{written}"'))
    return None


def _string(text: str, name: str, value: Node) -> Iterator[Hit]:
    if isinstance(value, StringNode | ErrorNode):
        return
    change = _quote(text, name, value)
    if isinstance(value, ArrayNode) and len(value.items) == 1:
        (item,) = value.items
        if isinstance(item, StringNode):
            change = fix("Take it out of the list", replace_node(value, item.value))
    yield Hit(value.span, f"{name} is a string, not {json_type(value)}", change)


def _string_or_list(text: str, name: str, value: Node) -> Iterator[Hit]:
    if isinstance(value, StringNode | ErrorNode):
        return
    if not isinstance(value, ArrayNode):
        message = f"{name} takes a string or a list of strings, not {json_type(value)}"
        yield Hit(value.span, message, _quote(text, name, value))
        return
    for item in value.items:
        if not isinstance(item, (StringNode, ErrorNode)):
            message = f"{name} takes strings, not {json_type(item)}"
            yield Hit(item.span, message, _quote(text, name, item))


def _principal(text: str, name: str, value: Node) -> Iterator[Hit]:
    if isinstance(value, ObjectNode):
        for member in value.members:
            yield from _string_or_list(text, f"{name} {member.key.value!r}", member.value)
        return
    if isinstance(value, ErrorNode) or (
        isinstance(value, StringNode) and (value.value == "*" or not value.value.strip())
    ):
        return
    if isinstance(value, StringNode):
        kind = "Service" if value.value.endswith(".amazonaws.com") else "AWS"
        message = f'{name} is {{"{kind}": …}}; only "*" may stand by itself'
    elif isinstance(value, ArrayNode) and value.items:
        kind = "AWS"
        message = f"{name} is an object that says which type its members have, not a list"
        if not all(isinstance(item, StringNode) for item in value.items):
            yield Hit(value.span, message)
            return
    elif isinstance(value, ArrayNode):
        return
    else:
        yield Hit(value.span, f'{name} is an object or "*", not {json_type(value)}')
        return
    before, after = wrap_in_list(value)
    wrap = (Edit(before.span, f'{{"{kind}": '), Edit(after.span, "}"))
    yield Hit(value.span, message, fix(f"Wrap it in {kind}", *wrap))


def _condition(value: Node) -> Iterator[Hit]:
    if isinstance(value, ErrorNode):
        return
    if not isinstance(value, ObjectNode):
        yield Hit(value.span, f"Condition is an object, not {json_type(value)}")
        return
    for operator in value.members:
        if isinstance(operator.value, ErrorNode):
            continue
        if not isinstance(operator.value, ObjectNode):
            yield Hit(
                operator.value.span,
                f"An operator such as StringEquals takes an object of condition keys, not "
                f"{json_type(operator.value)}",
            )
            continue
        for member in operator.value.members:
            if not isinstance(member.value, StringNode):
                yield from _condition_values(member)


def _condition_values(member: Member) -> Iterator[Hit]:
    items = member.value.items if isinstance(member.value, ArrayNode) else (member.value,)
    for item in items:
        is_null = isinstance(item, LiteralNode) and item.value is None
        if is_null or isinstance(item, ObjectNode | ArrayNode):
            yield Hit(
                item.span,
                f"The condition key {member.key.value!r} takes strings, not {json_type(item)}",
            )
