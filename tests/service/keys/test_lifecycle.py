from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmstui.model import KeyFacts, KeyMaterial, Rotation
from kmstui.service.changes.waiting import FOR_A_KEY
from kmstui.service.errors import (
    UNCERTAIN,
    AccessDeniedError,
    InvalidInputError,
    InvalidStateError,
)
from kmstui.service.keys.allowed import WINDOW_DAYS, KeyAction, days_in, off_reason
from kmstui.service.keys.lifecycle import replica_regions
from tests.fakes import (
    DENIED,
    DISABLED,
    DYING,
    IMPORTED,
    MANAGED,
    NAMELESS,
    NOW,
    REPLICATED,
    SIGNING,
)


async def test_disabling_and_enabling_show_the_state_that_kms_holds(bench):
    assert await bench.keys.disable(NAMELESS) == f"{NAMELESS} is Disabled."
    assert bench.store.keys[NAMELESS].metadata.state == "Disabled"
    assert await bench.keys.enable(NAMELESS) == f"{NAMELESS} is Enabled."
    assert [entry[0::3] for entry in await bench.entries()] == [
        ("kms:DisableKey", {"state": "Disabled"}),
        ("kms:EnableKey", {"state": "Enabled"}),
    ]
    assert [entry[4] for entry in await bench.entries()] == ["done", "done"]


async def test_the_description_is_changed_and_removed(bench):
    assert "description of" in await bench.keys.set_description(NAMELESS, "For tests")
    assert bench.store.keys[NAMELESS].metadata.description == "For tests"
    assert "no description any more" in await bench.keys.set_description(NAMELESS, "")
    assert (await bench.entries())[0][2:4] == (
        {"description": "Nobody named it"},
        {"description": "For tests"},
    )


async def test_rotation_is_turned_on_with_its_period_and_off(bench):
    sentence = await bench.keys.set_rotation(NAMELESS, 180)
    assert sentence == f"{NAMELESS} rotates every 180 days."
    assert bench.store.keys[NAMELESS].rotation is True
    assert "does not rotate by itself" in await bench.keys.set_rotation(NAMELESS, None)
    assert bench.store.keys[NAMELESS].rotation is False


async def test_a_rotation_on_demand_is_told_as_it_stands(bench):
    rotate = bench.gateway.rotate_now

    async def begin(key_id):
        await rotate(key_id)
        bench.world.rotations[key_id] = Rotation(enabled=False, on_demand_started=NOW)

    async def nothing(key_id):
        pass

    bench.gateway.rotate_now = begin
    assert "rotates" in await bench.keys.rotate_now(NAMELESS)
    bench.world.rotations[NAMELESS] = Rotation(enabled=False)
    bench.gateway.rotate_now = rotate
    assert "last rotated on demand at 12:00 UTC" in await bench.keys.rotate_now(NAMELESS)
    # The one before is not taken for the one that was asked for now.
    bench.gateway.rotate_now = nothing
    assert "KMS does not show it yet" in await bench.keys.rotate_now(NAMELESS)


async def test_a_deletion_is_scheduled_and_cancelled(bench):
    sentence = await bench.keys.schedule_deletion(IMPORTED, 7)
    assert "is PendingDeletion and will be deleted on 2026-03-08 12:00 UTC" in sentence
    assert bench.store.keys[IMPORTED].metadata.deletion == NOW + timedelta(days=7)
    newest = await bench.newest()
    assert newest.detail == "DeletionDate 2026-03-08T12:00:00+00:00"
    sentence = await bench.keys.cancel_deletion(IMPORTED)
    assert "is cancelled. It is Disabled; x enables it." in sentence
    assert bench.store.keys[IMPORTED].metadata.state == "Disabled"


async def test_a_replica_is_made(bench):
    sentence = await bench.keys.replicate(REPLICATED, "eu-west-1")
    assert "has a replica in eu-west-1" in sentence
    regions = replica_regions(bench.store.keys[REPLICATED].metadata)
    assert regions == ("eu-central-1", "eu-west-1")
    with pytest.raises(InvalidInputError, match="in eu-west-1 already"):
        await bench.keys.replicate(REPLICATED, "eu-west-1")


@pytest.mark.parametrize(
    ("key", "action", "said"),
    [
        (MANAGED, KeyAction.DESCRIPTION, "managed by AWS"),
        (MANAGED, KeyAction.SCHEDULE_DELETION, "managed by AWS"),
        (NAMELESS, KeyAction.ENABLE, "enabled already"),
        (DISABLED, KeyAction.DISABLE, "disabled already"),
        (DISABLED, KeyAction.ROTATE_NOW, "The key is Disabled: enable it first"),
        (DISABLED, KeyAction.ROTATION_ON, "enable it first"),
        (NAMELESS, KeyAction.CANCEL_DELETION, "No deletion is scheduled"),
        (DYING, KeyAction.ENABLE, "cancel the deletion first"),
        (DYING, KeyAction.DESCRIPTION, "cancel the deletion first"),
        (DYING, KeyAction.SCHEDULE_DELETION, "cancel the deletion first"),
        (SIGNING, KeyAction.ROTATION_ON, "Only symmetric encryption keys rotate"),
        (IMPORTED, KeyAction.ROTATION_ON, "Imported key material"),
        (NAMELESS, KeyAction.REPLICATE, "Only a multi-Region key"),
    ],
)
async def test_what_state_or_manager_forbids_is_off_with_the_reason(bench, key, action, said):
    assert said in off_reason(bench.store.keys[key], action)


