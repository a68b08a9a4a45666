"""A role's policy: the same editor, IAM's grammar, the effect on the chosen key."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kmstui.model import Identity, IdentityPolicy
from kmstui.ui.editing.history_screen import HistoryScreen
from tests.fakes import ROLE_ARN
from tests.screens import Running
from tests.ui.editing.conftest import ROLE_POLICY, service, what_happened


def stored(bench) -> Any:
    return json.loads(bench.gateway.world.identities[ROLE_ARN].policies[0].text)


async def take_decrypt(bench) -> None:
    await bench.run.press("I")
    await bench.run.wait_for("Take a KMS action from which role?")
    await bench.run.press("enter")
    await bench.run.wait_for("Take which action from role KMSWorkshop-InstanceInitRole")
    await bench.run.press("enter")
    await bench.run.wait_for("Edit role KMSWorkshop-InstanceInitRole, access")


async def test_decrypt_is_taken_from_the_callers_role_and_the_key_shows_the_effect(editing):
    async with editing() as bench:
        await take_decrypt(bench)
        await bench.run.wait_for(lambda: bench.screen.viewer.display)
        await bench.review()
        assert "cannot Decrypt with alias/ImportedCMK (before: can)" in bench.said
        # The answer comes first, and then the long list of what the role can do.
        _, counts, answer, *rest = bench.run.lines
        assert "LOSES 1" in counts
        assert "cannot Decrypt" in answer
        assert any("With alias/ImportedCMK: role" in line for line in rest)
        assert "can Encrypt" in bench.said
        await bench.run.press("y")
        await bench.run.wait_for("holds your policy, read back")
        assert stored(bench)["Statement"][0]["Action"] == [
            "kms:Encrypt", "kms:PutKeyPolicy", "iam:PutRolePolicy",
        ]  # fmt: skip
        assert "aws iam put-role-policy" in bench.run.app.last_change_command


async def test_iams_grammar_is_held_while_typing(editing):
    async with editing() as bench:
        await bench.choose_role()
        await bench.run.wait_for("Edit role KMSWorkshop-InstanceInitRole")
        await bench.run.wait_for(lambda: bench.screen.viewer.counts is not None)
        assert bench.screen.viewer.findings == ()
        await bench.write(ROLE_POLICY.replace('"Resource": "*"', '"Principal": "*"'))
        await bench.run.wait_for(
            lambda: {each.rule for each in bench.screen.viewer.findings} == {"KMS109", "KMS114"}
        )
        await bench.run.press("ctrl+t")
        await bench.run.wait_for("The templates are for key policies")


async def test_losing_the_right_to_change_the_role_is_a_lock_out(editing):
    async with editing() as bench:
        await bench.open_role()
        await bench.write(ROLE_POLICY.replace("iam:PutRolePolicy", "iam:GetRole"))
        await bench.review()
        assert "No: nothing would allow you iam:PutRolePolicy any more" in bench.said
        await bench.run.press("y")
        await bench.run.wait_for("Type KMSWorkshop-InstanceInitRole to go on")


async def test_what_other_policies_still_allow_is_said(editing):
    gateway = service()
    identity = gateway.world.identities[ROLE_ARN]
    managed = IdentityPolicy("shared", ROLE_POLICY, inline=False, arn="arn:aws:iam::1:policy/x")
    gateway.world.identities[ROLE_ARN] = replace(identity, policies=(*identity.policies, managed))
    async with editing(gateway) as bench:
        await take_decrypt(bench)
        said = [each.text for each in bench.run.store.notices]
        assert any("kms:Decrypt stays allowed by shared" in each for each in said)


async def test_a_role_with_managed_policies_only_says_where_to_go(editing):
    gateway = service()
    managed = IdentityPolicy("shared", ROLE_POLICY, inline=False, arn="arn:aws:iam::1:policy/x")
    gateway.world.identities[ROLE_ARN] = Identity(ROLE_ARN, "r", "role", (managed,))
    async with editing(gateway) as bench:
        await bench.choose_role()
        await bench.run.wait_for("Role r has no inline policy")
        await bench.run.press("down")
        await bench.run.wait_for("A managed policy is shared with others: edit it in IAM.")


async def test_a_role_policy_that_is_no_json_is_called_so(editing):
    async with editing() as bench:
        await bench.open_role()
        await bench.write(ROLE_POLICY[:-1])
        await bench.review()
        assert "IAM will refuse this text as it stands, because it is not valid JSON" in bench.said


async def test_keys_typed_ahead_of_the_roles_wait_for_the_menu(editing):
    async with editing() as bench:
        gate = bench.gateway.hold("iam:ListRoles")
        await bench.run.pilot.press("i", "enter")
        assert bench.run.app.screen is bench.run.main
        gate.set()
        await bench.run.wait_for("Edit role KMSWorkshop-InstanceInitRole")


@pytest.mark.parametrize(
    ("operation", "words", "then"),
    [
        ("iam:ListRoles", "Reading the roles of the account", "KMS action from which role?"),
        ("iam:GetRole", "Reading role KMSWorkshop-InstanceInitRole", "Take which action"),
    ],
)
async def test_a_slow_answer_is_waited_for_in_front_and_keys_do_nothing_below(
    editing, monkeypatch, operation, words, then
):
    monkeypatch.setattr("kmstui.ui.editing.reading_dialog.HOLDING_SECONDS", 0.0)
    async with editing() as bench:
        gate = bench.gateway.hold(operation)
        await bench.run.press("I")
        if operation == "iam:GetRole":
            await bench.run.wait_for("Take a KMS action from which role?")
            await bench.run.press("enter")
        await bench.run.wait_for(words)
        reading = bench.run.app.screen
        # As in "Decrypt" typed ahead: D would schedule a deletion, t change tags.
        await bench.run.press("D", "t", "enter", "q")
        assert bench.run.app.screen is reading
        gate.set()
        await bench.run.wait_for(
            "from which role?" if operation == "iam:ListRoles" else "Take which"
        )


async def test_a_slow_answer_can_be_waited_for_no_longer(editing, monkeypatch):
    monkeypatch.setattr("kmstui.ui.editing.reading_dialog.HOLDING_SECONDS", 0.0)
    async with editing() as bench:
        bench.gateway.hold("iam:ListRoles")
        await bench.run.press("i")
        await bench.run.wait_for("Reading the roles of the account")
        await bench.run.press("escape")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)
        assert not any("role" in each.text for each in bench.run.store.notices)
        await bench.run.wait_for(
            lambda: all(each.is_finished for each in bench.run.app.workers if "role" in each.group)
        )


async def history_of_role(bench) -> HistoryScreen:
    """Take Decrypt, save it, and open the history of the role's policy."""
    await take_decrypt(bench)
    await bench.run.wait_for(lambda: bench.screen.viewer.display)
    await bench.review()
    await bench.run.press("y")
    await bench.run.wait_for("holds your policy, read back")
    await bench.open_role()
    await bench.run.press("f6")
    run: Running = bench.run
    screen = await run.wait_for_screen(HistoryScreen)
    await bench.run.wait_for(lambda: screen.panel.count)
    return screen


