"""What an interrupted run left behind is told at the next start; earlier changes can be undone."""

import json

import pytest

from kmstui.model import Tag
from kmstui.service.ports import ChangeRecord, Scope
from kmstui.ui.runs.run_screen import RunScreen
from tests import screens
from tests.fakes import (
    ACCOUNT,
    CALLER,
    IMPORTED,
    NAMELESS,
    NOW,
    REGION,
    SIGNING,
    FakeGateway,
    MemoryJournal,
)
from tests.screens import running

TEAM = Tag("team", "blue")


def record(key_id, operation="kms:TagResource"):
    return ChangeRecord(
        0, NOW, Scope(ACCOUNT, REGION), CALLER.arn, "batch", operation, key_id,
        json.dumps({"team": None}), json.dumps({"team": "blue"}), "pending",
    )  # fmt: skip


@pytest.fixture
async def journal(monkeypatch):
    """A journal with a run over three keys, of which the first is known to be done."""
    made = MemoryJournal()
    first, *_ = await made.begin([record(SIGNING), record(IMPORTED), record(NAMELESS)])
    await made.end(first.id, "done")
    monkeypatch.setattr(screens, "MemoryJournal", lambda: made)
    return made


@pytest.fixture
def gateway():
    made = FakeGateway()
    for key_id in (SIGNING, IMPORTED):
        made.world.tags[key_id] = (*made.world.tags.get(key_id, ()), TEAM)
    return made


async def outcomes(journal):
    return [(each.subject, each.outcome) for each in reversed(await journal.changes())]


async def test_the_truth_is_told_and_the_rest_is_finished(journal, gateway):
    async with running(gateway) as run:
        await run.wait_for(
            "A change of tags on 3 keys, begun 2026-03-01 12:00 UTC, was interrupted"
        )
        assert "KMS shows it on 2 keys, and not on 1." in run.prose
        assert f"not done   {NAMELESS}" in run.text
        assert "done       ImportedCMK" in run.text
        await run.press("f")
        await run.wait_for("Enter Sends it")
        assert run.front(RunScreen).summary.text == f"On {NAMELESS} this adds 1 tag."
        await run.press("enter")
        await run.wait_for("now has team=blue (1 tag in all)")
    assert await outcomes(journal) == [
        (SIGNING, "done"), (IMPORTED, "done"), (NAMELESS, "unknown"), (NAMELESS, "done"),
    ]  # fmt: skip


async def test_what_was_done_is_undone(journal, gateway):
    async with running(gateway) as run:
        await run.wait_for("was interrupted")
        await run.press("z")
        await run.wait_for("2 keys of 2 will change; this removes 2 tags.")
        await run.press("enter")
        await run.wait_for("2 keys: 2 done.")
        assert TEAM not in gateway.world.tags[SIGNING]
        assert Tag("env", "dev") in gateway.world.tags[IMPORTED]
    assert ("pending") not in [each for _, each in await outcomes(journal)]


async def test_it_can_be_left_for_the_next_start_or_accepted(journal, gateway):
    async with running(gateway) as run:
        await run.wait_for("was interrupted")
        await run.press("escape")
        await run.wait_for(lambda: run.app.screen is run.main)
    assert (NAMELESS, "pending") in await outcomes(journal)
    async with running(FakeGateway(gateway.world)) as run:
        await run.wait_for("was interrupted")
        await run.press("a")
        await run.wait_for(lambda: run.app.screen is run.main)
    assert (NAMELESS, "unknown") in await outcomes(journal)


async def test_leaving_the_plan_keeps_the_question_for_the_next_start(journal, gateway):
    async with running(gateway) as run:
        await run.wait_for("was interrupted")
        await run.press("f")
        await run.wait_for("Enter Sends it")
        await run.press("escape")
    assert (NAMELESS, "pending") in await outcomes(journal)
    assert gateway.count("kms:TagResource") == 0


async def test_a_run_that_was_complete_after_all_is_told_and_settled(journal, gateway):
    gateway.world.tags[NAMELESS] = (TEAM,)
    async with running(gateway) as run:
        await run.wait_for("KMS shows it on 3 keys. Nothing is left to do.")
        assert run.app.screen is run.main
    assert [each for _, each in await outcomes(journal)] == ["done"] * 3


async def test_read_only_mode_tells_and_changes_nothing(journal, gateway):
    async with running(gateway, read_only=True) as run:
        await run.wait_for("Start kmstui without --read-only to finish or undo it.")
        assert run.app.screen is run.main
    assert gateway.count("kms:TagResource") == 0


async def test_the_journal_lists_changes_and_takes_a_run_back(journal, gateway):
    await journal.begin([record("alias/other", "kms:CreateAlias")])
    for number in (2, 3):
        await journal.end(number, "done")
    gateway.world.tags[NAMELESS] = (TEAM,)
    async with running(gateway) as run:
        await run.press("exclamation_mark", "tab", "tab")
        await run.wait_for("+team=blue")
        assert "ImportedCMK" in run.text
        await run.press("z")
        await run.wait_for("Changes of tags, of keys and of the primary Region can be undone")
        await run.press("j", "enter")
        await run.wait_for("What    +team=blue")
        await run.press("escape", "z")
        await run.wait_for("3 keys of 3 will change; this removes 3 tags.")
        await run.press("enter")
        await run.wait_for("3 keys: 3 done.")
        assert TEAM not in gateway.world.tags[IMPORTED]
        await run.press("escape")
        await run.wait_for("-team (was blue)")


async def test_a_journal_that_cannot_be_read_is_a_sentence(journal, gateway):
    from kmstui.service.errors import JournalError

    for number in (2, 3):
        await journal.end(number, "done")
    async with running(gateway) as run:
        journal.error = JournalError("it is locked by another program")
        await run.press("exclamation_mark", "tab", "tab")
        await run.wait_for("Journal: it is locked by another program.")
