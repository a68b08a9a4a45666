"""All findings in one list, worst first, from which a person gets to the line."""

from __future__ import annotations

import json

import pytest

from kmstui.model import Posture, Rotation
from kmstui.service.errors import AccessDeniedError, ErrorContext
from kmstui.ui.findings.screen import FindingsScreen
from kmstui.ui.main.policy_view import PolicyView
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import (
    DENIED,
    DISABLED,
    IMPORTED,
    MANAGED,
    NAMELESS,
    REPLICATED,
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
        order = ["error", "not read", "warning", "info", "not known"]
        assert words == sorted(words, key=order.index)
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
        # At 80 columns the end of the title may be cut.
        assert "Esc Stop" in run.lines[-1]
        await run.press("escape")
        gate.set()
        await run.wait_for("keys read, stopped (r reads again)")
        assert isinstance(run.app.screen, FindingsScreen)
        assert "Esc Close" in run.lines[-1]
        await run.press("r")
        await run.wait_for(lambda: run.lines[0].startswith(" Findings of all keys  60 keys  ▲54"))


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


def rotating() -> FakeGateway:
    """A key that does not rotate, and one that could not say."""
    gateway = FakeGateway()
    gateway.world.rotations[REPLICATED] = Rotation(enabled=True, period_days=365)
    return gateway


async def select(run: Running, row: str) -> FindingsScreen:
    screen = await open_list(run)
    await run.wait_for(lambda: row in screen._shown)
    screen.table.move_to_row(row)
    return screen


async def test_enter_on_a_finding_of_a_key_tells_its_meaning_its_controls_and_what_to_press():
    async with running(rotating(), size=WIDE) as run:
        await select(run, f"{NAMELESS}:KEY01")
        assert "KMS.4 CIS 3.6 PCI 3.7.4" in run.text
        await run.press("enter")
        for words in ("Rotation limits how much", "CIS AWS Foundations Benchmark v5.0.0 3.6",
                      "PCI DSS v4.0.1 3.7.4", "o  Turn automatic rotation on"):  # fmt: skip
            await run.wait_for(words)


async def test_what_is_pressed_there_mends_it_and_the_finding_goes():
    async with running(rotating(), size=WIDE) as run:
        screen = await select(run, f"{NAMELESS}:KEY01")
        await run.press("enter")
        await run.wait_for("Rotation limits how much")
        await run.press("o")
        await run.wait_for(f"Automatic rotation of {NAMELESS}")
        await run.press("enter")
        await run.wait_for(lambda: ("kms:EnableKeyRotation", NAMELESS) in run.gateway.calls)
        await run.wait_for(lambda: f"{NAMELESS}:KEY01" not in screen._shown)
        assert run.app.screen is screen


async def test_a_key_without_an_alias_is_given_one_from_the_list():
    async with running(rotating(), size=WIDE) as run:
        screen = await select(run, f"{NAMELESS}:KEY07")
        await run.press("enter", "c")
        await run.wait_for("Create an alias of")
        await run.type("named")
        await run.press("enter")
        await run.wait_for(lambda: f"{NAMELESS}:KEY07" not in screen._shown)


async def test_read_only_says_why_nothing_is_mended():
    async with running(rotating(), size=WIDE, read_only=True) as run:
        await select(run, f"{NAMELESS}:KEY01")
        await run.press("enter")
        await run.wait_for("Rotation limits how much")
        await run.press("o")
        await run.wait_for("This is read-only mode")


async def test_required_tags_and_severities_are_a_persons_own_and_t_tags_the_key():
    posture = Posture(required_tags=("owner",), severity=(("KEY08", "error"),))
    options = UiOptions(posture=posture, disable=("KEY01",))
    async with running(rotating(), size=WIDE, options=options) as run:
        screen = await select(run, f"{NAMELESS}:KEY08")
        assert screen._shown[f"{NAMELESS}:KEY08"].severity_word == "error"
        assert not any(":KEY01" in row for row in screen._shown), "it is off"
        await run.press("enter", "t")
        await run.wait_for("Shows what will happen")
        assert run.main.chosen == NAMELESS


async def test_what_is_not_known_is_counted_and_told_never_fine():
    gateway = rotating()
    gateway.fail("kms:GetKeyLastUsage", AccessDeniedError("your role may not"))
    async with running(gateway, size=WIDE) as run:
        screen = await select(run, "?:KEY06")
        row = screen._shown["?:KEY06"]
        assert row.severity_word == "not known" and "AccessDenied" in row.problem
        await run.wait_for("not wholly known")
        assert not any(each.endswith(":KEY06") and each[0] != "?" for each in screen._shown)
        await run.press("f1")
        await run.wait_for("An enabled key of which KMS has seen no use")


async def test_the_order_turns_and_n_goes_from_group_to_group():
    async with running(troubled(), size=WIDE) as run:
        screen = await open_list(run)
        await run.press("o")
        await run.wait_for("by rule")
        known = [screen._shown[row] for row in screen.table.rows if not row.startswith("?")]
        assert [row.rule for row in known] == sorted(row.rule for row in known)
        first = screen._shown[screen.table.rows[0]].rule
        screen.table.move_to_row(screen.table.rows[0])
        await run.press("n")
        assert screen.chosen is not None and screen.chosen.rule != first
        await run.press("N")
        assert screen.chosen.rule == first
        await run.press("slash")
        await run.type("kms.4")
        await run.wait_for("/kms.4")
        assert {row.rule for row in screen._shown.values()} == {"KEY01"}
