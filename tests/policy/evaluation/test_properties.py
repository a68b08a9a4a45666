"""What must be true of every policy, whatever is in it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.access.diff import access_diff
from kmstui.policy.evaluation.outcome import Outcome
from kmstui.policy.iam.requests import Context
from tests.policy.asking import KEY, ask, iam, iam_allow
from tests.policy.lockouts import policy_text
from tests.policy.policy_strategies import (
    ACTIONS,
    PRINCIPALS,
    contexts,
    policies,
    possible,
    settled,
    statements,
)

Statement = dict[str, Any]
questions = st.tuples(
    st.sampled_from(PRINCIPALS),
    st.sampled_from(ACTIONS),
    contexts(),
    st.sampled_from([None, [], [iam(iam_allow())]]),
)

_HOW_MUCH = {
    Outcome.EXPLICITLY_DENIED: 0,
    Outcome.IMPLICITLY_DENIED: 0,
    Outcome.NOT_PREDICTABLE: 1,
    Outcome.ALLOWED: 2,
}


def answer(statements_: list[Statement], question: tuple[Any, ...]) -> Outcome:
    who, action, context, identity = question
    text = policy_text(*statements_)
    return ask(text, who, action, context=context, identity_policies=identity).outcome


@settings(max_examples=60)
@given(policies, statements("Deny"), questions)
def test_adding_a_deny_never_allows_more(
    policy: list[Statement], more: Statement, question: tuple[Any, ...]
) -> None:
    assert _HOW_MUCH[answer([*policy, more], question)] <= _HOW_MUCH[answer(policy, question)]


@settings(max_examples=60)
@given(policies, statements("Allow"), questions)
def test_adding_an_allow_never_denies_more(
    policy: list[Statement], more: Statement, question: tuple[Any, ...]
) -> None:
    assert _HOW_MUCH[answer([*policy, more], question)] >= _HOW_MUCH[answer(policy, question)]


@settings(max_examples=60)
@given(policies, st.randoms(use_true_random=False), questions)
def test_order_and_layout_do_not_matter(
    policy: list[Statement], random: Random, question: tuple[Any, ...]
) -> None:
    shuffled = list(policy)
    random.shuffle(shuffled)
    pretty = json.dumps({"Statement": shuffled, "Version": "2012-10-17"}, indent=4, sort_keys=True)
    who, action, context, identity = question
    again = ask(pretty, who, action, context=context, identity_policies=identity).outcome
    assert answer(policy, question) is again


@settings(max_examples=60)
@given(policies, questions)
def test_knowing_more_never_contradicts(policy: list[Statement], question: tuple[Any, ...]) -> None:
    who, action, context, identity = question
    before = answer(policy, question)
    after = answer(policy, (who, action, settled(context), identity))
    assert before is Outcome.NOT_PREDICTABLE or _HOW_MUCH[before] == _HOW_MUCH[after]


@settings(max_examples=40)
@given(policies, st.randoms(use_true_random=False))
def test_a_shuffled_policy_differs_in_nothing(policy: list[Statement], random: Random) -> None:
    shuffled = [dict(statement) for statement in policy]
    random.shuffle(shuffled)
    for statement in shuffled:
        actions = statement.get("Action")
        if isinstance(actions, list):
            statement["Action"] = [action.upper() for action in reversed(actions)]
    assert not access_diff(policy_text(*policy), policy_text(*shuffled), KEY)


@settings(max_examples=60)
@given(policies, policies, st.lists(questions, min_size=1, max_size=5))
def test_where_the_diff_is_empty_no_answer_differs(
    before: list[Statement], after: list[Statement], asked: list[tuple[Any, ...]]
) -> None:
    """And where an answer differs, the diff has a change for that principal or a stand-in."""
    diff = access_diff(policy_text(*before), policy_text(*after), KEY)
    for who, action, context, identity in asked:
        question = (who, action, settled(possible(context, action)), identity)
        if answer(before, question) is not answer(after, question):
            touched = {name for change in diff.changes for name in change.actions}
            assert action in touched, (question, diff.sentences)


@settings(max_examples=40)
@given(policies, policies)
def test_the_diff_backwards_is_the_diff_mirrored(
    before: list[Statement], after: list[Statement]
) -> None:
    forth = access_diff(policy_text(*before), policy_text(*after), KEY)
    back = access_diff(policy_text(*after), policy_text(*before), KEY)
    there = {(p, c.actions, c.before, c.after, c.when) for c in forth.changes for p in c.principals}
    here = {(p, c.actions, c.after, c.before, c.when) for c in back.changes for p in c.principals}
    assert there == here


def test_an_unknown_context_is_not_an_empty_one() -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Null": {"aws:SourceVpce": "true"}},
    }
    question = (PRINCIPALS[0], ACTIONS[0], Context(), None)
    assert answer([deny], question) is Outcome.IMPLICITLY_DENIED
    assert answer([deny], (*question[:2], Context(complete=True), None)) is (
        Outcome.EXPLICITLY_DENIED
    )
