"""Every customer key is looked at once, and one that cannot be read hides no other."""

from __future__ import annotations

import asyncio

from kmstui.model import Key
from kmstui.policy.lint.linter import lint
from kmstui.service.errors import AccessDeniedError
from kmstui.service.findings.all_keys import AllFindings, LocatedFinding
from kmstui.service.inventory.store import Store
from kmstui.service.ports import Target
from kmstui.service.session import Session
from tests.fakes import (
    DENIED,
    IMPORTED,
    MANAGED,
    NOW,
    SIGNING,
    FakeConnector,
    FakeGateway,
    MemoryJournal,
    default_policy,
    large_world,
    until,
)


def judge(key: Key, text: str) -> tuple[LocatedFinding, ...]:
    return tuple(LocatedFinding(each, 1, 1) for each in lint(text))


async def no_pause() -> None:
    await asyncio.sleep(0)


async def opened(gateway: FakeGateway) -> tuple[Session, AllFindings]:
    store = Store(lambda seconds, callback: asyncio.get_running_loop().call_soon(callback))
    session = Session(store, FakeConnector(gateway), MemoryJournal(), lambda: NOW)
    await session.open(Target())
    return session, session.shared(AllFindings)


async def test_every_customer_key_is_judged_and_none_of_aws():
    gateway = FakeGateway()
    gateway.world.policies[SIGNING]["default"] = default_policy().replace("Allow", "allow")
    gateway.fail("kms:GetKeyPolicy", AccessDeniedError("your role may not"), key=DENIED)
    session, found = await opened(gateway)
    told: list[str] = []
    await found.run(judge, lambda result: told.append(result.key_id), no_pause)
    assert set(found.results) == set(session.store.keys) - {MANAGED} == set(told)
    assert "KMS106" in {each.finding.rule for each in found.results[SIGNING].found}
    assert found.results[IMPORTED].found == ()
    assert found.results[DENIED].problem.startswith("AccessDenied")
    assert found.left == 0 and not found.running
    assert ("kms:GetKeyPolicy", MANAGED) not in gateway.calls


async def test_a_second_run_reads_what_changed_alone():
    gateway = FakeGateway()
    session, found = await opened(gateway)
    await found.run(judge, lambda result: None, no_pause)
    before = gateway.count("kms:GetKeyPolicy")
    await session.read_policies(IMPORTED)
    session.store.flush()
    assert IMPORTED in found.results, "the same policy was read again"
    gateway.world.policies[IMPORTED]["default"] = default_policy().replace("kms:*", "kms:Decript")
    await session.read_policies(IMPORTED, again=True)
    session.store.flush()
    assert found.left == 1
    await found.run(judge, lambda result: None, no_pause)
    assert any(each.finding.rule == "KMS201" for each in found.results[IMPORTED].found)
    assert gateway.count("kms:GetKeyPolicy") == before + 2, "the store's copy was used"


async def test_a_few_at_once_and_a_person_can_stop():
    gateway = FakeGateway(large_world(100))
    _, found = await opened(gateway)
    gate = gateway.hold("kms:GetKeyPolicy")
    running = asyncio.ensure_future(found.run(judge, lambda result: None, no_pause))
    await until(lambda: gateway.count("kms:GetKeyPolicy") == 8)
    for _ in range(50):
        await asyncio.sleep(0)
    assert gateway.count("kms:GetKeyPolicy") == 8
    assert found.stop()
    gate.set()
    await running
    assert len(found.results) == 8 and found.left == 92
    assert not found.stop()


async def test_a_refresh_and_a_switch_forget_everything():
    gateway = FakeGateway()
    session, found = await opened(gateway)
    await found.run(judge, lambda result: None, no_pause)
    await session.refresh()
    session.store.flush()
    assert not found.results
