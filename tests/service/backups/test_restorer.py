"""Which key a key of a backup is, and a run that was killed and is begun again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from kmstui.model import Grant, Tag
from kmstui.service.backups import Found, Kind, Restorer, StepOutcome, read_record
from kmstui.service.errors import AccessDeniedError, UnreportedOutcomeError
from kmstui.service.inventory import Store
from kmstui.service.ports import Target
from kmstui.service.session import Session
from tests.fakes import (
    ACCOUNT,
    IMPORTED,
    NAMELESS,
    NOW,
    ROLE_ARN,
    SIGNING,
    FakeConnector,
    FakeGateway,
    MemoryJournal,
    World,
    arn_of,
    key_id_of,
)
from tests.service.backups.test_files import KEY

OTHER = "999900001111"
GONE = replace(KEY, arn=arn_of(key_id_of(77)), description="gone", tags=(Tag("a", "b"),), grants=())


class Bench:
    def __init__(self, world: World | None = None) -> None:
        self.gateway = FakeGateway(world)
        self.world = self.gateway.world
        store = Store(lambda seconds, callback: asyncio.get_running_loop().call_soon(callback))
        self.journal = MemoryJournal()
        connector = FakeConnector(self.gateway)
        self.session = Session(store, connector, self.journal, lambda: NOW)

    @property
    def restorer(self) -> Restorer:
        """As a new run has one."""
        return Restorer(self.session, {}, self.pause)

    async def pause(self, seconds: float) -> None:
        pass

    async def restored(self, *records, prune=False):
        restorer = self.restorer
        (match, *_) = await restorer.match(records)
        key = match.key or await restorer.create(match.record)
        found = await restorer.plan(replace(match, key=key), prune=prune)
        return key, [await restorer.run(key.id, step) for step in found.steps]


@pytest.fixture
async def bench():
    made = Bench()
    await made.session.open(Target())
    yield made
    made.session.close()


async def test_a_key_is_known_by_its_id_in_its_account_and_by_its_alias_in_others(bench):
    here, _ = await read_record(bench.gateway, IMPORTED)
    elsewhere = replace(here, arn=here.arn.replace(ACCOUNT, OTHER))
    lost = replace(GONE, arn=arn_of(key_id_of(78)), aliases=("alias/signing",))
    matches = await bench.restorer.match([here, GONE, lost])
    assert [each.found for each in matches] == [Found.ID, Found.NOT, Found.ALIAS]
    assert "is another kind of key (RSA_2048, SIGN_VERIFY" in matches[2].problem
    (match,) = await bench.restorer.match([elsewhere])
    assert (match.found, match.key and match.key.id) == (Found.ALIAS, IMPORTED)
    assert not match.problem


async def test_a_key_that_is_gone_is_created_once_however_often_it_is_restored(bench):
    grant = Grant("", "", ROLE_ARN, ("Decrypt",), context_subset=(("a", "b"),))
    wanted = replace(GONE, aliases=("alias/gone",), grants=(grant,))
    key, ends = await bench.restored(wanted)
    assert [(each.step.kind, each.outcome) for each in ends] == [
        (Kind.ALIAS, StepOutcome.DONE),
        (Kind.GRANT, StepOutcome.DONE),
    ]
    stored, _ = await read_record(bench.gateway, key.id)
    assert replace(stored, arn=wanted.arn, rotation=None, policy=wanted.policy) == wanted
    # Its alias is deleted, so that only the journal knows it.
    del bench.world.aliases["alias/gone"]
    again, ends = await bench.restored(wanted)
    assert again.id == key.id
    assert [each.step.kind for each in ends] == [Kind.ALIAS]
    assert [name for name, _ in bench.gateway.calls].count("kms:CreateKey") == 1


async def test_a_key_that_was_made_though_no_answer_came_is_found_again(bench):
    made = bench.gateway.create_key

    async def lost(creation):
        key, metadata = await made(creation)
        bench.world.metadata[key.id] = replace(metadata, created=NOW)
        raise UnreportedOutcomeError("nobody answered")

    bench.gateway.create_key = lost
    with pytest.raises(UnreportedOutcomeError):
        await bench.restored(GONE)
    bench.gateway.create_key = made
    (match,) = await bench.restorer.match([GONE])
    assert match.found is Found.JOURNAL
    assert match.key is not None
    assert bench.world.metadata[match.key.id].description == "gone"


async def test_its_own_arn_in_its_policy_becomes_the_new_one(bench):
    text = GONE.policy.replace('"Resource":"*"', f'"Resource":"{GONE.arn}"')
    restorer = bench.restorer
    (match,) = await restorer.match([replace(GONE, policy=text)])
    key = await restorer.create(match.record)
    assert GONE.id not in bench.world.policies[key.id]["default"]
    found = await restorer.plan(replace(match, key=key), prune=False)
    (step,) = found.steps
    assert step.kind is Kind.POLICY
    assert key.arn in step.text


async def test_a_refused_step_says_why_and_names_no_key_of_the_screens(bench):
    record, _ = await read_record(bench.gateway, NAMELESS)
    bench.gateway.fail("kms:UpdateKeyDescription", AccessDeniedError("not you", "Press r."))
    _, ends = await bench.restored(replace(record, description="other"))
    (end,) = ends
    assert end.outcome is StepOutcome.FAILED
    assert "not you" in end.sentence
    assert "Press" not in end.sentence


async def test_a_replica_is_left_to_its_primary(bench):
    replica = replace(GONE, multi_region="REPLICA", regions=("us-east-1", "eu-west-1"))
    (match,) = await bench.restorer.match([replica])
    assert "restore its primary key in us-east-1" in match.problem


async def test_what_may_not_be_read_is_told_and_the_rest_is_there(bench):
    bench.gateway.fail("kms:ListGrants", AccessDeniedError("not you"))
    record, problems = await read_record(bench.gateway, SIGNING)
    assert record.not_read == ("grants",)
    assert "not you" in problems["grants"]
    assert record.aliases == ("alias/signing", "alias/signing-old", "alias/z-last")
    assert record.rotation is None, "signing keys never rotate"
