"""An inline policy that a role does not have yet: begun, reviewed, made; and found again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kmstui.model import Identity, IdentityPolicy
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


def policies_of(bench) -> dict[str, str]:
    return {each.name: each.text for each in bench.gateway.world.identities[ROLE_ARN].policies}


async def begin(bench, name: str = "") -> None:
    """Begin a policy that lets the role encrypt and not decrypt."""
    await bench.choose_role()
    await bench.run.wait_for(f"Role {NAME} has no inline policy")
    await bench.run.press("enter")
    await bench.run.wait_for(f"A new inline policy of role {NAME}")
    await bench.run.type(name)
    await bench.run.press("enter")
    await bench.run.wait_for("What may the role do, by kms")
    await bench.run.press("down", "enter")
    await bench.run.wait_for(f"Edit role {NAME}, kms{name}")
    await bench.run.wait_for(lambda: bench.screen.viewer.display)


async def test_a_policy_is_begun_reviewed_and_made(editing):
    async with editing(bare()) as bench:
        await begin(bench)
        await bench.run.wait_for("does not exist yet: saving makes it")
        assert policies_of(bench) == {}
        await bench.review()
        assert f"Role {NAME} has no inline policy kms yet: saving makes it." in bench.said
        assert "can DescribeKey, Encrypt with alias/ImportedCMK (before: cannot)" in bench.said
        await bench.run.press("y")
        await bench.run.wait_for("holds your policy, read back")
        (statement,) = json.loads(policies_of(bench)["kms"])["Statement"]
        assert statement["Action"] == ["kms:Encrypt", "kms:DescribeKey"]
        assert statement["Resource"] == arn_of(IMPORTED)


async def test_one_that_somebody_else_made_meanwhile_is_not_written_over(editing):
    async with editing(bare()) as bench:
        await begin(bench)
        await bench.gateway.put_role_policy(NAME, "kms", OTHERS)
        await bench.run.press("ctrl+s")
        await bench.run.wait_for(lambda: "was made by someone else" in bench.said)
        await bench.run.press("y")
        assert policies_of(bench) == {"kms": OTHERS}
        await bench.run.press("m")
        await bench.run.wait_for("Take merged")
        await bench.run.press("y")
        await bench.run.wait_for(lambda: "After this save" in bench.said)
        await bench.run.press("y")
        await bench.run.wait_for("holds your policy, read back")
        made = json.loads(policies_of(bench)["kms"])["Statement"]
        assert sorted(each["Sid"] for each in made) == ["EncryptOnly", "T"]


async def test_one_that_somebody_else_deleted_meanwhile_is_made_anew_only_when_asked(editing):
    mine = IdentityPolicy("kms", OTHERS, inline=True)
    async with editing(bare(mine)) as bench:
        await bench.open_role("kms")
        await bench.write(OTHERS.replace("s3:*", "s3:GetObject"))
        bench.gateway.world.identities[ROLE_ARN] = Identity(ROLE_ARN, NAME, "role")
        await bench.run.press("ctrl+s")
        await bench.run.wait_for(lambda: "was deleted by someone else" in bench.said)
        await bench.run.press("m")
        await bench.run.wait_for("creates the policy again")
        await bench.run.press("o", "y")
        await bench.run.wait_for(lambda: "saving makes it" in bench.said)
        assert policies_of(bench) == {}
        await bench.run.press("y")
        await bench.run.wait_for("holds your policy, read back")
        assert "s3:GetObject" in policies_of(bench)["kms"]


async def test_a_draft_of_a_policy_that_was_never_made_is_found_again(editing):
    async with editing(bare()) as bench:
        journal = bench.run.session.journal
        await journal.save_draft(Scope(ACCOUNT, REGION), f"role/{NAME}/begun", OTHERS, base="")
        await bench.choose_role()
        await bench.run.wait_for("a draft; not made yet")
        await bench.run.press("enter")
        await bench.run.wait_for("There is an unsaved draft")
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: isinstance(bench.run.app.screen, EditScreen))
        await bench.run.wait_for(lambda: json.loads(bench.screen.viewer.text) == json.loads(OTHERS))


async def test_the_history_tells_that_it_was_not_there_and_does_not_bring_nothing_back(editing):
    async with editing(bare()) as bench:
        await begin(bench)
        await bench.run.press("f6")
        await bench.run.wait_for(lambda: isinstance(bench.run.app.screen, HistoryScreen))
        await bench.run.wait_for("no such policy was there")
        await bench.run.press("G", "b")
        await bench.run.wait_for("delete it in IAM")
        assert isinstance(bench.run.app.screen, HistoryScreen)


async def test_names_that_iam_refuses_or_that_are_taken_are_not_taken(editing):
    async with editing(bare(IdentityPolicy("shared", OTHERS, inline=False))) as bench:
        await bench.choose_role()
        await bench.run.wait_for(f"Role {NAME} has no inline policy")
        await bench.run.press("enter")
        await bench.run.wait_for(f"A new inline policy of role {NAME}")
        await bench.run.type(" x")
        await bench.run.wait_for("A name has 1 to 128 of")
        await bench.run.press("enter")
        await bench.run.wait_for(f"A new inline policy of role {NAME}")
        bench.run.app.screen.line.value = "kms\u0660"
        await bench.run.wait_for("A name has 1 to 128 of")


async def test_a_role_that_is_gone_is_called_so(editing):
    gateway = service()
    gone = NotFoundError(
        "the role with name app cannot be found",
        context=ErrorContext(
            "iam:GetRolePolicy", "", "NoSuchEntity", "The role with name app cannot be found."
        ),
    )
    gateway.fail("iam:GetRolePolicy", gone)
    async with editing(gateway) as bench:
        await bench.choose_role()
        await bench.run.wait_for("the role with name app cannot be found")
        assert "saving makes it" not in bench.run.text


async def test_a_role_of_another_account_is_not_mistaken_for_ones_own_of_that_name(editing):
    foreign = f"arn:aws:iam::999999999999:role/{NAME}"
    gateway = service(policy(allow("Use", {"AWS": foreign}, "kms:Encrypt")))
    async with editing(gateway) as bench:
        await bench.run.press("i")
        await bench.run.wait_for("Edit a policy of which role?")
        await bench.run.press("down", "enter")
        await bench.run.wait_for("It belongs to account 999999999999")
        assert not isinstance(bench.run.app.screen, EditScreen)


async def test_read_only_offers_no_new_policy(editing):
    async with editing(bare(), read_only=True) as bench:
        await bench.choose_role()
        await bench.run.wait_for(f"Role {NAME} has no inline policy")
        await bench.run.press("enter")
        await bench.run.wait_for("This is read-only mode")


async def test_beside_a_policy_that_is_there_a_new_one_is_begun_from_the_palette(editing):
    async with editing(key=SIGNING) as bench:
        bench.gateway.world.identities[ROLE_ARN] = replace(
            bench.gateway.world.identities[ROLE_ARN], name=NAME
        )
        await bench.run.press("colon")
        await bench.run.type("New role policy")
        await bench.run.press("enter")
        await bench.run.wait_for("A new inline policy for which role?")
        await bench.run.press("enter")
        await bench.run.wait_for(f"A new inline policy of role {NAME}")
        await bench.run.press("enter")
        await bench.run.wait_for("Sign with the key")
        await bench.run.press("escape")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)
        assert list(policies_of(bench)) == ["access"]


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
