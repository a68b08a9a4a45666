import json

import pytest

from kmstui.service.errors import AccessDeniedError, ErrorContext
from tests.fakes import DYING, IMPORTED, MANAGED, NAMELESS, SIGNING, FakeGateway, large_world
from tests.screens import NARROW, WIDE, running


async def outcomes(run):
    """Operation, subject and outcome of every journal entry, oldest first."""
    records = await run.session.journal.changes()
    return [(each.operation, each.subject, each.outcome) for each in reversed(records)]


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_creating_an_alias_checks_while_typing_and_tells_what_kms_holds(size):
    async with running(size=size) as run:
        await run.choose(IMPORTED)
        await run.press("A", "c")
        await run.wait_for("It has alias/ImportedCMK.")
        await run.type("aws/x")
        await run.wait_for("Names that begin with alias/aws/ are AWS's own.")
        await run.press("enter")
        assert run.gateway.count("kms:CreateAlias") == 0
        await run.press("ctrl+u")
        await run.type("team/new")
        await run.wait_for("alias/team/new will name this key.")
        await run.press("enter")
        await run.wait_for(f"alias/team/new is now the name of key {IMPORTED}")
        await run.wait_for("ImportedCMK +1")
        assert await outcomes(run) == [("kms:CreateAlias", "alias/team/new", "done")]


async def test_moving_an_alias_shows_from_which_key_to_which(monkeypatch):
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("A", "m")
        await run.wait_for("Move alias/ImportedCMK to which key?")
        await run.type("RSA")
        await run.press("ctrl+u")
        await run.type("spec:rsa")
        await run.wait_for("ENCRYPT_DECRYPT is not SIGN_VERIFY")
        await run.press("enter")
        assert run.gateway.count("kms:UpdateAlias") == 0
        await run.press("ctrl+u")
        await run.type("nobody")
        await run.wait_for(lambda: NAMELESS in run.text and SIGNING not in run.text)
        await run.press("enter")
        await run.wait_for(f"From: {IMPORTED}")
        assert f"To: {NAMELESS}" in run.prose
        assert "Everything that uses alias/ImportedCMK uses the other key" in run.prose
        await run.press("y")
        await run.wait_for(f"alias/ImportedCMK is now the name of key {NAMELESS}.")
        assert run.gateway.world.aliases["alias/ImportedCMK"] == NAMELESS
        command = run.app.last_change_command
        assert command.startswith("aws kms update-alias --alias-name alias/ImportedCMK")


async def test_deleting_an_alias_asks_for_its_name():
    async with running() as run:
        await run.choose(SIGNING)
        await run.press("A", "d")
        await run.wait_for("Delete which alias?")
        await run.type("old")
        await run.press("enter")
        await run.wait_for("Whatever calls KMS by alias/signing-old fails")
        await run.type("alias/signing")
        await run.press("enter")
        await run.wait_for("That is not alias/signing-old.")
        assert run.gateway.count("kms:DeleteAlias") == 0
        await run.type("-old")
        await run.press("enter")
        await run.wait_for("alias/signing-old is gone")
        assert "alias/signing-old" not in run.gateway.world.aliases
        assert await outcomes(run) == [("kms:DeleteAlias", "alias/signing-old", "done")]


async def test_in_the_aliases_pane_the_alias_under_the_cursor_is_meant():
    async with running() as run:
        await run.press("2")
        run.main.aliases_pane.table.move_to_row("alias/signing-old")
        await run.press("A")
        await run.wait_for("Move alias/signing-old to another key")
        await run.press("d")
        await run.wait_for("Delete alias/signing-old?")
        await run.press("escape")
        assert run.gateway.count("kms:DeleteAlias") == 0


@pytest.mark.parametrize(
    ("key", "said"),
    [(DYING, "The key is pending deletion"), (MANAGED, "managed by AWS")],
)
async def test_what_cannot_be_done_is_off_with_the_reason(key, said):
    async with running() as run:
        await run.choose(key)
        await run.press("A")
        await run.press("c")
        await run.wait_for(said)
        await run.press("escape")
        assert run.app.screen is run.main


async def test_leaving_sends_nothing():
    async with running() as run:
        await run.choose(IMPORTED)
        for keys in (("A", "escape"), ("A", "c", "x", "escape"), ("A", "m", "escape"),
                     ("A", "d", "escape")):  # fmt: skip
            await run.press(*keys)
            await run.wait_for(lambda: run.app.screen is run.main)
        assert await outcomes(run) == []


async def test_a_refusal_is_a_sentence_and_in_the_journal():
    gateway = FakeGateway()
    denial = AccessDeniedError(
        "your role may not", "Ask for kms:CreateAlias.", ErrorContext("kms:CreateAlias", IMPORTED)
    )
    gateway.fail("kms:CreateAlias", denial)
    async with running(gateway) as run:
        await run.choose(IMPORTED)
        await run.press("A", "c", *"new", "enter")
        await run.wait_for("AccessDenied on kms:CreateAlias")
        (record,) = await run.session.journal.changes()
        assert record.outcome == "failed"
        assert json.loads(record.after) == {"key": IMPORTED}


async def test_a_change_under_way_is_asked_about_before_quitting():
    gateway = FakeGateway()
    gate = gateway.hold("kms:CreateAlias")
    async with running(gateway) as run:
        await run.choose(IMPORTED)
        await run.press("A", "c", *"new", "enter")
        await run.wait_for("Creating alias/new of")
        await run.press("q")
        await run.wait_for("it is not known yet how that ended")
        await run.press("n")
        gate.set()
        await run.wait_for("alias/new is now the name")
        assert run.app.unsaved_words() == ""


async def test_the_key_is_found_among_very_many_while_keys_are_typed_ahead():
    async with running(FakeGateway(large_world(3000))) as run:
        await run.press("A", "m")
        await run.wait_for("to which key?")
        await run.pilot.press(*"key", "minus", *"002077", "enter")
        await run.wait_for("Everything that uses")
        assert "alias/app/key-002077" in run.prose
