"""An inline policy that a role does not have yet: begun, reviewed, made; and found again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kmstui.model.identity import Identity, IdentityPolicy
from kmstui.policy.authoring.templates import role_templates
from kmstui.service.errors import ErrorContext, NotFoundError
from kmstui.service.ports import Scope
from kmstui.ui.editing.edit_screen import EditScreen
from kmstui.ui.editing.history_screen import HistoryScreen
from tests.fakes import ACCOUNT, IMPORTED, REGION, ROLE_ARN, SIGNING, arn_of
from tests.ui.editing.conftest import allow, policy, service

NAME = ROLE_ARN.rsplit("/", 1)[-1]
OTHERS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "T", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
)


def bare(*policies: IdentityPolicy):
    gateway = service()
    gateway.world.identities[ROLE_ARN] = Identity(ROLE_ARN, NAME, "role", policies)
    return gateway


def policies_of(desk) -> dict[str, str]:
    return {each.name: each.text for each in desk.gateway.world.identities[ROLE_ARN].policies}


async def begin(desk, name: str = "") -> None:
    """Begin a policy that lets the role encrypt and not decrypt."""
    await desk.run.press("i")
    await desk.run.wait_for("Edit a policy of which role?")
    await desk.run.press("enter")
    await desk.run.wait_for(f"Role {NAME} has no inline policy")
    await desk.run.press("enter")
    await desk.run.wait_for(f"A new inline policy of role {NAME}")
    await desk.run.type(name)
    await desk.run.press("enter")
    await desk.run.wait_for("What may the role do, by kms")
    await desk.run.press("down", "enter")
    await desk.run.wait_for(f"Edit role {NAME}, kms{name}")
    await desk.run.wait_for(lambda: desk.screen.viewer.display)


async def test_a_policy_is_begun_reviewed_and_made(at_desk):
    async with at_desk(bare()) as desk:
        await begin(desk)
        await desk.run.wait_for("does not exist yet: saving makes it")
        assert policies_of(desk) == {}
        await desk.review()
        assert f"Role {NAME} has no inline policy kms yet: saving makes it." in desk.said
        assert "can DescribeKey, Encrypt with alias/ImportedCMK (before: cannot)" in desk.said
        await desk.run.press("y")
        await desk.run.wait_for("holds your policy, read back")
        (statement,) = json.loads(policies_of(desk)["kms"])["Statement"]
        assert statement["Action"] == ["kms:Encrypt", "kms:DescribeKey"]
        assert statement["Resource"] == arn_of(IMPORTED)


async def test_one_that_somebody_else_made_meanwhile_is_not_written_over(at_desk):
    async with at_desk(bare()) as desk:
        await begin(desk)
        await desk.gateway.put_role_policy(NAME, "kms", OTHERS)
        await desk.run.press("ctrl+s")
        await desk.run.wait_for(lambda: "was made by someone else" in desk.said)
        await desk.run.press("y")
        assert policies_of(desk) == {"kms": OTHERS}
        await desk.run.press("m")
        await desk.run.wait_for("Take merged")
        await desk.run.press("y")
        await desk.run.wait_for(lambda: "After this save" in desk.said)
        await desk.run.press("y")
        await desk.run.wait_for("holds your policy, read back")
        made = json.loads(policies_of(desk)["kms"])["Statement"]
        assert sorted(each["Sid"] for each in made) == ["EncryptOnly", "T"]


async def test_one_that_somebody_else_deleted_meanwhile_is_made_anew_only_when_asked(at_desk):
    mine = IdentityPolicy("kms", OTHERS, inline=True)
    async with at_desk(bare(mine)) as desk:
        await desk.run.press("i")
        await desk.run.wait_for("Edit a policy of which role?")
        await desk.run.press("enter")
        await desk.run.wait_for(f"Edit role {NAME}, kms")
        await desk.run.wait_for(lambda: desk.screen.viewer.display)
        await desk.write(OTHERS.replace("s3:*", "s3:GetObject"))
        desk.gateway.world.identities[ROLE_ARN] = Identity(ROLE_ARN, NAME, "role")
        await desk.run.press("ctrl+s")
        await desk.run.wait_for(lambda: "was deleted by someone else" in desk.said)
        await desk.run.press("m")
        await desk.run.wait_for("makes the policy anew")
        await desk.run.press("o", "y")
        await desk.run.wait_for(lambda: "saving makes it" in desk.said)
        assert policies_of(desk) == {}
        await desk.run.press("y")
        await desk.run.wait_for("holds your policy, read back")
        assert "s3:GetObject" in policies_of(desk)["kms"]


async def test_a_draft_of_a_policy_that_was_never_made_is_found_again(at_desk):
    async with at_desk(bare()) as desk:
        journal = desk.run.session.journal
        await journal.save_draft(Scope(ACCOUNT, REGION), f"role/{NAME}/begun", OTHERS, base="")
        await desk.run.press("i")
        await desk.run.wait_for("Edit a policy of which role?")
        await desk.run.press("enter")
        await desk.run.wait_for("a draft; not made yet")
        await desk.run.press("enter")
        await desk.run.wait_for("There is an unsaved draft")
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: isinstance(desk.run.app.screen, EditScreen))
        await desk.run.wait_for(lambda: json.loads(desk.screen.viewer.text) == json.loads(OTHERS))


async def test_the_history_tells_that_it_was_not_there_and_does_not_bring_nothing_back(at_desk):
    async with at_desk(bare()) as desk:
        await begin(desk)
        await desk.run.press("f6")
        await desk.run.wait_for(lambda: isinstance(desk.run.app.screen, HistoryScreen))
        await desk.run.wait_for("no such policy was there")
        await desk.run.press("G", "b")
        await desk.run.wait_for("delete it in IAM")
        assert isinstance(desk.run.app.screen, HistoryScreen)


async def test_names_that_iam_refuses_or_that_are_taken_are_not_taken(at_desk):
    async with at_desk(bare(IdentityPolicy("shared", OTHERS, inline=False))) as desk:
        await desk.run.press("i")
        await desk.run.wait_for("Edit a policy of which role?")
        await desk.run.press("enter")
        await desk.run.wait_for(f"Role {NAME} has no inline policy")
        await desk.run.press("enter")
        await desk.run.wait_for(f"A new inline policy of role {NAME}")
        await desk.run.type(" x")
        await desk.run.wait_for("A name has 1 to 128 of")
        await desk.run.press("enter")
        await desk.run.wait_for(f"A new inline policy of role {NAME}")
        desk.run.app.screen.input.value = "kms\u0660"
        await desk.run.wait_for("A name has 1 to 128 of")


async def test_a_role_that_is_gone_is_called_so(at_desk):
    gateway = service()
    gone = NotFoundError(
        "the role with name app cannot be found",
        context=ErrorContext(
            "iam:GetRolePolicy", "", "NoSuchEntity", "The role with name app cannot be found."
        ),
    )
    gateway.fail("iam:GetRolePolicy", gone)
    async with at_desk(gateway) as desk:
        await desk.run.press("i")
        await desk.run.wait_for("Edit a policy of which role?")
        await desk.run.press("enter")
        await desk.run.wait_for("the role with name app cannot be found")
        assert "saving makes it" not in desk.run.text


async def test_a_role_of_another_account_is_not_mistaken_for_ones_own_of_that_name(at_desk):
    foreign = f"arn:aws:iam::999999999999:role/{NAME}"
    gateway = service(policy(allow("Use", {"AWS": foreign}, "kms:Encrypt")))
    async with at_desk(gateway) as desk:
        await desk.run.press("i")
        await desk.run.wait_for("Edit a policy of which role?")
        await desk.run.press("down", "enter")
        await desk.run.wait_for("It belongs to account 999999999999")
        assert not isinstance(desk.run.app.screen, EditScreen)


async def test_read_only_offers_no_new_policy(at_desk):
    async with at_desk(bare(), read_only=True) as desk:
        await desk.run.press("i")
        await desk.run.wait_for("Edit a policy of which role?")
        await desk.run.press("enter")
        await desk.run.wait_for(f"Role {NAME} has no inline policy")
        await desk.run.press("enter")
        await desk.run.wait_for("This is read-only mode")


async def test_beside_a_policy_that_is_there_a_new_one_is_begun_from_the_palette(at_desk):
    async with at_desk(key=SIGNING) as desk:
        desk.gateway.world.identities[ROLE_ARN] = replace(
            desk.gateway.world.identities[ROLE_ARN], name=NAME
        )
        await desk.run.press("colon")
        await desk.run.type("New role policy")
        await desk.run.press("enter")
        await desk.run.wait_for("A new inline policy for which role?")
        await desk.run.press("enter")
        await desk.run.wait_for(f"A new inline policy of role {NAME}")
        await desk.run.press("enter")
        await desk.run.wait_for("Sign with the key")
        await desk.run.press("escape")
        await desk.run.wait_for(lambda: desk.run.app.screen is desk.run.main)
        assert list(policies_of(desk)) == ["access"]


@pytest.mark.parametrize(
    ("usage", "spec", "first"),
    [
        ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "kms:Encrypt"),
        ("SIGN_VERIFY", "RSA_2048", "kms:DescribeKey"),
        ("GENERATE_VERIFY_MAC", "HMAC_256", "kms:DescribeKey"),
        ("KEY_AGREEMENT", "ECC_NIST_P256", "kms:DeriveSharedSecret"),
        ("", "", "kms:Encrypt"),
    ],
)
def test_every_beginning_is_a_sound_policy_for_the_key(usage, spec, first):
    from kmstui.policy.lint.linter import lint_identity

    templates = role_templates(usage, spec)
    assert templates[0].actions[0] == first
    for each in templates[:-1]:
        assert lint_identity(each.text(arn_of(IMPORTED))) == ()
    assert json.loads(templates[-1].text("*"))["Statement"] == []
