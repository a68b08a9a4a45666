import asyncio

import pytest

from kmstui.service.errors import (
    AccessDeniedError,
    CredentialsMissingError,
    JournalError,
    NetworkError,
    NotFoundError,
)
from kmstui.service.ports import Scope, Target
from kmstui.service.session import Session
from tests.fakes import (
    ACCOUNT,
    CALLER,
    IMPORTED,
    INFO,
    NOW,
    REGION,
    SIGNING,
    FakeConnector,
    FakeGateway,
    MemoryJournal,
    arn_of,
    default_policy,
    large_world,
    until,
)

DENIAL = AccessDeniedError("your role may not")


def session_of(store, *gateways):
    connector = FakeConnector(*(gateways or (FakeGateway(),)))
    return Session(store, connector, MemoryJournal(), lambda: NOW)


async def test_opening_tells_who_and_where_from_the_connection_itself(store):
    session = session_of(store)
    await session.open(Target(region="asked-for-1"))
    assert store.info == INFO
    assert store.caller == CALLER
    assert session.scope == Scope(ACCOUNT, REGION)
    assert len(store.keys) == 9


async def test_a_connection_that_cannot_be_made_is_told_in_the_banner(store):
    session = session_of(store)
    session.connector.fail(CredentialsMissingError("nobody knows you", "Log in."))
    with pytest.raises(CredentialsMissingError):
        await session.open(Target())
    assert store.banner == "No credentials: nobody knows you. Log in."
    assert store.notices[-1].severity == "error"
    await session.refresh()
    assert store.banner == ""
    assert len(store.keys) == 9


async def test_the_rest_works_when_sts_is_out_of_reach(store):
    gateway = FakeGateway()
    gateway.fail("sts:GetCallerIdentity", NetworkError("no answer"))
    session = session_of(store, gateway)
    await session.open(Target())
    assert store.caller is None
    assert "no answer" in store.caller_problem
    assert len(store.keys) == 9
    assert session.scope == Scope(ACCOUNT, REGION), "every ARN names the account"


async def test_a_refused_listing_is_told_before_sts_answers(store):
    gateway = FakeGateway()
    gateway.fail("kms:ListKeys", DENIAL)
    gateway.hold("sts:GetCallerIdentity")
    session = session_of(store, gateway)
    with pytest.raises(AccessDeniedError):
        await session.open(Target())
    assert store.banner == DENIAL.sentence
    session.close()


async def test_a_switch_clears_first_and_cancels_what_is_in_flight(store):
    old, new = FakeGateway(), FakeGateway(large_world(3))
    session = session_of(store, old, new)
    await session.open(Target())
    session.connector.gate = asyncio.Event()
    task = asyncio.create_task(session.open(Target(region="eu-west-1")))
    await until(lambda: len(session.connector.asked) >= 2)
    assert old.closed
    assert (store.keys, store.info, store.caller) == ({}, None, None)
    session.connector.gate.set()
    await task
    assert len(store.keys) == 3


async def test_a_slow_identity_of_the_old_connection_is_not_shown(store):
    old, new = FakeGateway(), FakeGateway(large_world(3))
    gate = old.hold("sts:GetCallerIdentity")
    new.fail("sts:GetCallerIdentity", NetworkError("no answer"))
    session = session_of(store, old, new)
    opening = asyncio.create_task(session.open(Target()))
    await until(lambda: store.keys and not store.progress.loading)
    opening.cancel()
    await session.open(Target(region="eu-west-1"))
    gate.set()
    await asyncio.sleep(0)
    assert store.caller is None


async def test_looking_at_a_key_reads_its_policies_once_and_keeps_them(store):
    gateway = FakeGateway()
    gateway.world.policies[IMPORTED]["AWS_RAM"] = '{"Version":"2012-10-17"}'
    session = session_of(store, gateway)
    await session.open(Target())
    await session.look_at(IMPORTED)
    await session.look_at(IMPORTED)
    names = [policy.name for policy in store.policies[IMPORTED]]
    assert names == ["default", "AWS_RAM"]
    assert store.policies[IMPORTED][0].text == default_policy()
    assert gateway.count("kms:GetKeyPolicy") == 2
    versions = await session.journal.versions(session.scope, IMPORTED)
    assert [(version.text, version.kind) for version in versions] == [(default_policy(), "fetched")]
    await session.refresh()
    await session.look_at(IMPORTED)
    assert gateway.count("kms:GetKeyPolicy") == 4


async def test_a_policy_that_comes_after_a_switch_is_not_history_of_the_new_account(store):
    class Slow(FakeGateway):
        async def get_policy(self, key_id, name="default"):
            text = await super().get_policy(key_id, name)
            await session.open(Target(region="eu-west-1"))
            return text

    session = session_of(store, Slow(), FakeGateway(large_world(3)))
    await session.open(Target())
    await session.look_at(IMPORTED)
    assert session.scope is not None
    assert await session.journal.versions(session.scope, IMPORTED) == ()
    assert IMPORTED not in store.policies


async def test_a_policy_is_read_though_an_empty_list_of_names_came(store):
    class Nameless(FakeGateway):
        async def policy_names(self, key_id):
            await super().policy_names(key_id)
            return ()

    session = session_of(store, Nameless())
    await session.open(Target())
    await session.look_at(IMPORTED)
    assert store.policies[IMPORTED][0].text == default_policy()


async def test_a_policy_is_read_though_its_name_may_not_be_listed(store):
    gateway = FakeGateway()
    gateway.fail("kms:ListKeyPolicies", DENIAL)
    session = session_of(store, gateway)
    await session.open(Target())
    await session.look_at(IMPORTED)
    assert store.policies[IMPORTED][0].text == default_policy()


async def test_a_refused_policy_is_its_reason(store):
    gateway = FakeGateway()
    gateway.fail("kms:GetKeyPolicy", DENIAL, key=IMPORTED)
    session = session_of(store, gateway)
    await session.open(Target())
    await session.look_at(IMPORTED)
    assert store.policies[IMPORTED][0].problem == DENIAL.sentence


async def test_a_journal_that_fails_hides_no_policy(store):
    session = session_of(store)
    await session.open(Target())
    session.journal.error = JournalError("the disk is full")
    await session.look_at(IMPORTED)
    assert store.policies[IMPORTED][0].text == default_policy()
    assert "the disk is full" in store.notices[-1].text


@pytest.mark.parametrize(
    "name", [SIGNING, arn_of(SIGNING), "alias/signing-old", "signing-old", "signing"]
)
async def test_a_key_is_found_by_every_name(store, name):
    session = session_of(store)
    await session.open(Target())
    assert await session.find(name) == SIGNING


async def test_a_key_of_nobody_is_not_found(store):
    session = session_of(store)
    await session.open(Target())
    with pytest.raises(NotFoundError):
        await session.find("nobody")


async def test_without_a_connection_nothing_is_done_and_that_is_said(store):
    session = session_of(store)
    session.show([IMPORTED])
    session.key_pressed()
    await session.look_at(IMPORTED)
    assert session.scope is None
    with pytest.raises(Exception, match="no connection"):
        _ = session.gateway
