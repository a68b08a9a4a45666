"""Templates in the editor, and one statement on several keys."""

from __future__ import annotations

import json

import pytest

from kmstui.service.errors import AccessDeniedError
from kmstui.ui.editing.batch_screen import BatchScreen
from kmstui.ui.editing.statement_screen import StatementScreen
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import DISABLED, IMPORTED, MANAGED, NAMELESS, SIGNING, default_policy
from tests.screens import Running
from tests.ui.editing.conftest import ROLE, ROOT_STATEMENT, allow, policy


async def test_a_template_is_added_and_tab_leads_through_what_is_to_fill_in(editing):
    async with editing() as bench:
        screen = await bench.open()
        await bench.run.press("ctrl+t")
        await bench.run.wait_for("Only from this account")
        await bench.run.type("jjj")
        await bench.run.wait_for("The workshop: The section has a trailing comma")
        await bench.run.press("enter")
        await bench.run.wait_for("Type over what is selected")
        assert screen.viewer.area.selected_text == "${user}"
        await bench.run.type("userA")
        statements = json.loads(screen.viewer.text)["Statement"]
        assert statements[1]["Principal"] == {"AWS": "arn:aws:iam::444455556666:user/userA"}
        await bench.run.press("ctrl+z")


async def test_what_is_not_filled_in_is_an_error_in_the_review(editing):
    async with editing() as bench:
        await bench.open()
        await bench.run.press("ctrl+t")
        await bench.run.wait_for("Only from this account")
        await bench.run.press("j", "j", "j", "j", "enter")
        await bench.run.wait_for("Type over what is selected")
        await bench.review()
        assert '"${vpc-endpoint}" is a placeholder that nobody filled in' in bench.said


async def test_a_template_takes_the_place_of_the_whole_policy_and_undo_brings_it_back(editing):
    async with editing() as bench:
        screen = await bench.open()
        before = screen.viewer.text
        await bench.run.press("ctrl+t")
        await bench.run.wait_for("Only from this account")
        await bench.run.press("j", "w")
        await bench.run.wait_for(lambda: bench.run.app.screen is screen)
        assert len(json.loads(screen.viewer.text)["Statement"]) == 3
        await bench.run.press("ctrl+z")
        assert screen.viewer.text == before


async def test_a_persons_own_templates_come_first_and_bad_files_are_named(editing, tmp_path):
    statement = {"Effect": "Allow", "Principal": {"AWS": "${role}"}, "Action": "kms:Sign"}
    (tmp_path / "signers.json").write_text(json.dumps({**statement, "Resource": "*"}))
    (tmp_path / "broken.json").write_text("{")
    async with editing(options=UiOptions(templates_directory=tmp_path)) as bench:
        screen = await bench.open()
        await bench.run.press("ctrl+t")
        await bench.run.wait_for("signers")
        told = bench.run.app.screen.notice.text
        assert "broken.json is not a template: it is not valid JSON" in told
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: "kms:Sign" in screen.viewer.text)
        assert "KMSWorkshop-InstanceInitRole" in screen.viewer.text


async def mark(bench, *key_ids: str) -> None:
    """Mark keys in the table."""
    bench.run.main.open_pane(bench.run.main.keys_pane)
    bench.run.main.keys_pane.table.set_marks(key_ids)
    await bench.run.pilot.pause()


async def add_account_template(bench) -> BatchScreen:
    await bench.run.press("S", "a")
    await bench.run.wait_for("Only from this account")
    await bench.run.press("enter")
    await bench.run.wait_for(lambda: isinstance(bench.run.app.screen, StatementScreen))
    await bench.run.wait_for(lambda: "kms:CallerAccount" in bench.run.app.screen.editor.text)
    await bench.run.press("ctrl+s")
    run: Running = bench.run
    screen = await run.wait_for_screen(BatchScreen)
    await bench.run.wait_for(lambda: not screen._working)
    return screen


