"""What a change of a role's inline policy does to its access to the chosen key, in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmstui.model import Caller, Identity, IdentityPolicy
from kmstui.policy.access.table import KeyFacts
from kmstui.service.editing.review import Weight
from kmstui.service.editing.role_target import RolePolicyRules, RolePolicyTarget
from kmstui.service.inventory.store import Store
from kmstui.service.ports import Target
from kmstui.service.session import Session
from tests.fakes import (
    ACCOUNT,
    IMPORTED,
    NOW,
    ROLE_ARN,
    FakeConnector,
    FakeGateway,
    MemoryJournal,
    arn_of,
    default_policy,
)

KEY = KeyFacts(arn_of(IMPORTED), "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT")


def allowing(*actions: str, effect: str = "Allow", **condition: object) -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*", **condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def through(*services: str, operator: str = "StringEquals") -> dict[str, Any]:
    names = [f"{service}.eu-central-1.amazonaws.com" for service in services]
    return {"Condition": {operator: {"kms:ViaService": names}}}


def rules(*others: str, key_policy: str | None = None, key: KeyFacts | None = KEY):
    policies = [IdentityPolicy(f"other{n}", text, inline=False) for n, text in enumerate(others)]
    identity = Identity(ROLE_ARN, "app", "role", tuple(policies))
    return RolePolicyRules(
        identity, "access", "alias/ImportedCMK", key,
        default_policy() if key_policy is None else key_policy, own=False,
    )  # fmt: skip


def told(old: str, new: str, *others: str) -> list[tuple[Weight, str]]:
    found = rules(*others).compare_access(old, new)
    return [(line.weight, line.sentence.partition(" (before")[0]) for line in found.lines]


def test_what_is_given_and_taken_is_told_gains_first() -> None:
    assert told(allowing("kms:Decrypt"), allowing("kms:Encrypt")) == [
        (Weight.BAD, "role app can Encrypt with alias/ImportedCMK"),
        (Weight.GOOD, "role app cannot Decrypt with alias/ImportedCMK"),
    ]


def test_the_reason_speaks_of_the_actions_that_change_and_of_no_others() -> None:
    old = allowing("kms:Decrypt", "kms:Encrypt")
    (line,) = rules().compare_access(old, allowing("kms:Encrypt")).lines
    assert line.sentence.endswith("role/KMSWorkshop-InstanceInitRole allows it.")


def test_what_another_policy_of_the_role_allows_anyway_is_no_change() -> None:
    both = allowing("kms:Decrypt")
    assert told(both, allowing("kms:Encrypt"), both) == [
        (Weight.BAD, "role app can Encrypt with alias/ImportedCMK")
    ]


def test_other_conditions_are_a_change_though_both_are_conditional() -> None:
    old = allowing("kms:Decrypt", **through("s3"))
    (line,) = rules().compare_access(old, allowing("kms:Decrypt", **through("s3", "ec2"))).lines
    assert line.weight is Weight.DOUBT
    assert "can under conditions Decrypt" in line.sentence
    assert "(before: under other conditions)" in line.sentence
    assert "ec2.eu-central-1.amazonaws.com" in line.sentence


def test_conditions_that_are_only_written_differently_are_none() -> None:
    old = json.loads(allowing("kms:Decrypt", **through("s3", "ec2")))
    new = json.loads(allowing("KMS:decrypt", **through("ec2", "s3")))
    new["Statement"][0]["Sid"] = "Named"
    (operator,) = new["Statement"][0]["Condition"].values()
    operator["KMS:viaservice"] = operator.pop("kms:ViaService")
    assert told(json.dumps(old), json.dumps(new)) == []


def test_a_condition_that_falls_away_is_a_gain_and_one_that_comes_a_loss() -> None:
    free, bound = allowing("kms:Decrypt"), allowing("kms:Decrypt", **through("s3"))
    assert [weight for weight, _ in told(bound, free)] == [Weight.BAD]
    assert [weight for weight, _ in told(free, bound)] == [Weight.GOOD]


def test_a_deny_that_goes_without_an_allow_is_told_as_open() -> None:
    denied = allowing("kms:Decrypt", effect="Deny")
    assert told(denied, allowing("s3:GetObject")) == [
        (Weight.DOUBT, "role app cannot Decrypt with alias/ImportedCMK")
    ]


def test_it_says_what_else_it_rests_on() -> None:
    found = rules().compare_access(allowing("kms:Decrypt"), allowing("kms:Encrypt"))
    assert found.title == "What role app gains and loses with alias/ImportedCMK"
    assert "as they are now" in found.rests_on


def test_without_a_key_or_its_policy_nobody_is_said_to_gain_nothing() -> None:
    for blind, words in (
        (rules(key=None), "No key is chosen"),
        (rules(key_policy=""), "The policy of alias/ImportedCMK is not known"),
    ):
        (line,) = blind.compare_access(allowing("kms:Decrypt"), allowing("kms:Encrypt")).lines
        assert words in line.sentence
        assert line.weight is Weight.DOUBT
        assert words in blind.assess(allowing("kms:Decrypt"), "{}").access[0].sentence


@pytest.mark.parametrize(("kind", "locked"), [("sts", True), ("iam", False)])
async def test_only_ones_own_role_can_be_locked(kind: str, locked: bool) -> None:
    """A user may have the name of a role: the two have nothing to do with each other."""
    name = {"sts": "assumed-role/app/i-0123", "iam": "user/app"}[kind]
    gateway = FakeGateway()
    gateway.world.caller = Caller(ACCOUNT, f"arn:aws:{kind}::{ACCOUNT}:{name}", "ID")
    session = Session(Store(lambda *_: None), FakeConnector(gateway), MemoryJournal(), lambda: NOW)
    await session.open(Target())
    identity = Identity(f"arn:aws:iam::{ACCOUNT}:role/app", "app", "role", ())
    target = RolePolicyTarget(session, identity, "access", None)
    assessed = target.rules.assess(allowing("iam:PutRolePolicy"), allowing("kms:Decrypt"))
    assert assessed.locks_out is locked
    session.close()


def test_what_a_role_is_given_back_is_told_as_undoing_the_save_that_took_it() -> None:
    both, one = allowing("kms:Decrypt", "kms:Encrypt"), allowing("kms:Encrypt")
    assert rules().assess(one, both, (both, one)).undone == (
        "role app gains Decrypt with alias/ImportedCMK, which that took away",
    )
    assert rules().assess(both, one, (one, both)).undone == (
        "role app loses Decrypt with alias/ImportedCMK, which that gave",
    )
    assert rules().assess(one, both, (one, allowing("kms:Sign"))).undone == ()
