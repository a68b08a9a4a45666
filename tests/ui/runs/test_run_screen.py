"""The screen that shows what will happen, then what happens to each key, and takes it back."""

from kmstui.model import Identity, IdentityPolicy, Tag
from kmstui.service.access import AccessReader
from kmstui.service.errors import AccessDeniedError, ErrorContext, JournalError
from kmstui.ui.runs.run_screen import RunScreen
from tests.fakes import (
    DYING,
    IMPORTED,
    NAMELESS,
    SIGNING,
    FakeGateway,
    World,
    key_id_of,
    large_world,
    workshop_world,
)
from tests.screens import WIDE, running

TEAM = Tag("team", "blue")


def changes_sent(run):
    return run.gateway.count("kms:TagResource") + run.gateway.count("kms:UntagResource")


async def plan(run, text="team=blue", *, key="t", everything=True):
    if everything:
        await run.press("1", "asterisk")
        await run.wait_for("marked")
    await run.press(key)
    await run.type(text)
    await run.press("enter")
    await run.wait_for("Enter Sends it")


async def test_a_plan_over_many_keys_says_what_happens_to_each():
    async with running() as run:
        await plan(run, "env=dev")
        await run.wait_for("6 keys of 8 will change; this adds 6 tags.")
        assert "1 key as wanted already." in run.prose
        assert "1 key refused, with the reason below." in run.prose
        assert "refused        dying" in run.text
        assert "is pending deletion: cancel the deletion to change its tags." in run.prose
        assert "unchanged      ImportedCMK" in run.text
        assert changes_sent(run) == 0


async def test_a_run_tells_each_key_and_then_everything_can_be_undone():
    async with running(size=WIDE) as run:
        before = dict(run.gateway.world.tags)
        await plan(run)
        await run.press("enter")
        await run.wait_for("8 keys: 7 done, 1 refused.")
        assert run.gateway.world.tags[SIGNING] == (TEAM,)
        assert "now team=blue" in run.text
        await run.press("z")
        await run.wait_for("7 keys of 7 will change; this removes 7 tags.")
        await run.press("enter")
        await run.wait_for("7 keys: 7 done.")
        await run.press("escape")
        await run.wait_for(lambda: run.app.screen is run.main)
        tags = {key: held for key, held in run.gateway.world.tags.items() if held}
        assert tags == before


async def test_a_denied_key_is_told_with_the_reason_and_can_be_tried_again():
    gateway = FakeGateway()
    denied = AccessDeniedError(
        "the key policy does not allow it",
        "Your role needs kms:TagResource.",
        ErrorContext("kms:TagResource", SIGNING),
    )
    gateway.fail("kms:TagResource", denied, SIGNING, times=1)
    async with running(gateway) as run:
        await plan(run)
        await run.press("enter")
        await run.wait_for("8 keys: 6 done, 1 failed, 1 refused.")
        assert f"AccessDenied on kms:TagResource for key {SIGNING}" in run.prose
        assert "Your role needs kms:TagResource." in run.prose
        await run.press("r")
        await run.wait_for("8 keys: 7 done, 1 refused.")
        assert TEAM in gateway.world.tags[SIGNING]


async def test_escape_stops_a_run_and_the_rest_is_told_as_not_sent():
    async with running(FakeGateway(large_world(40))) as run:
        gate = run.gateway.hold("kms:TagResource")
        await plan(run)
        await run.press("enter")
        await run.wait_for(lambda: changes_sent(run) == 5)
        await run.wait_for("0 of 40 keys, about 4 s left…")
        await run.press("escape")
        await run.wait_for("Stopping: what is under way is brought to its end…")
        gate.set()
        await run.wait_for("40 keys: 5 done, 35 not sent.")
        assert sum(TEAM in held for held in run.gateway.world.tags.values()) == 5
        await run.press("r")
        await run.wait_for("40 keys: 40 done.")
        assert all(TEAM in run.gateway.world.tags[key_id_of(each)] for each in range(40))