async def test_a_statement_is_added_to_every_marked_key_in_one_batch(editing):
    async with editing() as bench:
        await mark(bench, IMPORTED, SIGNING, NAMELESS)
        screen = await add_account_template(bench)
        await bench.run.wait_for("3 will change")
        assert "Who gains and who loses" in screen.rows.text
        await bench.run.press("j")
        await bench.run.wait_for(lambda: "Yes: you can put this policy again" in screen.rows.text)
        await bench.run.press("y")
        await bench.run.wait_for("Save the policies of 3 keys?")
        await bench.run.press("y")
        await bench.run.wait_for("3 saved")
        for key_id in (IMPORTED, SIGNING, NAMELESS):
            stored = bench.gateway.world.policies[key_id]["default"]
            assert json.loads(stored)["Statement"][-1]["Sid"] == "Only from this account"
        changes = await bench.run.session.journal.changes()
        assert len({each.batch for each in changes}) == 1
        assert changes[0].batch
        assert [each.outcome for each in changes] == ["done"] * 3


async def test_saving_without_an_answer_is_left_to_itself_and_its_end_is_told(editing):
    async with editing() as bench:
        await mark(bench, IMPORTED, SIGNING)
        await add_account_template(bench)
        await bench.run.wait_for("2 will change")
        gate = bench.gateway.hold("kms:PutKeyPolicy")
        await bench.run.press("y")
        await bench.run.wait_for("Save the policies of 2 keys?")
        await bench.run.press("y")
        await bench.run.wait_for("2 saving")
        assert "2 keys are being saved" in bench.run.app.unsaved_words()
        await bench.run.press("escape")
        await bench.run.wait_for("how that ended will be told here")
        assert bench.run.app.screen is bench.run.main
        gate.set()
        await bench.run.wait_for("Policies of 2 keys: 2 saved.")
        assert bench.run.app.unsaved_words() == ""


async def by_hand(bench, *typed: str) -> StatementScreen:
    """Begin statements for two keys without a template, and type."""
    await mark(bench, IMPORTED, SIGNING)
    await bench.run.press("S", "a")
    await bench.run.wait_for("Esc writes one by hand")
    await bench.run.press("escape")
    screen: StatementScreen = await bench.run.wait_for_screen(StatementScreen)
    screen.editor.replace_text(BY_HAND)
    await bench.run.press(*typed)
    return screen


DENY_ALL = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
BY_HAND = json.dumps(
    {"Version": "2012-10-17", "Statement": [allow("By hand", ROLE, "kms:Encrypt")]}, indent=2
)


async def test_statements_that_are_left_are_asked_about_and_offered_again(editing):
    async with editing() as bench:
        screen = await by_hand(bench)
        await bench.run.wait_for("draft kept")
        await bench.run.press("escape")
        await bench.run.wait_for("The changes of the statements are not saved")
        await bench.run.press("l")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)
        await bench.run.press("S", "a")
        await bench.run.wait_for("Statements for several keys, typed less than a minute ago")
        await bench.run.press("g")
        screen = await bench.run.wait_for_screen(StatementScreen)
        await bench.run.wait_for(lambda: "By hand" in screen.editor.text)


async def test_statements_that_are_discarded_are_not_offered_again(editing):
    async with editing() as bench:
        await by_hand(bench)
        await bench.run.press("escape", "d")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)
        await bench.run.press("S", "a")
        await bench.run.wait_for("Esc writes one by hand")
        assert await bench.run.session.journal.drafts(bench.run.session.scope) == ()


async def test_quitting_asks_about_statements(editing):
    async with editing() as bench:
        await by_hand(bench)
        await bench.run.wait_for("draft kept")
        await bench.run.press("ctrl+q")
        await bench.run.wait_for("The statements for 2 keys are not sent; they are kept as a draft")


async def test_statements_that_were_saved_are_no_draft_any_more(editing):
    async with editing() as bench:
        await by_hand(bench)
        await bench.run.press("ctrl+s")
        screen = await bench.run.wait_for_screen(BatchScreen)
        await bench.run.wait_for(lambda: not screen._working)
        assert await bench.run.session.journal.drafts(bench.run.session.scope)
        await bench.run.press("y", "y")
        await bench.run.wait_for("2 saved")
        await bench.run.wait_for(lambda: not screen._working)
        assert await bench.run.session.journal.drafts(bench.run.session.scope) == ()


