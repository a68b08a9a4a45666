"""Resources that are not this key (KMS311, KMS312)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kmstui.model import Arn, late_pattern
from kmstui.policy.iam import resource_match
from kmstui.policy.lint import pages
from kmstui.policy.lint.core import BROKEN_VALUE, WARNING, Hit, Subject, rule
from kmstui.policy.lint.facts.values import find_placeholders
from kmstui.policy.syntax import Statement, StringNode, delete_value, fix, replace_node

_SOME_KEY = late_pattern(
    r"[\w*?-]+:[\w*?-]+:(?:kms|\*)[^:]*:[^:]*:[^:]*:(?:key/|\*).*|\*+", re.DOTALL
)


@rule("KMS311", WARNING, "Resource is not this key", pages.KEY_POLICY, hidden_by=BROKEN_VALUE)
def other_resource(subject: Subject) -> Iterator[Hit]:
    """Resources that are not this key, or not a key at all.

    In a key policy the resource is the key itself, written *. A statement whose Resource does
    not match this key has no effect.
    """
    for statement in subject.statements:
        dead = [node for node in statement.resources if not _may_match(subject.key.arn, node)]
        if not dead:
            continue
        alive = len(dead) < len(statement.resources)
        for node in dead:
            if find_placeholders(node.value):
                continue
            yield _dead_resource(subject, statement, node, alive=alive)


def _may_match(key: Arn | None, node: StringNode) -> bool:
    if node.value == "*":
        return True
    if key is not None:
        return resource_match(node.value, str(key))
    return _SOME_KEY.fullmatch(node.value) is not None


def _dead_resource(subject: Subject, statement: Statement, node: StringNode, *, alive: bool) -> Hit:
    what = "this key" if subject.key.arn is not None else "a key"
    member = statement.node.member("Resource")
    if member is None:
        raise ValueError("a resource without its element")
    if alive:
        message = f"{node.value!r} is not {what}, so it adds nothing"
        edit = delete_value(subject.text, statement.node, member, node)
        return Hit(node.span, message, fix("Delete it", edit))
    message = f"{node.value!r} is not {what}, so {statement.label} has no effect"
    return Hit(node.span, message, fix('Write "*"', replace_node(member.value, "*")))


@rule("KMS312", WARNING, "NotResource", pages.NOT_RESOURCE)
def not_resource(subject: Subject) -> Iterator[Hit]:
    """Statements with NotResource.

    A key policy applies to one key. NotResource names what the statement does not apply to:
    either nothing that matters, or the key itself.
    """
    for statement, member in subject.elements("NotResource"):
        message = f'{statement.label} uses NotResource; in a key policy write "Resource": "*"'
        yield Hit(member.key.span, message)
