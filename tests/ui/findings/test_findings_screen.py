"""All findings in one list, worst first, from which a person gets to the line."""

from __future__ import annotations

import json

import pytest

from kmstui.service.errors import AccessDeniedError, ErrorContext
from kmstui.ui.findings.screen import FindingsScreen
from kmstui.ui.main.policy_view import PolicyView
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import (
    DENIED,
    DISABLED,
    IMPORTED,
    MANAGED,
    SIGNING,
    FakeGateway,
    default_policy,
    large_world,
)
from tests.screens import NARROW, WIDE, Running, running


def troubled() -> FakeGateway:
    """An error, a warning, and a key that may not be read."""
    gateway = FakeGateway()
    world = gateway.world
    both = json.loads(default_policy())
    both["Statement"].append(
        {"Sid": "Typo", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
         "Action": "kms:Decript", "Resource": "*"}
    )  # fmt: skip
    world.policies[SIGNING]["default"] = json.dumps(both)
    world.policies[IMPORTED]["default"] = default_policy().replace(":root", ":group/g")
    world.policies[MANAGED]["default"] = default_policy().replace("Allow", "allow")
    denied = AccessDeniedError("your role may not", context=ErrorContext("kms:GetKeyPolicy"))
    gateway.fail("kms:GetKeyPolicy", denied, key=DENIED)
    return gateway


async def open_list(run: Running) -> FindingsScreen:
    await run.press("F")
    screen = run.app.screen
    assert isinstance(screen, FindingsScreen)
    await run.wait_for(lambda: not screen._all.running and not screen._all.left)
    await run.wait_for("8 keys")
    return screen


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_worst_first_with_what_could_not_be_read(size):
    async with running(troubled(), size=size) as run:
        screen = await open_list(run)
        rows = [screen._shown[row] for row in screen.table.rows]
        words = [row.severity_word for row in rows]
        assert words == sorted(words, key=["error", "not read", "warning", "info"].index)
        assert {row.name for row in rows if row.severity_word == "error"} == {"ImportedCMK"}
        assert "signing +2" in {row.name for row in rows}
        assert "not read: AccessDenied on kms:GetKeyPolicy" in run.prose
        assert "1 not read" in run.text
        assert MANAGED not in {row.key_id for row in rows}, "what AWS manages is not judged"
        assert run.lines[0].startswith(" Findings of all keys  8 keys  ✖")


async def test_enter_goes_to_the_key_and_the_line():
    async with running(troubled()) as run:
        screen = await open_list(run)
        row = next(row for row in screen._shown.values() if "kms201" in row.text())
        screen.table.move_to_row(row.id)
        await run.wait_for("Decript")
        await run.press("enter")
        await run.wait_for(lambda: run.main.key_pane.key_id == SIGNING)
        area = run.view(PolicyView).viewer.area
        await run.wait_for(lambda: area.has_focus and area.cursor_location[0] > 0)
        line = area.text.split("\n")[area.cursor_location[0]]
        assert line.strip() == '"Action": "kms:Decript",'
        await run.wait_for("▲ KMS201")
        await run.press("F")
        await run.wait_for(lambda: isinstance(run.app.screen, FindingsScreen))
        assert run.front(FindingsScreen).table.cursor_row == row.id, "the list is as it was left"


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_enter_leaves_a_policy_that_was_read_to_its_end_for_another(size):
    gateway = troubled()
    long = json.loads(default_policy())
    long["Statement"] *= 20
    gateway.world.policies[DISABLED]["default"] = json.dumps(long)
    async with running(gateway, size=size) as run:
        await run.choose(DISABLED)
        await run.press("3", "G")
        area = run.view(PolicyView).viewer.area
        await run.wait_for(lambda: area.scroll_offset.y > 0)
        screen = await open_list(run)
        row = next(row for row in screen._shown.values() if "kms201" in row.text())
        screen.table.move_to_row(row.id)
        await run.press("enter")
        await run.wait_for("Decript")
        await run.wait_for("▲ KMS201")


