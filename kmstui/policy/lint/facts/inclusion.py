"""Whether a statement surely is about all that another one is about.

What is said of two statements leads to one of them being deleted, so what cannot be read, is left
to fill in, or may be otherwise once AWS adds an action, is no reason to say anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from kmstui.policy.iam import has_wildcard, resource_match, wildcard_match
from kmstui.policy.lint.core import Subject
from kmstui.policy.lint.facts.statements import StatementFacts
from kmstui.policy.syntax import ArrayNode, Node, ObjectNode, Statement, StringNode, walk

_EVERY_ACTION = "kms:*"
_MOST_COMPARISONS = 4096
"""Of patterns, for two statements: the square of what a list of a real policy holds."""


@lru_cache(maxsize=4096)
def stands_for_all_of(wide: str, narrow: str) -> bool:
    """Whether an action or pattern stands for all that another does on a key, in future too."""
    wide, narrow = wide.lower(), narrow.lower()
    if narrow == "*":
        narrow = _EVERY_ACTION
    # A ? could take the * of the other for a letter.
    return wide == narrow or (not ("?" in wide and "*" in narrow) and wildcard_match(wide, narrow))


def _values(nodes: Iterable[StringNode]) -> set[str]:
    return {node.value.lower() for node in nodes}


def _all_stand_under(narrow: set[str], wide: set[str]) -> bool:
    rest = narrow - wide
    patterns = [each for each in wide if has_wildcard(each)]
    if len(rest) * len(patterns) > _MOST_COMPARISONS:
        return False
    return all(any(stands_for_all_of(each, one) for each in patterns) for one in rest)


def _includes_actions(subject: Subject, wide: StatementFacts, narrow: StatementFacts) -> bool:
    """Whether it covers the same actions, those that AWS may add included."""
    if not narrow.actions <= wide.actions:
        return False
    taken, given = _values(narrow.statement.actions), _values(wide.statement.actions)
    if not given:
        left_out = _values(wide.statement.not_actions)
        return not taken and _all_stand_under(left_out, _values(narrow.statement.not_actions))
    if not taken:
        return _all_stand_under({_EVERY_ACTION}, given)
    known = {each for each in taken if subject.knowledge.action(each) is not None}
    # Actions of other services have no effect in a key policy.
    open_ended = {each for each in taken - known if each.startswith(("kms:", "*", "?"))}
    return _all_stand_under(open_ended, given)


def _is_surely_about_key(subject: Subject, statement: Statement) -> bool:
    arn = "" if subject.key.arn is None else str(subject.key.arn)
    if not statement.resources:
        named = [node.value for node in statement.not_resources]
        return bool(arn and named) and not any("${" in each for each in named)
    return any(
        node.value == "*"
        or (bool(arn) and "${" not in node.value and resource_match(node.value, arn))
        for node in statement.resources
    )


def _is_about_same_key(subject: Subject, wide: Statement, narrow: Statement) -> bool:
    if _is_surely_about_key(subject, wide):
        return True
    return bool(narrow.resources) and _values(narrow.resources) <= _values(wide.resources)


def _is_plain(node: Node) -> bool:
    """Whether it is a string, or a list or object of such, with each name once."""
    return all(
        isinstance(each, StringNode | ArrayNode)
        or (isinstance(each, ObjectNode) and _names_differ(each))
        for each in walk(node)
    )


def _names_differ(node: ObjectNode) -> bool:
    return len({member.key.value.lower() for member in node.members}) == len(node.members)


_SAID_IN_STRINGS = ("Principal", "Action", "NotAction", "Resource", "NotResource")


def _is_whole(facts: StatementFacts) -> bool:
    """Whether all of it could be read, and nobody in it is still to be filled in."""
    node = facts.statement.node
    block = node.get("Condition")
    return (
        bool(facts.who)
        and facts.conditional == bool(facts.clauses)
        and _names_differ(node)
        and all(_is_plain(part) for name in _SAID_IN_STRINGS if (part := node.get(name)))
        and (
            block is None
            or all(_names_differ(each) for each in walk(block) if isinstance(each, ObjectNode))
        )
        and not facts.unfilled
    )


def reaches(subject: Subject, wide: StatementFacts, narrow: StatementFacts) -> bool:
    """Whether a statement is about at least the actions of another, on this key for sure."""
    return _includes_actions(subject, wide, narrow) and _is_about_same_key(
        subject, wide.statement, narrow.statement
    )


def includes(subject: Subject, wide: StatementFacts, narrow: StatementFacts) -> bool:
    """Whether it does, and no part of either is left to read or to fill in.

    Whom the two name, and their conditions, are for the caller to compare.
    """
    return reaches(subject, wide, narrow) and _is_whole(narrow) and _is_whole(wide)
