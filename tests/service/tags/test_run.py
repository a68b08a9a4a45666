"""A run tells of each key what became of it, and never more than is known."""

import asyncio
from dataclasses import replace

import pytest

from kmstui.model import Tag, TagDelta
from kmstui.service.changes.waiting import FOR_ONE_OF_MANY, FOR_QUOTA
from kmstui.service.errors import (
    UNCERTAIN,
    AccessDeniedError,
    CredentialsExpiredError,
    EndpointError,
    JournalError,
    NetworkError,
    ThrottledError,
    UnreportedOutcomeError,
)
from kmstui.service.ports import Target
from kmstui.service.runs import RunOutcome
from kmstui.service.runs.run import SENDING_AT_ONCE
from kmstui.service.tags.change import TagChange
from tests.fakes import (
    DISABLED,
    IMPORTED,
    MANAGED,
    NAMELESS,
    SIGNING,
    FakeGateway,
    MemoryJournal,
    key_id_of,
    large_world,
    until,
)

TEAM = TagDelta(put=(Tag("team", "blue"),))


async def test_each_key_is_sent_read_back_and_written_down(bench):
    plan = await bench.tagging.plan([IMPORTED, SIGNING], TEAM)
    results = await bench.apply(plan)
    assert [each.outcome for each in results] == [RunOutcome.DONE, RunOutcome.DONE]
    assert Tag("team", "blue") in results[0].found
    assert bench.store.keys[SIGNING].tags == (Tag("team", "blue"),)
    assert await bench.records() == [(IMPORTED, "done"), (SIGNING, "done")]
    steps = [outcome for index, outcome in bench.seen if index == 0]
    assert steps == [RunOutcome.WAITING, RunOutcome.RUNNING, RunOutcome.SENT, RunOutcome.DONE]


async def test_it_is_in_the_journal_before_anything_is_sent(bench):
    plan = await bench.tagging.plan([IMPORTED], TEAM)
    gate = bench.gateway.hold("kms:TagResource")
    run = asyncio.create_task(bench.apply(plan))
    await until(lambda: bench.sent)
    (record,) = await bench.journal.changes()
    assert (record.operation, record.outcome) == ("kms:TagResource", "pending")
    assert (record.before, record.after) == ('{"team": null}', '{"team": "blue"}')
    assert record.caller.endswith("KMSWorkshop-InstanceInitRole/i-0123456789abcdef0")
    gate.set()
    await run


async def test_nothing_is_sent_when_it_cannot_be_written_down(bench):
    plan = await bench.tagging.plan([IMPORTED], TEAM)
    bench.journal.error = JournalError("the disk is full")
    with pytest.raises(JournalError, match="the disk is full"):
        await bench.apply(plan)
    assert bench.sent == []


async def test_nothing_is_sent_without_a_journal_that_lasts(bench):
    plan = await bench.tagging.plan([IMPORTED], TEAM)
    bench.journal.durable, bench.journal.warning = False, "The journal cannot be written."
    with pytest.raises(JournalError, match="The journal cannot be written"):
        await bench.apply(plan)
    assert bench.sent == []


async def test_a_journal_that_fails_later_does_not_hide_what_happened(bench):
    plan = await bench.tagging.plan([IMPORTED], TEAM)
    gate = bench.gateway.hold("kms:TagResource")
    run = asyncio.create_task(bench.apply(plan))
    await until(lambda: bench.sent)
    bench.journal.error = JournalError("the disk is full")
    gate.set()
    (result,) = await run
    assert result.outcome is RunOutcome.DONE
    assert "the disk is full" in result.detail


async def test_many_keys_are_sent_in_their_order(bench):
    bench.gateway.world = large_world(60)
    await bench.session.refresh()
    keys = [key_id_of(number) for number in reversed(range(60))]
    results = await bench.apply(await bench.tagging.plan(keys, TEAM))
    assert [key for _, key in bench.sent] == keys
    assert {each.outcome for each in results} == {RunOutcome.DONE}
    assert all(Tag("team", "blue") in bench.gateway.world.tags[key] for key in keys)


