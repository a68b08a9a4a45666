"""What requests never carry because of who sends them, and why an answer is no."""

from __future__ import annotations

import pytest

from kmstui.policy.evaluation.explanation import reason_sentence
from kmstui.policy.evaluation.outcome import Reason
from tests.policy.asking import (
    ACCOUNT,
    ANNA,
    DENIED,
    OPEN,
    ROOT,
    S3,
    SESSION,
    SILENT,
    STRANGER,
    ask,
    iam,
    iam_allow,
    outcome,
)
from tests.policy.lockouts import allow, deny, policy_text

PERMITTING = [iam(iam_allow())]
ORGANIZATION = "o-a1b2c3d4e5"


@pytest.mark.parametrize("who", [ANNA, SESSION])
def test_an_allow_for_a_bucket_gives_people_nothing(who: str) -> None:
    """IAM User Guide, "AWS global condition context keys": only services send aws:SourceArn."""
    source = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::data"}}
    assert outcome(policy_text(allow({"AWS": who}, Condition=source)), who) is SILENT
    assert outcome(policy_text(allow({"Service": S3}, Condition=source)), S3) is OPEN


def test_a_deny_for_other_accounts_services_stops_people_too() -> None:
    other = {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}
    text = policy_text(allow({"AWS": ANNA}), deny("*", Condition=other))
    assert outcome(text, ANNA) is DENIED


def test_a_service_is_of_no_organization() -> None:
    outside = {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
    text = policy_text(allow({"Service": S3}), deny("*", Condition=outside))
    assert outcome(text, S3) is DENIED


def test_whoever_is_stopped_by_a_condition_hears_of_the_condition() -> None:
    own = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
    for text, who in (
        (policy_text(allow("*", Condition=own)), STRANGER),
        (
            policy_text(allow({"AWS": ROOT}, Condition={"ArnLike": {"aws:PrincipalArn": ROOT}})),
            ANNA,
        ),
    ):
        decision = ask(text, who, identity_policies=PERMITTING)
        assert (decision.outcome, decision.reason) == (SILENT, Reason.CONDITIONS)
        assert "which this request does not meet" in reason_sentence(decision)


def test_a_stranger_is_not_told_of_delegation_in_the_key_s_account() -> None:
    decision = ask(policy_text(allow({"AWS": ANNA})), STRANGER, identity_policies=PERMITTING)
    assert decision.reason is Reason.NOTHING_ALLOWS
    assert "delegate" not in reason_sentence(decision)
