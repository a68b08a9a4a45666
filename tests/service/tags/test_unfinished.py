"""A program that was killed in the middle of a run tells at the next start what was done."""

import asyncio
import json
from datetime import timedelta

import pytest

from kmstui.model import Tag, TagDelta
from kmstui.service.errors import AccessDeniedError
from kmstui.service.ports import ChangeRecord, Scope
from kmstui.service.runs import RunOutcome
from tests.fakes import ACCOUNT, IMPORTED, NAMELESS, NOW, REGION, SIGNING, until

SCOPE = Scope(ACCOUNT, REGION)
TEAM = TagDelta(put=(Tag("team", "blue"),))


async def _killed_run(bench, *key_ids):
    """A run over these keys of which the first was sent, and nothing was written down since."""
    plan = await bench.tagging.plan(key_ids, TEAM)
    gate = bench.gateway.hold("kms:ListResourceTags")
    bench.gateway._gates.pop("kms:ListResourceTags").set()
    gate = bench.gateway.hold("kms:TagResource")
    run = asyncio.create_task(bench.apply(plan))
    await until(lambda: bench.sent)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    gate.set()
    bench.gateway.world.tags[key_ids[0]] = (Tag("team", "blue"),)


async def test_it_is_known_which_keys_were_done_and_the_rest_can_be_finished(bench):
    await _killed_run(bench, SIGNING, IMPORTED, NAMELESS)
    (run,) = await bench.tagging.unfinished()
    assert [each.key_id for each in run.done] == [SIGNING]
    assert [each.key_id for each in run.open] == [IMPORTED, NAMELESS]
    assert (run.unread, run.ended, run.began) == ((), (), NOW)

    async def settle():
        await bench.tagging.settle(run)

    rest = await bench.tagging.plan_again(run.open)
    results = await bench.apply(rest, written=settle)
    assert {each.outcome for each in results} == {RunOutcome.DONE}
    for key in (SIGNING, IMPORTED, NAMELESS):
        assert Tag("team", "blue") in bench.gateway.world.tags[key]
    assert await bench.tagging.unfinished() == ()
    assert await bench.records() == [
        (SIGNING, "done"), (IMPORTED, "unknown"), (NAMELESS, "unknown"),
        (IMPORTED, "done"), (NAMELESS, "done"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "value", "outcome"),
    [(6, None, "cancelled"), (6, "red", "unknown"), (4, None, "unknown")],
)
async def test_only_what_can_show_no_more_and_was_not_replaced_was_not_done(
    bench, minutes, value, outcome
):
    await _killed_run(bench, SIGNING, NAMELESS)
    if value is not None:
        bench.gateway.world.tags[NAMELESS] = (Tag("team", value),)
    bench.session.clock = lambda: NOW + timedelta(minutes=minutes)
    (run,) = await bench.tagging.unfinished()
    await bench.tagging.settle(run)
    assert await bench.records() == [(SIGNING, "done"), (NAMELESS, outcome)]


async def test_what_was_done_can_be_undone(bench):
    await _killed_run(bench, SIGNING, NAMELESS)
    (run,) = await bench.tagging.unfinished()
    await bench.apply(await bench.tagging.plan_undo(run.all_done))
    assert bench.gateway.world.tags[SIGNING] == ()
    assert NAMELESS not in bench.gateway.world.tags


async def test_keys_whose_end_was_written_down_count_as_done(bench):
    def record(key_id):
        return ChangeRecord(
            0, NOW, SCOPE, "me", "batch", "kms:TagResource", key_id,
            json.dumps({"team": None}), json.dumps({"team": "blue"}), "pending",
        )  # fmt: skip

    first, _ = await bench.journal.begin([record(SIGNING), record(NAMELESS)])
    await bench.journal.end(first.id, "done")
    (run,) = await bench.tagging.unfinished()
    assert [each.key_id for each in run.all_done] == [SIGNING]
    assert [each.key_id for each in run.open] == [NAMELESS]


async def test_a_key_that_cannot_be_read_is_neither_done_nor_not_done_and_is_asked_again(bench):
    await _killed_run(bench, SIGNING, NAMELESS)
    bench.gateway.fail("kms:ListResourceTags", AccessDeniedError("not allowed"), NAMELESS)
    (run,) = await bench.tagging.unfinished()
    ((change, why),) = run.unread
    assert change.key_id == NAMELESS
    assert why == "AccessDenied: not allowed."
    await bench.tagging.settle(run)
    assert await bench.records() == [(SIGNING, "done"), (NAMELESS, "pending")]


async def test_other_changes_are_left_alone(bench):
    await bench.journal.begin(
        [ChangeRecord(0, NOW, SCOPE, "me", "", "kms:CreateAlias", "alias/x", "{}", "{}", "pending")]
    )
    assert await bench.tagging.unfinished() == ()


async def test_a_run_can_be_undone_from_the_journal(bench):
    await bench.apply(await bench.tagging.plan([SIGNING, NAMELESS], TEAM))
    entry = (await bench.journal.changes())[0]
    changes = await bench.tagging.changes_of(entry)
    assert [each.key_id for each in changes] == [SIGNING, NAMELESS]
    await bench.apply(await bench.tagging.plan_undo(changes))
    assert bench.gateway.world.tags[SIGNING] == bench.gateway.world.tags[NAMELESS] == ()