async def test_a_rename_puts_before_it_removes(bench):
    delta = TagDelta(put=(Tag("stage", "dev"),), remove=("env",))
    await bench.apply(await bench.tagging.plan([IMPORTED], delta))
    assert bench.sent == [("tag", IMPORTED), ("untag", IMPORTED)]
    assert bench.gateway.world.tags[IMPORTED] == (
        Tag("project", "kmsworkshop"), Tag("stage", "dev"),
    )  # fmt: skip
    (record,) = await bench.journal.changes()
    assert record.operation == "kms:TagResource kms:UntagResource"


async def test_a_misspelt_tag_key_is_renamed_on_many_keys_each_with_its_own_value(bench):
    keys = [key_id_of(number) for number in range(4)]
    bench.gateway.world = large_world(4)
    tags = bench.gateway.world.tags
    tags[keys[0]] = (Tag("Porject", "a"),)
    tags[keys[1]] = (Tag("Porject", "b"), Tag("project", "c"))
    tags[keys[2]] = (Tag("Porject", "d"), Tag("project", "d"))
    tags[keys[3]] = ()
    await bench.session.refresh()
    delta = TagDelta(rename=("Porject", "project"))
    plan = await bench.tagging.plan(keys, delta)
    assert "whose value 'c' would be lost" in plan[1].refused
    assert "has no such tag: Porject" in plan[3].note
    await bench.apply(plan)
    assert tags[keys[0]] == (Tag("project", "a"),)
    assert tags[keys[1]] == (Tag("Porject", "b"), Tag("project", "c"))
    assert tags[keys[2]] == (Tag("project", "d"),)


async def test_a_rename_on_a_key_with_fifty_tags_is_refused_before_anything_is_sent(bench):
    full = tuple(Tag(f"t{number:02}", "") for number in range(50))
    bench.gateway.world.tags[IMPORTED] = full
    (change,) = await bench.tagging.plan([IMPORTED], TagDelta(rename=("t00", "u00")))
    assert "would have 51 tags at once" in change.refused


async def test_the_old_tag_stays_as_long_as_kms_does_not_show_the_new_one(bench):
    async def nothing(key_id, tags):
        pass

    bench.gateway.tag = nothing
    before = bench.gateway.world.tags[IMPORTED]
    (result,) = await bench.apply(
        await bench.tagging.plan([IMPORTED], TagDelta(rename=("env", "stage")))
    )
    assert result.outcome is RunOutcome.FAILED
    assert "KMS does not show the new tags yet, so the old ones were left" in result.detail
    assert bench.gateway.world.tags[IMPORTED] == before


async def test_a_rename_that_stops_half_way_says_that_both_tags_are_there(bench):
    bench.gateway.fail("kms:UntagResource", AccessDeniedError("not allowed"))
    delta = TagDelta(put=(Tag("stage", "dev"),), remove=("env",))
    (result,) = await bench.apply(await bench.tagging.plan([IMPORTED], delta))
    assert result.outcome is RunOutcome.FAILED
    assert result.detail.startswith("The tags were put, but env stayed. AccessDenied")
    assert Tag("stage", "dev") in bench.store.keys[IMPORTED].tags


async def test_where_nobody_can_tell_what_became_of_one_no_more_are_sent(bench):
    bench.gateway.world = large_world(60)
    await bench.session.refresh()
    plan = await bench.tagging.plan([key_id_of(number) for number in range(60)], TEAM)
    page = UnreportedOutcomeError("a web page came")
    bench.gateway.fail("kms:TagResource", page)
    bench.gateway.fail("kms:ListResourceTags", EndpointError("a web page came"))
    results = await bench.apply(plan)
    ends = [each.outcome for each in results]
    sent = ends.count(RunOutcome.UNKNOWN)
    assert len(bench.sent) == sent < 60
    assert ends.count(RunOutcome.CANCELLED) == 60 - sent
    assert "nobody can tell what became of an earlier one" in results[-1].detail