@pytest.mark.parametrize(
    ("changes", "action", "said"),
    [
        ({"state": "PendingImport"}, KeyAction.ENABLE, "waits for its key material"),
        ({"state": "Creating"}, KeyAction.DISABLE, "KMS changes it at this moment"),
        ({"state": "PendingReplicaDeletion"}, KeyAction.DISABLE, "cancel the deletion"),
        ({"origin": "AWS_CLOUDHSM"}, KeyAction.ROTATE_NOW, "custom key store"),
        ({"multi_region": "REPLICA"}, KeyAction.ROTATION_ON, "on its primary key"),
        ({"multi_region": "REPLICA"}, KeyAction.REPLICATE, "its primary key can"),
    ],
)
async def test_rarer_states_are_off_with_the_reason_too(bench, changes, action, said):
    key = bench.store.keys[NAMELESS]
    assert said in off_reason(replace(key, metadata=replace(key.metadata, **changes)), action)


@given(st.one_of(st.text(max_size=12), st.integers(-9, 99).map(str), st.just("9" * 5000)))
def test_any_text_for_days_is_a_number_allowed_or_none(text):
    days = days_in(text, WINDOW_DAYS)
    assert days is None or (days in WINDOW_DAYS and days == int(text))


async def test_what_can_be_done_is_not_off(bench):
    keys = bench.store.keys
    assert off_reason(keys[NAMELESS], KeyAction.ROTATION_ON) == ""
    assert off_reason(keys[IMPORTED], KeyAction.ROTATE_NOW) == ""
    assert off_reason(keys[DYING], KeyAction.CANCEL_DELETION) == ""
    assert off_reason(keys[REPLICATED], KeyAction.REPLICATE) == ""
    off = replace(keys[NAMELESS], facts=KeyFacts(rotation=Rotation(enabled=False)))
    assert "off already" in off_reason(off, KeyAction.ROTATION_OFF)
    unknown = replace(keys[DENIED], metadata=None, problem="AccessDenied on kms:DescribeKey.")
    assert off_reason(unknown, KeyAction.ENABLE) == "AccessDenied on kms:DescribeKey."


async def test_what_kms_would_refuse_is_not_sent(bench):
    for job, said in (
        (bench.keys.set_description(NAMELESS, "x" * 8193), "8,193 characters"),
        (bench.keys.set_rotation(NAMELESS, 89), "90 to 2560 days, not 89"),
        (bench.keys.schedule_deletion(NAMELESS, 6), "7 to 30 days, not 6"),
        (bench.keys.schedule_deletion(NAMELESS, 31), "7 to 30 days, not 31"),
        (bench.keys.enable(NAMELESS), "enabled already"),
        (bench.keys.disable(MANAGED), "managed by AWS"),
        (bench.keys.enable("gone"), "not among those listed"),
    ):
        with pytest.raises(InvalidInputError) as refused:
            await job
        assert said in refused.value.sentence
        assert "Nothing was sent." in refused.value.sentence
    assert bench.sent == []
    assert await bench.entries() == []


async def test_a_state_that_changed_meanwhile_is_refused_by_kms_and_written_down(bench):
    error = InvalidStateError("it is pending deletion")
    bench.gateway.fail("kms:DisableKey", error)
    with pytest.raises(InvalidStateError):
        await bench.keys.disable(NAMELESS)
    newest = await bench.newest()
    assert (newest.outcome, newest.detail) == ("failed", error.sentence)
    assert bench.store.keys[NAMELESS].metadata.state == "Enabled"


async def test_a_change_that_does_not_show_yet_is_said_to_be_accepted(bench):
    async def nothing(key_id):
        pass

    bench.gateway.disable = nothing
    assert "KMS does not show it yet" in await bench.keys.disable(NAMELESS)
    assert len(bench.pauses) == 4


async def test_what_somebody_else_has_replaced_is_not_said_to_be_on_its_way(bench):
    update = bench.gateway.update_description

    async def replaced(key_id, description):
        await update(key_id, "theirs")

    bench.gateway.update_description = replaced
    sentence = await bench.keys.set_description(NAMELESS, "mine")
    assert "KMS accepted it, but it shows something else by now" in sentence
    assert "yet" not in sentence

    async def lost(key_id, description):
        await update(key_id, "theirs too")
        raise UNCERTAIN[0]("no answer that tells")

    bench.gateway.update_description = lost
    with pytest.raises(UNCERTAIN[0], match="something else is there that somebody else changed"):
        await bench.keys.set_description(NAMELESS, "mine again")


