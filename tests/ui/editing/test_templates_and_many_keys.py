"""Templates in the editor, and one statement on several keys."""

from __future__ import annotations

import json

from kmstui.service.errors import AccessDeniedError
from kmstui.ui.editing.batch_screen import BatchScreen
from kmstui.ui.editing.statement_screen import StatementScreen
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import DISABLED, IMPORTED, MANAGED, NAMELESS, SIGNING, default_policy
from tests.screens import Running
from tests.ui.editing.conftest import ROLE, ROOT_STATEMENT, allow, policy


async def test_a_template_is_added_and_tab_leads_through_what_is_to_fill_in(at_desk):
    async with at_desk() as desk:
        screen = await desk.open()
        await desk.run.press("ctrl+t")
        await desk.run.wait_for("Only from this account")
        await desk.run.type("jjj")
        await desk.run.wait_for("The workshop: The section has a trailing comma")
        await desk.run.press("enter")
        await desk.run.wait_for("Type over what is selected")
        assert screen.viewer.area.selected_text == "${user}"
        await desk.run.type("userA")
        statements = json.loads(screen.viewer.text)["Statement"]
        assert statements[1]["Principal"] == {"AWS": "arn:aws:iam::444455556666:user/userA"}
        await desk.run.press("ctrl+z")


async def test_what_is_not_filled_in_is_an_error_in_the_review(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.run.press("ctrl+t")
        await desk.run.wait_for("Only from this account")
        await desk.run.press("j", "j", "j", "j", "enter")
        await desk.run.wait_for("Type over what is selected")
        await desk.review()
        assert '"${vpc-endpoint}" is a placeholder that nobody filled in' in desk.said


async def test_a_template_takes_the_place_of_the_whole_policy_and_undo_brings_it_back(at_desk):
    async with at_desk() as desk:
        screen = await desk.open()
        before = screen.viewer.text
        await desk.run.press("ctrl+t")
        await desk.run.wait_for("Only from this account")
        await desk.run.press("j", "w")
        await desk.run.wait_for(lambda: desk.run.app.screen is screen)
        assert len(json.loads(screen.viewer.text)["Statement"]) == 3
        await desk.run.press("ctrl+z")
        assert screen.viewer.text == before


async def test_a_persons_own_templates_come_first_and_bad_files_are_named(at_desk, tmp_path):
    statement = {"Effect": "Allow", "Principal": {"AWS": "${role}"}, "Action": "kms:Sign"}
    (tmp_path / "signers.json").write_text(json.dumps({**statement, "Resource": "*"}))
    (tmp_path / "broken.json").write_text("{")
    async with at_desk(options=UiOptions(templates_directory=tmp_path)) as desk:
        screen = await desk.open()
        await desk.run.press("ctrl+t")
        await desk.run.wait_for("signers")
        told = desk.run.app.screen.notice.text
        assert "broken.json is not a template: it is not valid JSON" in told
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: "kms:Sign" in screen.viewer.text)
        assert "KMSWorkshop-InstanceInitRole" in screen.viewer.text


async def mark(desk, *key_ids: str) -> None:
    """Mark keys in the table."""
    desk.run.main.open_pane(desk.run.main.keys_pane)
    desk.run.main.keys_pane.table.set_marks(key_ids)
    await desk.run.pilot.pause()


async def add_account_template(desk) -> BatchScreen:
    await desk.run.press("S", "a")
    await desk.run.wait_for("Only from this account")
    await desk.run.press("enter")
    await desk.run.wait_for(lambda: isinstance(desk.run.app.screen, StatementScreen))
    await desk.run.wait_for(lambda: "kms:CallerAccount" in desk.run.app.screen.editor.text)
    await desk.run.press("ctrl+s")
    run: Running = desk.run
    screen = await run.wait_for_screen(BatchScreen)
    await desk.run.wait_for(lambda: not screen._working)
    return screen


