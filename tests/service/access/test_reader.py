"""What is read for the access views, how often, and what is said of what is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from kmstui.policy.evaluation.policies import as_policy
from kmstui.service.access.reader import AccessReader, delegates
from kmstui.service.errors import AccessDeniedError, ErrorContext, NotFoundError, ThrottledError
from kmstui.service.inventory.store import Store
from kmstui.service.ports import Target
from kmstui.service.session import Session
from tests.access_world import ANNA, APP, GONE, ROOT, access_world, allow, identity, policy
from tests.fakes import (
    ACCOUNT,
    IMPORTED,
    NOW,
    ROLE_ARN,
    SIGNING,
    FakeConnector,
    FakeGateway,
    MemoryJournal,
    until,
)


async def connected(gateway: FakeGateway) -> Session:
    store = Store(lambda seconds, callback: asyncio.get_running_loop().call_soon(callback))
    session = Session(store, FakeConnector(gateway), MemoryJournal(), lambda: NOW)
    await session.open(Target())
    return session


def text_of(session: Session, gateway: FakeGateway, key_id: str = IMPORTED) -> str:
    return gateway.world.policies[key_id]["default"]


async def read(session: Session, gateway: FakeGateway, key_id: str = IMPORTED, **how):
    reader = session.shared(AccessReader)
    key = session.store.keys[key_id]
    return await reader.read(key, text_of(session, gateway, key_id), **how)


async def test_named_delegated_and_granted_identities_are_read_with_the_grants():
    gateway = FakeGateway(access_world())
    session = await connected(gateway)
    reading = await read(session, gateway)
    assert {each.arn for each in reading.identities} == {ROLE_ARN, APP, ANNA}
    assert reading.grants is not None and reading.grants[0].id == "grant-1"
    assert reading.left == 0
    assert reading.problems == ("role/gone does not exist in this account.",)


async def test_nothing_is_read_twice_before_a_refresh():
    gateway = FakeGateway(access_world())
    session = await connected(gateway)
    await read(session, gateway)
    calls = len(gateway.calls)
    await read(session, gateway)
    assert len(gateway.calls) == calls
    session.store.forget_policies()
    session.store.flush()
    await read(session, gateway)
    assert gateway.count("iam:ListRoles") == 2


async def test_another_key_asks_for_its_grants_alone():
    gateway = FakeGateway(access_world())
    session = await connected(gateway)
    await read(session, gateway)
    before = gateway.count("iam:GetRole")
    await read(session, gateway, SIGNING)
    assert gateway.count("iam:GetRole") == before
    assert gateway.count("kms:ListGrants") == 2


async def test_a_policy_that_does_not_delegate_reads_the_named_and_the_caller_only():
    world = access_world()
    world.policies[IMPORTED]["default"] = policy(
        {"Principal": {"AWS": APP}, **allow("kms:Decrypt")}
    )
    gateway = FakeGateway(world)
    session = await connected(gateway)
    reading = await read(session, gateway)
    assert {each.arn for each in reading.identities} == {ROLE_ARN, APP}
    assert gateway.count("iam:ListRoles") == 0


def test_only_an_allow_to_the_account_itself_delegates():
    def of(principal: object, **more: str) -> bool:
        statement = {**allow("kms:*"), "Principal": principal, **more}
        return delegates(as_policy(policy(statement)), ACCOUNT)

    assert of({"AWS": ROOT}) and of({"AWS": ACCOUNT})
    assert not of({"AWS": ROOT}, Effect="Deny")
    assert not of({"AWS": "arn:aws:iam::000011112222:root"}) and not of({"AWS": APP})


async def test_many_delegated_identities_are_read_in_part_and_counted():
    world = access_world()
    for number in range(100):
        arn = f"arn:aws:iam::{ACCOUNT}:role/r{number:03}"
        world.identities[arn] = identity(arn, allow("s3:*"))
    gateway = FakeGateway(world)
    session = await connected(gateway)
    reading = await read(session, gateway, most=10)
    assert reading.left == 101 - 10  # the hundred and one more; those that are named are read
    more = await read(session, gateway, most=60)
    assert more.left == 101 - 60
    assert gateway.count("iam:GetRole") == 60 + 3  # the caller, the user, the role that is gone


async def test_no_more_than_a_few_are_asked_for_at_once_and_progress_is_told():
    world = access_world()
    for number in range(30):
        arn = f"arn:aws:iam::{ACCOUNT}:role/r{number:03}"
        world.identities[arn] = identity(arn, allow("s3:*"))
    gateway = FakeGateway(world)
    session = await connected(gateway)
    gate = gateway.hold("iam:GetRole")
    told: list[tuple[int, int]] = []
    reading = asyncio.ensure_future(
        read(session, gateway, tell=lambda done, of: told.append((done, of)))
    )
    await until(lambda: gateway.count("iam:GetRole") == 6)
    for _ in range(50):
        await asyncio.sleep(0)
    assert gateway.count("iam:GetRole") == 6
    gate.set()
    await reading
    assert told[0] == (0, 34) and told[-1] == (34, 34)


async def test_a_person_can_stop_and_what_was_read_stays():
    gateway = FakeGateway(access_world())
    session = await connected(gateway)
    reading = await read(session, gateway, stop=lambda: True)
    assert reading.identities == () and reading.left == 4
    reading = await read(session, gateway)
    assert len(reading.identities) == 3


async def test_iam_that_tells_nothing_is_asked_a_few_times_and_said_once():
    world = access_world()
    for number in range(30):
        arn = f"arn:aws:iam::{ACCOUNT}:role/r{number:03}"
        world.identities[arn] = identity(arn)
    for arn, each in world.identities.items():
        refused = "Not read: inline policies (AccessDenied on iam:ListRolePolicies)."
        world.identities[arn] = replace(each, policies=(), problem=refused)
    gateway = FakeGateway(world)
    session = await connected(gateway)
    reading = await read(session, gateway)
    assert gateway.count("iam:GetRole") < 12
    assert reading.left > 20
    text = " ".join(reading.problems)
    assert "IAM refuses to tell the policies of roles and users" in text
    assert text.count("AccessDenied on iam:ListRolePolicies") == 2


async def test_each_refusal_is_a_sentence_and_hides_nothing_else():
    gateway = FakeGateway(access_world())
    denied = AccessDeniedError("your role may not", context=ErrorContext("iam:ListRoles"))
    gateway.fail("iam:ListRoles", denied)
    gateway.fail("kms:ListGrants", AccessDeniedError("your role may not"))
    gateway.fail("iam:GetRole", ThrottledError("too many requests"), key=ANNA)
    session = await connected(gateway)
    reading = await read(session, gateway)
    assert reading.grants is None
    assert {each.arn for each in reading.identities} == {ROLE_ARN}
    text = " ".join(reading.problems)
    assert "The grants were not read: AccessDenied" in text
    assert "The account's roles were not listed: AccessDenied on iam:ListRoles" in text


async def test_what_was_changed_here_is_read_again():
    gateway = FakeGateway(access_world())
    session = await connected(gateway)
    reader = session.shared(AccessReader)
    await reader.identity(ROLE_ARN)
    await gateway.put_role_policy(
        "KMSWorkshop-InstanceInitRole", "own", policy(allow("kms:Decrypt"))
    )
    session.store.identity_changed(ROLE_ARN)
    session.store.flush()
    assert "kms:Decrypt" in (await reader.identity(ROLE_ARN)).policies[0].text


async def test_nothing_of_another_connection_is_kept():
    session = await connected(FakeGateway(access_world()))
    reader = session.shared(AccessReader)
    await reader.identity(APP)
    other = FakeGateway()
    session.connector = FakeConnector(other)
    await session.open(Target())
    assert reader.known_identity(APP) is None
    with pytest.raises(NotFoundError):
        await reader.identity(APP)


async def test_a_session_and_its_role_are_the_same_whatever_the_path():
    gateway = FakeGateway(access_world())
    session = await connected(gateway)
    reader: AccessReader = session.shared(AccessReader)
    await read(session, gateway)
    assert reader.known_identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/session") is not None
    assert reader.known_identity(f"arn:aws:iam::{ACCOUNT}:user/app") is None
    assert reader.known_identity(GONE) is None
