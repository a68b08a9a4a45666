"""A policy with other strings in it, to be judged as if they stood there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kmstui.policy.syntax import ConditionEntry, Policy, PrincipalEntry, StringNode

Fill = Callable[[str], str]


def filled(
    policy: Policy, fill: Fill, *, principal: Fill | None = None, resource: Fill | None = None
) -> Policy:
    """The policy with `fill` of each string that says who, which key, or under what condition.

    `principal` and `resource` are taken for those in its place; the text stays as it is.
    """

    def nodes(found: tuple[StringNode, ...]) -> tuple[StringNode, ...]:
        return tuple(_with(node, resource or fill) for node in found)

    def entries(found: tuple[PrincipalEntry, ...]) -> tuple[PrincipalEntry, ...]:
        return tuple(each._replace(value=_with(each.value, principal or fill)) for each in found)

    def condition(entry: ConditionEntry) -> ConditionEntry:
        values = (
            _with(each, fill) if isinstance(each, StringNode) else each for each in entry.values
        )
        return entry._replace(values=tuple(values))

    statements = tuple(
        replace(
            each,
            principals=entries(each.principals),
            not_principals=entries(each.not_principals),
            resources=nodes(each.resources),
            not_resources=nodes(each.not_resources),
            conditions=tuple(map(condition, each.conditions)),
        )
        for each in policy.statements
    )
    return replace(policy, statements=statements)


def _with(node: StringNode, fill: Fill) -> StringNode:
    return node._replace(value=fill(node.value))