async def test_quitting_in_the_middle_asks_first():
    async with running(FakeGateway(large_world(40))) as run:
        gate = run.gateway.hold("kms:TagResource")
        await plan(run)
        await run.press("enter")
        await run.wait_for(lambda: changes_sent(run) == 5)
        await run.press("ctrl+q")
        await run.wait_for("Tags are being changed: 40 keys would be left as they are.")
        await run.press("n")
        gate.set()
        await run.wait_for("40 keys: 40 done.")
        assert run.app.unsaved_words() == ""


async def test_a_journal_that_cannot_be_written_stops_it_before_anything_is_sent():
    async with running() as run:
        await run.choose(SIGNING)
        await plan(run, everything=False)
        run.journal.error = JournalError("the disk is full", "Make room.")
        await run.press("enter")
        await run.wait_for("Journal: the disk is full. Make room.")
        assert changes_sent(run) == 0


async def test_the_word_on_access_where_an_iam_policy_decides_by_the_tag():
    world = workshop_world()
    role = "arn:aws:iam::111122223333:role/app"
    text = (
        '{"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", '
        '"Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}}}]}'
    )
    policy = IdentityPolicy("use", text, inline=True)
    world.identities[role] = Identity(role, "app", "role", (policy,))
    async with running(FakeGateway(world)) as run:
        await run.session.shared(AccessReader).identity(role)
        await run.choose(IMPORTED)
        await plan(run, everything=False)
        await run.wait_for("IAM policies of role/app decide by the tag team of")
        assert "Looked at: the one role or user read for Access." in run.prose


async def test_a_key_that_has_it_already_needs_nothing():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("t")
        await run.type("env=dev")
        await run.press("enter")
        await run.wait_for("Nothing to send:")
        assert "has the tags as wanted already" in run.prose
        await run.press("enter")
        assert changes_sent(run) == 0


async def test_untagging_what_is_not_there_says_so():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("u")
        await run.type("nothere")
        await run.press("enter")
        await run.wait_for("Nothing to send.")
        assert "(alias/ImportedCMK) has no such tag: nothere." in run.prose
        await run.press("enter")
        assert changes_sent(run) == 0


async def test_the_plan_can_be_copied_as_aws_cli_commands_instead(clipboard):
    async with running() as run:
        await run.choose(IMPORTED)
        await plan(run, 'env=prod "cost center=42"', everything=False)
        await run.press("y")
        await run.wait_for("AWS CLI commands sent to the terminal's clipboard")
        assert clipboard[0] == (
            f"aws kms tag-resource --key-id {IMPORTED} --tags "
            """'[{"TagKey": "cost center", "TagValue": "42"}, """
            """{"TagKey": "env", "TagValue": "prod"}]' --region eu-central-1"""
        )
        assert changes_sent(run) == 0


async def test_many_keys_are_copied_as_a_loop(clipboard):
    async with running() as run:
        await plan(run)
        await run.press("y")
        await run.wait_for(lambda: clipboard)
        text = clipboard[0]
        assert text.startswith("for key in ")
        assert text.endswith("--region eu-central-1; done")
        assert '--key-id "$key" --tags' in text
        assert IMPORTED in text
        assert DYING not in text


async def test_the_change_made_last_is_in_the_copy_menu():
    async with running() as run:
        await run.choose(NAMELESS)
        await plan(run, everything=False)
        await run.press("enter")
        await run.wait_for("z undoes it.")
        assert run.app.last_change_command.startswith("aws kms tag-resource")
        await run.press("y")
        await run.wait_for("AWS CLI: the last change")


async def test_z_in_an_account_without_keys_says_that_nothing_was_changed():
    async with running(FakeGateway(World()), loaded=False) as run:
        await run.wait_for("There are no keys")
        await run.press("z")
        await run.wait_for(
            "No tags or marked keys were changed since kmstui was started; ! lists earlier"
        )


async def test_z_takes_the_last_change_back_from_the_main_screen():
    async with running() as run:
        await run.choose(NAMELESS)
        await run.press("z")
        await run.wait_for("No tags or marked keys were changed since kmstui was started")
        await plan(run, everything=False)
        await run.press("enter")
        await run.wait_for("z undoes it.")
        await run.press("z")
        await run.wait_for("Enter Sends it")
        assert "this removes 1 tag" in run.front(RunScreen).summary.text
        await run.press("enter")
        await run.wait_for("has no tag team any more (0 tags in all)")


