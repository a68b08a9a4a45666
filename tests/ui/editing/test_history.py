"""Versions are listed, compared, brought back through the review, and written to files."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from kmstui.model import AccountControls, ControlLevel, ControlPolicy, KeyEvent
from kmstui.policy.evaluation import FULL_ACCESS
from kmstui.service.editing import HistoryItem
from kmstui.service.errors import JournalError
from kmstui.service.ports import ChangeRecord
from kmstui.ui.editing import unfinished
from kmstui.ui.editing.edit_screen import EditScreen
from kmstui.ui.editing.history_screen import HistoryScreen, HistoryView
from tests.fakes import ACCOUNT, CALLER, IMPORTED, NOW, MemoryJournal
from tests.screens import WIDE, running
from tests.service.editing.conftest import HERE, Service
from tests.ui.editing.conftest import MINE, OLD, ROLE, THEIRS, allow, policy, service, what_happened


async def open_history(bench) -> HistoryView:
    """Bring the history view to the front, with its list read."""
    pane = bench.run.main.key_pane
    await pane.open_view("history")
    bench.run.main.open_only(pane)
    assert isinstance(pane.view, HistoryView)
    await bench.run.wait_for(lambda: pane.view.panel.count)
    return pane.view


async def save(bench, text: str) -> None:
    await bench.open()
    await bench.write(text)
    await bench.review()
    await bench.run.press("y")
    await bench.run.wait_for("holds your policy, read back")
    await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)


async def test_a_save_is_one_row_that_opens_to_its_draft_and_its_put(editing):
    async with editing() as bench:
        await save(bench, MINE)
        view = await open_history(bench)
        await bench.run.wait_for("saved and read back")

        def listed(panel) -> list[str]:
            return [panel._items[row].what for row in panel.table.rows]

        assert listed(view.panel) == ["saved and read back", "read from the service"]
        await bench.run.press("enter")
        screen = await bench.run.wait_for_screen(HistoryScreen)
        await bench.run.wait_for("+ saved and read back")
        await bench.run.press("enter")
        assert listed(screen.panel) == [
            "saved and read back",
            "sent",
            "draft, sent later",
            "read from the service",
        ]
        await bench.run.press("j", "enter")
        assert listed(screen.panel) == ["saved and read back", "read from the service"]
        await bench.run.press("escape")
        await bench.run.wait_for("KMSWorkshop-InstanceInitRole/i-0123456789abcdef0"[:15])


async def test_a_save_is_compared_with_what_was_stored_before_it(editing):
    async with editing() as bench:
        await save(bench, MINE)
        view = await open_history(bench)
        items = view.panel._items.values()
        view.panel.table.move_to_row(next(e.id for e in items if e.what == "saved and read back"))
        await bench.run.wait_for(
            lambda: "role/KMSWorkshop-InstanceInitRole gains Encrypt" in view.panel.rows.text
        )
        assert what_happened(view.panel.pair()) == [
            "read from the service",
            "saved and read back",
        ]


async def test_any_two_versions_are_compared_in_access_and_in_text(editing):
    async with editing() as bench:
        await save(bench, MINE)
        view = await open_history(bench)
        await bench.run.press("G", "space", "g")
        await bench.run.wait_for(
            lambda: "role/KMSWorkshop-InstanceInitRole gains Encrypt" in view.panel.rows.text
        )
        assert '"Sid": "Use",' in view.panel.rows.text


async def test_an_old_version_comes_back_through_the_review_only(editing):
    async with editing() as bench:
        await save(bench, MINE)
        await open_history(bench)
        await bench.run.press("G", "b")
        await bench.run.wait_for(
            lambda: isinstance(bench.run.app.screen, EditScreen) and bench.screen.viewer.display
        )
        assert json.loads(bench.screen.viewer.text) == json.loads(OLD)
        assert bench.gateway.stored == MINE
        await bench.review()
        assert "loses Encrypt" in bench.said
        await bench.run.press("y")
        await bench.run.wait_for(lambda: json.loads(bench.gateway.stored) == json.loads(OLD))


async def test_the_editor_opens_the_same_history_and_takes_a_version(editing):
    async with editing() as bench:
        await save(bench, MINE)
        screen = await bench.open()
        await bench.run.press("f6")
        await bench.run.wait_for(lambda: isinstance(bench.run.app.screen, HistoryScreen))
        await bench.run.wait_for("saved and read back")
        await bench.run.press("G", "b")
        await bench.run.wait_for(lambda: json.loads(screen.viewer.text) == json.loads(OLD))
        await bench.run.press("ctrl+z")
        await bench.run.wait_for(lambda: json.loads(screen.viewer.text) == json.loads(MINE))


async def test_a_version_is_written_to_a_new_file_for_this_user_alone(editing, tmp_path):
    async with editing() as bench:
        await open_history(bench)
        path = tmp_path / "old.json"
        for said in ("Written to", "exists and is not written over"):
            await bench.run.press("w")
            await bench.run.wait_for("Write this version to a new file")
            bench.run.app.screen.line.value = str(path)
            await bench.run.press("enter")
            await bench.run.wait_for(said)
        assert json.loads(path.read_text()) == json.loads(OLD)
        assert path.stat().st_mode & 0o777 == 0o600


async def test_a_version_is_not_written_into_the_home_of_nobody(editing):
    async with editing() as bench:
        await open_history(bench)
        await bench.run.press("w")
        await bench.run.wait_for("Write this version to a new file")
        bench.run.app.screen.line.value = "~nobody-here/old.json"
        await bench.run.press("enter")
        await bench.run.wait_for("the home directory in ~nobody-here/old.json does not exist")


async def test_cloudtrail_tells_of_what_others_put(editing):
    event = KeyEvent("1", NOW - timedelta(days=3), "PutKeyPolicy", CALLER.arn, policy=THEIRS)
    async with editing() as bench:
        bench.gateway.world.events[bench.gateway.world.arn(IMPORTED)] = (
            event,
            replace(event, id="2", error_code="AccessDenied"),
            replace(event, id="3", name="Decrypt", policy=""),
        )
        view = await open_history(bench)
        await bench.run.press("f")
        await bench.run.wait_for("CloudTrail saw 2 changes of this policy")
        listed = [each.what for each in view.panel._items.values()]
        assert "put, says CloudTrail, refused: AccessDenied" in listed
        assert "put, says CloudTrail" in bench.run.text


async def test_a_put_that_an_earlier_run_overwrote_unseen_is_told_at_the_start(monkeypatch):
    monkeypatch.setattr(unfinished, "_KEYS_FIRST", 0.0)
    gateway, journal = Service(), MemoryJournal()
    theirs = KeyEvent("1", NOW, "PutKeyPolicy", CALLER.arn, policy=THEIRS)
    ours = replace(theirs, id="2", time=NOW + timedelta(seconds=1), policy=MINE)
    gateway.world.events[gateway.world.arn(IMPORTED)] = (ours, theirs)
    before, after = (json.dumps({"policy": text}) for text in (OLD, MINE))
    put = ChangeRecord(
        0, NOW, HERE, CALLER.arn, "", "kms:PutKeyPolicy", IMPORTED, before, after, "pending"
    )
    (record,) = await journal.begin([put])
    await journal.end(record.id, "done")
    async with running(gateway, journal=journal) as run:
        await run.wait_for("Overwritten unseen:")


async def test_a_put_that_was_overwritten_unseen_is_named_in_the_history(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        await bench.review()
        await bench.run.press("y")
        await bench.run.wait_for("holds your policy, read back")
        theirs = KeyEvent("1", NOW, "PutKeyPolicy", CALLER.arn, policy=THEIRS)
        bench.gateway.world.events[bench.gateway.world.arn(IMPORTED)] = (
            replace(theirs, id="2", time=NOW + timedelta(seconds=1), policy=MINE),
            theirs,
            replace(theirs, id="0", time=NOW - timedelta(seconds=1), policy=OLD),
        )
        view = await open_history(bench)
        await bench.run.press("f")
        await bench.run.wait_for("CloudTrail saw 3 changes of this policy")
        told = {each.id: each.what for each in view.panel._items.values()}
        assert told["event 1"] == "overwritten unseen, says CloudTrail"
        assert told["event 0"] == told["event 2"] == "put, says CloudTrail"


async def test_a_history_that_cannot_be_read_says_why(editing):
    async with editing() as bench:
        bench.run.session.journal.error = JournalError("the file is gone", "Start again.")
        await bench.run.main.key_pane.open_view("history")
        bench.run.main.open_only(bench.run.main.key_pane)
        await bench.run.wait_for("the file is gone")


async def test_a_long_history_is_listed_in_parts_and_any_two_versions_can_be_compared(editing):
    async with editing() as bench:
        journal, scope = bench.run.session.journal, bench.run.session.scope
        for number in range(450):
            text = policy(allow(f"old {number}", ROLE, "kms:Encrypt"))
            await journal.keep_version(scope, IMPORTED, text, "stored")
        view = await open_history(bench)
        await bench.run.wait_for(lambda: view.panel.count == 100)
        assert view.count == "100+"
        newest = view.panel.chosen
        await bench.run.press("space", "G")
        await bench.run.wait_for("older versions: m")
        await bench.run.press("space", "b")
        await bench.run.press("m")
        await bench.run.wait_for("These are the newest 400 versions.")
        await bench.run.press("m")
        await bench.run.wait_for("These are all 451 versions.")
        assert view.count == "451"
        await bench.run.press("G")
        await bench.run.wait_for(lambda: view.panel.pair()[1] == newest)
        assert what_happened(view.panel.pair())[0] == "read from the service"
        await bench.run.press("m")
        await bench.run.wait_for("All versions that this computer has kept are listed.")


async def test_at_80_columns_the_list_tells_whose_session_it_was_and_below_the_whole_arn(editing):
    async with editing() as bench:
        view = await open_history(bench)
        await bench.run.wait_for("KMSWorkshop-I…/i-0123456789abcdef0")
        await bench.run.wait_for(lambda: f"by {CALLER.arn}" in view.panel.rows.text)


async def test_in_a_wide_terminal_the_list_tells_all_of_it(editing):
    async with editing(size=WIDE) as bench:
        await open_history(bench)
        await bench.run.wait_for("KMSWorkshop-InstanceInitRole/i-0123456789abcdef0")


@pytest.mark.parametrize(
    ("arn", "width", "shown"),
    [
        (
            "arn:aws:sts::1:assumed-role/Reserved_0123/alice@example.com",
            24,
            "Reser…/alice@example.com",
        ),
        ("arn:aws:sts::1:assumed-role/App/alice", 9, "App/alice"),
        ("arn:aws:sts::1:assumed-role/App/alice-the-first", 9, "App/alice-the-first"),
        ("arn:aws:iam::1:user/somebody-with-a-long-name", 9, "somebody-with-a-long-name"),
        ("", 9, ""),
    ],
)
def test_of_a_role_and_its_session_the_session_is_kept_whole(arn, width, shown):
    item = HistoryItem("1", NOW, "sent", arn, "{}")
    assert item.who_within(width, "…") == shown


def in_organization(gateway: Service) -> Service:
    """An organization that refuses kms:Encrypt to the account."""
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*"}],
        }
    )
    level = ControlLevel("the root r-1", (FULL_ACCESS, ControlPolicy("no-encrypt", text)))
    gateway.world.controls[ACCOUNT] = AccountControls(ACCOUNT, (level,), organization="o-1")
    return gateway


async def test_a_gain_that_the_organization_refuses_is_told_with_that_in_review_and_history(
    editing,
):
    async with editing(in_organization(service())) as bench:
        gate = bench.gateway.hold("organizations:ListPoliciesForTarget")
        bench.gateway.stored = MINE
        await bench.run.session.read_policies(IMPORTED, again=True)
        view = await open_history(bench)
        gains = "role/KMSWorkshop-InstanceInitRole gains Encrypt"
        await bench.run.wait_for(lambda: gains in view.panel.rows.text)
        # What changed is shown before the organization has answered.
        assert "refuse" not in view.panel.rows.text
        view.panel.rows.move_to_row("3")
        gate.set()
        refused = "Service control policies refuse it today."
        await bench.run.wait_for(lambda: refused in view.panel.rows.text)
        assert view.panel.rows.cursor == 3
        bench.gateway.stored = OLD
        await bench.open()
        await bench.write(MINE)
        await bench.review()
        assert f"(if IAM policies allow it → by the key policy). {refused}" in bench.said