async def test_one_refusal_fails_no_other_key(bench):
    bench.gateway.fail("kms:TagResource", AccessDeniedError("not allowed"), SIGNING)
    results = await bench.apply(await bench.tagging.plan([IMPORTED, SIGNING, NAMELESS], TEAM))
    outcomes = [each.outcome for each in results]
    assert outcomes == [RunOutcome.DONE, RunOutcome.FAILED, RunOutcome.DONE]
    assert "AccessDenied: not allowed." in results[1].detail
    assert (SIGNING, "failed") in await bench.records()


@pytest.mark.parametrize(
    "error", [CredentialsExpiredError("they are too old"), NetworkError("no route to KMS")]
)
async def test_what_stops_one_stops_all_and_the_rest_is_told_as_not_sent(bench, error):
    bench.gateway.world = large_world(40)
    await bench.session.refresh()
    keys = [key_id_of(number) for number in range(40)]
    plan = await bench.tagging.plan(keys, TEAM)
    bench.gateway.fail("kms:TagResource", error)
    results = await bench.apply(plan)
    assert len(bench.sent) <= SENDING_AT_ONCE
    assert results[0].outcome is RunOutcome.FAILED
    assert results[-1].outcome is RunOutcome.CANCELLED
    assert str(error) in results[-1].detail
    records = await bench.records()
    assert len([each for each in records if each[1] == "cancelled"]) >= 40 - SENDING_AT_ONCE


async def test_throttled_changes_are_sent_again_after_a_while(bench):
    bench.gateway.fail("kms:TagResource", ThrottledError("too many"), times=2)
    (result,) = await bench.apply(await bench.tagging.plan([IMPORTED], TEAM))
    assert result.outcome is RunOutcome.DONE
    assert bench.paused == list(FOR_QUOTA[:2])


async def test_a_quota_that_others_use_up_for_good_is_told(bench):
    bench.gateway.fail("kms:TagResource", ThrottledError("too many"))
    (result,) = await bench.apply(await bench.tagging.plan([IMPORTED], TEAM))
    assert result.outcome is RunOutcome.FAILED
    assert result.detail == "Throttled: too many."
    assert result.outcome.can_be_retried


class Lagging(FakeGateway):
    """Returns old tags some times after each change."""

    looks = 3

    async def list_tags(self, key_id, urgency=None):
        tags = await super().list_tags(key_id)
        if ("kms:TagResource", key_id) in self.calls and self.looks:
            self.looks -= 1
            return ()
        return tags


async def test_tags_that_show_late_are_waited_for(bench):
    lagging = Lagging()
    bench.session.connector._gateways = [lagging]
    await bench.session.open(Target())
    (result,) = await bench.apply(await bench.tagging.plan([NAMELESS], TEAM))
    assert result.outcome is RunOutcome.DONE
    assert bench.paused == list(FOR_ONE_OF_MANY[:3])


async def test_tags_that_do_not_show_are_told_as_propagating_not_as_failed(bench):
    lagging = Lagging()
    lagging.looks = 99
    bench.session.connector._gateways = [lagging]
    await bench.session.open(Target())
    (result,) = await bench.apply(await bench.tagging.plan([NAMELESS], TEAM))
    assert result.outcome is RunOutcome.PROPAGATING
    assert "the key does not show it yet" in result.detail
    assert await bench.records() == [(NAMELESS, "done")]


async def test_a_change_that_may_not_be_read_back_was_accepted_all_the_same(bench):
    plan = await bench.tagging.plan([NAMELESS], TEAM)
    bench.gateway.fail("kms:ListResourceTags", AccessDeniedError("not allowed"))
    (result,) = await bench.apply(plan)
    assert result.outcome is RunOutcome.UNREAD
    assert result.detail.startswith("KMS accepted it, but it could not be read back.")


