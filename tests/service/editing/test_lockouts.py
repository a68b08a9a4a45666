"""What makes it less sure that one can put the policy again waits until a name is typed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kmstui.model import Caller, ConnectionInfo, Identity, IdentityPolicy, Route
from kmstui.model.arn import Arn
from kmstui.model.organization import AccountControls, ControlLevel, ControlPolicy
from kmstui.policy.authoring import CompletionContext
from kmstui.policy.evaluation import FULL_ACCESS, NOTHING_READ
from kmstui.policy.lint import KeyContext
from kmstui.service.access import AccountFacts, own_request
from kmstui.service.editing.key_target import KeyPolicyRules
from kmstui.service.editing.review import Weight
from tests.control import ControlledKms
from tests.embedded import client, embedded, embedded_server
from tests.policy.lockouts import allow, deny, policy_text, without

__all__ = ["embedded", "embedded_server"]

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/app"
ME = Caller(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/app/me", "AROAEXAMPLE:me")
ROOT = allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
ROLE = allow({"AWS": ROLE_ARN})
INFO = ConnectionInfo("eu-west-1", "https://kms.eu-west-1.amazonaws.com", Route.PUBLIC)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
FROM_OUTSIDE = deny("*", Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}})
SINCE_2020 = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
FROM_2099 = {"DateGreaterThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}
IDENTITY = Identity(
    ROLE_ARN,
    "app",
    "role",
    (IdentityPolicy("all", policy_text(without(allow("*"), "Principal")), inline=True),),
)


def rules(
    caller: Caller = ME,
    identity: Identity | None = IDENTITY,
    info: ConnectionInfo = INFO,
    organization: str | None = None,
    key: str = KEY,
) -> KeyPolicyRules:
    chain = NOTHING_READ
    if organization is not None:
        controls = AccountControls(caller.account, (), (), organization=organization)
        chain = chain.with_account(controls, caller.account)
    return KeyPolicyRules(
        key=KeyContext(arn=Arn.parse(key), caller=Arn.maybe(caller.arn)),
        facts=AccountFacts(identity, chain=chain),
        context=CompletionContext(),
        caller=caller.arn,
        name="the key",
        request=lambda known: own_request(caller, info, lambda: NOW, known),
    )


@pytest.mark.parametrize(
    ("name", "before", "added"),
    [
        ("for years", [ROOT, FROM_OUTSIDE], deny("*", Condition=SINCE_2020)),
        (
            "another organization's",
            [ROOT, FROM_OUTSIDE],
            deny("*", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-wrong"}}),
        ),
        (
            "another address",
            [ROOT, FROM_OUTSIDE],
            deny("*", Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        ),
        (
            "without MFA",
            [ROOT],
            deny("*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
        ),
        ("through an endpoint", [ROOT], FROM_OUTSIDE),
    ],
)
def test_a_denial_that_may_meet_the_caller_is_stopped(
    name: str, before: list[Mapping[str, Any]], added: Mapping[str, Any]
) -> None:
    assessment = rules().assess(policy_text(*before), policy_text(*before, added))
    assert assessment.locks_out, name


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            [ROLE],
            [
                allow(
                    {"AWS": ROLE_ARN}, Condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01"}}
                )
            ],
        ),
        (
            [ROOT, FROM_OUTSIDE],
            [{**ROOT, "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": "x"}}}],
        ),
        ([ROLE], [allow({"AWS": ME.arn})]),
        (
            [ROOT, FROM_OUTSIDE],
            [ROOT, deny("*", Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-2"}})],
        ),
    ],
)
def test_less_than_before_is_stopped(
    before: list[Mapping[str, Any]], after: list[Mapping[str, Any]]
) -> None:
    assert rules().assess(policy_text(*before), policy_text(*after)).locks_out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([ROOT, FROM_OUTSIDE], [ROOT, FROM_OUTSIDE, deny("*", Condition=FROM_2099)]),
        ([ROOT, FROM_OUTSIDE], [ROOT, FROM_OUTSIDE, allow({"Service": "logs.amazonaws.com"})]),
        ([ROOT, FROM_OUTSIDE], [ROOT]),
        ([ROOT], [ROOT, deny("*", Condition={"Bool": {"aws:SecureTransport": "false"}})]),
        (
            [ROOT],
            [ROOT, deny("*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})],
        ),
        (
            [allow({"AWS": ME.arn})],
            [allow({"AWS": ME.arn}), deny({"AWS": "arn:aws:iam::444455556666:root"})],
        ),
    ],
)
def test_what_takes_nothing_from_the_caller_is_not_stopped(
    before: list[Mapping[str, Any]], after: list[Mapping[str, Any]]
) -> None:
    assert not rules().assess(policy_text(*before), policy_text(*after)).locks_out


def test_an_organization_and_an_endpoint_that_are_known_decide() -> None:
    own = deny("*", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-mine"}})
    before, after = policy_text(ROOT), policy_text(ROOT, own)
    assert rules().assess(before, after).locks_out
    assert not rules(organization="o-mine").assess(before, after).locks_out
    verdict = rules(organization="o-other").assess(before, after).judgements[0]
    assert verdict.sentence.startswith("No: you could not")
    url = "https://vpce-1-abcdefgh.kms.eu-west-1.vpce.amazonaws.com"
    through = replace(INFO, endpoint_url=url, route=Route.VPC_ENDPOINT)
    assert not rules(info=through).assess(before, policy_text(ROOT, FROM_OUTSIDE)).locks_out


def test_a_right_that_ends_with_the_session_is_said_to() -> None:
    assessment = rules().assess(policy_text(ROLE), policy_text(allow({"AWS": ME.arn})))
    assert assessment.judgements[0].weight is Weight.DOUBT
    assert "Only in this session" in assessment.judgements[0].sentence


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:sts::{ACCOUNT}:user/x",
        f"arn:aws:sts::{ACCOUNT}:assumed-root",
        "nobody at all",
        "\x1b[31m",
    ],
)
def test_a_caller_that_is_not_understood_can_still_save(arn: str) -> None:
    about = rules(Caller(ACCOUNT, arn, "X"), identity=None)
    assessment = about.assess(policy_text(ROOT), policy_text(ROOT, ROLE))
    assert not assessment.locks_out
    assert assessment.judgements[0].weight is Weight.DOUBT
    assert "nobody can say whether you keep the right" in assessment.judgements[0].sentence
    assert about.assess(policy_text(ROOT), policy_text(deny("*"))).locks_out


@pytest.mark.parametrize("arn", [f"arn:aws:sts::{ACCOUNT}:assumed-root", ""])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([ROOT, ROLE], [ROOT, ROLE, FROM_OUTSIDE]),
        ([ROOT, FROM_OUTSIDE], [ROOT, FROM_OUTSIDE, deny("*", Condition=SINCE_2020)]),
        ([ROOT, ROLE], [ROOT, ROLE, deny({"AWS": ROLE_ARN}, "kms:Put*")]),
        ([ROOT, ROLE], [ROOT]),
        ([ROOT], [ROLE]),
    ],
)
def test_what_may_be_taken_from_a_caller_that_is_not_understood_is_stopped(
    arn: str, before: list[Mapping[str, Any]], after: list[Mapping[str, Any]]
) -> None:
    about = rules(Caller(ACCOUNT, arn, "X"), identity=None)
    assert about.assess(policy_text(*before), policy_text(*after)).locks_out
    same = deny({"AWS": "arn:aws:iam::444455556666:root"}, "kms:Decrypt")
    assert not about.assess(policy_text(*before), policy_text(*before, same)).locks_out


def test_a_right_that_hangs_on_conditions_and_on_the_session_is_said_to_end_with_it() -> None:
    before = policy_text(ROLE, FROM_OUTSIDE)
    assessment = rules().assess(before, policy_text(allow({"AWS": ME.arn}), FROM_OUTSIDE))
    assert assessment.locks_out
    assert "Only in this session" in assessment.judgements[0].sentence


def test_an_address_says_nothing_through_an_endpoint() -> None:
    """IAM User Guide, "aws:SourceIp": it is not there for requests through a VPC endpoint."""
    url = "https://vpce-1-abcdefgh.kms.eu-west-1.vpce.amazonaws.com"
    through = replace(INFO, endpoint_url=url, route=Route.VPC_ENDPOINT)
    elsewhere = deny("*", Condition={"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}})
    verdict = rules(info=through).assess(policy_text(ROOT), policy_text(ROOT, elsewhere))
    assert verdict.judgements[0].sentence.startswith("No: you could not")


def drawn(random: random.Random, role: str, account: str) -> str:
    """A policy that may or may not let the role put another one."""
    who = [
        {"AWS": f"arn:aws:iam::{account}:root"},
        {"AWS": f"arn:aws:iam::{account}:role/{role}"},
        {"AWS": f"arn:aws:sts::{account}:assumed-role/{role}/i-0123456789abcdef0"},
        "*",
    ]
    when = [
        {},
        {},
        SINCE_2020,
        FROM_2099,
        {"StringEquals": {"kms:CallerAccount": account}},
        {"StringNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{account}:role/{role}"}},
        {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{account}:role/other/*"}},
        {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{account}:role*"}},
        {"StringNotLike": {"aws:PrincipalArn": f"*/other/{role}"}},
        {"Null": {"aws:TagKeys": "true"}},
        {"StringEquals": {"aws:RequestTag/a": "b"}},
        {"Bool": {"aws:SecureTransport": "false"}},
        {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    ]
    statements = []
    for _ in range(random.randint(1, 4)):
        make = allow if random.random() < 0.7 else deny
        condition = random.choice(when)
        action = random.choice(["kms:*", "kms:Put*", "kms:Decrypt"])
        more = {"Condition": condition} if condition else {}
        statements.append(make(random.choice(who), action, **more))
    return policy_text(*statements)


def test_what_kms_refuses_for_a_lock_out_was_never_let_pass(embedded: ControlledKms) -> None:
    """The embedded KMS, whose evaluator is another one, plays the judge."""
    kms = client(embedded, "kms")
    held = embedded.control.key("alias/ImportedCMK")
    key, before = held.metadata["Arn"], held.policy
    told = client(embedded, "sts").get_caller_identity()
    caller = Caller(told["Account"], told["Arn"], told["UserId"])
    info = ConnectionInfo("eu-west-1", embedded.endpoint_url, Route.CUSTOM)
    iam = client(embedded, "iam")
    texts = [
        json.dumps(
            iam.get_role_policy(RoleName=caller.role_name, PolicyName=name)["PolicyDocument"]
        )
        for name in iam.list_role_policies(RoleName=caller.role_name)["PolicyNames"]
    ]
    identity = Identity(
        iam.get_role(RoleName=caller.role_name)["Role"]["Arn"],
        caller.role_name,
        "role",
        tuple(IdentityPolicy(str(n), text, inline=True) for n, text in enumerate(texts)),
    )
    judges = [rules(caller, each, info, key=key) for each in (identity, None)]
    dice = random.Random(20261201)
    refused, taken, again, base = 0, 0, 0, before
    for _ in range(200):
        text = drawn(dice, caller.role_name, caller.account)
        passes = not dice.choice(judges).assess(base, text).locks_out
        try:
            kms.put_key_policy(KeyId=key, Policy=text)
        except ClientError as error:
            if "will not allow you to update" in str(error):
                refused += 1
                assert not passes, text
        else:
            taken += 1
            if passes:
                again += 1
                kms.put_key_policy(KeyId=key, Policy=text)
            else:
                embedded.control.reset()
            base = text if passes else before
    assert refused > 20
    assert taken > 20
    assert again > 20


def test_a_gain_that_the_organization_refuses_is_told_with_that() -> None:
    scp = ControlPolicy("no-decrypt", policy_text(without(deny("*", "kms:Decrypt"), "Principal")))
    chain = NOTHING_READ.with_scps(ACCOUNT, [ControlLevel("the root", (FULL_ACCESS, scp))])
    # Others do not come through the endpoint of the caller's connection.
    endpoint = ControlPolicy("e", policy_text(deny("*")))
    ours = rules()
    ours = replace(ours, facts=replace(ours.facts, chain=chain.with_endpoint(endpoint)))
    other = allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}, ["kms:Decrypt", "kms:Encrypt"])
    gains = ours.assess(policy_text(ROOT), policy_text(ROOT, other)).access
    assert [each.refused for each in gains] == ["Service control policies refuse it today.", ""]
    assert not any("refuse" in each.sentence for each in gains)
    assert ours.compare_access(policy_text(ROOT), policy_text(ROOT, other)).lines == gains
