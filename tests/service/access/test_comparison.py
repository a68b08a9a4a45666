"""KMS's answer beside the prediction: whether they go together, and why perhaps not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kmstui.policy.evaluation.operations import Others
from kmstui.policy.evaluation.policies import Policies
from kmstui.policy.iam.principals import Principal
from kmstui.policy.iam.requests import Request
from kmstui.service.access.comparison import Agreement, compare, predict
from kmstui.service.access.dry_runs import Judgement, KmsAnswer
from tests.policy.asking import ANNA, APP, KEY, ROOT, SESSION, iam, iam_allow, identity
from tests.policy.lockouts import allow, deny, policy_text

FIVE_MINUTES = "Ask again in five minutes."


def predicted(*statements, who: str = ANNA, action: str = "kms:Decrypt", grants=(), iam_text=None):
    policies = Policies.of_key(policy_text(*statements), grants)
    if iam_text is not None:
        policies = policies.with_identity(identity(APP, iam_text))
    return predict(Request(Principal.parse(who), action, KEY), policies, Others())


def kms(judgement: Judgement, action: str = "kms:Decrypt") -> KmsAnswer:
    return KmsAnswer(action, judgement, "")


YES = allow({"AWS": ANNA}, "kms:Decrypt")


@pytest.mark.parametrize(
    ("statements", "who", "judgement", "wanted"),
    [
        ((YES,), ANNA, Judgement.ALLOWED, Agreement.AGREES),
        ((YES,), ANNA, Judgement.DENIED, Agreement.DIFFERS),
        ((YES,), APP, Judgement.DENIED, Agreement.AGREES),
        ((YES, deny("*", "kms:*")), ANNA, Judgement.DENIED, Agreement.AGREES),
        ((YES, deny("*", "kms:*")), ANNA, Judgement.ALLOWED, Agreement.DIFFERS),
        ((allow({"AWS": ROOT}),), APP, Judgement.DENIED, Agreement.SETTLES),
        ((allow({"AWS": ROOT}),), APP, Judgement.ALLOWED, Agreement.SETTLES),
        ((YES,), ANNA, Judgement.NOT_JUDGED, Agreement.NOTHING),
        ((YES,), ANNA, Judgement.NOT_ASKED, Agreement.NOTHING),
    ],
)
def test_how_they_go_together(statements, who, judgement, wanted):
    found = compare(predicted(*statements, who=who), kms(judgement))
    assert found.agreement is wanted
    assert bool(found.causes) is (wanted is Agreement.DIFFERS)


def test_a_refusal_may_come_from_what_was_not_read_and_can_refuse():
    prediction = predicted(YES, who=ANNA, grants=None)
    (unread, late) = compare(prediction, kms(Judgement.DENIED)).causes
    assert "able to refuse it: service control policies, " in unread
    for words in ("resource control policies", "permissions boundaries", "identity policies"):
        assert words in unread
    assert "the state of the key" not in unread, "which KMS tells by another error"
    assert "grants" not in unread, "which only allow"
    assert FIVE_MINUTES in late


def test_a_yes_may_come_from_what_was_not_read_and_can_allow():
    prediction = predicted(YES, who=SESSION, grants=None, action="kms:Encrypt")
    (unread, late) = compare(prediction, kms(Judgement.ALLOWED)).causes
    assert "able to allow it: grants, identity policies (IAM), the role's path" in unread
    assert "control policies" not in unread
    assert FIVE_MINUTES in late


def test_identity_policies_that_could_not_be_read_are_named_with_the_reason():
    policies = Policies.of_key(policy_text(allow({"AWS": APP}, "kms:Encrypt")), ())
    reading = replace(identity(APP, iam(iam_allow("kms:Sign"))), problem="ListRolePolicies refused")
    request = Request(Principal.parse(APP), "kms:Decrypt", KEY)
    prediction = predict(request, policies.with_identity(reading), Others())
    assert "ListRolePolicies refused" in compare(prediction, kms(Judgement.ALLOWED)).causes[0]


def test_nothing_that_is_unread_lifts_a_deny():
    prediction = predicted(YES, deny("*", "kms:*"), grants=None)
    assert [
        FIVE_MINUTES in each for each in compare(prediction, kms(Judgement.ALLOWED)).causes
    ] == [True]


def test_conditions_are_named_as_the_policies_spell_them_those_of_roles_too():
    where = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    elsewhere = {"StringEquals": {"aws:PrincipalTag/Team": "x"}}
    prediction = predicted(
        allow({"AWS": APP}, "kms:Decrypt"),
        deny("*", "kms:Encrypt", Condition=elsewhere),
        who=APP,
        iam_text=iam({**iam_allow("kms:Decrypt"), "Effect": "Deny", "Condition": {**where, **mfa}}),
    )
    decided = replace(
        prediction,
        parts=tuple(
            replace(each, decision=replace(each.decision, outcome=predicted(YES).outcome))
            for each in prediction.parts
        ),
    )
    (conditions,) = [
        each for each in compare(decided, kms(Judgement.DENIED)).causes if "Conditions" in each
    ]
    assert "Conditions on aws:SourceVpce and aws:MultiFactorAuthPresent: " in conditions


def test_what_the_prediction_supposes_is_said():
    causes = compare(predicted(YES), kms(Judgement.DENIED), ("aws:SourceIp", "--scp")).causes
    assert any("supposes aws:SourceIp and --scp; KMS judged" in each for each in causes)


def test_what_one_request_settled_is_said_to_be_of_that_request():
    where = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
    opened = predicted(allow({"AWS": ANNA}, "kms:Decrypt", Condition=where))
    settled = compare(opened, kms(Judgement.DENIED))
    assert settled.agreement is Agreement.SETTLES
    assert "with another aws:SourceVpce it may answer otherwise" in settled.remark
    assert compare(predicted(YES), kms(Judgement.ALLOWED)).remark == ""
    unread = compare(predicted(allow({"AWS": ROOT}), who=APP), kms(Judgement.DENIED))
    assert (unread.agreement, unread.remark) == (Agreement.SETTLES, "")


def test_reencrypt_is_predicted_as_it_is_asked_about_to_the_same_key():
    half = allow({"AWS": ANNA}, "kms:ReEncryptFrom")
    both = predicted(half, action="kms:ReEncrypt")
    assert (both.word, both.missing) == ("no", ())
    assert predicted(half, action="kms:ReEncryptFrom").word == "yes"
    assert predicted(half, action="kms:ReEncryptTo").word == "no"
    same = allow(
        {"AWS": ANNA}, "kms:ReEncrypt*", Condition={"Bool": {"kms:ReEncryptOnSameKey": "true"}}
    )
    assert predicted(same, action="kms:ReEncryptFrom").word == "yes"
