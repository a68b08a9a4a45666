"""One action on many keys: planned by what KMS has, told key by key, and taken back."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from kmstui.model import Grant, Rotation
from kmstui.service.changes.waiting import FOR_QUOTA
from kmstui.service.errors import AccessDeniedError, NotFoundError, ThrottledError
from kmstui.service.keys import KeyAction, KeyRuns, parse_grant_pattern
from kmstui.service.keys.unfinished import settle_key_changes
from kmstui.service.ports import ChangeRecord
from kmstui.service.runs import RunOutcome
from tests.fakes import (
    DISABLED,
    DYING,
    IMPORTED,
    MANAGED,
    NAMELESS,
    NOW,
    REPLICATED,
    ROLE_ARN,
    SIGNING,
    arn_of,
    until,
)

DONE, FAILED = RunOutcome.DONE, RunOutcome.FAILED


def grant(grant_id, operations=("Decrypt",), grantee=ROLE_ARN, **more):
    return Grant(grant_id, arn_of(NAMELESS), grantee, operations, created=NOW, **more)


@pytest.fixture
def runs(bench):
    return KeyRuns(bench.session, bench.pause)


async def apply(runs, plan, **how):
    return await runs.apply(plan, lambda index, result: None, **how)


def states(bench, *key_ids):
    return [bench.world.metadata[key_id].state for key_id in key_ids]


async def test_what_kms_would_refuse_is_left_out_with_its_reason(bench, runs):
    keys = [NAMELESS, MANAGED, DYING, DISABLED, REPLICATED]
    replicas = (arn_of(REPLICATED), arn_of(REPLICATED, region="us-east-1"))
    world = bench.world.metadata
    world[REPLICATED] = replace(world[REPLICATED], replicas=replicas)
    plan = await runs.plan(keys, KeyAction.SCHEDULE_DELETION, 7)
    assert [each.will_be_sent for each in plan] == [True, False, False, True, False]
    assert "is managed by AWS: nobody else can change it." in plan[1].refused
    assert "already" in plan[2].note
    assert "a primary key with replicas in us-east-1" in plan[4].refused
    await apply(runs, plan)
    assert [key for _, key in bench.sent] == [NAMELESS, DISABLED]


async def test_a_plan_goes_by_what_kms_has_now(bench, runs):
    bench.world.metadata[NAMELESS] = replace(bench.world.metadata[NAMELESS], state="Disabled")
    (change,) = await runs.plan([NAMELESS], KeyAction.DISABLE)
    assert not change.will_be_sent
    assert not change.refused
    assert bench.store.keys[NAMELESS].metadata.state == "Disabled"


async def test_one_denied_and_one_throttled_key_stop_no_other(bench, runs):
    bench.gateway.fail("kms:DisableKey", AccessDeniedError("not allowed"), SIGNING)
    bench.gateway.fail("kms:DisableKey", ThrottledError("too many"), NAMELESS, times=2)
    plan = await runs.plan([SIGNING, NAMELESS, IMPORTED], KeyAction.DISABLE)
    results = await apply(runs, plan)
    assert [each.outcome for each in results] == [FAILED, DONE, DONE]
    assert "AccessDenied: not allowed." in results[0].detail
    assert bench.pauses == list(FOR_QUOTA[:2])
    # Each time it was looked at whether somebody else had changed it meanwhile.
    assert bench.store.keys[NAMELESS].metadata.state == "Disabled"


async def test_a_throttled_key_that_somebody_else_changed_meanwhile_is_not_sent_again(bench, runs):
    bench.gateway.fail("kms:DisableKey", ThrottledError("too many"), NAMELESS, times=1)

    def theirs():
        metadata = bench.world.metadata[NAMELESS]
        bench.world.metadata[NAMELESS] = replace(metadata, state="PendingDeletion")

    bench.during_pause = theirs
    (result,) = await apply(runs, await runs.plan([NAMELESS], KeyAction.DISABLE))
    assert result.outcome is FAILED
    assert "somebody else changed it" in result.detail
    assert bench.gateway.count("kms:DisableKey") == 1


ACTIONS = [
    (KeyAction.DISABLE, "", IMPORTED, "Disabled"),
    (KeyAction.ENABLE, "", DISABLED, "Enabled"),
    (KeyAction.SCHEDULE_DELETION, 7, IMPORTED, "PendingDeletion"),
    (KeyAction.SCHEDULE_DELETION, 7, DISABLED, "PendingDeletion"),
    (KeyAction.CANCEL_DELETION, "", DYING, "Disabled"),
]


@pytest.mark.parametrize(("action", "value", "key_id", "state"), ACTIONS)
async def test_a_change_of_state_is_taken_back_to_what_it_was(
    bench, runs, action, value, key_id, state
):
    before = states(bench, key_id)
    plan = await runs.plan([key_id], action, value)
    assert [each.outcome for each in await apply(runs, plan)] == [DONE]
    assert states(bench, key_id) == [state]
    undo = await runs.plan_undo(plan)
    assert [each.outcome for each in await apply(runs, undo)] == [DONE]
    assert states(bench, key_id) == before


async def test_the_deletion_of_an_enabled_key_is_taken_back_in_two_calls(bench, runs):
    plan = await runs.plan([IMPORTED], KeyAction.SCHEDULE_DELETION, 30)
    await apply(runs, plan)
    bench.gateway.fail("kms:EnableKey", AccessDeniedError("not allowed"), times=1)
    undo = await runs.plan_undo(plan)
    (result,) = await apply(runs, undo)
    assert result.outcome is FAILED
    assert result.detail.startswith("The deletion was cancelled, but the key stays disabled.")
    assert result.found.metadata.state == "Disabled"
    (rest,) = await runs.plan_again([result.change])
    assert rest.operation == "kms:EnableKey"
    await apply(runs, [rest])
    assert states(bench, IMPORTED) == ["Enabled"]


async def test_a_key_whose_cancelled_deletion_somebody_followed_by_enabling_it_stays(bench, runs):
    plan = await runs.plan([DYING], KeyAction.CANCEL_DELETION)
    await apply(runs, plan)
    await bench.gateway.enable(DYING)
    (undo,) = await runs.plan_undo(plan)
    assert not undo.will_be_sent
    assert "was changed by somebody else since, and stays" in undo.note


async def test_a_deletion_scheduled_again_takes_the_days_that_were_left(bench, runs):
    metadata = bench.world.metadata[DYING]
    bench.world.metadata[DYING] = replace(metadata, deletion=NOW + timedelta(days=12))
    plan = await runs.plan([DYING], KeyAction.CANCEL_DELETION)
    await apply(runs, plan)
    (undo,) = await runs.plan_undo(plan)
    assert dict(undo.after)["window_days"] == 13
    assert undo.note == "Its waiting period begins anew: 13 days."


async def test_rotation_and_description_are_taken_back_with_their_values(bench, runs):
    bench.world.rotations[NAMELESS] = Rotation(enabled=True, period_days=200)
    plan = await runs.plan([NAMELESS, SIGNING, REPLICATED], KeyAction.ROTATION_ON, 90)
    assert "Only symmetric encryption keys rotate" in plan[1].refused
    await apply(runs, plan)
    assert bench.world.rotations[NAMELESS].period_days == 90
    await apply(runs, await runs.plan_undo(plan))
    assert bench.world.rotations[NAMELESS] == Rotation(enabled=True, period_days=200)
    assert not bench.world.rotations[REPLICATED].enabled

    texts = {key: bench.world.metadata[key].description for key in (NAMELESS, IMPORTED)}
    plan = await runs.plan(list(texts), KeyAction.DESCRIPTION, "to be retired")
    await apply(runs, plan)
    assert bench.store.keys[IMPORTED].metadata.description == "to be retired"
    await apply(runs, await runs.plan_undo(plan))
    assert {key: bench.world.metadata[key].description for key in texts} == texts


# Grants


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("grantee:role/OLD", {"a", "b"}),
        ("operation:Encrypt", {"b"}),
        ("operation:*crypt", {"a", "b", "c"}),
        ("name:backup", {"c"}),
        ("name:backup grantee:role/old", set()),
        ("retiring:admin", {"c"}),
        ("old", {"a", "b"}),
        ("arn:aws:iam::1:role/old*", {"a", "b"}),
        ("*", {"a", "b", "c"}),
    ],
)
def test_a_pattern_means_grants_by_what_a_person_knows_of_them(text, found):
    grants = [
        grant("a", grantee="arn:aws:iam::1:role/old-app"),
        grant("b", ("Encrypt", "ReEncryptTo"), grantee="arn:aws:iam::1:role/older"),
        grant("c", name="Backup-1", grantee="arn:aws:iam::1:role/x", retiring="arn:x:user/admin"),
        grant("d", grantee="arn:aws:iam::1:role/old", unread="It cannot be read."),
    ]
    pattern = parse_grant_pattern(text)
    assert pattern is not None
    assert {each.id for each in grants if pattern.means(each)} == found


@pytest.mark.parametrize("text", ["", "  ", "grantee:", "old name:"])
def test_a_pattern_that_says_nothing_is_none(text):
    assert parse_grant_pattern(text) is None


async def test_grants_are_revoked_on_each_key_and_the_others_stay(bench, runs):
    bench.world.grants[NAMELESS] = (grant("a"), grant("b", name="keep"), grant("c"))
    bench.world.grants[SIGNING] = (grant("d"),)
    bench.world.grants[IMPORTED] = (grant("e", grantee="arn:aws:iam::1:user/other"),)
    pattern = parse_grant_pattern(f"{ROLE_ARN} operation:Decrypt")
    assert pattern is not None
    plan = await runs.plan_revocations([NAMELESS, SIGNING, IMPORTED], pattern)
    assert [len(each.after) for each in plan] == [3, 1, 0]
    # Somebody retires one meanwhile: that is as well.
    bench.gateway.fail("kms:RevokeGrant", NotFoundError("no such grant"), SIGNING)
    bench.world.grants[SIGNING] = ()
    results = await apply(runs, plan)
    assert [each.outcome for each in results] == [DONE, DONE, RunOutcome.UNCHANGED]
    assert bench.world.grants[NAMELESS] == ()
    assert len(bench.world.grants[IMPORTED]) == 1
    (entry, _) = await bench.entries()
    assert entry[2]["a"]["grantee"] == ROLE_ARN
    (undo, _, _) = await runs.plan_undo(plan)
    assert "A revoked grant cannot be brought back." in undo.refused


async def test_a_revocation_that_stops_half_way_says_how_many_are_gone_and_goes_on(bench, runs):
    bench.world.grants[NAMELESS] = (grant("a"), grant("b"), grant("c"))
    pattern = parse_grant_pattern("*")
    assert pattern is not None
    plan = await runs.plan_revocations([NAMELESS], pattern)
    revoke, count = bench.gateway.revoke_grant, 0

    async def second_is_denied(key_id, grant_id):
        nonlocal count
        count += 1
        if count == 2:
            raise AccessDeniedError("not allowed")
        await revoke(key_id, grant_id)

    bench.gateway.revoke_grant = second_is_denied
    (result,) = await apply(runs, plan)
    assert result.detail.startswith("1 of 3 grants are revoked. AccessDenied")
    (rest,) = await runs.plan_again([result.change])
    assert [name for name, _ in rest.after] == ["b", "c"]


# Afterwards


async def test_a_killed_run_is_told_once_and_finished(bench, runs):
    plan = await runs.plan([NAMELESS, SIGNING, IMPORTED], KeyAction.DISABLE)
    gate = bench.gateway.hold("kms:DisableKey")
    run = asyncio.create_task(apply(runs, plan))
    await until(lambda: bench.sent)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    gate.set()
    await bench.gateway.disable(NAMELESS)
    # A single change's settling leaves what belongs to a run alone.
    assert await settle_key_changes(bench.session, bench.pause) == ()
    (left,) = await runs.unfinished()
    assert [each.key_id for each in left.done] == [NAMELESS]
    assert [each.key_id for each in left.open] == [SIGNING, IMPORTED]

    async def settle():
        await runs.settle(left)

    results = await apply(runs, await runs.plan_again(left.open), written=settle)
    assert [each.outcome for each in results] == [DONE, DONE]
    assert states(bench, NAMELESS, SIGNING, IMPORTED) == ["Disabled"] * 3
    assert await runs.unfinished() == ()


async def test_a_single_change_is_taken_back_from_the_journal_too(bench, runs):
    await bench.keys.disable(NAMELESS)
    changes = await runs.changes_of(await bench.newest())
    await apply(runs, await runs.plan_undo(changes))
    assert states(bench, NAMELESS) == ["Enabled"]


async def test_a_single_revocation_in_the_journal_says_that_it_cannot_be(bench, runs):
    before = json.dumps({"grant": "a", "grantee": ROLE_ARN})
    record = ChangeRecord(
        1, NOW, bench.session.scope, "", "", "kms:RevokeGrant", NAMELESS, before, "{}", "done"
    )
    (undo,) = await runs.plan_undo(await runs.changes_of(record))
    assert "cannot be brought back" in undo.refused