async def test_undo_leaves_what_somebody_else_changed_since():
    async with running() as run:
        await run.choose(NAMELESS)
        await plan(run, everything=False)
        await run.press("enter")
        await run.wait_for("z undoes it.")
        run.gateway.world.tags[NAMELESS] = (Tag("team", "theirs"),)
        await run.press("z")
        await run.wait_for("was changed by somebody else since, and stays.")
        await run.press("enter")
        assert run.gateway.world.tags[NAMELESS] == (Tag("team", "theirs"),)


async def test_space_shows_all_about_a_row():
    async with running() as run:
        await plan(run)
        await run.press("enter")
        await run.wait_for("7 done")
        await run.press("G", "space")
        await run.wait_for("Outcome: done")
        await run.wait_for("The key now has these tags:")


async def test_value_rename_and_delete_in_the_tags_pane():
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press("4", "e")
        await run.wait_for("Value of env")
        await run.type("prod")
        await run.press("enter")
        await run.wait_for("dev → prod")
        await run.press("enter")
        await run.wait_for("now has env=prod")
        await run.press("n")
        await run.wait_for("Rename the tag key env")
        await run.type("project")
        await run.press("enter")
        await run.wait_for("The key has a tag 'project' already, whose value would be lost.")
        await run.press("ctrl+u")
        await run.type("stage")
        await run.press("enter")
        await run.wait_for("Enter Sends it")
        assert "adds 1 tag, removes 1 tag" in run.front(RunScreen).summary.text
        await run.press("enter")
        await run.wait_for("now has stage=prod and has no tag env any more")
        await run.press("g", "d")
        await run.wait_for("Remove the tag project")
        await run.press("enter")
        await run.wait_for("has no tag project any more (1 tag in all)")
        assert run.gateway.world.tags[IMPORTED] == (Tag("stage", "prod"),)
        operations = [name for name, _ in run.gateway.calls if name.endswith("agResource")]
        assert operations == [
            "kms:TagResource", "kms:TagResource", "kms:UntagResource", "kms:UntagResource",
        ]  # fmt: skip


async def test_n_renames_a_tag_key_on_all_marked_keys():
    gateway = FakeGateway()
    gateway.world.tags[NAMELESS] = (Tag("env", "test"),)
    async with running(gateway) as run:
        await run.choose(IMPORTED)
        run.main.keys_pane.table.set_marks((IMPORTED, NAMELESS))
        await run.press("4", "n")
        await run.wait_for("Rename the tag key env")
        await run.type("stage")
        await run.press("enter")
        await run.wait_for("2 keys of 2 will change; this adds 2 tags, removes 2 tags.")
        await run.press("enter")
        await run.wait_for("2 done")
        assert Tag("stage", "test") in gateway.world.tags[NAMELESS]
        assert Tag("stage", "dev") in gateway.world.tags[IMPORTED]


async def test_in_an_empty_tags_pane_the_keys_say_what_to_do():
    async with running() as run:
        await run.choose(NAMELESS)
        await run.wait_for(lambda: run.store.keys[NAMELESS].tags == ())
        await run.press("4", "e")
        await run.wait_for("Choose a tag first; t adds one.")


async def test_a_lost_connection_stops_the_run_and_says_why_of_each():
    async with running(FakeGateway(large_world(40))) as run:
        await plan(run)
        from kmstui.service.errors import CredentialsExpiredError

        run.gateway.fail("kms:TagResource", CredentialsExpiredError("they are too old"))
        await run.press("enter")
        await run.wait_for("not sent")
        await run.wait_for("Esc Closes")
        assert changes_sent(run) <= 5
        await run.press("G")
        await run.wait_for("Not sent, because an earlier one failed: Credentials refused")
        # Each of them takes one call, so nothing is there to be undone.
        assert "Undoes it" not in run.text