async def test_keys_that_need_a_decision_of_their_own_are_left_out_with_the_reason(editing):
    locked = policy(allow("Only use", ROLE, "kms:Encrypt"))
    async with editing() as bench:
        world = bench.gateway.world
        world.policies[SIGNING]["default"] = locked
        bench.gateway.fail("kms:GetKeyPolicy", AccessDeniedError("you may not"), NAMELESS)
        await bench.run.press("a")
        await mark(bench, IMPORTED, SIGNING, NAMELESS, MANAGED)
        screen = await add_account_template(bench)
        plans = screen.plan_of_keys.plans
        assert "It would lock you out, or may. No: you could not" in plans[SIGNING].detail
        assert "you may not" in plans[NAMELESS].detail
        assert "is managed by AWS" in plans[MANAGED].detail
        assert screen.plan_of_keys.ready == (IMPORTED,)
        await bench.run.press("y", "y")
        await bench.run.wait_for("1 saved")
        assert world.policies[SIGNING]["default"] == locked


@pytest.mark.parametrize(
    "condition",
    [
        {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-wrong"}},
        {"NotIpAddress": {"aws:SourceIp": "203.0.112.0/24"}},
    ],
    ids=["since 2020", "another organization", "another address"],
)
async def test_keys_whose_policy_grows_less_sure_are_left_out(editing, condition):
    """They were under conditions before, and stay so, but for fewer requests."""
    outside = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    conditional = policy(ROOT_STATEMENT, {**DENY_ALL, "Sid": "Outside", "Condition": outside})
    added = policy({**DENY_ALL, "Sid": "More", "Condition": condition})
    async with editing() as bench:
        world = bench.gateway.world
        for key_id in (IMPORTED, SIGNING):
            world.policies[key_id]["default"] = conditional
        screen = await by_hand(bench)
        screen.editor.replace_text(added)
        await bench.run.press("ctrl+s")
        batch = await bench.run.wait_for_screen(BatchScreen)
        await bench.run.wait_for(lambda: not batch._working)
        plans = batch.plan_of_keys.plans
        assert batch.plan_of_keys.ready == ()
        for key_id in (IMPORTED, SIGNING):
            assert plans[key_id].detail.startswith("It would lock you out, or may. ")
        await bench.run.press("y")
        assert world.policies[IMPORTED]["default"] == conditional


async def test_a_statement_is_removed_wherever_it_is_whatever_its_sid(editing):
    use = allow("Use", ROLE, "kms:Encrypt")
    async with editing() as bench:
        world = bench.gateway.world
        world.policies[IMPORTED]["default"] = policy(ROOT_STATEMENT, use)
        world.policies[DISABLED]["default"] = policy({**use, "Sid": "Other name"}, ROOT_STATEMENT)
        await mark(bench, IMPORTED, DISABLED, NAMELESS)
        await bench.run.press("r")
        await bench.run.wait_for(lambda: not bench.run.store.progress.loading)
        await bench.run.press("S", "r")
        await bench.run.wait_for("Remove which statement?")
        assert "on 3 of 3" in bench.run.text
        assert "on 2 of 3" in bench.run.text
        await bench.run.press("down", "enter")
        await bench.run.wait_for(lambda: isinstance(bench.run.app.screen, BatchScreen))
        await bench.run.wait_for("2 will change, 1 left out")
        await bench.run.press("y", "y")
        await bench.run.wait_for("2 saved")
        for key_id in (IMPORTED, DISABLED):
            stored = json.loads(world.policies[key_id]["default"])
            assert stored["Statement"] == [ROOT_STATEMENT]
        assert world.policies[NAMELESS]["default"] == default_policy()


async def test_keys_typed_ahead_of_the_statements_wait_for_the_menu(editing):
    async with editing() as bench:
        await mark(bench, IMPORTED, NAMELESS)
        gate = bench.gateway.hold("kms:GetKeyPolicy")
        await bench.run.pilot.press("S", "r", "enter")
        assert bench.run.app.screen is bench.run.main
        gate.set()
        await bench.run.wait_for(lambda: isinstance(bench.run.app.screen, BatchScreen))


async def test_into_an_empty_text_a_template_comes_as_a_whole_policy(editing):
    async with editing() as bench:
        screen = await bench.open()
        await bench.run.press("f7", "backspace")
        assert screen.viewer.text == ""
        await bench.run.press("ctrl+t")
        await bench.run.wait_for("Only from this account")
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: bench.run.app.screen is screen and screen.viewer.text)
        assert json.loads(screen.viewer.text)["Version"] == "2012-10-17"
