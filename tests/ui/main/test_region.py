"""After another profile is chosen the Region is its own, unless a flag or a variable names one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kmstui.service.ports import CHOSEN, Target
from kmstui.ui.runtime import UiOptions
from tests.fakes import FakeConnector, FakeGateway
from tests.fakes.gateway import INFO
from tests.screens import WIDE, Running, running


def connecting() -> FakeConnector:
    """In the Region that was asked for, else in the profile's own."""

    def make(target: Target) -> FakeGateway:
        region = target.region or f"of-{target.profile or 'default'}"
        return FakeGateway(
            info=replace(INFO, region=region, region_from=target.region_from or "profile")
        )

    return FakeConnector(make=make)


async def choose(run: Running, key: str, name: str) -> str:
    """Choose from a picker; returns its title."""
    await run.press(key)
    await run.wait_for("Switch to")
    title = next(line for line in run.lines if "Switch to" in line)
    await run.type(name)
    await run.press("enter")
    await run.wait_for(lambda: "Switch to" not in run.text and run.store.caller)
    return title


@pytest.mark.parametrize(
    ("region", "by", "first", "title", "after"),
    [
        ("", "", "of-default (profile)", "Switch to profile ", "of-workshop (profile)"),
        ("us-east-1", "--region", "us-east-1 (--region)",
         "Switch to profile; --region decides on the Region", "us-east-1 (--region)"),
        # The one of the last run was chosen for that profile alone.
        ("us-east-1", CHOSEN, "us-east-1 (R)", "Switch to profile ", "of-workshop (profile)"),
    ],
)  # fmt: skip
async def test_what_decides_on_the_region_of_another_profile(region, by, first, title, after):
    options = UiOptions(target=Target(region=region, region_from=by))
    async with running(size=WIDE, connector=connecting(), options=options) as run:
        assert first in run.lines[0]
        assert title in await choose(run, "P", "workshop")
        await run.wait_for(lambda: after in run.lines[0])


async def test_a_region_that_was_chosen_is_one_profiles_alone():
    async with running(size=WIDE, connector=connecting()) as run:
        assert "Switch to Region; now by profile" in await choose(run, "R", "us-east-1")
        await run.wait_for(lambda: "us-east-1 (R)" in run.lines[0])
        await choose(run, "P", "workshop")
        await run.wait_for(lambda: "of-workshop (profile)" in run.lines[0])