async def test_a_key_that_was_not_read_can_be_gone_to():
    async with running(troubled()) as run:
        screen = await open_list(run)
        screen.table.move_to_row(f"{DENIED}:")
        await run.press("enter")
        await run.wait_for(lambda: run.main.key_pane.key_id == DENIED)
        await run.wait_for("✖ AccessDenied on kms:GetKeyPolicy")


async def test_the_list_is_filtered_while_typing():
    async with running(troubled()) as run:
        screen = await open_list(run)
        await run.press("slash")
        await run.type("signing -kms201")
        await run.wait_for("/signing -kms201")
        names = {(row.name, row.found and row.found.finding.rule) for row in screen._shown.values()}
        assert all(name == "signing +2" and rule != "KMS201" for name, rule in names)
        await run.press("escape")
        await run.wait_for("ImportedCMK")
        await run.press("slash")
        await run.type("nothing at all")
        await run.wait_for("No finding matches the filter. Esc clears it.")
        await run.press("escape", "escape")
        await run.wait_for(lambda: run.app.screen is run.main)


async def test_rules_that_are_off_stay_off():
    options = UiOptions(disable=("KMS303",), disable_by_key=((SIGNING, ("KMS201",)),))
    async with running(troubled(), options=options) as run:
        screen = await open_list(run)
        found = {row.found.finding.rule for row in screen._shown.values() if row.found}
        assert not found & {"KMS303", "KMS201"}


async def test_the_keys_table_counts_what_was_found():
    async with running(troubled(), size=(200, 40)) as run:
        await open_list(run)
        await run.press("q", "plus", "plus")
        await run.wait_for(lambda: run.app.screen is run.main)
        await run.wait_for("POLICY")
        line = next(line for line in run.lines if SIGNING in line)
        assert "▲" in line


async def test_escape_stops_reading_and_says_so_and_r_goes_on():
    gateway = FakeGateway(large_world(60))
    gate = gateway.hold("kms:GetKeyPolicy")
    async with running(gateway) as run:
        await run.press("F")
        await run.wait_for("0 of 60 keys read… (Esc stops)")
        await run.press("escape")
        gate.set()
        await run.wait_for("keys read, stopped (r reads again)")
        assert isinstance(run.app.screen, FindingsScreen)
        await run.press("r")
        await run.wait_for("No findings: the linter has nothing to say")
        assert "60 keys" in run.lines[0]


async def test_f1_tells_the_story_of_a_finding():
    async with running(troubled()) as run:
        await open_list(run)
        await run.press("f1")
        await run.wait_for("Esc closes")
        assert "https://docs.aws.amazon.com/" in run.text


async def test_nothing_of_another_connection_stays_in_the_list():
    async with running(troubled()) as run:
        screen = await open_list(run)
        run.store.clear()
        await run.wait_for(lambda: not screen.table.rows)


async def test_findings_stand_in_the_text_but_not_in_keys_of_aws():
    async with running(troubled(), size=WIDE) as run:
        await run.choose(SIGNING)
        await run.wait_for("3 Policy ▲")
        await run.press("a")
        await run.choose(MANAGED)
        await run.wait_for(lambda: run.main.key_pane.key_id == MANAGED)
        await run.wait_for('"Effect": "allow"')
        assert "KMS106" not in run.text
        assert "3 Policy  " in run.text or "3 Policy Access" in run.text
        await run.choose(DISABLED)
        await run.wait_for("No findings")


async def test_what_changes_behind_the_list_draws_nothing_of_it_anew(monkeypatch):
    """Over SSH each such frame would be kilobytes, several times a second while keys are read."""
    async with running(troubled()) as run:
        await open_list(run)
        drawn: list[object] = []
        monkeypatch.setattr(
            run.app.screen, "refresh", lambda *regions, **how: drawn.append(regions)
        )
        run.main.keys_pane.table.refresh()
        run.main.header.refresh()
        await run.pilot.pause(0.1)
        assert not drawn
        await run.press("q")
        await run.wait_for("1 Keys")