async def test_a_read_back_that_is_denied_does_not_hide_that_it_was_done(bench):
    bench.gateway.fail("kms:DescribeKey", AccessDeniedError("your role may not"))
    sentence = await bench.keys.disable(NAMELESS)
    assert "KMS accepted it, but it could not be read back." in sentence


@pytest.mark.parametrize("error", UNCERTAIN)
async def test_an_answer_that_tells_nothing_is_looked_for(bench, error):
    disable = bench.gateway.disable

    async def lose(key_id):
        await disable(key_id)
        raise error("no answer that tells")

    bench.gateway.disable = lose
    assert await bench.keys.disable(NAMELESS) == f"{NAMELESS} is Disabled."
    newest = await bench.newest()
    assert newest.outcome == "done"
    assert newest.detail.endswith("no answer that tells. Read back afterwards: it was done.")
    bench.gateway.disable = disable
    bench.gateway.fail("kms:EnableKey", error("no answer that tells"))
    with pytest.raises(error):
        await bench.keys.enable(NAMELESS)
    newest = await bench.newest()
    assert newest.outcome == "unknown"
    assert newest.detail.endswith("no answer that tells. Read back afterwards, it did not show.")
    bench.gateway.fail("kms:DescribeKey", AccessDeniedError("your role may not"))
    with pytest.raises(error):
        await bench.keys.enable(NAMELESS)
    newest = await bench.newest()
    assert newest.outcome == "unknown"
    assert "Afterwards it could not be read back: AccessDenied" in newest.detail


def lost_after(send, error):
    """A change whose answer does not arrive."""

    async def lose(*arguments):
        await send(*arguments)
        raise error("no answer that tells")

    return lose


@pytest.mark.parametrize("error", UNCERTAIN)
async def test_a_rotation_whose_answer_was_lost_is_looked_for(bench, error):
    gateway = bench.gateway
    gateway.enable_rotation = lost_after(gateway.enable_rotation, error)
    gateway.disable_rotation = lost_after(gateway.disable_rotation, error)
    assert "rotates every 180 days" in await bench.keys.set_rotation(NAMELESS, 180)
    assert bench.store.keys[NAMELESS].rotation is True
    assert "does not rotate by itself" in await bench.keys.set_rotation(NAMELESS, None)
    assert bench.store.keys[NAMELESS].rotation is False
    assert [entry[4] for entry in await bench.entries()] == ["done", "done"]


@pytest.mark.parametrize("error", UNCERTAIN)
async def test_a_rotation_that_was_never_turned_on_stays_unknown(bench, error):
    bench.gateway.fail("kms:EnableKeyRotation", error("no answer that tells"))
    with pytest.raises(error):
        await bench.keys.set_rotation(NAMELESS, 180)
    assert bench.pauses[-4:] == list(FOR_A_KEY)
    assert bench.store.keys[NAMELESS].rotation is False
    assert (await bench.newest()).outcome == "unknown"


@pytest.mark.parametrize("error", UNCERTAIN)
async def test_a_rotation_on_demand_whose_answer_was_lost_is_looked_for(bench, error):
    rotate = bench.gateway.rotate_now
    earlier = Rotation(
        enabled=False, materials=(KeyMaterial("", "CURRENT", NOW - timedelta(days=9), "ON_DEMAND"),)
    )
    bench.world.rotations[NAMELESS] = earlier

    async def begin(key_id):
        await rotate(key_id)
        bench.world.rotations[key_id] = replace(earlier, on_demand_started=NOW)

    # Where the request never arrived, the rotation of last week does not pass for it.
    bench.gateway.fail("kms:RotateKeyOnDemand", error("no answer that tells"), times=1)
    with pytest.raises(error):
        await bench.keys.rotate_now(NAMELESS)
    assert (await bench.newest()).outcome == "unknown"
    bench.gateway.rotate_now = lost_after(begin, error)
    assert "KMS rotates" in await bench.keys.rotate_now(NAMELESS)
    assert (await bench.newest()).outcome == "done"
    # That one still runs: nobody could tell another from it.
    with pytest.raises(error):
        await bench.keys.rotate_now(NAMELESS)
    assert (await bench.newest()).outcome == "unknown"


async def test_whoever_may_not_read_the_rotation_rotates_all_the_same(bench):
    bench.gateway.fail("kms:GetKeyRotationStatus", AccessDeniedError("your role may not"))
    sentence = await bench.keys.rotate_now(NAMELESS)
    assert "KMS accepted it, but it could not be read back." in sentence
    assert (await bench.newest()).outcome == "done"
