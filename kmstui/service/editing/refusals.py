"""Which part of a policy text the service's refusal is about.

KMS seldom names the part: "Policy contains a statement with one or more invalid principals"
does not say which. What it does name is found in the text; else the likely culprits are shown,
as guesses: unique IDs of deleted principals first, then principals that the stored policy, which
was accepted once, does not have. A refusal by the lock-out check is about the statements that deny
kms:PutKeyPolicy, where there are any; else about all that is not there.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from kmstui.policy.syntax import (
    Document,
    Node,
    ObjectNode,
    Policy,
    Statement,
    StringNode,
    parse,
    read_policy,
    walk,
)
from kmstui.service.editing.location import PUT_KEY_POLICY
from kmstui.service.editing.results import RefusedPart

_UNIQUE_ID = re.compile(r"(AIDA|AROA)[A-Z0-9]{12,}")
_SHORTEST_NAME = 4
"""Shorter strings, such as `*`, occur in any sentence."""


def locks_out(message: str) -> bool:
    """Whether KMS's words are those of its lock-out check (KMS API Reference, PutKeyPolicy)."""
    return "will not allow you to update the key policy" in message


def refused_parts(text: str, message: str, stored: str) -> tuple[RefusedPart, ...]:
    """The parts that `message` names or may mean, best first."""
    document = parse(text)
    if locks_out(message):
        return _denials(read_policy(document))
    named = _named(document, message)
    if named or "principal" not in message.lower():
        return named
    return _suspects(read_policy(document), read_policy(parse(stored)))


def _named(document: Document, message: str) -> tuple[RefusedPart, ...]:
    """Strings of the text that the message repeats; the longest name says most."""
    if document.root is None:
        return ()
    strings = [
        node
        for node in _strings(document.root)
        if len(node.value) >= _SHORTEST_NAME and _mentions(message, node.value)
    ]
    # "kms:Encrypt" is no news beside the statement's ARN that holds it.
    longest = [
        node
        for node in strings
        if not any(node.value != other.value and node.value in other.value for other in strings)
    ]
    longest.sort(key=lambda node: (-len(node.value), node.span))
    return tuple(RefusedPart(node.span, True, "the refusal names it") for node in longest)


def _mentions(message: str, value: str) -> bool:
    return re.search(rf"(?<![\w:/-]){re.escape(value)}(?![\w/-])", message) is not None


def _strings(root: Node) -> list[StringNode]:
    """Every string below, names of members included, except the policy grammar's own words."""
    found = []
    for node in walk(root):
        if isinstance(node, StringNode):
            found.append(node)
        elif isinstance(node, ObjectNode):
            found += [m.key for m in node.members if ":" in m.key.value]
    return found


def _suspects(policy: Policy, stored: Policy) -> tuple[RefusedPart, ...]:
    accepted = set(_principals(stored))
    gone, new = [], []
    for value, node in _principals(policy).items():
        if _UNIQUE_ID.fullmatch(value):
            gone.append(
                RefusedPart(node.span, False, "the unique ID of a principal that was deleted")
            )
        elif value not in accepted and value != "*":
            new.append(RefusedPart(node.span, False, "the stored policy does not name it"))
    return (*gone, *new)


def _denials(policy: Policy) -> tuple[RefusedPart, ...]:
    """Statements that may deny everybody the next put."""
    return tuple(
        RefusedPart(statement.node.span, False, f"a Deny that covers {PUT_KEY_POLICY}")
        for statement in policy.statements
        if statement.effect == "Deny" and _covers_put(statement)
    )


def _covers_put(statement: Statement) -> bool:
    action = PUT_KEY_POLICY.lower()
    if statement.not_actions:
        return not any(fnmatchcase(action, each.value.lower()) for each in statement.not_actions)
    return any(fnmatchcase(action, each.value.lower()) for each in statement.actions)


def _principals(policy: Policy) -> dict[str, StringNode]:
    return {
        entry.value.value: entry.value
        for statement in policy.statements
        for entry in (*statement.principals, *statement.not_principals)
    }
