"""Words of AWS that nobody knows yet stand on the screens as they are, and nothing breaks."""

from __future__ import annotations

from kmstui.model import Grant, KeyMaterial, LastUsage, Rotation
from kmstui.service.keys import KeyAction, off_reason
from kmstui.ui.commands import DETAILS, GRANTS
from kmstui.ui.main.key_columns import SORT_COLUMNS
from tests.fakes import NOW, FakeGateway, World, key_id_of
from tests.fakes.world import metadata_of
from tests.screens import WIDE, running

KEY, BARE = key_id_of(1), key_id_of(2)


def world_of_tomorrow() -> World:
    """A key of which every word is new, and one of which AWS tells nothing that it need not."""
    world = World()
    world.add(
        KEY,
        "tomorrow",
        state="Hibernating",
        spec="LATTICE_9000",
        usage="PROVE_VERIFY",
        origin="AWS_ORBIT",
        manager="COMMITTEE",
        multi_region="TERTIARY",
        expiration_model="WHEN_TIRED",
    )
    world.rotations[KEY] = Rotation(
        enabled=True, materials=(KeyMaterial("m", "FADING", NOW, "BY_MOON"),)
    )
    world.grants[KEY] = (Grant("g", world.arn(KEY), "", ("SomethingNew",)),)
    world.usages[KEY] = LastUsage(NOW, "Prove")
    world.add(BARE, "bare")
    nothing = dict.fromkeys(("state", "spec", "usage", "origin", "manager"), "")
    world.metadata[BARE] = metadata_of(created=None, **nothing)
    return world


async def test_a_key_of_which_every_word_is_new_is_shown_with_them() -> None:
    async with running(FakeGateway(world_of_tomorrow()), size=WIDE) as run:
        assert "Hibernating" in run.text
        # The column of the key spec is to the right of those that fit.
        await run.press("greater_than_sign")
        await run.wait_for("LATTICE_9000")
        await run.press("less_than_sign")
        await run.choose(KEY)
        for view, told in (
            (DETAILS, ("AWS_ORBIT", "PROVE_VERIFY", "COMMITTEE", "TERTIARY", "FADING", "BY_MOON")),
            (GRANTS, ("SomethingNew",)),
        ):
            await run.main.key_pane.open_view(view)
            for text in told:
                await run.wait_for(text)
        assert not [each for each in run.store.notices if "fault in kmstui" in each.text]


async def test_keys_are_sorted_filtered_and_acted_on_by_words_that_are_new_or_missing() -> None:
    async with running(FakeGateway(world_of_tomorrow()), size=WIDE) as run:
        for column in SORT_COLUMNS:
            run.main.keys_pane.sort(column, reverse=False)
            await run.main.keys_pane.key_rows.wait_settled()
        await run.press("slash")
        await run.type("state:hibernating spec:lattice origin:orbit")
        await run.press("enter")
        await run.wait_for("1 of")
        await run.choose(BARE)
        for key in ("x", "A", "t"):
            await run.press(key)
            await run.press("escape")
        for action in KeyAction:
            # KMS decides what of it can be done.
            reason = off_reason(run.store.keys[KEY], action)
            assert reason == {
                KeyAction.CANCEL_DELETION: "No deletion is scheduled.",
                KeyAction.PRIMARY_REGION: "It has no replica that could become the primary key:"
                " replicate it first.",
            }.get(action, "")
        assert not [each for each in run.store.notices if "fault in kmstui" in each.text]