async def test_a_statement_is_added_to_every_marked_key_in_one_batch(at_desk):
    async with at_desk() as desk:
        await mark(desk, IMPORTED, SIGNING, NAMELESS)
        screen = await add_account_template(desk)
        await desk.run.wait_for("3 will change")
        assert "Who gains and who loses" in screen.rows.text
        await desk.run.press("j")
        await desk.run.wait_for(lambda: "Yes: you can put this policy again" in screen.rows.text)
        await desk.run.press("y")
        await desk.run.wait_for("Save the policies of 3 keys?")
        await desk.run.press("y")
        await desk.run.wait_for("3 saved")
        for key_id in (IMPORTED, SIGNING, NAMELESS):
            stored = desk.gateway.world.policies[key_id]["default"]
            assert json.loads(stored)["Statement"][-1]["Sid"] == "Only from this account"
        changes = await desk.run.session.journal.changes()
        assert len({each.batch for each in changes}) == 1
        assert changes[0].batch
        assert [each.outcome for each in changes] == ["done"] * 3


async def test_keys_that_need_a_decision_of_their_own_are_left_out_with_the_reason(at_desk):
    locked = policy(allow("Only use", ROLE, "kms:Encrypt"))
    async with at_desk() as desk:
        world = desk.gateway.world
        world.policies[SIGNING]["default"] = locked
        desk.gateway.fail("kms:GetKeyPolicy", AccessDeniedError("you may not"), NAMELESS)
        await mark(desk, IMPORTED, SIGNING, NAMELESS, MANAGED)
        screen = await add_account_template(desk)
        plans = screen.plan_of_keys.plans
        assert "It would lock you out. No: you could not" in plans[SIGNING].detail
        assert "you may not" in plans[NAMELESS].detail
        assert "is managed by AWS" in plans[MANAGED].detail
        assert screen.plan_of_keys.ready == (IMPORTED,)
        await desk.run.press("y", "y")
        await desk.run.wait_for("1 saved")
        assert world.policies[SIGNING]["default"] == locked


async def test_a_statement_is_removed_wherever_it_is_whatever_its_sid(at_desk):
    use = allow("Use", ROLE, "kms:Encrypt")
    async with at_desk() as desk:
        world = desk.gateway.world
        world.policies[IMPORTED]["default"] = policy(ROOT_STATEMENT, use)
        world.policies[DISABLED]["default"] = policy({**use, "Sid": "Other name"}, ROOT_STATEMENT)
        await mark(desk, IMPORTED, DISABLED, NAMELESS)
        await desk.run.press("r")
        await desk.run.wait_for(lambda: not desk.run.store.progress.loading)
        await desk.run.press("S", "r")
        await desk.run.wait_for("Remove which statement?")
        assert "on 3 of 3" in desk.run.text
        assert "on 2 of 3" in desk.run.text
        await desk.run.press("down", "enter")
        await desk.run.wait_for(lambda: isinstance(desk.run.app.screen, BatchScreen))
        await desk.run.wait_for("2 will change, 1 left out")
        await desk.run.press("y", "y")
        await desk.run.wait_for("2 saved")
        for key_id in (IMPORTED, DISABLED):
            stored = json.loads(world.policies[key_id]["default"])
            assert stored["Statement"] == [ROOT_STATEMENT]
        assert world.policies[NAMELESS]["default"] == default_policy()


async def test_keys_typed_ahead_of_the_statements_wait_for_the_menu(at_desk):
    async with at_desk() as desk:
        await mark(desk, IMPORTED, NAMELESS)
        gate = desk.gateway.hold("kms:GetKeyPolicy")
        await desk.run.pilot.press("S", "r", "enter")
        assert desk.run.app.screen is desk.run.main
        gate.set()
        await desk.run.wait_for(lambda: isinstance(desk.run.app.screen, BatchScreen))


async def test_into_an_empty_text_a_template_comes_as_a_whole_policy(at_desk):
    async with at_desk() as desk:
        screen = await desk.open()
        await desk.run.press("f7", "backspace")
        assert screen.viewer.text == ""
        await desk.run.press("ctrl+t")
        await desk.run.wait_for("Only from this account")
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: desk.run.app.screen is screen and screen.viewer.text)
        assert json.loads(screen.viewer.text)["Version"] == "2012-10-17"
