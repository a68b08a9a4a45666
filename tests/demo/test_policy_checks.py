"""The embedded Access Analyzer judges changes of policies by the demo's own evaluator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmstui.demo.access import drawing
from kmstui.demo.access.context import Call, Caller
from kmstui.demo.errors import AwsError
from kmstui.demo.front.access_analyzer import check_policy
from tests.policy.asking import APP, OTHER, ROOT
from tests.policy.lockouts import allow, deny, policy_text

ANY_ROLE = f"{APP.rsplit('/', 1)[0]}/*"


def ask(operation: str, **parameters: object) -> dict[str, Any]:
    caller = Caller("a", "a", "111122223333", "a", "User")
    return check_policy(Call(operation, parameters, caller, "eu-west-1", "1"))


def new_access(old: object, new: object) -> str:
    texts = [policy_text(allow({"AWS": ROOT}, "kms:PutKeyPolicy"), each) for each in (old, new)]  # type: ignore[arg-type]
    found = ask("CheckNoNewAccess", existingPolicyDocument=texts[0], newPolicyDocument=texts[1])
    return str(found["result"])


def when(operator: str, key: str, value: object, principal: object = None) -> dict[str, Any]:
    return allow(principal or {"AWS": APP}, "kms:Decrypt", Condition={operator: {key: value}})


NOTHING = deny({"AWS": APP}, "kms:Nothing")


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (NOTHING, allow({"AWS": APP}, "kms:Decrypt")),
        (allow({"AWS": APP}, "kms:Decrypt"), allow({"AWS": APP}, "kms:Decr*")),
        (NOTHING, allow({"Service": "logs.eu-west-1.amazonaws.com"}, "kms:Decrypt")),
        (
            when("IpAddress", "aws:SourceIp", "10.0.0.0/16"),
            when("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
        ),
        (
            when("StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com"),
            when("StringEqualsIgnoreCase", "kms:ViaService", "s3.eu-west-1.amazonaws.com"),
        ),
        (
            when("NumericLessThan", "kms:ScheduleKeyDeletionPendingWindowInDays", "14"),
            when("NumericLessThanEquals", "kms:ScheduleKeyDeletionPendingWindowInDays", "14"),
        ),
        (
            when("DateLessThan", "aws:CurrentTime", "2027-01-01T00:00:00Z"),
            when("DateLessThan", "aws:CurrentTime", "2028-01-01T00:00:00Z"),
        ),
        (
            when("Bool", "kms:GrantIsForAWSResource", "true"),
            allow({"AWS": APP}, "kms:Decrypt"),
        ),
        (NOTHING, when("StringEquals", "aws:PrincipalType", "User", {"AWS": f"{OTHER}"})),
        (deny("*", "kms:*", Condition={"ArnNotLike": {"aws:PrincipalArn": ANY_ROLE}}), NOTHING),
    ],
    ids=lambda each: json.dumps(each)[:60],
)  # fmt: skip
def test_more_fails_and_less_passes(less: object, more: object) -> None:
    assert (new_access(less, more), new_access(more, less)) == ("FAIL", "PASS")
    assert new_access(more, more) == "PASS"


def test_the_statement_is_named_as_aws_names_it() -> None:
    text = policy_text(allow({"AWS": ROOT}, "kms:Enc*"), allow({"AWS": APP}, "kms:De*", Sid="App"))
    found = ask("CheckAccessNotGranted", policyDocument=text, access=[{"actions": ["kms:Decrypt"]}])
    assert found["result"] == "FAIL"
    assert found["reasons"] == [
        {
            "description": "One or more of the listed actions in the statement with sid: App.",
            "statementIndex": 1,
            "statementId": "App",
        }
    ]
    without = ask("CheckAccessNotGranted", policyDocument=text, access=[{"actions": ["kms:Sign"]}])
    assert (without["result"], "reasons" in without) == ("PASS", False)


def test_what_it_cannot_try_fails_as_aws_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MOST_REQUESTS", 1)
    text = policy_text(allow({"AWS": APP}))
    found = ask("CheckNoNewAccess", existingPolicyDocument=text, newPolicyDocument=text)
    assert (found["result"], found["reasons"]) == ("FAIL", [])
    listed = ask("CheckAccessNotGranted", policyDocument=text, access=[{"actions": ["kms:X"]}])
    assert listed["result"] == "FAIL"


@pytest.mark.parametrize(
    ("text", "actions", "code"),
    [
        ("{,}", ["kms:Sign"], "InvalidParameterException"),
        ('{"Statement": ["x"]}', ["kms:Sign"], "InvalidParameterException"),
        (policy_text(), ["kms:Sign"] * 101, "ValidationException"),
        (policy_text(), [], "ValidationException"),
    ],
)
def test_what_is_wrong_is_refused(text: str, actions: list[str], code: str) -> None:
    with pytest.raises(AwsError) as refused:
        ask("CheckAccessNotGranted", policyDocument=text, access=[{"actions": actions}])
    assert refused.value.code == code