async def test_the_history_of_a_role_tells_what_each_change_did_to_its_access(editing):
    async with editing() as bench:
        screen = await history_of_role(bench)
        rows, items = screen.panel.rows, screen.panel._items.values()
        saved = next(each.id for each in items if each.what == "saved and read back")
        screen.panel.table.move_to_row(saved)
        gone = "cannot Decrypt with alias/ImportedCMK (before: can)"
        await bench.run.wait_for(lambda: gone in rows.text)
        assert "What role KMSWorkshop-InstanceInitRole gains and loses with alias/Impo" in rows.text
        assert "as they are now" in rows.text
        # CloudTrail is asked about keys alone.
        assert "CloudTrail" not in bench.run.lines[-1]
        # Any two: from the newest, marked, to the oldest.
        await bench.run.press("space", "G")
        await bench.run.wait_for(
            lambda: what_happened([screen.panel.chosen]) == ["read from the service"]
        )
        assert what_happened(screen.panel.pair()) == [
            "read from the service",
            "saved and read back",
        ]
        await bench.run.wait_for(lambda: gone in rows.text)


async def test_an_old_version_of_a_role_comes_back_through_the_review(editing):
    async with editing() as bench:
        await history_of_role(bench)
        await bench.run.press("G", "b")
        await bench.run.wait_for(lambda: "kms:Decrypt" in bench.screen.viewer.text)
        await bench.review()
        assert "can Decrypt with alias/ImportedCMK (before: cannot)" in bench.said
        assert stored(bench)["Statement"][0]["Action"][1] == "kms:PutKeyPolicy"
        await bench.run.press("y")
        await bench.run.wait_for(lambda: stored(bench) == json.loads(ROLE_POLICY))
