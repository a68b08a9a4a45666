from dataclasses import replace

import pytest

from kmstui.model import KeyMaterial, LastUsage, Rotation, Tag
from kmstui.service.errors import AccessDeniedError, InvalidStateError
from kmstui.ui.dialogs.questions import QuestionDialog
from kmstui.ui.keys.key_actions import production_tags
from tests.fakes import (
    DISABLED,
    DYING,
    IMPORTED,
    MANAGED,
    NAMELESS,
    NOW,
    REPLICATED,
    SIGNING,
    FakeGateway,
)
from tests.screens import NARROW, WIDE, running


async def outcomes(run):
    records = await run.session.journal.changes()
    return [(each.operation, each.outcome) for each in reversed(records)]


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_disable_and_enable_say_what_changes_before_and_what_kms_holds_after(size):
    async with running(size=size) as run:
        await run.choose(NAMELESS)
        await run.press("x", "b")
        await run.wait_for("State: Enabled → Disabled.")
        assert run.gateway.count("kms:DisableKey") == 0
        await run.press("y")
        await run.wait_for(f"{NAMELESS} is Disabled.")
        await run.press("x", "e")
        await run.wait_for("State: Disabled → Enabled.")
        await run.press("y")
        await run.wait_for(f"{NAMELESS} is Enabled.")
        assert await outcomes(run) == [("kms:DisableKey", "done"), ("kms:EnableKey", "done")]


async def test_a_question_answered_with_no_sends_nothing():
    async with running() as run:
        await run.choose(NAMELESS)
        for answer in ("n", "q", "escape"):
            await run.press("x", "b", answer)
            await run.wait_for(lambda: run.app.screen is run.main)
        assert await outcomes(run) == []


async def test_the_description_is_edited_from_what_it_is():
    async with running() as run:
        await run.choose(NAMELESS)
        await run.press("x", "d")
        await run.wait_for("Now: Nobody named it.")
        await run.press("enter")
        await run.wait_for("It is the same as now.")
        await run.type(" yet")
        await run.wait_for("Then: Nobody named it yet")
        await run.press("enter")
        await run.wait_for("The description of")
        assert run.gateway.world.metadata[NAMELESS].description == "Nobody named it yet"


LONG = "Encrypts the billing of the northern region"


async def test_a_long_description_that_was_not_sent_is_brought_back_and_then_forgotten():
    gateway = FakeGateway()
    denied = AccessDeniedError("the policy does not allow it")
    gateway.fail("kms:UpdateKeyDescription", denied, times=1)
    async with running(gateway) as run:
        await run.choose(NAMELESS)
        await run.press("x", "d", *["backspace"] * 40)
        await run.type(LONG)
        await run.press("enter")
        await run.wait_for("the policy does not allow it")
        await run.press("x", "d")
        await run.wait_for("Ctrl-r What was typed before")
        await run.press("ctrl+r")
        await run.wait_for(f"Then: {LONG}")
        await run.press("enter")
        await run.wait_for("The description of")
        assert run.gateway.world.metadata[NAMELESS].description == LONG
        scope = run.session.scope
        assert scope is not None
        assert await run.session.journal.drafts(scope) == ()


async def test_a_refusal_shows_the_key_as_it_is_by_now():
    gateway = FakeGateway()
    gateway.fail("kms:DisableKey", InvalidStateError("the key is disabled"))
    async with running(gateway) as run:
        await run.choose(NAMELESS)
        await run.press("x", "b")
        await run.wait_for("State: Enabled → Disabled.")
        metadata = gateway.world.metadata[NAMELESS]
        disabled = gateway.world.metadata[NAMELESS] = replace(metadata, state="Disabled")
        await run.press("y")
        await run.wait_for("Not in this state: the key is disabled.")
        await run.wait_for(lambda: run.store.keys[NAMELESS].metadata == disabled)


