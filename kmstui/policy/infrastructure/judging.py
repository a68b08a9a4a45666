"""The linter over a policy out of a file: what it finds, at its place in that file."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from kmstui.policy.lint import RULES, KeyContext, PolicyKind, lint
from kmstui.policy.syntax import (
    ArrayNode,
    Document,
    Fix,
    Node,
    ObjectNode,
    Span,
    apply_edits,
    parse,
    read_policy,
)

if TYPE_CHECKING:
    from kmstui.policy.infrastructure.reading import Embedded
    from kmstui.policy.lint import Finding

_OF_THE_WHOLE = frozenset({"KMS105", "KMS506", "KMS507", "KMS517", "KMS518"})
"""Rules that speak of what is missing, or of statements beside others: of no use where some
statements are not known."""
_PLACEHOLDER = "KMS601"
"""What stands for a value that only the deployment knows was not forgotten."""
_WHO_AND_WHEN = ("Effect", "Principal", "NotPrincipal", "Condition")


def context_of(policy: Embedded, given: KeyContext) -> KeyContext:
    """What is known of the key: what the command line says goes before what the file says."""
    return replace(given, usage=given.usage or policy.usage, spec=given.spec or policy.spec)


def findings_in(
    policy: Embedded, key: KeyContext, *, disabled: Collection[str] = ()
) -> tuple[Finding, ...]:
    """All findings of a policy, each at its place in the file; a fix has its title alone.

    Nothing is said of what only the deployment knows: who is named by a function or a variable is
    nobody, and where whole statements are unknown, what hangs on all of them is left open.
    """
    rendered = policy.rendered
    document = parse(rendered.text)
    kind = PolicyKind.ENDPOINT if policy.of_endpoint else PolicyKind.KEY
    gaps = _gaps(document, rendered.unknown)
    whole = not gaps and not policy.partial
    found = []
    for each in lint(document, key, disabled=disabled, scope=kind):
        if any(_inside(each.span, string) for string in rendered.unresolved):
            continue
        if not whole and each.rule in _OF_THE_WHOLE:
            continue
        if each.rule.startswith("KMS5") and any(_inside(each.span, gap) for gap in gaps):
            continue
        fix = None if each.fix is None else Fix(each.fix.title, ())
        found.append(each._replace(span=rendered.to_source(each.span), fix=fix))
    return tuple(found)


def not_to_fix(policy: Embedded) -> frozenset[str]:
    """The rules whose fixes would rest on what is not known of a policy."""
    gaps = _gaps(parse(policy.rendered.text), policy.rendered.unknown)
    if not gaps and not policy.partial:
        return frozenset({_PLACEHOLDER})
    return _OF_THE_WHOLE | {_PLACEHOLDER, *(id_ for id_ in RULES if id_.startswith("KMS5"))}


def _inside(span: Span, outer: Span) -> bool:
    return outer.start <= span.start and span.end <= outer.end


def _gaps(document: Document, unknown: Collection[Span]) -> list[Span]:
    """The statements, or the list of them, of which it is not known who may do what when."""
    root = document.root
    if not unknown or not isinstance(root, ObjectNode):
        return []
    holder = root.get("Statement")
    if holder is None:
        return []
    entries = holder.items if isinstance(holder, ArrayNode) else (holder,)
    gaps = [each.span for each in (holder, *entries) if each.span in unknown]
    for statement in read_policy(document).statements:
        if any(_is_gap(statement.node.get(name), unknown) for name in _WHO_AND_WHEN):
            gaps.append(statement.node.span)
    return gaps


def _is_gap(node: Node | None, unknown: Collection[Span]) -> bool:
    """Whether an element, or an operator of a Condition, is not known at all."""
    if node is None:
        return False
    below = [each.value for each in node.members] if isinstance(node, ObjectNode) else []
    tables = [each for each in below if isinstance(each, ObjectNode)]
    return node.span in unknown or any(
        # A principal that is not known is nobody; a condition is not nothing.
        each.span in unknown and bool(tables)
        for each in below
    )


def fixed_source(source: str, policy: Embedded, wanted: str) -> str | None:
    """The file with a policy in it changed as its JSON is; None where that cannot be written there.

    Whoever writes it reads the result again and compares: what a value means depends on the
    language around it.
    """
    edits = policy.rendered.edits_in_source(wanted, across=policy.is_json)
    return None if edits is None else apply_edits(source, edits)


def means_the_same(one: str, other: str) -> bool:
    """Whether two texts are the same JSON, or the same."""
    try:
        return one == other or bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False
