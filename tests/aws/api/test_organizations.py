"""Control policies of an organization, level by level, and the policies of VPC endpoints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from kmstui.aws.calls import Response
from kmstui.model import AccountControls, ControlLevel, ControlPolicy
from kmstui.service.errors import AccessDeniedError, NotFoundError
from tests.control import ControlledKms
from tests.embedded import client

Connect = Callable[..., Awaitable[Any]]

DENY = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}}
)


@pytest.fixture
async def gateway(embedded: ControlledKms, aws_environment: Any, connect: Connect) -> Any:
    """A connection as the role of the instance, which may ask Organizations and EC2."""
    statement = {"Effect": "Allow", "Action": ["organizations:*", "ec2:*"], "Resource": "*"}
    client(embedded, "iam", "admin").put_role_policy(
        RoleName="KMSWorkshop-InstanceInitRole",
        PolicyName="organizations",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )
    return await connect()


@dataclass
class Organization:
    """An organization of which the embedded account is the management account."""

    api: Any
    root: str = ""
    unit: str = ""
    member: str = ""

    def build(self) -> Organization:
        self.api.create_organization(FeatureSet="ALL")
        self.root = self.api.list_roots()["Roots"][0]["Id"]
        self.api.enable_policy_type(RootId=self.root, PolicyType="SERVICE_CONTROL_POLICY")
        unit = self.api.create_organizational_unit(ParentId=self.root, Name="Production")
        self.unit = unit["OrganizationalUnit"]["Id"]
        made = self.api.create_account(Email="a@example.com", AccountName="a")
        self.member = made["CreateAccountStatus"]["AccountId"]
        self.api.move_account(
            AccountId=self.member, SourceParentId=self.root, DestinationParentId=self.unit
        )
        return self

    def attach(self, name: str, target: str) -> None:
        made = self.api.create_policy(
            Name=name, Description="d", Type="SERVICE_CONTROL_POLICY", Content=DENY
        )
        policy = made["Policy"]["PolicySummary"]["Id"]
        self.api.attach_policy(PolicyId=policy, TargetId=target)


@pytest.fixture
def organization(embedded: ControlledKms, gateway: Any) -> Organization:
    return Organization(client(embedded, "organizations", "instance")).build()


async def test_the_policies_of_each_level_from_the_root_down(
    organization: Organization, gateway: Any
) -> None:
    organization.attach("NoKeys", organization.unit)
    organization.attach("NeitherHere", organization.member)
    found: AccountControls = await gateway.account_controls(organization.member)
    assert found.problem == ""
    assert found.organization is not None and found.organization.startswith("o-")
    assert found.path == f"{found.organization}/{organization.root}/{organization.unit}/"
    assert found.scps is not None
    assert [level.place for level in found.scps] == [
        f"the root {organization.root}",
        f"the organizational unit {organization.unit}",
        f"the account {organization.member}",
    ]
    names = [[policy.name for policy in level.policies] for level in found.scps]
    assert names == [
        ["FullAWSAccess"],
        ["FullAWSAccess", "NoKeys"],
        ["FullAWSAccess", "NeitherHere"],
    ]
    no_keys = found.scps[1].policies[1]
    assert json.loads(no_keys.text) == json.loads(DENY)


async def test_resource_control_policies_come_with_them(
    organization: Organization, gateway: Any
) -> None:
    found = await gateway.account_controls(organization.member)
    assert [level.policies[0].name for level in found.rcps] == ["RCPFullAWSAccess"] * 3


async def test_a_type_that_is_not_enabled_binds_nobody(
    organization: Organization, gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each root, unit and account has one policy at least of a type that is enabled."""

    async def without_policies(place: tuple[str, str], kind: str) -> ControlLevel:
        return ControlLevel(place[1], ())

    monkeypatch.setattr(gateway, "_level", without_policies)
    found = await gateway.account_controls(organization.member)
    assert (found.scps, found.rcps) == ((), ())


async def test_the_management_account_is_bound_by_nothing(
    embedded: ControlledKms, organization: Organization, gateway: Any
) -> None:
    organization.attach("NoKeys", organization.root)
    found = await gateway.account_controls(embedded.account)
    assert (found.scps, found.rcps, found.problem) == ((), (), "")
    assert found.organization


async def test_an_account_in_no_organization_is_bound_by_nothing_and_of_others_nothing_is_known(
    embedded: ControlledKms, gateway: Any
) -> None:
    own = await gateway.account_controls(embedded.account)
    assert own == AccountControls(embedded.account, (), (), organization="")
    other = await gateway.account_controls("999999999999")
    assert other.scps is None and other.rcps is None and other.problem


async def test_who_may_not_ask_is_told_which_call_was_denied(
    embedded: ControlledKms, aws_environment: Mapping[str, str], connect: Connect
) -> None:
    found = await (await connect()).account_controls(embedded.account)
    assert found == AccountControls(
        embedded.account, problem="organizations:DescribeOrganization is denied"
    )


@pytest.mark.parametrize("parents", [[], [{"Id": "ou-1", "Type": "ORGANIZATIONAL_UNIT"}]])
async def test_a_tree_without_a_root_is_a_reason_and_no_crash(
    parents: list[dict[str, str]], organization: Organization, gateway: Any
) -> None:
    send = gateway._calls.send

    def answer(operation: Any, params: Any, read: Any, **how: Any) -> Any:
        if operation.name != "ListParents":
            return send(operation, params, read, **how)
        future = asyncio.get_running_loop().create_future()
        future.set_result(read(Response({"Parents": parents})))
        return future

    gateway._calls.send = answer
    found = await gateway.account_controls(organization.member)
    assert "has no parent" in found.problem


async def test_a_member_account_may_not_list_what_binds_it(
    embedded: ControlledKms, organization: Organization, gateway: Any
) -> None:
    embedded.control.deny("ListParents")
    found = await gateway.account_controls(organization.member)
    assert found.problem == "organizations:ListParents is denied"


async def test_the_vpc_endpoints_of_kms_and_their_policies(gateway: Any) -> None:
    found = await gateway.vpc_endpoints()
    assert [(each.service.rpartition(".")[2], each.private_dns) for each in found] == [
        ("kms", True), ("kms", True), ("kms-fips", False),
    ]  # fmt: skip
    first = found[0]
    assert (first.is_available, found[2].is_available) == (True, False)
    assert first.url.startswith(f"https://{first.id}-")
    assert first.url.endswith(".kms.eu-west-1.vpce.amazonaws.com")
    assert "aws:PrincipalAccount" in first.policy
    assert await gateway.endpoint_policy(first.id) == ControlPolicy(first.id, first.policy)
    with pytest.raises(NotFoundError):
        await gateway.endpoint_policy("vpce-0fffffffffffffff0")


async def test_a_vpc_endpoint_that_may_not_be_read_is_told(
    embedded: ControlledKms, aws_environment: Any, connect: Connect
) -> None:
    embedded.control.deny("ec2:DescribeVpcEndpoints")
    gateway = await connect()
    for asked in (gateway.vpc_endpoints(), gateway.endpoint_policy("vpce-1")):
        with pytest.raises(AccessDeniedError, match="needs ec2:DescribeVpcEndpoints"):
            await asked


async def test_names_resolve_on_this_machine_or_not_at_all(gateway: Any) -> None:
    assert "127.0.0.1" in await gateway.addresses("localhost")
    assert await gateway.addresses("nothing.invalid") == ()
