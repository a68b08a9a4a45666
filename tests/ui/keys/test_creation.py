from dataclasses import replace

import pytest

from kmstui.model import CustomKeyStore
from kmstui.service.ports import Target
from kmstui.ui.keys.creation import CreationForm
from kmstui.ui.runtime import UiOptions
from tests.fakes import IMPORTED, FakeConnector, FakeGateway, key_id_of
from tests.fakes.gateway import INFO
from tests.fakes.world import World
from tests.screens import NARROW, WIDE, running


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_key_is_created_after_a_review(size):
    async with running(size=size) as run:
        await run.press("x", "c")
        await run.wait_for("Create a key")
        await run.press("right")
        await run.wait_for("SIGN_VERIFY")
        assert "< RSA_2048 >" in run.text
        await run.press("down", "down", "down", "down")
        await run.type("For tests")
        await run.press("enter")
        await run.type("team/created")
        await run.press("enter")
        await run.type("project=x")
        await run.press("ctrl+s")
        await run.wait_for("Create this key?")
        for part in (
            "a single-Region key, RSA_2048, SIGN_VERIFY",
            "Description: For tests",
            "Alias: alias/team/created",
            "Tags: project=x",
            "Policy: KMS's default",
        ):
            assert part in run.prose  # fmt: skip
        assert run.gateway.count("kms:CreateKey") == 0
        await run.press("y")
        await run.wait_for("was created: RSA_2048, SIGN_VERIFY.")
        key_id = run.gateway.world.aliases["alias/team/created"]
        await run.wait_for(lambda: run.main.chosen == key_id)
        records = await run.session.journal.changes()
        assert [(each.operation, each.outcome) for each in reversed(records)] == [
            ("kms:CreateKey", "done"),
            ("kms:CreateAlias", "done"),
        ]
        first, second = run.app.last_change_command.split("\n")
        assert first.startswith("aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_2048")
        assert second.startswith("aws kms create-alias --alias-name alias/team/created")


async def test_long_lines_of_the_form_are_brought_back_until_the_key_is_created():
    description = "Encrypts the billing of the northern region"
    async with running(size=NARROW) as run:
        await run.press("x", "c", "down", "down", "down", "down")
        await run.type(description)
        await run.press("escape", "x", "c", "down", "down", "down", "down")
        await run.wait_for("Ctrl-r brings back what was typed")
        await run.press("ctrl+r")
        await run.wait_for(description)
        await run.press("ctrl+s")
        await run.wait_for(f"Description: {description}")
        await run.press("y")
        await run.wait_for("was created")
        await run.pilot.pause()
        scope = run.session.scope
        assert scope is not None
        assert await run.session.journal.drafts(scope) == ()


async def test_only_valid_combinations_can_be_chosen():
    async with running() as run:
        await run.press("x", "c", "right", "right")
        await run.wait_for("GENERATE_VERIFY_MAC")
        seen = set()
        for _ in range(4):
            await run.press("down", "right", "up")
            seen.add(run.front(CreationForm).spec.value)
        assert seen == {"HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512"}


async def test_what_would_be_refused_is_said_while_typing_and_cannot_be_reviewed():
    async with running() as run:
        await run.press("x", "c", "down", "down", "down", "down", "down")
        await run.type("ImportedCMK")
        await run.wait_for(f"alias/ImportedCMK exists already and names {IMPORTED}")
        await run.press("ctrl+s")
        assert "Create this key?" not in run.text
        await run.press("ctrl+u", "down")
        await run.type("aws:x=1")
        await run.wait_for("Tags: the tag key 'aws:x' begins with aws:")
        await run.press("escape")
        assert run.app.screen is run.main
        assert run.gateway.count("kms:CreateKey") == 0


async def test_a_policy_is_chosen_among_templates_that_are_whole():
    async with running(size=WIDE) as run:
        await run.press("x", "c", "up")
        await run.wait_for("further templates need something to be filled in")
        await run.press("right")
        await run.wait_for(lambda: "< KMS's default >" not in run.text)
        await run.press("ctrl+s")
        await run.wait_for("Create this key?")
        await run.press("y")
        await run.wait_for("was created")
        (record,) = await run.session.journal.changes()
        assert "kms:" in record.after


async def test_a_review_that_is_left_goes_back_to_the_form_as_it_was():
    async with running() as run:
        await run.press("x", "c", "down", "down", "down", "down")
        await run.type("Kept")
        await run.press("ctrl+s")
        await run.wait_for("Create this key?")
        await run.press("n")
        await run.wait_for("Kept")
        assert run.gateway.count("kms:CreateKey") == 0


async def test_a_key_of_an_external_key_store_names_its_external_key():
    gateway = FakeGateway()
    gateway.world.custom_key_stores = (
        CustomKeyStore("cks-1", "own", "EXTERNAL_KEY_STORE", "CONNECTED"),
        CustomKeyStore("cks-2", "resting", "AWS_CLOUDHSM", "DISCONNECTED"),
    )
    asked = []
    create = gateway.create_key

    async def note(creation):
        asked.append(creation)
        return await create(creation)

    gateway.create_key = note  # type: ignore[method-assign]
    async with running(gateway) as run:
        await run.press("x", "c", "down", "down", "down")
        await run.wait_for("Not offered, since they are not connected: resting")
        await run.wait_for("1 of 3")
        await run.press("left")
        await run.wait_for("in key store own")
        await run.wait_for("Name the external key that shall be its material")
        await run.press("down")
        await run.type("hsm 7")
        await run.wait_for("at most 128 letters, digits")
        await run.press("ctrl+u")
        await run.type("hsm-7")
        await run.press("ctrl+s")
        await run.wait_for("in external key store own, external key hsm-7")
        await run.press("y")
        await run.wait_for(lambda: asked)
    (creation,) = asked
    assert (creation.origin, creation.custom_key_store_id, creation.external_key_id) == (
        "EXTERNAL_KEY_STORE", "cks-1", "hsm-7",
    )  # fmt: skip


async def test_a_key_for_material_of_ones_own_waits_for_it():
    async with running() as run:
        await run.press("x", "c", "down", "down", "down", "right")
        await run.wait_for("waits until you import it")
        await run.press("ctrl+s")
        await run.wait_for("Material: imported by you")


async def test_with_several_connections_it_is_asked_where_and_the_chosen_keys_place_is_offered():
    regions = ("eu-west-1", "us-east-1")
    gateways: dict[str, FakeGateway] = {}

    def one(target):
        world = World(region=target.region)
        world.add(key_id_of(1), target.region)
        return gateways.setdefault(
            target.region, FakeGateway(world, info=replace(INFO, region=target.region))
        )

    options = UiOptions(target=Target(region=",".join(regions)))
    async with running(size=WIDE, connector=FakeConnector(make=one), options=options) as run:
        await run.press("j", "x", "c")
        await run.wait_for("Create a key in which account and Region?")
        where = next(line for line in run.lines if "❯ 444455556666" in line)
        assert "us-east-1" in where and "KMSWorkshop" in where
        await run.press("enter")
        await run.wait_for("Create a key in 444455556666 us-east-1")
        await run.press("escape", "x", "c")
        await run.wait_for("Create a key in which account and Region?")
        await run.type("eu-west")
        await run.press("enter")
        await run.wait_for("Create a key in 444455556666 eu-west-1")
        await run.press("ctrl+s")
        await run.wait_for("In 444455556666 eu-west-1: a single-Region key")
        await run.press("y")
        await run.wait_for("was created")
        counts = [gateways[each].count("kms:CreateKey") for each in regions]
        assert counts == [1, 0]