async def test_rotation_takes_a_period_within_its_limits():
    async with running() as run:
        await run.choose(NAMELESS)
        await run.press("x", "o")
        await run.wait_for("Now: no automatic rotation.")
        await run.wait_for("every 365 days, first about 2027-03-01")
        await run.press("ctrl+u")
        await run.type("30")
        await run.press("enter")
        await run.wait_for("A period is 90 to 2560 whole days.")
        await run.press("ctrl+u")
        await run.type("180")
        await run.press("enter")
        await run.wait_for("rotates every 180 days")
        await run.press("x", "f")
        await run.wait_for("Now: every 180 days.")
        await run.press("y")
        await run.wait_for("does not rotate by itself any more")


async def test_the_details_show_a_change_of_rotation_at_once():
    async with running() as run:
        await run.choose(NAMELESS)
        await run.main.key_pane.open_view("details")
        await run.press("3", "plus")
        await run.wait_for(lambda: any("Rotation" in line and "off" in line for line in run.lines))
        await run.press("x", "o", "enter")
        await run.wait_for("on, every 365 days")


async def test_rotating_now_says_how_often_it_was_done():
    gateway = FakeGateway()
    gateway.world.rotations[NAMELESS] = Rotation(
        enabled=False, materials=(KeyMaterial("", "CURRENT", NOW, "ON_DEMAND"),)
    )
    async with running(gateway) as run:
        await run.choose(NAMELESS)
        await run.press("x", "n")
        await run.wait_for("Rotated on demand so far: 1 of 25 times.")
        await run.press("y")
        await run.wait_for("last rotated on demand")


async def test_rotations_that_could_not_be_read_are_not_counted_as_none():
    gateway = FakeGateway()
    gateway.world.rotations[NAMELESS] = Rotation(
        enabled=False, materials_problem="AccessDenied: no."
    )
    async with running(gateway) as run:
        await run.choose(NAMELESS)
        await run.press("x", "n")
        await run.wait_for("How often it was rotated on demand is not read: AccessDenied: no.")
        assert "of 25" not in run.text
        await run.press("n")
        await run.main.key_pane.open_view("details")
        await run.press("3", "plus")
        await run.wait_for("not read: AccessDenied")


async def test_a_key_is_replicated_into_a_region_picked():
    async with running() as run:
        await run.choose(REPLICATED)
        await run.press("x", "p")
        await run.wait_for("which Region?")
        assert "A key of this set is there already." in run.prose
        await run.type("us-east")
        await run.press("enter")
        await run.wait_for("no aliases and no tags")
        await run.press("y")
        await run.wait_for("has a replica in us-east-1")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_deletion_shows_what_is_lost_and_wants_the_alias(size):
    gateway = FakeGateway()
    gateway.world.tags[IMPORTED] = (Tag("env", "production"),)
    gateway.world.usages[IMPORTED] = LastUsage(NOW, "Decrypt")
    async with running(gateway, size=size) as run:
        await run.choose(IMPORTED)
        await run.press("x", "D")
        await run.wait_for("Last used on 2026-03-01 12:00 UTC (Decrypt).")
        assert "Aliases that go with it: alias/ImportedCMK." in run.prose
        assert "ITS TAGS SAY PRODUCTION: env=production." in run.prose
        assert "Deleted about 2026-03-31" in run.prose
        await run.press("ctrl+u")
        await run.type("6")
        await run.press("enter")
        await run.wait_for("The waiting period is 7 to 30 whole days.")
        await run.press("ctrl+u")
        await run.type("7")
        await run.wait_for("Deleted about 2026-03-08")
        await run.press("enter", "enter")
        await run.wait_for("That is not alias/ImportedCMK.")
        assert gateway.count("kms:ScheduleKeyDeletion") == 0
        await run.type("alias/ImportedCMK")
        await run.press("enter")
        await run.wait_for("is PendingDeletion and will be deleted on 2026-03-08")
        await run.press("x", "C")
        await run.wait_for("KMS leaves the key disabled")
        await run.press("y")
        await run.wait_for("is cancelled. It is Disabled")
        assert await outcomes(run) == [
            ("kms:ScheduleKeyDeletion", "done"),
            ("kms:CancelKeyDeletion", "done"),
        ]


