"""The conditions of a policy, taken apart once for all rules that speak of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from kmstui.policy.iam import ConditionKeyInfo, Operator, parse_operator
from kmstui.policy.lint.core import Subject, remembered
from kmstui.policy.syntax import (
    ConditionEntry,
    ObjectNode,
    Scalar,
    Statement,
    StringNode,
    scalar_text,
)

MFA_KEYS = ("aws:multifactorauthpresent", "aws:multifactorauthage")


NO_OPERATOR = Operator("", "", "")
"""Stands for what is not an operator: of no type, not negated, without wildcards."""


class Clause(NamedTuple):
    """One condition key under one operator."""

    statement: Statement
    entry: ConditionEntry
    operator: Operator
    """`NO_OPERATOR` where AWS has no such operator."""
    key: str
    """In lower case and without the white space that a typing slip left in it, so that the
    other rules need not wait for it to be corrected."""
    info: ConditionKeyInfo | None
    """None where the key is not known."""
    texts: tuple[str, ...]
    """Its values as the texts that AWS compares."""
    strings: tuple[StringNode, ...]
    """Its values that are strings."""

    @property
    def written(self) -> str:
        """The key as written."""
        return self.entry.key.value

    @property
    def name(self) -> str:
        """The key in AWS's own case where it is known, else as written."""
        if self.info is None:
            return self.written
        return (
            self.info.name + self.written[len(self.info.name) :] if self.named else self.info.name
        )

    @property
    def named(self) -> bool:
        """Whether somebody chooses the last part of the key: a tag or an encryption context."""
        return self.info is not None and self.info.name[-1] in ":/"

    @property
    def is_null(self) -> bool:
        """Whether it asks for the presence of the key, and not for its value."""
        return self.operator.type == "Null"

    @property
    def demands_presence(self) -> bool:
        """Whether a request without the key never meets it."""
        if self.operator is NO_OPERATOR:
            return False
        if self.is_null:
            return all(text.lower() == "false" for text in self.texts)
        return not self.operator.holds_when_absent

    @property
    def pairs(self) -> Iterator[tuple[Scalar, str]]:
        """Its values with their texts."""
        return zip(self.entry.values, self.texts, strict=True)

    def is_about(self, *keys: str) -> bool:
        """Whether its key is one of these; one that ends in `:` or `/` stands for a family."""
        return is_one_of(self.key, keys)

    def says(self, word: str) -> bool:
        """Whether every value is `word`, as in `Bool: true`, in any case."""
        return bool(self.texts) and all(text.lower() == word for text in self.texts)


@lru_cache(maxsize=4096)
def is_one_of(key: str, keys: tuple[str, ...]) -> bool:
    """Whether a key in lower case is one of these; see `Clause.is_about`."""
    return key in keys or key.startswith(tuple(each for each in keys if each[-1] in ":/"))


@lru_cache(maxsize=4096)
def _squeezed(written: str) -> str:
    return "".join(written.split()).lower()


@remembered
def clauses(subject: Subject) -> tuple[Clause, ...]:
    """All conditions of the policy, in the order written."""
    return tuple(
        [
            _clause(subject, statement, entry)
            for statement in subject.statements
            for entry in statement.conditions
        ]
    )


def _clause(subject: Subject, statement: Statement, entry: ConditionEntry) -> Clause:
    key = _squeezed(entry.key.value)
    return Clause(
        statement,
        entry,
        parse_operator(entry.operator.value) or NO_OPERATOR,
        key,
        subject.knowledge.condition_key(key),
        tuple(map(scalar_text, entry.values)),
        tuple([value for value in entry.values if isinstance(value, StringNode)]),
    )


@remembered
def _by_statement(subject: Subject) -> dict[int, tuple[Clause, ...]]:
    found: dict[int, list[Clause]] = {}
    for clause in clauses(subject):
        found.setdefault(clause.statement.index, []).append(clause)
    return {index: tuple(each) for index, each in found.items()}


def clauses_of(subject: Subject, statement: Statement) -> tuple[Clause, ...]:
    """The conditions of one statement."""
    return _by_statement(subject).get(statement.index, ())


def operators(subject: Subject) -> Iterator[tuple[Statement, StringNode, bool]]:
    """Every operator as written, with whether an object of condition keys stands under it."""
    for statement, block in subject.elements("Condition"):
        if isinstance(block.value, ObjectNode):
            for member in block.value.members:
                yield statement, member.key, isinstance(member.value, ObjectNode)


@remembered
def _guaranteed(subject: Subject) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for clause in clauses(subject):
        if not clause.demands_presence:
            continue
        keys = found.setdefault(clause.statement.index, set())
        keys.add(clause.key)
        # A request with a pair of the encryption context has the list of their names as well.
        if clause.key.startswith("kms:encryptioncontext:"):
            keys.add("kms:encryptioncontextkeys")
    return {index: frozenset(keys) for index, keys in found.items()}


def guaranteed(subject: Subject, statement: Statement) -> frozenset[str]:
    """The keys (lower case) that every request carries which meets the statement's conditions."""
    return _guaranteed(subject).get(statement.index, frozenset())


_OF_ORGANIZATIONS = frozenset(
    {"aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"}
)


def is_wide(clause: Clause, text: str) -> bool:
    """Whether a value leaves the question open."""
    if not clause.operator.wildcards:
        return False
    if not text.strip("*?"):
        return True
    if clause.key in _OF_ORGANIZATIONS and "*" in text:
        # Every organization's ID begins with o- (Organizations API Reference, "Organization").
        return "o-".startswith(text.partition("*")[0])
    parts = text.split(":")
    return clause.key.endswith("arn") and len(parts) > 4 and not parts[4].strip("*?")
