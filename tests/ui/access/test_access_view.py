"""The access view says who can do what, why, what if, and never without what it left out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kmstui.model import AccountControls, ControlLevel, ControlPolicy
from kmstui.service.errors import AccessDeniedError, ErrorContext
from kmstui.ui.access.access_view import AccessView
from kmstui.ui.access.inquiry import Inquiry
from kmstui.ui.editing import tell_unfinished_changes
from kmstui.ui.main.policy_view import PolicyView
from tests.access_world import access_world, allow, identity
from tests.fakes import ACCOUNT, IMPORTED, MANAGED, SIGNING, FakeGateway
from tests.screens import NARROW, WIDE, Running, running

GAPS = "Not considered: service control policies"
GONE = "any other principal"


@asynccontextmanager
async def looking(
    gateway: FakeGateway | None = None, *, size: tuple[int, int] = NARROW, key: str = IMPORTED
) -> AsyncIterator[Running]:
    """The access view of a key, with all that can be read."""
    async with running(gateway or FakeGateway(access_world()), size=size) as run:
        await run.choose(key)
        await run.press("c")
        await run.wait_for(lambda: inquiry(run).reading)
        yield run


def view(run: Running) -> AccessView:
    return run.view(AccessView)


def inquiry(run: Running) -> Inquiry:
    shown = view(run).inquiry
    assert shown is not None
    return shown


def cells(run: Running, name: str) -> list[str]:
    """The words of a row."""
    line = next(line for line in run.lines if name in line)
    return line[line.index(name) + len(name) :].replace("❯", " ").split()[-7:]


async def go_to(run: Running, name: str) -> None:
    table = view(run).table
    for _ in range(len(table.rows)):
        if name in next(iter(table._painter.cells(table.cursor_row or "", ("principal",)))):
            return
        await run.press("j")
    raise AssertionError(f"no row {name}\n{run.text}")


async def test_principals_by_groups_with_the_caller_first():
    async with looking() as run:
        await run.wait_for("you: role/KMSWork")
        rows = [line for line in run.lines if line[2:].startswith(("you:", "role/", "user/"))]
        assert "you:" in rows[0]
        assert cells(run, "role/service/app") == ["no", "no", "some", "-", "no", "no", "no"]
        assert cells(run, "user/anna")[2] == "if"
        assert cells(run, f"root of {ACCOUNT}")[:3] == ["yes", "yes", "yes"]
        assert cells(run, GONE)[1] == "IAM?"
        assert "role/gone does not exist in this account." in run.prose
        assert "Access 6" in run.text  # you, app, anna, gone by its grant, root, any other


async def test_the_cell_under_the_cursor_is_told_in_words_with_its_condition():
    async with looking() as run:
        await go_to(run, "user/anna")
        await run.press("right")
        await run.wait_for("user/anna, decrypt.")
        assert 'Statement "Inside" of the key policy allows' in run.prose
        assert "aws:SourceVpce is vpce-1" in run.prose
        await run.press("left")
        await run.wait_for("user/anna, encrypt.")


async def test_what_was_not_considered_stands_under_every_answer():
    async with looking() as run:
        for _ in range(7):
            for row in view(run).table.rows:
                view(run).table.move_to_row(row)
                await run.pilot.pause()
                assert "Not considered: " in run.prose, run.text
            await run.press("right")


@pytest.mark.parametrize("size", [NARROW, WIDE, (115, 30), (60, 20), (40, 16)])
async def test_the_chosen_group_and_the_gaps_are_in_sight_at_any_size(size):
    async with looking(size=size) as run:
        for _ in range(7):
            await run.wait_for("Not considered")
            assert any("❯" in line[3:] for line in run.lines), run.text
            await run.press("right")


async def test_enter_shows_the_reasoning_and_enter_again_the_statement():
    async with looking() as run:
        await go_to(run, "user/anna")
        await run.press("right", "enter")
        await run.wait_for("Go to the statement")
        assert "aws:SourceVpce is vpce-1: is open" in run.prose
        assert GAPS in run.prose
        await run.press("enter")
        await run.wait_for(lambda: run.main.key_pane.scope == "policy")
        area = run.view(PolicyView).viewer.area
        await run.wait_for(lambda: area.cursor_location[0] > 0)
        lines = area.text.split("\n")
        assert lines[area.cursor_location[0] + 1].strip() == '"Sid": "Inside",'
        assert area.has_focus


async def test_a_statement_of_an_iam_policy_is_shown_as_it_is_written():
    async with looking() as run:
        await go_to(run, "you:")
        await run.press("enter")
        await run.wait_for("Go to the statement")
        await run.press("j", "enter")
        await run.wait_for("From role policy own")
        assert '"s3:GetObject"' in run.text


async def test_what_if_answers_while_it_is_typed():
    async with looking() as run:
        await go_to(run, "user/anna")
        await run.press("right", "w")
        await run.wait_for("principal=user/anna action=kms:Decrypt")
        await run.wait_for("It depends:")
        assert "It hangs on aws:SourceVpce." in run.prose
        await run.type(" aws:SourceVpce=vpce-2")
        await run.wait_for("No: ")
        assert GAPS in run.prose
        await run.press("backspace")
        await run.type("1")
        await run.wait_for("Yes: ")
        await run.press("escape")
        await run.wait_for("user/anna, decrypt.")
        assert view(run).table.has_focus


async def test_while_a_question_is_typed_the_key_bar_tells_the_lines_keys():
    async with looking() as run:
        await run.wait_for("w What if")
        await run.press("w")
        await run.wait_for(lambda: "Enter Why  Tab Complete  Esc Close" in run.lines[-1])
        assert "What if" not in run.lines[-1]
        await run.press("escape")
        await run.wait_for(lambda: "w What if" in run.lines[-1])


async def test_keys_typed_ahead_of_the_question_are_typed_into_it():
    async with running(FakeGateway(access_world()), size=NARROW) as run:
        await run.choose(IMPORTED)
        await run.pilot.press("c", "w", "x", "y")
        await run.wait_for(lambda: run.main.key_pane.scope == "access")
        await run.wait_for(lambda: view(run).what_if.value.endswith("xy"))


async def test_a_long_question_is_brought_back_and_is_nothing_unsaved():
    async with looking() as run:
        await run.press("w")
        await run.type(" aws:SourceVpce=vpce-2")
        line = view(run).what_if.value
        await run.press("escape", "w")
        await run.wait_for("Ctrl-r brings back what was typed")
        await run.press("ctrl+r")
        assert view(run).what_if.value == line
        notices = len(run.store.notices)
        await tell_unfinished_changes(run.session)
        assert len(run.store.notices) == notices


async def test_what_if_that_is_no_question_says_why_and_keeps_the_gaps():
    async with looking() as run:
        await run.press("w")
        await run.type("x")
        await run.wait_for("not an action of KMS")
        assert GAPS in run.prose


async def test_what_if_completes_with_tab():
    async with looking() as run:
        await run.press("w")
        await run.type(" aws:sourceVp")
        await run.wait_for(lambda: view(run).what_if._suggestion)
        await run.press("tab")
        assert view(run).what_if.value.endswith(" aws:sourceVpce=")


async def test_enter_on_a_question_about_somebody_else_reads_that_role():
    world = access_world()
    arn = f"arn:aws:iam::{ACCOUNT}:role/late"
    gateway = FakeGateway(world)
    async with looking(gateway) as run:
        world.identities[arn] = identity(arn, allow("kms:Decrypt"))
        await run.press("w")
        view(run).what_if.value = "principal=role/late action=kms:Decrypt"
        await run.wait_for("It depends:")
        await run.press("enter")
        await run.wait_for("Go to the statement")
        await run.wait_for("Yes: ")
        assert ("iam:GetRole", arn) in gateway.calls


async def test_a_question_can_be_asked_from_another_view():
    async with running(FakeGateway(access_world())) as run:
        await run.choose(IMPORTED)
        await run.press("colon")
        await run.type("what if")
        await run.press("enter")
        await run.wait_for("principal=")
        await run.wait_for(lambda: view(run).what_if.has_focus)
        await run.wait_for(GAPS)


async def test_letters_in_a_question_are_no_commands():
    async with looking() as run:
        await run.press("w")
        await run.type(" erqx:y")
        assert view(run).what_if.value.endswith(" erqx:y")
        assert len(run.app.screen_stack) == 1


async def test_iam_that_may_not_be_read_leaves_it_to_iam_and_says_so():
    gateway = FakeGateway(access_world())
    denied = AccessDeniedError("your role may not", "Ask for it.", ErrorContext("iam:ListRoles"))
    for operation in ("iam:ListRoles", "iam:ListUsers", "iam:GetRole"):
        gateway.fail(operation, denied)
    async with looking(gateway) as run:
        await run.wait_for("The account's roles were not listed: AccessDenied on iam:ListRoles")
        assert "identity policies (IAM)" in run.prose
        assert cells(run, GONE)[1] == "IAM?"


async def test_a_policy_that_may_not_be_read_is_a_sentence():
    gateway = FakeGateway(access_world())
    gateway.fail("kms:GetKeyPolicy", AccessDeniedError("your role may not"), key=SIGNING)
    async with running(gateway) as run:
        await run.choose(SIGNING)
        await run.press("c")
        await run.wait_for("✖ AccessDenied: your role may not.")
        await run.press("w", "enter", "right")
        await run.wait_for("There is nothing to say yet.")


async def test_another_key_drops_the_answers_of_the_one_before():
    async with looking() as run:
        await run.press("1")
        await run.choose(SIGNING)
        await run.press("c")
        await run.wait_for(lambda: inquiry(run).key.id == SIGNING)
        await run.wait_for(lambda: cells(run, f"root of {ACCOUNT}")[1] == "-")
        assert cells(run, f"root of {ACCOUNT}")[3] == "yes"
        assert "user/anna" not in run.text or cells(run, "user/anna")[2] == "-"


async def test_a_slow_reading_tells_how_far_it_is_and_escape_stops_it(monkeypatch):
    monkeypatch.setattr("kmstui.ui.access.access_view.TOLD_AFTER_SECONDS", 0.0)
    gateway = FakeGateway(access_world())
    gate = gateway.hold("iam:GetRole")
    async with running(gateway) as run:
        await run.choose(IMPORTED)
        await run.press("c")
        await run.wait_for("Reading IAM policies: 0 of 4 (Esc stops)")
        assert "root of" in run.text, "what the key policy says is there already"
        await run.press("escape")
        assert run.focused_pane() is run.main.key_pane
        gate.set()
        await run.wait_for(lambda: inquiry(run).reading)
        await run.press("escape")
        assert run.focused_pane() is run.main.keys_pane


async def test_identities_that_were_left_out_are_read_on_request(monkeypatch):
    monkeypatch.setattr("kmstui.ui.access.access_view.DELEGATED_AT_FIRST", 0)
    async with looking() as run:
        await run.wait_for("1 further roles and users of the account were not looked at")
        assert "role/service/app" not in run.text
        await run.press("m")
        await run.wait_for("role/service/app")


async def test_keys_of_aws_can_be_looked_at_too():
    async with running(FakeGateway(access_world()), size=WIDE) as run:
        await run.press("a")
        await run.choose(MANAGED)
        await run.press("c")
        await run.wait_for(f"root of {ACCOUNT}")
        assert GAPS in run.prose


async def test_a_policy_that_is_no_json_gives_no_access_and_no_traceback():
    world = access_world()
    world.policies[IMPORTED]["default"] = '{"Statement": [ \x1b[31m "'
    async with looking(FakeGateway(world)) as run:
        await run.wait_for(f"root of {ACCOUNT}")
        assert GAPS in run.prose
        assert "A fault in kmstui" not in run.prose


async def test_the_second_policy_of_a_key_is_named_as_not_considered():
    world = access_world()
    world.policies[IMPORTED]["AWS_RAM"] = world.policies[IMPORTED]["default"]
    async with looking(FakeGateway(world)) as run:
        await run.wait_for("the key's policy AWS_RAM")


async def test_control_policies_that_can_be_read_decide_in_the_table_and_in_questions():
    world = access_world()
    deny = json.dumps({"Statement": {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}})
    everything = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    policies = (ControlPolicy("FullAWSAccess", everything), ControlPolicy("NoDecrypt", deny))
    level = ControlLevel("the root r-1", policies)
    world.controls[ACCOUNT] = AccountControls(ACCOUNT, scps=(level,), rcps=())
    async with looking(FakeGateway(world)) as run:
        await run.wait_for("you: role/KMSWork")
        assert cells(run, "role/service/app")[2] == "deny"
        await run.press("w")
        view(run).what_if.value = "principal=root action=kms:Decrypt"
        await run.wait_for("service control policy NoDecrypt")
        assert "service control policies" not in view(run).left_out.text


async def test_the_policy_of_the_endpoint_in_a_question_decides():
    world = access_world()
    text = json.dumps(
        {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}
    )
    world.endpoints["vpce-0a1b2c3d"] = ControlPolicy("vpce-0a1b2c3d", text)
    async with looking(FakeGateway(world)) as run:
        await run.press("w")
        view(run).what_if.value = "principal=root action=kms:Decrypt aws:SourceVpce=vpce-0a1b2c3d"
        await run.wait_for("VPC endpoint policy vpce-0a1b2c3d")
