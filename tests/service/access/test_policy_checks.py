"""What Access Analyzer's checks of a change should come to, and what is said where they do not."""

from __future__ import annotations

import pytest

from kmstui.service.access.comparison import Agreement
from kmstui.service.access.policy_checks import (
    NO_NEW_ACCESS,
    PolicyChange,
    actions_in,
    announcement_of_checks,
    ask_analyzer,
    compare_check,
    expected_of_new_access,
    expected_of_not_granted,
)
from kmstui.service.errors import AccessDeniedError, CancelledByPersonError, ErrorContext
from kmstui.service.ports import CheckReason, PolicyCheck
from tests.fakes import FakeGateway
from tests.policy.asking import ANNA, APP, KEY, ROOT, STRANGER
from tests.policy.lockouts import allow, deny, policy_text

DELEGATED = allow({"AWS": ROOT})
PUT = allow({"AWS": ANNA}, ["kms:PutKeyPolicy"])
DECRYPT = allow({"AWS": APP}, "kms:Decrypt", Sid="App")
ENCRYPT = allow({"AWS": APP}, "kms:Encrypt", Sid="App")
IN_ORGANIZATION = allow(
    "*", "kms:Decrypt", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
)
FAIL = PolicyCheck(False, "It grants.", (CheckReason("In the statement with sid: App.", 1, "App"),))
PASS = PolicyCheck(True, "It does not grant.")


def change(*before: object, after: tuple[object, ...]) -> PolicyChange:
    return PolicyChange(policy_text(*before), policy_text(*after), KEY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "passes", "words"),
    [
        ((PUT, ENCRYPT), (PUT, DECRYPT), False, "role/app gains Decrypt"),
        ((PUT, DECRYPT), (PUT,), True, "Nobody gains access"),
        ((DECRYPT,), (DECRYPT, DELEGATED), False, "(no access → by the key policy)"),
        # AWS does not say whether a statement about the account gives it to its role already.
        ((DELEGATED,), (DELEGATED, DECRYPT), None, "AWS does not document"),
        # A Deny that goes gives nothing that the policy does not give.
        ((PUT, deny({"AWS": APP})), (PUT,), True, "Nobody gains access"),
        ((DECRYPT, deny({"AWS": APP})), (DECRYPT,), False, "role/app gains Decrypt"),
    ],
)
def test_new_access_is_what_the_policy_gives_and_did_not(before, after, passes, words):
    expected = expected_of_new_access(change(*before, after=after))
    assert expected.passes is passes
    assert words in expected.reason


def test_what_is_taken_from_everybody_is_asked_about_and_nothing_that_somebody_keeps():
    taken = change(PUT, DECRYPT, after=(PUT, ENCRYPT))
    assert taken.suggested == ("kms:Decrypt", "kms:ScheduleKeyDeletion")
    assert expected_of_not_granted(taken, taken.suggested).passes is True
    kept = change(DELEGATED, DECRYPT, after=(DELEGATED,))
    assert kept.suggested == ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion")
    expected = expected_of_not_granted(kept, ("kms:Decrypt", "kms:Sch*"))
    assert expected.passes is False
    assert "kms:Decrypt and kms:ScheduleKeyDeletion to root of 111122223333" in expected.reason


def test_a_line_of_actions_is_taken_as_people_write_it():
    assert actions_in(" Decrypt, KMS:encrypt  kms:Decrypt kms:Generate* ") == (
        "kms:Decrypt", "kms:Encrypt", "kms:Generate*",
    )  # fmt: skip
    assert actions_in("") == ()
    with pytest.raises(ValueError, match="kms:Frobnicate is no action of KMS"):
        actions_in("kms:Decrypt Frobnicate")
    too_many = " ".join(f"kms:{'*' * n}" for n in range(1, 102))
    with pytest.raises(ValueError, match="100 actions at most, not 101"):
        actions_in(too_many)


def test_what_is_sent_and_that_it_costs_is_said():
    asked = change(DECRYPT, after=(ENCRYPT,))
    words = announcement_of_checks(asked, "eu-west-1", ("kms:Decrypt",))
    size = len(asked.old.encode())
    assert f"the old one ({size} bytes)" in words
    assert "are sent to IAM Access Analyzer in eu-west-1" in words
    assert (
        "CheckAccessNotGranted tells whether the new one gives anybody one of kms:Decrypt" in words
    )
    assert "AWS charges for each custom policy check: https://aws.amazon.com/" in words
    assert "CheckAccessNotGranted" not in announcement_of_checks(asked, "eu-west-1", ())


@pytest.mark.parametrize(
    ("before", "after", "said", "agreement", "cause"),
    [
        ((PUT,), (PUT,), PASS, Agreement.AGREES, ""),
        ((PUT,), (PUT, DECRYPT), FAIL, Agreement.AGREES, ""),
        ((DELEGATED,), (DELEGATED, DECRYPT), PASS, Agreement.SETTLES, ""),
        ((PUT,), (PUT, DECRYPT), PASS, Agreement.DIFFERS, "that no service and no caller can"),
        ((PUT, DECRYPT), (PUT,), FAIL, Agreement.DIFFERS, "by the texts alone"),
        ((PUT, IN_ORGANIZATION), (PUT, DECRYPT), PASS, Agreement.DIFFERS, "aws:PrincipalOrgID"),
    ],
)
def test_where_both_differ_it_says_what_may_be_the_cause(before, after, said, agreement, cause):
    asked = change(*before, after=after)
    answer = compare_check(asked, NO_NEW_ACCESS, expected_of_new_access(asked), said)
    assert answer.agreement is agreement
    assert bool(answer.causes) is (agreement is Agreement.DIFFERS)
    assert cause in " ".join(answer.causes)


def test_what_kms_never_gives_is_new_access_to_access_analyzer_alone():
    asked = change(PUT, after=(PUT, allow({"AWS": STRANGER}, "kms:ScheduleKeyDeletion")))
    answer = compare_check(asked, NO_NEW_ACCESS, expected_of_new_access(asked), FAIL)
    assert answer.title == "CheckNoNewAccess: FAIL, and kmstui expects PASS"
    assert "other accounts cannot use" in answer.causes[0]


async def test_one_check_that_is_denied_hides_no_other():
    gateway = FakeGateway()
    gateway.access_not_granted = FAIL
    context = ErrorContext("access-analyzer:CheckNoNewAccess")
    gateway.fail(
        "access-analyzer:CheckNoNewAccess", AccessDeniedError("no policy allows it", "", context)
    )
    asked = change(PUT, DECRYPT, after=(PUT, DECRYPT, ENCRYPT))
    first, second = await ask_analyzer(gateway, asked, ("kms:Decrypt",))
    assert first.title == "CheckNoNewAccess: not checked"
    assert first.words[0].startswith("AccessDenied on access-analyzer:CheckNoNewAccess")
    assert second.title == "CheckAccessNotGranted: FAIL, as kmstui expects"
    assert second.words[-1] == "In the statement with sid: App (number 2 of the new policy)."
    assert gateway.sent_to_analyzer == [(asked.new, "kms:Decrypt")]


async def test_a_statement_that_is_not_there_is_not_shown_and_a_switch_ends_it():
    gateway = FakeGateway()
    gateway.no_new_access = PolicyCheck(False, "", (CheckReason("In some statement", 99),))
    asked = change(PUT, after=(PUT, DECRYPT))
    (answer,) = await ask_analyzer(gateway, asked, ())
    assert answer.statement is None
    assert answer.words == ("In some statement.",)
    gateway.close()
    with pytest.raises(CancelledByPersonError):
        await ask_analyzer(gateway, asked, ())
