"""KMS311 and KMS312: what the statement is about, which in a key policy is the key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kmstui.model.arn import Arn
from kmstui.policy.iam.match_value import resource_match
from kmstui.policy.lint import pages
from kmstui.policy.lint.facts.placeholders import find_placeholders
from kmstui.policy.lint.rules import BROKEN_VALUE, Hit, Severity, Subject, rule
from kmstui.policy.syntax.edits import delete_value, fix, replace_node
from kmstui.policy.syntax.nodes import StringNode
from kmstui.policy.syntax.statements import Statement

_SOME_KEY = re.compile(
    r"[\w*?-]+:[\w*?-]+:(?:kms|\*)[^:]*:[^:]*:[^:]*:(?:key/|\*).*|\*+", re.DOTALL
)


@rule(
    "KMS311", Severity.WARNING, "Resource is not this key", pages.KEY_POLICY, hidden_by=BROKEN_VALUE
)
def other_resource(subject: Subject) -> Iterator[Hit]:
    """Resources that are not this key, or no key at all.

    In a key policy the resource is the key itself, written *. A Resource that does not match
    this key makes the statement dead.
    """
    for statement in subject.policy.statements:
        dead = [node for node in statement.resources if not _may_match(subject.key.arn, node)]
        if not dead:
            continue
        alive = len(dead) < len(statement.resources)
        for node in dead:
            if find_placeholders(node.value):
                continue
            yield _hit(subject, statement, node, alive=alive)


def _may_match(key: Arn | None, node: StringNode) -> bool:
    if node.value == "*":
        return True
    if key is not None:
        return resource_match(node.value, str(key))
    return _SOME_KEY.fullmatch(node.value) is not None


def _hit(subject: Subject, statement: Statement, node: StringNode, *, alive: bool) -> Hit:
    what = "this key" if subject.key.arn is not None else "a key"
    member = statement.node.member("Resource")
    if member is None:
        raise ValueError("a resource without its element")
    if alive:
        message = f"{node.value!r} is not {what}, so it adds nothing"
        edit = delete_value(subject.document.text, statement.node, member, node)
        return Hit(node.span, message, fix("Delete it", edit))
    message = f"{node.value!r} is not {what}, so {statement.label} has no effect"
    return Hit(node.span, message, fix('Write "*"', replace_node(member.value, "*")))


@rule("KMS312", Severity.WARNING, "NotResource", pages.NOT_RESOURCE)
def not_resource(subject: Subject) -> Iterator[Hit]:
    """Statements with NotResource.

    A key policy is about one key. NotResource names what the statement is not about, which is
    either nothing at all or the key.
    """
    for statement in subject.policy.statements:
        member = statement.node.member("NotResource")
        if member is not None:
            yield Hit(
                member.key.span,
                f'{statement.label} uses NotResource; in a key policy write "Resource": "*"',
            )
