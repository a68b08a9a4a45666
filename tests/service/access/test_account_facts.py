"""What the account tells an editor; what it refuses is known to be unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kmstui.model import Identity, Key, KeyEvent, VpcEndpoint
from kmstui.service.access.account_facts import caller_principal, learn_account, principals_in
from kmstui.service.editing.templates import facts_for, read_library
from kmstui.service.errors import AccessDeniedError, CancelledByPersonError
from tests.fakes import (
    ACCOUNT,
    CALLER,
    IMPORTED,
    INFO,
    NOW,
    ROLE_ARN,
    FakeGateway,
    arn_of,
    default_policy,
    metadata_of,
)

ARN = arn_of(IMPORTED)
KEY = Key.of(IMPORTED, ARN, metadata_of())


def event(**context: str) -> KeyEvent:
    pairs = tuple((name.replace("_", ":"), value) for name, value in context.items())
    return KeyEvent("1", NOW, "Decrypt", CALLER.arn, encryption_context=pairs)


async def test_policies_roles_and_contexts_are_learned_together():
    gateway = FakeGateway()
    gateway.world.identities[ROLE_ARN] = Identity(ROLE_ARN, "x", "role")
    gateway.world.events[ARN] = (
        event(aws_s3_arn="arn:aws:s3:::bucket/b"),
        event(aws_s3_arn="arn:aws:s3:::bucket/a", tenant="7"),
    )
    endpoint = VpcEndpoint("vpce-1", "vpc-1", "kms", "available", True, (), "")
    gateway.world.vpc_endpoints = (endpoint,)
    facts = await learn_account(gateway, CALLER, ARN)
    assert facts.endpoints == (endpoint,)
    assert facts.identity == gateway.world.identities[ROLE_ARN]
    assert facts.roles == (ROLE_ARN,)
    assert facts.contexts == {
        "aws:s3:arn": ("arn:aws:s3:::bucket/b", "arn:aws:s3:::bucket/a"),
        "tenant": ("7",),
    }


async def test_what_is_refused_stays_unknown_with_the_reason():
    gateway = FakeGateway()
    for operation in (
        "iam:GetRole",
        "iam:ListRoles",
        "cloudtrail:LookupEvents",
        "ec2:DescribeVpcEndpoints",
    ):
        gateway.fail(operation, AccessDeniedError("you may not"))
    facts = await learn_account(gateway, CALLER, ARN)
    assert facts.identity is None
    assert "you may not" in facts.identity_problem
    assert (facts.roles, facts.endpoints) == ((), ())
    assert facts.contexts == {}


async def test_a_switch_of_the_connection_is_no_refusal():
    gateway = FakeGateway()
    gateway.close()
    with pytest.raises(CancelledByPersonError):
        await learn_account(gateway, CALLER, ARN)


async def test_nobody_and_the_root_user_have_no_iam_policies():
    root = replace(CALLER, arn=f"arn:aws:iam::{ACCOUNT}:root")
    for caller in (None, root):
        facts = await learn_account(FakeGateway(), caller, ARN)
        assert facts.identity is None
        assert facts.identity_problem


def test_a_session_is_written_as_its_role():
    assert caller_principal(CALLER) == ROLE_ARN
    user = replace(CALLER, arn=f"arn:aws:iam::{ACCOUNT}:user/anna")
    assert caller_principal(user) == user.arn
    assert caller_principal(None) == ""


def test_principals_of_other_policies_are_offered_without_stars():
    texts = (default_policy(), '{"Statement": [{"Principal": {"AWS": ["*", "1"]}}]}', "no json")
    assert principals_in(texts) == ("1", f"arn:aws:iam::{ACCOUNT}:root")


@pytest.mark.parametrize(
    ("values", "bucket"),
    [
        (("arn:aws:s3:::one/a", "arn:aws:s3:::one"), "one"),
        (("arn:aws:s3:::one/a", "arn:aws:s3:::two/a"), ""),
        (("nonsense",), ""),
        ((), ""),
    ],
)
def test_fields_are_filled_from_what_was_seen(values, bucket):
    endpoint = "https://vpce-0a1b2c3d4e5f67890-abcd.kms.eu-central-1.vpce.amazonaws.com"
    info = replace(INFO, endpoint_url=endpoint)
    fields = facts_for(KEY, CALLER, info, {"aws:s3:arn": values}).fields
    assert fields["bucket"] == bucket
    assert fields["vpc-endpoint"] == "vpce-0a1b2c3d4e5f67890"
    assert fields["role"] == ROLE_ARN
    assert fields["account"] == ACCOUNT
    assert facts_for(KEY, None, INFO, {}).fields["role"] == ""
    alone = VpcEndpoint("vpce-1", "vpc-1", "kms", "available", True, (), "")
    assert facts_for(KEY, None, INFO, {}, (alone,)).fields["vpc-endpoint"] == "vpce-1"
    assert facts_for(KEY, None, INFO, {}, (alone, alone)).fields["vpc-endpoint"] == ""
    assert facts_for(KEY, None, info, {}, (alone,)).fields["vpc-endpoint"] != "vpce-1"


def test_a_directory_of_templates_may_be_missing_or_hold_anything(tmp_path):
    assert read_library(None) == read_library(tmp_path / "nowhere")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")
    (tmp_path / "huge.json").write_bytes(b" " * 1_000_001)
    (tmp_path / "directory.json").mkdir()
    library = read_library(tmp_path)
    assert library.templates == read_library(None).templates
    assert len(library.problems) == 3
    assert all(problem.endswith(".") for problem in library.problems)
