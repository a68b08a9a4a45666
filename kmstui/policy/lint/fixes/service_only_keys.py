"""Conditions on what only requests of AWS services carry, in statements about people.

IAM User Guide, "AWS global condition context keys": aws:SourceArn, aws:SourceAccount and the
others named here are in the context only where a service principal calls directly.
"""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.policy.iam.principals import OF_SERVICES_ONLY
from kmstui.policy.lint.facts.clauses import Clause
from kmstui.policy.lint.facts.grants import IDENTITIES, Kind, Reading, readings
from kmstui.policy.lint.fixes.conditions import add_condition
from kmstui.policy.lint.rules import Hit, Subject
from kmstui.policy.syntax.nodes import Fix

_PEOPLE = (*IDENTITIES, Kind.ROOT)


def never_of_people(subject: Subject) -> Iterator[Hit]:
    """A statement that such a condition makes void, or a Deny that it turns on all people."""
    for reading in readings(subject):
        asked = [clause for clause in reading.clauses if clause.is_about(*OF_SERVICES_ONLY)]
        if not asked or not reading.who:
            continue
        dead = next((clause for clause in asked if clause.demands_presence), None)
        if dead is not None:
            if all(who.kind in _PEOPLE for who in reading.who):
                verb = "allows" if reading.allow else "denies"
                yield Hit(
                    dead.entry.key.span,
                    f"Only AWS services send {dead.name}, so this {verb} {reading.names} nothing",
                )
        elif not reading.allow and all(clause in asked for clause in reading.clauses):
            yield from _stopping_people(subject, reading, asked[0])


def _stopping_people(subject: Subject, reading: Reading, clause: Clause) -> Iterator[Hit]:
    """A Deny that says nothing but which service's customers are meant."""
    stopped = next((who for who in reading.who if who.kind in (*_PEOPLE, Kind.EVERYBODY)), None)
    if stopped is None:
        return
    whom = "every user and role" if stopped.kind is Kind.EVERYBODY else stopped.short
    added = add_condition(
        subject.document.text, reading.statement, "Bool", "aws:PrincipalIsAWSService", "true"
    )
    yield Hit(
        clause.entry.key.span,
        f"Only AWS services send {clause.name}, so this Deny stops {whom}",
        None if added is None else Fix("Deny AWS services only", added),
    )
