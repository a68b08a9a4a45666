"""What the linter calls needless is held against the evaluation: without it no answer differs."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kmstui.model.arn import Arn
from kmstui.policy.evaluation import Outcome
from kmstui.policy.iam.requests import Context
from kmstui.policy.lint.core import Finding, KeyContext, Severity
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.edits import delete_condition
from kmstui.policy.syntax.nodes import apply_edits, read_policy
from kmstui.policy.syntax.parser import parse
from tests.policy.asking import ACCOUNT, ANNA, KEY, ROOT, ask, iam, iam_allow
from tests.policy.policy_strategies import (
    ACTIONS,
    PRINCIPALS,
    contexts,
    possible,
    settled,
    statements,
)

Statement = dict[str, Any]
_ROOT = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
_KEY = KeyContext(arn=Arn.parse(KEY))
questions = st.tuples(
    st.sampled_from(PRINCIPALS),
    st.sampled_from(ACTIONS),
    contexts(),
    st.sampled_from([[], [iam(iam_allow())]]),
)


@st.composite
def alike(draw: st.DrawFn) -> list[Statement]:
    """Statements of which one is another with a part changed, so that much is nearly needless."""
    found = draw(st.lists(statements(), min_size=1, max_size=3))
    for _ in range(draw(st.integers(1, 3))):
        changed = dict(draw(st.sampled_from(found)))
        other = draw(statements())
        for name in draw(st.lists(st.sampled_from(sorted(other)), max_size=2, unique=True)):
            for opposite in (name.removeprefix("Not"), f"Not{name.removeprefix('Not')}"):
                if name != "Effect":
                    changed.pop(opposite, None)
            changed[name] = other[name]
        if draw(st.booleans()):
            changed.pop("Condition", None)
        found.append(changed)
    return draw(st.permutations(found))


def _without(text: str, finding: Finding) -> str:
    """The policy without the statement that a finding is about."""
    value = json.loads(text)
    at = next(
        each.index
        for each in read_policy(parse(text)).statements
        if each.node.span.start <= finding.span.start < each.node.span.end
    )
    del value["Statement"][at]
    return json.dumps(value)


def _freed(text: str, finding: Finding) -> str:
    """The policy without the condition that a finding is about."""
    for statement in read_policy(parse(text)).statements:
        for entry in statement.conditions:
            if entry.key.span == finding.span:
                edit = delete_condition(text, statement.node, entry.member)
                return apply_edits(text, (edit,))
    raise AssertionError(finding)


def _changed(text: str, finding: Finding) -> str | None:
    """What the finding says to mean the same; None where it says nothing of the kind."""
    if finding.rule == "KMS517":
        return _without(text, finding)
    if finding.rule == "KMS520" and finding.severity is Severity.WARNING:
        said = finding.message
        return _without(text, finding) if "allows the same" in said else _freed(text, finding)
    if finding.rule == "KMS208" and finding.fix is not None:
        return apply_edits(text, finding.fix.edits)
    return None


_NOT_ALLOWED = (Outcome.EXPLICITLY_DENIED, Outcome.IMPLICITLY_DENIED)


@settings(max_examples=80, deadline=None)
@given(alike(), st.lists(questions, min_size=4, max_size=12))
def test_what_is_called_needless_may_go(
    policy: list[Statement], asked: list[tuple[Any, ...]]
) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": policy}, indent=1)
    for finding in lint(text, _KEY):
        changed = _changed(text, finding)
        if changed is None:
            continue
        for who, action, context, identity in asked:
            exact = settled(possible(context, action))
            before, after = (
                ask(each, who, action, context=exact, identity_policies=identity).outcome
                for each in (text, changed)
            )
            # Of a role, of which a session is named, only the session itself can be told.
            same = before in (after, Outcome.NOT_PREDICTABLE)
            same = same or {before, after} <= {*_NOT_ALLOWED}
            assert same, (finding.message, who, action, exact)


_FOR_S3 = {
    "Effect": "Allow",
    "Principal": {"AWS": [ROOT]},
    "Action": ["kms:Encrypt"],
    "Resource": "*",
    "Condition": {"StringEquals": {"kms:ViaService": ["s3.eu-west-1.amazonaws.com"]}},
}


@settings(max_examples=80, deadline=None)
@example([_FOR_S3, _FOR_S3, {**_FOR_S3, "Effect": "Deny", "Condition": {}}])
@given(alike())
def test_what_iam_policies_can_allow_without_a_condition_they_can(policy: list[Statement]) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [_ROOT, *policy]}, indent=1)
    nothing = Context(complete=True)
    for finding in lint(text, _KEY):
        if finding.rule != "KMS520" or finding.severity is not Severity.INFO:
            continue
        (at,) = (
            each
            for each in read_policy(parse(text)).statements
            if each.node.span.start <= finding.span.start < each.node.span.end
        )
        # Somebody of the account; as itself, a root user needs no IAM policy.
        names = {entry.value.value for entry in at.principals} - {ROOT, ACCOUNT}
        for who in names or {ANNA}:
            for action in {each.value for each in at.actions} & {*ACTIONS}:
                asked = ask(
                    text, who, action, context=nothing, identity_policies=[iam(iam_allow())]
                )
                assert asked.outcome is Outcome.ALLOWED, (finding.message, who, action)