async def test_a_key_without_alias_is_deleted_by_its_id():
    async with running() as run:
        await run.choose(NAMELESS)
        await run.press("x", "D")
        await run.wait_for(f"Type {NAMELESS} to go on:")


async def test_a_last_use_that_may_not_be_read_is_said_and_stops_nothing():
    gateway = FakeGateway()
    gateway.fail("kms:GetKeyLastUsage", AccessDeniedError("your role may not"))
    async with running(gateway) as run:
        await run.choose(IMPORTED)
        await run.press("x", "D")
        await run.wait_for("Not known: Last use")
        await run.wait_for("AccessDenied")
        await run.press("down")
        await run.type("alias/ImportedCMK")
        await run.press("enter")
        await run.wait_for("is PendingDeletion")


@pytest.mark.parametrize(
    ("key", "letter", "said"),
    [
        (MANAGED, "D", "managed by AWS"),
        (NAMELESS, "e", "The key is enabled already."),
        (DISABLED, "n", "The key is Disabled: enable it first."),
        (DYING, "b", "cancel the deletion first"),
        (SIGNING, "o", "Only symmetric encryption keys rotate"),
        (IMPORTED, "o", "Imported key material does not rotate by itself."),
        (NAMELESS, "p", "Only a multi-Region key can be replicated"),
        (NAMELESS, "C", "No deletion is scheduled."),
    ],
)
async def test_what_state_or_manager_forbids_is_off_with_the_reason(key, letter, said):
    async with running() as run:
        await run.choose(key)
        await run.press("x", letter)
        await run.wait_for(said)
        await run.press("escape")
        assert await outcomes(run) == []


async def test_the_palette_offers_each_action_with_its_reason():
    async with running() as run:
        await run.choose(NAMELESS)
        await run.press("colon")
        await run.type("cancel scheduled")
        await run.wait_for("No deletion is scheduled.")
        await run.press("escape", "colon")
        await run.type("disable the key")
        await run.press("enter")
        await run.wait_for("State: Enabled → Disabled.")


async def test_words_scroll_in_a_window_too_small_for_them():
    async with running(size=(40, 14)) as run:
        await run.choose(IMPORTED)
        await run.press("x", "D")
        await run.wait_for("Type alias/ImportedCMK to go on:")
        word = run.front(QuestionDialog).word
        assert word is not None
        await run.wait_for(lambda: word.region.bottom <= 14)
        before = run.text
        await run.press("pagedown")
        await run.wait_for(lambda: run.text != before)


@pytest.mark.parametrize(
    ("tag", "is_production"),
    [
        (Tag("env", "prod"), True),
        (Tag("Environment", "Production"), True),
        (Tag("stage", "eu-prod-1"), True),
        (Tag("prd", ""), True),
        (Tag("project", "kmsworkshop"), False),
        (Tag("product", "x"), True),
        (Tag("env", "reproduction"), False),
    ],
)
def test_tags_that_say_production(tag, is_production):
    assert bool(production_tags((tag,))) is is_production


async def test_a_menu_opened_before_the_key_is_described_learns_what_can_be_done():
    gateway = FakeGateway()
    gate = gateway.hold("kms:DescribeKey")
    async with running(gateway, loaded=False) as run:
        await run.wait_for(lambda: NAMELESS in run.main.keys_pane.table.rows)
        await run.main.go_to_key(NAMELESS)
        await run.press("x")
        await run.wait_for("The key has not been described yet.")
        gate.set()
        await run.wait_until_gone("The key has not been described yet.")
        await run.press("b")
        await run.wait_for("State: Enabled → Disabled.")
