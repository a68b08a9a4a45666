"""The rule about policy variables (KMS413)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kmstui.policy.iam.suggestions import did_you_mean
from kmstui.policy.lint import pages
from kmstui.policy.lint.facts.clauses import clauses
from kmstui.policy.lint.facts.placeholders import find_placeholders
from kmstui.policy.lint.rules import BROKEN_VALUE, Hit, Scope, Severity, Subject, rule
from kmstui.policy.syntax.edits import insert_first_member, replace_node
from kmstui.policy.syntax.nodes import Fix, ObjectNode, Span, StringNode
from kmstui.policy.syntax.statements import VARIABLES_SINCE

_OPENING = re.compile(r"\$\{([^{}]*)(\}?)")
_LITERALS = ("*", "?", "$")
_NAME = re.compile(r"[A-Za-z][\w.-]*:[^\s',]+(?: [^\s',]+)*(?:\s*,\s*'[^']*')?")


def _text_values(subject: Subject) -> Iterator[StringNode]:
    """The strings in which AWS resolves variables: resources and condition values."""
    for statement in subject.policy.statements:
        yield from statement.resources
        yield from statement.not_resources
    for clause in clauses(subject):
        if clause.operator is not None and clause.operator.type in ("String", "ARN"):
            yield from clause.strings


def part_of(node: StringNode, start: int, end: int) -> Span:
    """The range of a part of a string; all of it where escapes hide the place."""
    if node.span.end - node.span.start != len(node.value) + 2:
        return node.span
    return Span(node.span.start + 1 + start, node.span.start + 1 + end)


def _problem(subject: Subject, name: str, closed: bool) -> str | None:
    """What is wrong with a variable, as the end of a sentence."""
    if not closed:
        return 'has no closing "}"'
    if not name.strip():
        return "names no condition key"
    if not _NAME.fullmatch(name):
        return "is malformed: it is ${KEY} or ${KEY, 'default'}, without other white space"
    key = name.partition(",")[0].strip()
    info = subject.knowledge.condition_key(key)
    if info is not None:
        return f"cannot be used: {info.name} has several values" if info.multivalued else None
    if key.lower().startswith(("aws:", "kms:")):
        known = [each.name for each in subject.knowledge.condition_keys.values()]
        meant = did_you_mean(key, known)
        return "is no condition key" + (f"; did you mean ${{{meant}}}?" if meant else "")
    return None


def _set_version(subject: Subject) -> Fix | None:
    root = subject.document.root
    if not isinstance(root, ObjectNode):
        return None
    title = f'Set "Version": "{VARIABLES_SINCE}"'
    member = root.member("Version")
    if member is not None:
        return Fix(title, (replace_node(member.value, VARIABLES_SINCE),))
    return Fix(
        title, (insert_first_member(subject.document.text, root, "Version", VARIABLES_SINCE),)
    )


@rule(
    "KMS413",
    Severity.ERROR,
    "Policy variable that does not work",
    pages.VARIABLES,
    Scope.BOTH,
    hidden_by=BROKEN_VALUE,
)
def broken_variable(subject: Subject) -> Iterator[Hit]:
    """Malformed variables, and variables in a policy of a Version that has none.

    A variable is ${KEY}, with a condition key of one value, and only Version 2012-10-17 has
    variables: in older ones the text stands for itself. A statement whose variable has no value
    does not match.
    """
    old = subject.policy.version != VARIABLES_SINCE
    for node in _text_values(subject):
        if "${" not in node.value:
            continue
        placeholders = {found.start for found in find_placeholders(node.value)}
        for match in _OPENING.finditer(node.value):
            name = match[1]
            if match.start() in placeholders:
                continue
            span = part_of(node, *match.span())
            problem = None
            if name not in _LITERALS or not match[2]:
                problem = _problem(subject, name, bool(match[2]))
            if problem is not None:
                yield Hit(span, f'"{match[0]}" {problem}')
            elif old:
                version = subject.policy.version or "2008-10-17, since none is given,"
                yield Hit(
                    span,
                    f'"{match[0]}" is no variable in Version {version} but plain text',
                    _set_version(subject),
                    Severity.WARNING,
                )
