"""IAM policies in words, as far as they concern KMS."""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.policy.access import actions_words
from kmstui.policy.evaluation import (
    CompiledPolicy,
    CompiledStatement,
    compile_identity_policy,
    conditions_words,
    joined,
)
from kmstui.policy.iam import knowledge
from kmstui.policy.syntax import Statement

_MOST_RESOURCES = 3


def kms_statements(text: str, name: str) -> tuple[tuple[str, ...], int]:
    """The statements that cover any action of KMS, in words, and how many there are in all."""
    policy = compile_identity_policy(text, name)
    words = tuple(_statement(each, actions) for each, actions in _concerned(policy))
    return words, len(policy.policy.statements)


def _concerned(policy: CompiledPolicy) -> Iterator[tuple[CompiledStatement, frozenset[str]]]:
    every = [info.name for info in knowledge().actions.values()]
    for statement in policy.statements:
        actions = frozenset(name for name in every if statement.covers_action(name))
        if actions:
            yield statement, actions


def _statement(compiled: CompiledStatement, actions: frozenset[str]) -> str:
    statement = compiled.statement
    every = tuple(info.name for info in knowledge().actions.values())
    verb = "denies" if compiled.deny else "allows"
    words = f"{_label(statement)} {verb} {actions_words(actions, every)}{_resources(statement)}"
    if statement.conditions:
        words += f" if {conditions_words(statement.conditions)}"
    return f"{words}."


def _label(statement: Statement) -> str:
    label = statement.label
    return label.capitalize() if label.startswith("statement") else f"Statement {label}"


def _resources(statement: Statement) -> str:
    if statement.not_resources:
        names = [node.value for node in statement.not_resources]
        return f" on all but {joined(names, 'and', most=_MOST_RESOURCES)}"
    names = [node.value for node in statement.resources]
    if not names:
        return " on no resource, which does nothing"
    return f" on {joined(names, 'and', most=_MOST_RESOURCES)}"
