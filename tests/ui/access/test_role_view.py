"""The role view says what a role can and cannot do with the key, because of what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kmstui.model import Caller, Grant
from kmstui.service.errors import AccessDeniedError
from kmstui.service.keys.grants import Grants
from kmstui.ui.access.role_view import RoleView, kms_statements
from kmstui.ui.editing.edit_screen import EditScreen
from tests.access_world import access_world, allow, policy
from tests.fakes import ACCOUNT, IMPORTED, ROLE_ARN, SIGNING, FakeGateway, arn_of
from tests.screens import WIDE, Running, running

GAPS = "Not considered: service control policies"


async def open_role(run: Running, key: str = IMPORTED) -> RoleView:
    await run.choose(key)
    await run.press("p")
    view = run.main.key_pane.view
    assert isinstance(view, RoleView)
    await run.wait_for(lambda: view.identity is not None)
    return view


async def test_the_workshop_role_without_decrypt():
    async with running(FakeGateway(access_world())) as run:
        view = await open_role(run)
        await run.wait_for("Encrypt: yes · Decrypt: no")
        text = view.rows.text
        assert "You: role/KMSWorkshop-InstanceInitRole with alias/ImportedCMK" in text
        assert "✔ Can DescribeKey, Encrypt: " in text
        cannot = next(line for line in text.split("\n") if line.startswith("✖ Cannot"))
        assert "Decrypt" in cannot and "no identity policy of role/" in cannot
        assert "Statement 1 allows DescribeKey, Encrypt on *." in text
        assert GAPS in run.prose


@pytest.mark.parametrize("operation", ["iam:GetRole", "kms:ListGrants"])
async def test_what_is_typed_ahead_of_the_role_waits_until_it_is_read(operation):
    gateway = FakeGateway(access_world())
    async with running(gateway) as run:
        await run.choose(IMPORTED)
        gate = gateway.hold(operation)
        await run.pilot.press("p", "e")
        await run.wait_for(lambda: run.main.key_pane.scope == "role")
        gate.set()
        await run.wait_for(lambda: isinstance(run.app.screen, EditScreen))
        assert not any("No role or user is shown" in each.text for each in run.store.notices)


async def test_a_role_that_is_read_slowly_does_not_hold_esc_for_ever(monkeypatch):
    monkeypatch.setattr("kmstui.ui.access.commands._SHOWN_SECONDS", 0.01)
    gateway = FakeGateway(access_world())
    async with running(gateway) as run:
        await run.choose(IMPORTED)
        gateway.hold("iam:GetRole")
        await run.pilot.press("p", "escape")
        await run.wait_for(lambda: run.focused_pane() is not run.main.key_pane)


async def test_enter_shows_reasoning_or_the_policy():
    async with running(FakeGateway(access_world()), size=WIDE) as run:
        view = await open_role(run)
        view.rows.go_to("effect:0")
        await run.press("enter")
        await run.wait_for("Go to the statement")
        assert GAPS in run.prose
        await run.press("enter")
        await run.wait_for(lambda: run.main.key_pane.scope == "policy")
        await run.press("p")
        view.rows.go_to("policy:0")
        await run.press("enter")
        await run.wait_for("IAM policy own")
        assert '    "Version": "2012-10-17"' in run.text


async def test_another_role_is_chosen_from_a_menu():
    async with running(FakeGateway(access_world())) as run:
        view = await open_role(run)
        await run.press("O")
        await run.wait_for("What can which role do?")
        await run.type("app")
        await run.press("enter")
        await run.wait_for("role/service/app with alias/ImportedCMK")
        await run.wait_for("Encrypt: no · Decrypt: yes")
        assert view.identity is not None and view.identity.name == "app"
        assert GAPS in run.prose


async def test_another_key_has_another_effect():
    async with running(FakeGateway(access_world())) as run:
        await open_role(run)
        await run.press("1")
        await run.choose(SIGNING)
        await run.press("p")
        await run.wait_for("with alias/signing")
        await run.wait_for("Sign: no")


async def test_the_role_policy_is_edited_from_here_and_read_again_after_a_save():
    gateway = FakeGateway(access_world())
    async with running(gateway) as run:
        await open_role(run)
        await run.press("e")
        await run.wait_for(lambda: isinstance(run.app.screen, EditScreen))
        await run.wait_for("KMSWorkshop-InstanceInitRole, own")
        await gateway.put_role_policy(
            "KMSWorkshop-InstanceInitRole", "own", policy(allow("kms:Decrypt"))
        )
        screen = run.app.screen
        assert isinstance(screen, EditScreen)
        await screen.target.show_stored()
        await run.press("escape")
        await run.wait_for("Encrypt: no · Decrypt: yes")


async def test_a_revoked_grant_is_forgotten():
    """The view said "yes" by a grant that was gone, until somebody refreshed."""
    world = access_world()
    retirable = Grant("g", arn_of(IMPORTED), "s3.amazonaws.com", ("Decrypt",), retiring=ROLE_ARN)
    world.grants[IMPORTED] = (replace(retirable, id="use", grantee=ROLE_ARN), retirable)
    async with running(FakeGateway(world), size=WIDE) as run:
        await open_role(run)
        await run.wait_for("Encrypt: yes · Decrypt: yes")
        assert "RetireGrant" in run.prose
        grants = Grants(run.session)
        for grant in world.grants[IMPORTED]:
            await grants.revoke(IMPORTED, grant)
        await run.wait_for("Encrypt: yes · Decrypt: no")


async def test_iam_that_may_not_be_asked_is_a_sentence():
    gateway = FakeGateway(access_world())
    gateway.fail("iam:GetRole", AccessDeniedError("your role may not"))
    async with running(gateway) as run:
        await run.choose(IMPORTED)
        await run.press("p")
        await run.wait_for("✖ AccessDenied: your role may not.")
        await run.press("enter", "e")
        await run.wait_for("No role or user is shown. O chooses one.")


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:sts::{ACCOUNT}:user/x",
        f"arn:aws:sts::{ACCOUNT}:assumed-root",
        "nobody",
    ],
)
async def test_who_has_no_role_or_is_not_understood_is_told_so(arn):
    world = access_world()
    world.caller = Caller(ACCOUNT, arn, ACCOUNT)
    async with running(FakeGateway(world)) as run:
        await run.choose(IMPORTED)
        await run.press("p")
        await run.wait_for("has no IAM policies. O chooses a role")


async def test_the_path_of_the_own_role_is_taken_from_the_key_policy():
    world = access_world()
    arn = ROLE_ARN.replace("role/", "role/hr/")
    world.policies[IMPORTED]["default"] = policy(
        {"Sid": "Named", "Principal": {"AWS": arn}, **allow("kms:Decrypt")}
    )
    world.identities[arn] = world.identities.pop(ROLE_ARN)
    async with running(FakeGateway(world)) as run:
        view = await open_role(run)
        await run.wait_for("Decrypt: yes")
        assert 'Statement "Named" of the key policy allows' in view.rows.text


def test_statements_of_iam_policies_in_words():
    text = policy(
        allow("s3:*"),
        allow("kms:Decrypt", Sid="Use", Condition={"Bool": {"aws:SecureTransport": "true"}}),
        {"Effect": "Deny", "NotAction": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "NotResource": ["a", "b"]},
        {"Effect": "Allow", "Action": "kms:Encrypt"},
    )
    words, number = kms_statements(text, "own")
    assert number == 5
    assert words[0] == 'Statement "Use" allows Decrypt on * if aws:SecureTransport is true.'
    assert words[1].startswith("Statement 4 denies all ") and words[1].endswith("but a and b.")
    assert words[2] == "Statement 5 allows Encrypt on no resource, which does nothing."
    assert kms_statements("no json", "own") == ((), 0)
