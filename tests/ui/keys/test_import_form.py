"""The form that imports key material."""

from dataclasses import replace

import pytest

from kmstui.model import KeyMaterial, Rotation
from kmstui.ui.keys import import_form
from kmstui.ui.keys.import_form import ImportForm
from tests.fakes import IMPORTED, FakeGateway
from tests.screens import running

CURRENT = KeyMaterial("aa", "CURRENT", import_state="IMPORTED")


async def open_form(run):
    await run.press("slash")
    await run.type("ImportedCMK")
    await run.press("enter", "x", "m")
    return await run.wait_for_screen(ImportForm)


async def test_what_has_no_sense_for_the_way_is_left_out():
    async with running() as run:
        await open_form(run)
        await run.wait_for("Name the file.")
        assert "Folder" not in run.text
        await run.press("right")
        await run.wait_for("Name the folder.")
        assert "File" not in run.text
        assert "Expires" not in run.text
        await run.press("right")
        await run.wait_for("A file that was wrapped")
        assert "Algorithm" not in run.text


async def test_a_wrong_date_or_description_is_told_while_typing(tmp_path):
    async with running() as run:
        await open_form(run)
        await run.press("down")
        await run.type(str(tmp_path / "m"))
        await run.press(*["down"] * 4)
        await run.type("tomorrow")
        await run.wait_for("that is no date such as 2027-03-01")
        await run.press("ctrl+u")
        await run.type("2035-01-01")
        await run.wait_for("at most 365 days from now")
        await run.press("ctrl+s")
        assert run.gateway.count("kms:GetParametersForImport") == 0


async def test_the_review_says_when_it_expires_and_who_else_reads_the_file(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(bytes(32))
    path.chmod(0o644)
    gateway = FakeGateway()
    gateway.world.rotations[IMPORTED] = Rotation(enabled=False, materials=(CURRENT,))
    async with running(gateway) as run:
        await open_form(run)
        await run.press("down")
        await run.type(str(path))
        await run.press(*["down"] * 4)
        await run.type("2026-05-01")
        await run.press("ctrl+s")
        await run.wait_for("Expires: 2026-05-01 00:00 UTC")
        await run.wait_for("Others than you may read")
        await run.wait_for("It must be the same material as before")


async def test_no_second_material_is_offered_while_one_waits():
    gateway = FakeGateway()
    pending = replace(CURRENT, id="bb", state="PENDING_ROTATION")
    gateway.world.rotations[IMPORTED] = Rotation(enabled=False, materials=(pending, CURRENT))
    async with running(gateway) as run:
        form = await open_form(run)
        await run.wait_for("a new one waits already")
        form.type.action_turn(1)
        assert form.type.value == "EXISTING_KEY_MATERIAL"


async def test_without_cryptography_files_are_wrapped_outside(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_form, "can_wrap", lambda: False)
    async with running() as run:
        form = await open_form(run)
        await run.wait_for("installed with the extra")
        assert form.way.value == "fetch"


async def test_deleting_asks_for_the_alias_and_says_what_it_does():
    async with running() as run:
        await run.press("slash")
        await run.type("ImportedCMK")
        await run.press("enter", "x", "M")
        await run.wait_for("without your copy, everything encrypted under it is lost for ever")
        await run.type("alias/ImportedCMK")
        await run.press("enter")
        await run.wait_for("is PendingImport")
        assert run.gateway.count("kms:DeleteImportedKeyMaterial") == 1
