"""Marked keys: what is done to all of them, what is left out and why, and how it is taken back."""

import json

import pytest

from kmstui.model import Grant, LastUsage, Tag
from kmstui.service.errors import AccessDeniedError
from kmstui.service.ports import ChangeRecord, Scope
from kmstui.ui.runs.run_screen import RunScreen
from tests.fakes import (
    ACCOUNT,
    CALLER,
    DISABLED,
    IMPORTED,
    NAMELESS,
    NOW,
    REGION,
    ROLE_ARN,
    SIGNING,
    FakeGateway,
    MemoryJournal,
    arn_of,
)
from tests.screens import NARROW, WIDE, running

MARKED = (IMPORTED, NAMELESS, SIGNING)


async def mark(run, *key_ids):
    await run.choose(key_ids[0])
    run.main.keys_pane.table.set_marks(key_ids)


def states(run, *key_ids):
    return [run.gateway.world.metadata[key_id].state for key_id in key_ids]


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_disabling_says_what_uses_the_keys_and_z_enables_them_again(size):
    gateway = FakeGateway()
    gateway.world.usages[IMPORTED] = LastUsage(NOW, "Decrypt")
    gateway.world.tags[SIGNING] = (Tag("env", "prod"),)
    async with running(gateway, size=size) as run:
        await mark(run, *MARKED)
        await run.press("x")
        await run.wait_for("3 marked keys")
        await run.press("b")
        await run.wait_for("3 keys of 3 will change; this disables 3 keys.")
        await run.wait_for("SEEN IN USE: 1 of 3 keys; of 2 none was found, which is no proof")
        assert "THEIR TAGS SAY PRODUCTION: 1 key" in run.prose
        assert "2026-03-01" in run.text
        await run.press("space")
        await run.wait_for("Last used on 2026-03-01 12:00 UTC (Decrypt).")
        await run.press("escape")
        assert gateway.count("kms:DisableKey") == 0
        await run.press("enter")
        await run.wait_for("3 keys: 3 done.")
        assert states(run, *MARKED) == ["Disabled"] * 3
        metadata = run.store.keys[SIGNING].metadata
        assert metadata is not None
        assert metadata.state == "Disabled"
        await run.press("escape", "z")
        await run.wait_for("3 keys of 3 will change; this enables 3 keys.")
        await run.press("enter")
        await run.wait_for("3 keys: 3 done.")
        assert states(run, *MARKED) == ["Enabled"] * 3


async def test_a_use_that_may_not_be_read_is_said_to_be_unknown():
    gateway = FakeGateway()
    gateway.fail("kms:GetKeyLastUsage", AccessDeniedError("your role may not"))
    async with running(gateway, size=WIDE) as run:
        await mark(run, NAMELESS, SIGNING)
        await run.press("x", "b")
        await run.wait_for("not known: Last")
        await run.wait_for("SEEN IN USE: 0 of 2 keys; of 2 not known yet.")


async def test_a_deletion_asks_for_days_and_for_words_and_leaves_out_what_cannot_be():
    async with running(size=WIDE) as run:
        await run.press("1", "asterisk")
        await run.wait_for("marked")
        await run.press("x", "D")
        await run.wait_for("Waiting period in days (7 to 30):")
        await run.press("ctrl+u")
        await run.type("7")
        await run.press("enter")
        await run.wait_for("7 keys of 8 will change; this schedules the deletion of 7 keys.")
        assert "It is to be deleted on" in run.prose
        await run.press("enter")
        await run.wait_for("Type delete 7 keys to go on:")
        await run.type("delete 8 keys")
        await run.press("enter")
        await run.wait_for("That is not delete 7 keys.")
        assert run.gateway.count("kms:ScheduleKeyDeletion") == 0
        await run.press("ctrl+u")
        await run.type("delete 7 keys")
        await run.press("enter")
        await run.wait_for("7 done")
        assert "deleted on 2026-03-08" in run.text
        await run.press("z")
        await run.wait_for("cancels the deletion of, and enables, 6 keys")
        await run.press("enter")
        await run.wait_for("7 keys: 7 done.")
        assert states(run, IMPORTED, DISABLED) == ["Enabled", "Disabled"]


async def test_marks_that_the_filter_hides_are_asked_about():
    async with running() as run:
        await mark(run, *MARKED)
        await run.press("1", "slash")
        await run.type("ImportedCMK")
        await run.press("enter")
        await run.wait_for(lambda: run.main.keys_pane.shown_marks == (IMPORTED,))
        await run.press("x", "b")
        await run.wait_for("2 of the 3 marked keys are hidden")
        await run.press("s")
        screen = await run.wait_for_screen(RunScreen)
        await run.wait_for(lambda: "this disables 1 key" in screen.summary.text)


async def test_grants_are_shown_before_and_revoked_by_a_pattern():
    gateway = FakeGateway()
    for key_id in MARKED:
        gateway.world.grants[key_id] = (
            Grant("a", arn_of(key_id), ROLE_ARN, ("Decrypt",), created=NOW),
            Grant("b", arn_of(key_id), "arn:aws:iam::1:user/stays", ("Encrypt",), created=NOW),
        )
    async with running(gateway, size=WIDE) as run:
        await mark(run, *MARKED)
        await run.press("x", "g")
        await run.wait_for("Which grants?")
        await run.press("enter")
        await run.wait_for("Say which")
        await run.type("operation:decrypt")
        await run.press("enter")
        await run.wait_for("3 keys of 3 will change; this revokes 3 grants of 3 keys.")
        assert "It cannot be undone." in run.prose
        assert "Decrypt" in run.text
        await run.press("enter")
        await run.wait_for("3 keys: 3 done.")
        assert "Undoes it" not in run.text
        assert [len(gateway.world.grants[key]) for key in MARKED] == [1, 1, 1]


async def test_the_palette_acts_on_the_marked_keys_and_the_plan_copies_as_a_loop(clipboard):
    async with running() as run:
        await mark(run, NAMELESS, DISABLED)
        await run.press("colon")
        await run.type("Change the description")
        await run.press("enter")
        await run.wait_for("All of them get this description")
        await run.type("old")
        await run.press("enter")
        await run.wait_for("2 keys of 2 will change")
        await run.press("y")
        await run.wait_for(lambda: clipboard)
        assert clipboard[0].startswith("for key in ")
        assert '--key-id "$key" --description old' in clipboard[0]


async def test_what_an_interrupted_run_left_is_told_and_finished():
    journal = MemoryJournal()
    scope = Scope(ACCOUNT, REGION)
    before, after = json.dumps({"state": "Enabled"}), json.dumps({"state": "Disabled"})
    records = [
        ChangeRecord(
            0, NOW, scope, CALLER.arn, "b", "kms:DisableKey", key_id, before, after, "pending"
        )
        for key_id in MARKED
    ]
    first, *_ = await journal.begin(records)
    gateway = FakeGateway()
    await gateway.disable(first.subject)
    async with running(gateway, journal=journal) as run:
        await run.wait_for("A change of keys (disable) on 3 keys, begun 2026-03-01 12:00 UTC")
        assert "KMS shows it on 1 key, and not on 2." in run.prose
        await run.press("f")
        await run.wait_for("2 keys of 2 will change; this disables 2 keys.")
        await run.press("enter")
        await run.wait_for("2 keys: 2 done.")
        assert states(run, *MARKED) == ["Disabled"] * 3
        await run.press("escape", "exclamation_mark", "tab", "tab")
        await run.wait_for("state: Enabled → Di")
        await run.press("z")
        await run.wait_for("this enables 2 keys.")
