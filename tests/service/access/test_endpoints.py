"""Which VPC endpoint the connection goes through, as far as names and addresses tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kmstui.model import Route, VpcEndpoint
from kmstui.service.access import read_endpoints
from kmstui.service.errors import AccessDeniedError
from tests.fakes import INFO, FakeGateway

HOST = "kms.eu-central-1.amazonaws.com"


def endpoint(number: int) -> VpcEndpoint:
    id_ = f"vpce-0000000000000000{number}"
    name = f"{id_}-abc.kms.eu-central-1.vpce.amazonaws.com"
    service = "com.amazonaws.eu-central-1.kms"
    return VpcEndpoint(id_, "vpc-1", service, "available", True, (name,), "{}")


ONE, OTHER = endpoint(1), endpoint(2)


def gateway(
    *addresses: str, url: str = f"https://{HOST}", route: Route = Route.PUBLIC
) -> FakeGateway:
    made = FakeGateway()
    made.info = replace(INFO, endpoint_url=url, route=route)
    made.world.vpc_endpoints = (ONE, OTHER)
    made.world.addresses = {
        HOST: addresses,
        ONE.dns_names[0]: ("10.0.0.1", "10.0.1.1"),
        OTHER.dns_names[0]: ("10.0.0.2",),
    }
    return made


@pytest.mark.parametrize(
    ("asked", "in_use", "words"),
    [
        (
            gateway("10.0.0.2"),
            OTHER.id,
            f"its own name and {HOST} are 10.0.0.2",
        ),
        (gateway("52.1.2.3"), "", "go to the public endpoint, through none of these"),
        (gateway("52.1.2.3", "10.0.0.2"), "", "go to the public endpoint"),
        (gateway("10.9.9.9"), "", "none of these, perhaps another account's"),
        (gateway(), "", "does not resolve here"),
        (gateway(url=ONE.url, route=Route.VPC_ENDPOINT), ONE.id, "its name is in the URL in use."),
        (
            gateway(url=endpoint(7).url, route=Route.VPC_ENDPOINT),
            endpoint(7).id,
            "which is none of this account's and Region's",
        ),
        (
            gateway(url="http://127.0.0.1:4566", route=Route.CUSTOM),
            "",
            "what is behind it cannot be known here",
        ),
    ],
)
async def test_the_way_of_requests_is_told_with_how_it_is_known(
    asked: FakeGateway, in_use: str, words: str
) -> None:
    found = await read_endpoints(asked)
    assert found.in_use == in_use
    assert words in found.way
    assert {each.id for each in found.listed} == {ONE.id, OTHER.id}
    if in_use in (ONE.id, OTHER.id):
        assert found.listed[0].id == in_use


async def test_where_they_may_not_be_listed_the_way_is_told_as_far_as_it_is_known() -> None:
    asked = gateway("10.0.0.2")
    asked.fail("ec2:DescribeVpcEndpoints", AccessDeniedError("your role may not"))
    found = await read_endpoints(asked)
    assert "your role may not" in found.problem
    assert "which one cannot be known without the list" in found.way
