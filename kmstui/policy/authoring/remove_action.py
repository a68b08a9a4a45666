"""Taking one KMS action from an IAM policy, without a Deny: the Allow lists are edited.

A wildcard that covers the action is written out as the actions it stands for, less the one. What
was allowed beside it stays allowed; actions that AWS adds later are no longer covered.
"""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.policy.iam import has_wildcard, knowledge, wildcard_match
from kmstui.policy.syntax import (
    Edit,
    ObjectNode,
    Statement,
    StringNode,
    add_value,
    apply_edits,
    delete_statement,
    parse,
    read_policy,
    set_values,
)


class CannotTakeError(ValueError):
    """The action cannot be taken by editing lists; the message says why and what to do."""


def allows(text: str, action: str) -> bool:
    """Whether an Allow of the policy covers the action, conditions aside."""
    return any(_covers(statement, action) for statement in read_policy(parse(text)).statements)


def without_action(text: str, action: str) -> str:
    """The policy without the action in any Allow; the same text where none covers it.

    Raises:
        CannotTakeError: an Allow covers it by a wildcard over other services, or it is all that
            the policy allows.
    """
    document = parse(text)
    policy = read_policy(document)
    if not isinstance(document.root, ObjectNode):
        return text
    touched = [statement for statement in policy.statements if _covers(statement, action)]
    emptied = [each for each in touched if not each.not_actions and not any(_left(each, action))]
    if emptied and len(emptied) == len(policy.statements):
        raise CannotTakeError(
            f"{action} is all that the policy allows: delete the policy in IAM instead."
        )
    edits: list[Edit] = []
    for statement in touched:
        if statement not in emptied:
            edits += _edits(text, statement, action)
    text = apply_edits(text, tuple(edits))
    # Whole statements go one by one: of two neighbours each would take the comma along.
    for _ in emptied:
        text = _without_first(text, action)
    return text


def _without_first(text: str, action: str) -> str:
    document = parse(text)
    for statement in read_policy(document).statements:
        if isinstance(document.root, ObjectNode) and _covers(statement, action):
            return apply_edits(text, (delete_statement(text, document.root, statement),))
    return text


def _covers(statement: Statement, action: str) -> bool:
    if statement.effect != "Allow":
        return False
    if statement.not_actions:
        return not any(_matches(node, action) for node in statement.not_actions)
    return any(_matches(node, action) for node in statement.actions)


def _matches(node: StringNode, action: str) -> bool:
    return wildcard_match(node.value, action, ignore_case=True)


def _left(statement: Statement, action: str) -> Iterator[str]:
    """The actions of a statement without the one, each once."""
    seen: set[str] = set()
    for node in statement.actions:
        for name in _parts(statement, node, action):
            if name.lower() not in seen:
                seen.add(name.lower())
                yield name


def _parts(statement: Statement, node: StringNode, action: str) -> tuple[str, ...]:
    pattern = node.value
    if not _matches(node, action):
        return (pattern,)
    if not has_wildcard(pattern):
        return ()
    if not pattern.lower().startswith("kms:"):
        name = f"Statement {statement.label}" if statement.sid else statement.label.capitalize()
        raise CannotTakeError(
            f"{name} allows {pattern}, which covers other services too and"
            f" cannot be written out: name the actions that are needed, without {action}."
        )
    return tuple(name for name in knowledge().expand(pattern) if name.lower() != action.lower())


def _edits(text: str, statement: Statement, action: str) -> Iterator[Edit]:
    if statement.not_actions:
        member = statement.node.member("NotAction")
        if member is not None:
            yield from add_value(text, member, action)
        return
    member = statement.node.member("Action")
    if member is not None:
        yield set_values(text, member, list(_left(statement, action)))
