"""A role's policy: the same editor, IAM's grammar, the effect on the chosen key."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kmstui.model.identity import Identity, IdentityPolicy
from kmstui.ui.editing.history_screen import HistoryScreen
from tests.fakes import ROLE_ARN
from tests.screens import Running
from tests.ui.editing.conftest import ROLE_POLICY, service, what_happened


def stored(desk) -> Any:
    return json.loads(desk.gateway.world.identities[ROLE_ARN].policies[0].text)


async def take_decrypt(desk) -> None:
    await desk.run.press("I")
    await desk.run.wait_for("Take a KMS action from which role?")
    await desk.run.press("enter")
    await desk.run.wait_for("Take which action from role KMSWorkshop-InstanceInitRole")
    await desk.run.press("enter")
    await desk.run.wait_for("Edit role KMSWorkshop-InstanceInitRole, access")


async def test_decrypt_is_taken_from_the_callers_role_and_the_key_shows_the_effect(at_desk):
    async with at_desk() as desk:
        await take_decrypt(desk)
        await desk.run.wait_for(lambda: desk.screen.viewer.display)
        await desk.review()
        assert "cannot Decrypt with alias/ImportedCMK (before: can)" in desk.said
        assert "can Encrypt" in desk.said
        await desk.run.press("y")
        await desk.run.wait_for("holds your policy, read back")
        assert stored(desk)["Statement"][0]["Action"] == [
            "kms:Encrypt", "kms:PutKeyPolicy", "iam:PutRolePolicy",
        ]  # fmt: skip
        assert "aws iam put-role-policy" in desk.run.app.last_change_command


async def test_iams_grammar_is_held_while_typing(at_desk):
    async with at_desk() as desk:
        await desk.run.press("i")
        await desk.run.wait_for("Edit a policy of which role?")
        await desk.run.press("enter")
        await desk.run.wait_for("Edit role KMSWorkshop-InstanceInitRole")
        await desk.run.wait_for(lambda: desk.screen.viewer.counts is not None)
        assert desk.screen.viewer.findings == ()
        await desk.write(ROLE_POLICY.replace('"Resource": "*"', '"Principal": "*"'))
        await desk.run.wait_for(
            lambda: {each.rule for each in desk.screen.viewer.findings} == {"KMS109", "KMS114"}
        )
        await desk.run.press("ctrl+t")
        await desk.run.wait_for("The templates are for key policies")


async def test_losing_the_right_to_change_the_role_is_a_lock_out(at_desk):
    async with at_desk() as desk:
        await desk.run.press("i")
        await desk.run.wait_for("Edit a policy of which role?")
        await desk.run.press("enter")
        await desk.run.wait_for("Edit role KMSWorkshop-InstanceInitRole")
        await desk.run.wait_for(lambda: desk.screen.viewer.display)
        await desk.write(ROLE_POLICY.replace("iam:PutRolePolicy", "iam:GetRole"))
        await desk.review()
        assert "No: nothing would allow you iam:PutRolePolicy any more" in desk.said
        await desk.run.press("y")
        await desk.run.wait_for("Type KMSWorkshop-InstanceInitRole to go on")


async def test_what_other_policies_still_allow_is_said(at_desk):
    gateway = service()
    identity = gateway.world.identities[ROLE_ARN]
    managed = IdentityPolicy("shared", ROLE_POLICY, inline=False, arn="arn:aws:iam::1:policy/x")
    gateway.world.identities[ROLE_ARN] = replace(identity, policies=(*identity.policies, managed))
    async with at_desk(gateway) as desk:
        await take_decrypt(desk)
        said = [each.text for each in desk.run.store.notices]
        assert any("kms:Decrypt stays allowed by shared" in each for each in said)


async def test_a_role_with_managed_policies_only_says_where_to_go(at_desk):
    gateway = service()
    managed = IdentityPolicy("shared", ROLE_POLICY, inline=False, arn="arn:aws:iam::1:policy/x")
    gateway.world.identities[ROLE_ARN] = Identity(ROLE_ARN, "r", "role", (managed,))
    async with at_desk(gateway) as desk:
        await desk.run.press("i")
        await desk.run.wait_for("Edit a policy of which role?")
        await desk.run.press("enter")
        await desk.run.wait_for("Role r has no inline policy")
        await desk.run.press("down")
        await desk.run.wait_for("A managed policy is shared with others: edit it in IAM.")


async def test_a_role_policy_that_is_no_json_is_called_so(at_desk):
    async with at_desk() as desk:
        await desk.run.press("i")
        await desk.run.wait_for("Edit a policy of which role?")
        await desk.run.press("enter")
        await desk.run.wait_for("Edit role KMSWorkshop-InstanceInitRole")
        await desk.run.wait_for(lambda: desk.screen.viewer.display)
        await desk.write(ROLE_POLICY[:-1])
        await desk.review()
        assert "IAM will refuse this text as it stands, because it is not valid JSON" in desk.said


async def test_keys_typed_ahead_of_the_roles_wait_for_the_menu(at_desk):
    async with at_desk() as desk:
        gate = desk.gateway.hold("iam:ListRoles")
        await desk.run.pilot.press("i", "enter")
        assert desk.run.app.screen is desk.run.main
        gate.set()
        await desk.run.wait_for("Edit role KMSWorkshop-InstanceInitRole")


@pytest.mark.parametrize(
    ("operation", "words", "then"),
    [
        ("iam:ListRoles", "Reading the roles of the account", "KMS action from which role?"),
        ("iam:GetRole", "Reading role KMSWorkshop-InstanceInitRole", "Take which action"),
    ],
)
async def test_a_slow_answer_is_waited_for_in_front_and_keys_do_nothing_below(
    at_desk, monkeypatch, operation, words, then
):
    monkeypatch.setattr("kmstui.ui.editing.reading_dialog.HOLDING_SECONDS", 0.0)
    async with at_desk() as desk:
        gate = desk.gateway.hold(operation)
        await desk.run.press("I")
        if operation == "iam:GetRole":
            await desk.run.wait_for("Take a KMS action from which role?")
            await desk.run.press("enter")
        await desk.run.wait_for(words)
        reading = desk.run.app.screen
        # As in "Decrypt" typed ahead: D would schedule a deletion, t change tags.
        await desk.run.press("D", "t", "enter", "q")
        assert desk.run.app.screen is reading
        gate.set()
        await desk.run.wait_for(
            "from which role?" if operation == "iam:ListRoles" else "Take which"
        )


async def test_a_slow_answer_can_be_waited_for_no_longer(at_desk, monkeypatch):
    monkeypatch.setattr("kmstui.ui.editing.reading_dialog.HOLDING_SECONDS", 0.0)
    async with at_desk() as desk:
        desk.gateway.hold("iam:ListRoles")
        await desk.run.press("i")
        await desk.run.wait_for("Reading the roles of the account")
        await desk.run.press("escape")
        await desk.run.wait_for(lambda: desk.run.app.screen is desk.run.main)
        assert not any("role" in each.text for each in desk.run.store.notices)
        await desk.run.wait_for(
            lambda: all(each.is_finished for each in desk.run.app.workers if "role" in each.group)
        )


async def history_of_role(desk) -> HistoryScreen:
    """Take Decrypt, save it, and open the history of the role's policy."""
    await take_decrypt(desk)
    await desk.run.wait_for(lambda: desk.screen.viewer.display)
    await desk.review()
    await desk.run.press("y")
    await desk.run.wait_for("holds your policy, read back")
    await desk.run.press("i")
    await desk.run.wait_for("Edit a policy of which role?")
    await desk.run.press("enter")
    await desk.run.wait_for("Edit role KMSWorkshop-InstanceInitRole, access")
    await desk.run.wait_for(lambda: desk.screen.viewer.display)
    await desk.run.press("f6")
    run: Running = desk.run
    screen = await run.wait_for_screen(HistoryScreen)
    await desk.run.wait_for(lambda: screen.panel.count)
    return screen


