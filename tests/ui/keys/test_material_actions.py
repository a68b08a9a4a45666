"""Which of several key materials is deleted, and what waits for a rotation."""

from datetime import timedelta

import pytest

from kmstui.model import KeyMaterial, Rotation
from kmstui.service.errors import AccessDeniedError
from tests.fakes import IMPORTED, NOW, FakeGateway
from tests.screens import NARROW, WIDE, running

NEW = KeyMaterial(
    "c" * 64, "PENDING_ROTATION", import_state="IMPORTED", description="vault 7, third"
)
CURRENT = KeyMaterial("b" * 64, "CURRENT", NOW, "ON_DEMAND", "IMPORTED")
OLD = KeyMaterial(
    "a" * 64, "NON_CURRENT", import_state="IMPORTED", valid_to=NOW + timedelta(days=30)
)


def holding(*materials):
    gateway = FakeGateway()
    gateway.world.rotations[IMPORTED] = Rotation(enabled=False, materials=materials)
    return gateway


def held(gateway):
    return {each.id: each.import_state for each in gateway.world.rotations[IMPORTED].materials}


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_of_several_materials_one_is_chosen_by_what_it_is_for(size):
    gateway = holding(NEW, CURRENT, OLD)
    async with running(gateway, size=size) as run:
        await run.choose(IMPORTED)
        await run.press("x", "M")
        await run.wait_for("Delete which imported key material")
        assert run.shows("earlier, for decrypting")
        assert run.shows("expires 2026-03-31")
        # The one in use first.
        await run.wait_for("❯ in use")
        await run.press("down")
        await run.wait_for("❯ waits for rotation")
        await run.press("enter")
        await run.wait_for("Nothing is encrypted under it yet, and the key goes on working.")
        await run.press("y")
        await run.wait_for("Key material was deleted.")
        assert held(gateway) == {CURRENT.id: "IMPORTED", OLD.id: "IMPORTED"}
        assert f"--key-material-id {NEW.id}" in run.app.last_change_command
        assert gateway.world.metadata[IMPORTED].state == "Enabled"


async def test_an_earlier_material_stops_the_key_as_well_and_asks_for_the_alias():
    gateway = holding(CURRENT, OLD)
    async with running(gateway) as run:
        await run.choose(IMPORTED)
        await run.press("x", "M")
        await run.wait_for("Delete which imported key material")
        await run.press("end", "enter")
        await run.wait_for("That holds for earlier material too")
        await run.type("alias/ImportedCMK")
        await run.press("enter")
        await run.wait_for("is PendingImport")
        assert held(gateway) == {CURRENT.id: "IMPORTED", OLD.id: "PENDING_IMPORT"}


async def test_whoever_may_not_list_them_deletes_the_current_one():
    gateway = holding(CURRENT, OLD)
    gateway.fail("kms:GetKeyRotationStatus", AccessDeniedError("no"))
    async with running(gateway) as run:
        await run.choose(IMPORTED)
        await run.press("x", "M")
        await run.wait_for("Material: the current one.")


@pytest.mark.parametrize(
    ("materials", "told"),
    [
        ((NEW, CURRENT), "Waits: cccccccc"),
        ((CURRENT,), "No new material waits: KMS refuses until some is imported"),
        (
            (KeyMaterial("d" * 64, "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"), CURRENT),
            "until the same material is imported into each replica key too",
        ),
    ],
)
async def test_a_rotation_on_demand_says_which_material_waits(materials, told):
    async with running(holding(*materials)) as run:
        await run.choose(IMPORTED)
        await run.press("x", "n")
        await run.wait_for("Rotated on demand so far")
        await run.wait_for(told)
