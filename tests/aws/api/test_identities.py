"""Roles and users with what applies to them; a refused part is named and hides no other."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kmstui.service import errors
from tests.control import ControlledKms
from tests.embedded import client

Connect = Callable[..., Awaitable[Any]]

_DOCUMENT = """{
  "Version": "2012-10-17",
  "Statement": [ {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*",
    "Condition": {"StringLike": {"aws:PrincipalArn": "*a+b%2B*"}}} ]
}"""


@pytest.fixture
def iam(embedded: ControlledKms, aws_environment: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in embedded.environment_for("admin").items():
        monkeypatch.setenv(name, value)
    return client(embedded, "iam", "admin")


async def test_a_role_comes_with_its_inline_and_attached_policies_and_boundary(
    iam: Any, connect: Connect
) -> None:
    managed = iam.create_policy(PolicyName="Managed", PolicyDocument=_DOCUMENT)["Policy"]["Arn"]
    edge = iam.create_policy(PolicyName="Edge", PolicyDocument=_DOCUMENT)["Policy"]["Arn"]
    arn = iam.create_role(
        RoleName="tested",
        Path="/some/where/",
        AssumeRolePolicyDocument="{}",
        PermissionsBoundary=edge,
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="tested", PolicyName="inline", PolicyDocument=_DOCUMENT)
    iam.attach_role_policy(RoleName="tested", PolicyArn=managed)
    gateway = await connect()
    identity = await gateway.identity(arn)
    assert (identity.name, identity.kind, identity.problem) == ("tested", "role", "")
    inline, attached = identity.policies
    assert (inline.name, inline.inline, inline.arn) == ("inline", True, "")
    assert (attached.name, attached.inline, attached.arn) == ("Managed", False, managed)
    assert identity.boundary is not None
    assert identity.boundary.name == "Edge"
    for policy in (inline, attached, identity.boundary):
        assert json.loads(policy.text) == json.loads(_DOCUMENT)
    assert arn in await gateway.role_names()
    # IAM finds by name: what was asked for may lack the path, or be of another account.
    for asked in (arn.replace("/some/where", ""), "arn:aws:iam::444455556666:role/tested"):
        assert (await gateway.identity(asked)).arn == arn


async def test_an_inline_policy_is_put_and_read_as_text(iam: Any, connect: Connect) -> None:
    gateway = await connect()
    await gateway.put_role_policy("KMSWorkshop-InstanceInitRole", "ours", _DOCUMENT)
    policy = await gateway.get_role_policy("KMSWorkshop-InstanceInitRole", "ours")
    assert json.loads(policy.text) == json.loads(_DOCUMENT)
    assert "\n" in policy.text


async def test_a_user_has_the_policies_of_its_groups_too_each_once(
    iam: Any, connect: Connect
) -> None:
    managed = iam.create_policy(PolicyName="Shared", PolicyDocument=_DOCUMENT)["Policy"]["Arn"]
    arn = iam.create_user(UserName="tested")["User"]["Arn"]
    iam.attach_user_policy(UserName="tested", PolicyArn=managed)
    iam.create_group(GroupName="team")
    iam.attach_group_policy(GroupName="team", PolicyArn=managed)
    iam.put_group_policy(GroupName="team", PolicyName="of-team", PolicyDocument=_DOCUMENT)
    iam.add_user_to_group(GroupName="team", UserName="tested")
    identity = await (await connect()).identity(arn)
    assert sorted(policy.name for policy in identity.policies) == ["Shared", "of-team"]
    assert (identity.kind, identity.boundary, identity.problem) == ("user", None, "")


async def test_a_part_that_is_denied_is_named_and_the_rest_is_there(
    iam: Any, embedded: ControlledKms, connect: Connect
) -> None:
    embedded.control.deny("ListAttachedRolePolicies")
    role = f"arn:aws:iam::{embedded.account}:role/KMSWorkshop-InstanceInitRole"
    identity = await (await connect()).identity(role)
    assert identity.policies
    assert identity.problem.startswith(
        "Not read: attached policies (AccessDenied on iam:ListAttachedRolePolicies"
    )


async def test_an_identity_that_does_not_exist_is_told(
    iam: Any, embedded: ControlledKms, connect: Connect
) -> None:
    gateway = await connect()
    with pytest.raises(errors.NotFoundError):
        await gateway.identity(f"arn:aws:iam::{embedded.account}:role/nobody")


@pytest.mark.parametrize(
    "arn", ["", "x", "arn:aws:iam::1:group/g", "arn:aws:kms:r:1:key/k", "arn:aws:iam::1:root"]
)
async def test_what_is_no_role_or_user_is_refused_unsent(
    arn: str, scripted: Any, connect: Connect
) -> None:
    gateway = await connect()
    with pytest.raises(errors.InvalidInputError, match="is not the ARN of a role or user"):
        await gateway.identity(arn)
    assert scripted.targets == []