async def test_the_history_of_a_role_tells_what_each_change_did_to_its_access(at_desk):
    async with at_desk() as desk:
        screen = await history_of_role(desk)
        rows, items = screen.panel.rows, screen.panel._items.values()
        saved = next(each.id for each in items if each.what == "saved and read back")
        screen.panel.table.move_to_row(saved)
        gone = "cannot Decrypt with alias/ImportedCMK (before: can)"
        await desk.run.wait_for(lambda: gone in rows.text)
        assert "What role KMSWorkshop-InstanceInitRole gains and loses with alias/Impo" in rows.text
        assert "as they are now" in rows.text
        # CloudTrail is asked about keys alone.
        assert "CloudTrail" not in desk.run.lines[-1]
        # Any two: from the newest, marked, to the oldest.
        await desk.run.press("space", "G")
        await desk.run.wait_for(
            lambda: what_happened([screen.panel.chosen]) == ["read from the service"]
        )
        assert what_happened(screen.panel.pair()) == [
            "read from the service",
            "saved and read back",
        ]
        await desk.run.wait_for(lambda: gone in rows.text)


async def test_an_old_version_of_a_role_comes_back_through_the_review(at_desk):
    async with at_desk() as desk:
        await history_of_role(desk)
        await desk.run.press("G", "b")
        await desk.run.wait_for(lambda: "kms:Decrypt" in desk.screen.viewer.text)
        await desk.review()
        assert "can Decrypt with alias/ImportedCMK (before: cannot)" in desk.said
        assert stored(desk)["Statement"][0]["Action"][1] == "kms:PutKeyPolicy"
        await desk.run.press("y")
        await desk.run.wait_for(lambda: stored(desk) == json.loads(ROLE_POLICY))
