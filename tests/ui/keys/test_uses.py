"""What a person sees of what uses a key, and what is said of what nobody can see."""

from kmstui.model import ConfiguredResource, LastUsage, ResourceKind
from kmstui.service.errors import AccessDeniedError
from kmstui.ui.keys.uses_view import UsesView
from tests.fakes import IMPORTED, NOW, FakeGateway
from tests.screens import WIDE, running


def gateway_with_uses():
    gateway = FakeGateway()
    gateway.world.usages[IMPORTED] = LastUsage(NOW, "Decrypt")
    gateway.world.resources[ResourceKind.S3_BUCKETS] = (
        ConfiguredResource("photos", (IMPORTED,)), ConfiguredResource("logs"),
    )  # fmt: skip
    return gateway


async def open_uses(run):
    await run.choose(IMPORTED)
    await run.press("U")
    await run.wait_for(lambda: not run.view(UsesView).uses.is_reading and "CloudTrail" in run.text)


async def test_the_sources_stand_with_what_they_tell_and_those_not_asked_beside_them():
    async with running(gateway_with_uses(), size=WIDE) as run:
        await open_uses(run)
        await run.wait_for("Last used on 2026-03-01 12:00 UTC (Decrypt).")
        assert "S3 buckets" in run.text
        assert run.gateway.count("resources") == 0
        assert "It does not see:" in run.prose


async def test_a_service_is_asked_when_a_person_says_so():
    async with running(gateway_with_uses(), size=WIDE) as run:
        await open_uses(run)
        run.view(UsesView).table.move_to_row("S3 buckets")
        await run.press("enter")
        await run.wait_for("1 of 2 that were read.")
        assert "photos" in run.text
        assert ("resources", "S3 buckets") in run.gateway.calls
        assert run.gateway.count("resources") == 1
        await run.press("enter")
        await run.wait_for("Objects: each has the key that it was written with")


async def test_m_asks_every_service_and_a_denied_one_says_so_in_its_row():
    gateway = gateway_with_uses()
    gateway.fail("resources", AccessDeniedError("no policy allows it"), key="SQS queues")
    async with running(gateway, size=WIDE) as run:
        await open_uses(run)
        await run.press("m")
        await run.wait_for(lambda: "Not looked at." not in run.text)
        await run.wait_for("Not known: denied. AccessDenied: no policy allows it")
        assert run.gateway.count("resources") == len(ResourceKind)


async def test_what_was_read_is_there_at_once_when_the_key_is_chosen_again():
    async with running(gateway_with_uses(), size=WIDE) as run:
        await open_uses(run)
        calls = len(run.gateway.calls)
        await run.press("v", "U")
        await run.wait_for("Last used on")
        assert len(run.gateway.calls) == calls
