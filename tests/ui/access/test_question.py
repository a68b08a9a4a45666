"""The what-if line is read as people write it, and whatever it holds becomes a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.evaluation.outcome import Outcome
from kmstui.policy.iam.policy_principals import other_of
from kmstui.policy.iam.principals import Principal, PrincipalKind
from kmstui.policy.iam.usual import usual_actions
from kmstui.ui.access.question import (
    QuestionContext,
    QuestionError,
    Vocabulary,
    condition_keys_in,
    corrected,
    decide,
    parse_question,
    question_line,
)
from tests.access_world import ANNA, APP, ROOT, access_world, allow, identity, policy
from tests.fakes import ACCOUNT, CALLER, IMPORTED, NOW, ROLE_ARN, arn_of

TEXT = access_world().policies[IMPORTED]["default"]
ABOUT = QuestionContext(arn_of(IMPORTED), CALLER.arn, TEXT, None, NOW)


@pytest.mark.parametrize(
    ("name", "kind", "principal"),
    [
        ("me", PrincipalKind.SESSION, CALLER.arn),
        ("role/service/app", PrincipalKind.ROLE, APP),
        ("user/anna", PrincipalKind.USER, ANNA),
        ("root", PrincipalKind.ROOT, ROOT),
        ("logs.amazonaws.com", PrincipalKind.SERVICE, "logs.amazonaws.com"),
        ("*", PrincipalKind.ANONYMOUS, "*"),
        ("others", PrincipalKind.ROLE, other_of(ACCOUNT).name),
    ],
)
def test_principals_have_short_names(name, kind, principal):
    question = parse_question(f"principal={name} action=Decrypt", ABOUT)
    assert (question.principal.kind, question.principal.name) == (kind, principal)
    assert question.action == "kms:Decrypt"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "Say who asks"),
        ("principal=me", "Say what is asked"),
        ("principal=me action=", "not an action of KMS"),
        ("principal=me action=kms:Decript", "Is it kms:Decrypt?"),
        ("principal=nobody action=kms:Decrypt", "is not a principal"),
        ("principal=me action=kms:Decrypt aws:SourceVpce", "needs a value"),
        ("principal='me action=kms:Decrypt", "not closed"),
    ],
)
def test_what_is_no_question_says_what_is_missing(line, says):
    with pytest.raises(QuestionError, match=says.replace("?", r"\?")):
        parse_question(line, ABOUT)


def test_without_a_caller_me_is_nobody():
    with pytest.raises(QuestionError, match="Who you are is not known"):
        parse_question(
            "principal=me action=kms:Decrypt",
            QuestionContext(arn_of(IMPORTED), "", TEXT, None, NOW),
        )


def test_the_context_decides():
    def outcome(context: str) -> Outcome:
        question = parse_question(f"principal=user/anna action=kms:Decrypt {context}", ABOUT)
        return decide(question, ABOUT, identity(ANNA, allow("s3:*"))).outcome

    assert outcome("") is Outcome.NOT_PREDICTABLE
    assert outcome("aws:SourceVpce=vpce-1") is Outcome.ALLOWED
    assert outcome("aws:sourcevpce=vpce-2") is Outcome.IMPLICITLY_DENIED
    assert outcome("aws:SourceVpce=") is Outcome.IMPLICITLY_DENIED, "known to be absent"


def test_several_values_of_one_key_are_a_list():
    text = policy(
        {
            "Principal": {"AWS": APP},
            **allow("kms:Decrypt"),
            "Condition": {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "team"}},
        }
    )
    about = QuestionContext(arn_of(IMPORTED), "", text, None, NOW)
    line = "principal=role/service/app action=kms:Decrypt kms:EncryptionContextKeys=a"
    assert decide(parse_question(line, about), about, None).outcome is Outcome.IMPLICITLY_DENIED
    line += " kms:EncryptionContextKeys=team"
    assert decide(parse_question(line, about), about, None).outcome is Outcome.ALLOWED


def test_an_unknown_condition_key_is_taken_and_doubted():
    question = parse_question("principal=me action=kms:Decrypt aws:SourceVpc3=1", ABOUT)
    assert question.remark.startswith("aws:SourceVpc3 is not a condition key that kmstui knows.")


def test_the_line_of_a_row_asks_about_that_row():
    for name in (APP, ANNA, ROOT, "logs.amazonaws.com", "*", ROLE_ARN):
        principal = Principal.parse(name)
        line = question_line(principal, "kms:Encrypt")
        assert parse_question(line, ABOUT).principal.name == principal.name
    stand_in = other_of(ACCOUNT)
    assert parse_question(question_line(stand_in, "kms:Encrypt"), ABOUT).principal == stand_in


def test_words_are_completed_as_they_were_begun():
    keys = tuple(condition_keys_in([TEXT]).items())
    actions = tuple(each.name for each in usual_actions("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"))
    vocabulary = Vocabulary(("me", "role/service/app"), actions, keys)
    assert vocabulary.completion("pr") == "principal="
    assert vocabulary.completion("principal=ro") == "principal=role/service/app"
    assert vocabulary.completion("principal=me action=kms:decr") == (
        "principal=me action=kms:decrypt"
    )
    assert vocabulary.completion("action=kms:Dec") == "action=kms:Decrypt"
    assert vocabulary.completion("aws:SourceV") == "aws:SourceVpce="
    assert vocabulary.completion("principal=me aws:sourcevpce") == "principal=me aws:sourcevpce="
    assert vocabulary.completion("aws:SourceVpce=") == "aws:SourceVpce=vpce-1"
    assert vocabulary.completion("kms:ViaServ") == "kms:ViaService="
    assert vocabulary.completion("aws:SecureTransport=t") == "aws:SecureTransport=true"
    assert vocabulary.completion("") is None
    assert vocabulary.completion("zzz") is None


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("principal=me action=kms:Decript", "principal=me action=kms:Decrypt"),
        ("action=Decript", "action=kms:Decrypt"),
        ("action=kms:Decrypt aws:SourceVpc3=1", "action=kms:Decrypt aws:SourceVpc=1"),
        ("principal=me action=kms:Decrypt", "principal=me action=kms:Decrypt"),
        ("principal=kms:Decript action=zzz", "principal=kms:Decript action=zzz"),
    ],
)
def test_what_the_line_asks_back_can_be_taken(line, meant):
    assert corrected(line) == meant


@settings(max_examples=60)
@given(st.text(alphabet="prinaceotmk:=*/'\"\\ \n\x00é", max_size=40))
def test_any_line_is_a_question_or_a_sentence(line):
    try:
        question = parse_question(line, ABOUT)
    except QuestionError as error:
        assert str(error)[0] in "“SAW'" or str(error)
        return
    assert decide(question, ABOUT, None).not_considered


def test_an_alias_operation_needs_iam_too() -> None:
    told = decide(parse_question("principal=role/app action=kms:CreateAlias", ABOUT), ABOUT, None)
    assert len(told.parts) == 2
    assert told.outcome is not Outcome.ALLOWED


def test_a_key_that_the_policy_asks_about_may_hold_an_equals_sign() -> None:
    tagged = {"StringEquals": {"aws:PrincipalTag/a=b": "c"}}
    about = replace(ABOUT, policy=policy({"Principal": "*", **allow("kms:*", Condition=tagged)}))
    line = "principal=user/anna action=kms:Decrypt aws:PrincipalTag/a=b=c"
    assert parse_question(line, about).context.values["aws:principaltag/a=b"] == ("c",)
