"""The VPC endpoints of the Region: which one is in use, what each allows, and going through one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kmstui.model import Route, VpcEndpoint
from kmstui.service.errors import AccessDeniedError
from kmstui.service.ports import Target
from kmstui.ui.access.endpoints_screen import EndpointsScreen
from tests.fakes import INFO, FakeGateway
from tests.screens import NARROW, WIDE, Running, running

POLICY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"},
}


def endpoint(number: int, state: str = "available") -> VpcEndpoint:
    id_ = f"vpce-0000000000000000{number}"
    name = f"{id_}-abc.kms.eu-central-1.vpce.amazonaws.com"
    service = "com.amazonaws.eu-central-1.kms"
    return VpcEndpoint(id_, "vpc-7", service, state, True, (name,), json.dumps(POLICY))


IN_USE, OTHER, PENDING = endpoint(1), endpoint(2), endpoint(3, "pending")


def gateway() -> FakeGateway:
    made = FakeGateway()
    made.world.vpc_endpoints = (PENDING, OTHER, IN_USE)
    made.world.addresses = {
        "kms.eu-central-1.amazonaws.com": ("10.0.0.1",),
        IN_USE.dns_names[0]: ("10.0.0.1",),
    }
    return made


async def open_screen(run: Running) -> EndpointsScreen:
    await run.press("colon")
    await run.type("vpc endpoints")
    await run.wait_for("VPC endpoints")
    await run.press("enter")
    return await run.wait_for_screen(EndpointsScreen)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_one_in_use_comes_first_with_its_policy_and_the_command_through_it(size):
    async with running(gateway(), size=size) as run:
        await open_screen(run)
        await run.wait_for(f"Requests go through {IN_USE.id}")
        first = next(line for line in run.lines if IN_USE.id in line and "available" in line)
        assert first.split()[:2] == ["❯", "✔"]
        assert "vpc-7" in first
        await run.wait_for(f"--endpoint-url {IN_USE.url}")
        await run.wait_for('"kms:Decrypt"')
        await run.press("escape")
        await run.wait_for(lambda: run.app.screen is run.main)


async def test_enter_connects_through_an_endpoint_that_passes_requests_on():
    async with running(gateway(), size=WIDE) as run:
        await open_screen(run)
        await run.wait_for(PENDING.id)
        await run.press("j", "enter")
        await run.wait_for(f"{PENDING.id} is pending: it passes no requests on.")
        await run.press("j", "enter")
        await run.wait_for(lambda: run.connector.asked[1:] == [Target(endpoint_url=OTHER.url)])


async def test_p_connects_by_the_usual_name_again():
    async with running(gateway(), size=WIDE) as run:
        run.session.target = Target(endpoint_url=OTHER.url)
        await open_screen(run)
        await run.wait_for(PENDING.id)
        await run.press("p")
        await run.wait_for(lambda: run.connector.asked[1:] == [Target()])


async def test_an_emulator_on_this_machine_is_left_for_no_endpoint():
    there = gateway()
    there.info = replace(INFO, endpoint_url="http://127.0.0.1:4566", route=Route.CUSTOM)
    async with running(there, size=WIDE) as run:
        await open_screen(run)
        await run.wait_for("what is behind it cannot be known here")
        await run.press("enter")
        await run.wait_for("which no endpoint leads to")


async def test_where_they_may_not_be_listed_the_reason_stands_in_their_place():
    denied = gateway()
    denied.fail("ec2:DescribeVpcEndpoints", AccessDeniedError("your role may not"))
    async with running(denied, size=NARROW) as run:
        await open_screen(run)
        await run.wait_for("✖ AccessDenied: your role may not.")
        await run.wait_for("which one cannot be known without the list")