@pytest.mark.parametrize("error", UNCERTAIN)
@pytest.mark.parametrize(("happened", "outcome"), [(True, "done"), (False, "unknown")])
async def test_an_answer_that_tells_nothing_is_found_out_by_looking(
    bench, happened, outcome, error
):
    plan = await bench.tagging.plan([NAMELESS], TEAM)
    bench.gateway.fail("kms:TagResource", error("no answer that tells"))
    if happened:
        bench.gateway.world.tags[NAMELESS] = (Tag("team", "blue"),)
    (result,) = await bench.apply(plan)
    assert result.outcome is (RunOutcome.DONE if happened else RunOutcome.UNKNOWN)
    assert await bench.records() == [(NAMELESS, outcome)]


async def test_cancel_sends_no_more_and_tells_truly_what_was_sent(bench):
    bench.gateway.world = large_world(40)
    await bench.session.refresh()
    keys = [key_id_of(number) for number in range(40)]
    plan = await bench.tagging.plan(keys, TEAM)
    gate = bench.gateway.hold("kms:TagResource")
    cancelled: list[bool] = []
    run = asyncio.create_task(bench.apply(plan, cancelled=lambda: bool(cancelled)))
    await until(lambda: len(bench.sent) == SENDING_AT_ONCE)
    cancelled.append(True)
    gate.set()
    results = await run
    assert len(bench.sent) == SENDING_AT_ONCE
    for result in results:
        tagged = Tag("team", "blue") in bench.gateway.world.tags.get(result.change.key_id, ())
        assert tagged == (result.outcome is RunOutcome.DONE)
        assert tagged or result.outcome is RunOutcome.CANCELLED
    assert [each for _, each in await bench.records()].count("cancelled") == 35


async def test_refused_and_unchanged_keys_send_nothing(bench):
    plan = await bench.tagging.plan(
        [MANAGED, IMPORTED], TagDelta(put=(Tag("env", "dev"),))
    )  # fmt: skip
    results = await bench.apply(plan)
    assert [each.outcome for each in results] == [RunOutcome.REFUSED, RunOutcome.UNCHANGED]
    assert bench.sent == []


async def test_a_switch_in_the_middle_never_reaches_the_other_account(bench):
    bench.gateway.world = large_world(20)
    await bench.session.refresh()
    keys = [key_id_of(number) for number in range(20)]
    plan = await bench.tagging.plan(keys, TEAM)
    gate = bench.gateway.hold("kms:TagResource")
    run = asyncio.create_task(bench.apply(plan))
    await until(lambda: len(bench.sent) == SENDING_AT_ONCE)
    other = FakeGateway(large_world(20))
    bench.session.connector._gateways = [other]
    await bench.session.open(Target(profile="other"))
    gate.set()
    results = await run
    assert other.count("kms:TagResource") == 0
    assert bench.store.keys[keys[0]].tags != (Tag("team", "blue"),)
    assert results[-1].outcome is RunOutcome.CANCELLED


async def test_retry_takes_what_is_left(bench):
    bench.gateway.fail("kms:TagResource", AccessDeniedError("no"), SIGNING, times=1)
    results = await bench.apply(await bench.tagging.plan([IMPORTED, SIGNING, DISABLED], TEAM))
    again = [each.change for each in results if each.outcome.can_be_retried]
    assert [each.key_id for each in again] == [SIGNING]
    results = await bench.apply(await bench.tagging.plan_again(again))
    assert [each.outcome for each in results] == [RunOutcome.DONE]


async def test_without_the_account_nothing_is_sent(bench):
    empty = FakeGateway(large_world(0))
    empty.fail("sts:GetCallerIdentity", NetworkError("no route"))
    bench.session.connector._gateways = [empty]
    await bench.session.open(Target())
    assert bench.session.scope is None
    with pytest.raises(JournalError, match="the account is not known"):
        await bench.apply([TagChange(IMPORTED, (("a", None),), (("a", "1"),))])
    assert isinstance(bench.journal, MemoryJournal)
    assert replace(TagChange(IMPORTED, (), ()), refused="x").will_be_sent is False
