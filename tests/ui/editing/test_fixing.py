"""F4 and Ctrl-F4: what changes access is shown and asked first, what changes none is made."""

from __future__ import annotations

import json

from kmstui.ui.dialogs import QuestionDialog
from tests.ui.editing.conftest import ROLE, ROOT_STATEMENT, EditingBench, Opening, allow, policy

SERVICE = {"Service": "sns.amazonaws.com"}


async def _linted(bench: EditingBench, text: str, place: str) -> None:
    await bench.open()
    await bench.write(text)
    viewer = bench.screen.viewer
    await bench.run.wait_for(lambda: viewer.counts is not None)
    viewer.area.move_cursor(viewer.area.location_of(text.index(place) + 1))


async def test_a_fix_that_changes_access_shows_who_gains_and_loses_and_asks(
    editing: Opening,
) -> None:
    text = policy(ROOT_STATEMENT, allow("Topic", SERVICE, "kms:Decrypt"))
    async with editing() as bench:
        await _linted(bench, text, '"sns.')
        await bench.run.press("f4")
        await bench.run.wait_for("KMS513: Add aws:SourceAccount")
        assert "sns.amazonaws.com loses Decrypt when" in " ".join(bench.run.text.split())
        assert isinstance(bench.run.app.screen, QuestionDialog)
        await bench.run.press("escape")
        assert bench.screen.viewer.text == text
        await bench.run.press("f4")
        await bench.run.wait_for("KMS513: Add aws:SourceAccount")
        await bench.run.press("y")
        await bench.run.wait_for(lambda: "aws:SourceAccount" in bench.screen.viewer.text)
        await bench.run.press("ctrl+z")
        assert bench.screen.viewer.text == text


async def test_a_fix_that_changes_nobodys_access_is_made_at_once(editing: Opening) -> None:
    text = policy(ROOT_STATEMENT, allow("Use", ROLE, "kms:Decrypt", "kms:Decrypt"))
    async with editing() as bench:
        await _linted(bench, text, '"kms:Decrypt",')
        await bench.run.press("f8", "f4")
        await bench.run.wait_for(lambda: bench.screen.viewer.text.count("kms:Decrypt") == 1)


async def test_keys_typed_ahead_of_a_fix_come_behind_it(editing: Opening) -> None:
    text = policy(ROOT_STATEMENT, allow("Use", ROLE, "kms:Decrypt", "kms:Decrypt"))
    async with editing() as bench:
        await _linted(bench, text, '"kms:Decrypt",')
        await bench.run.press("f8")
        await bench.run.pilot.press("f4", "ctrl+z", "ctrl+y")
        await bench.run.wait_for(lambda: bench.screen.viewer.text.count("kms:Decrypt") == 1)
        await bench.run.press("ctrl+z")
        assert bench.screen.viewer.text == text


async def test_fix_all_makes_those_without_effect_and_says_which_are_left(
    editing: Opening,
) -> None:
    # The second statement names nothing of this key: its action allows nothing either way.
    dead = allow("Dead", ROLE, "kms:Decrpyt") | {"Resource": "arn:aws:s3:::bucket"}
    text = policy(ROOT_STATEMENT, allow("Use", ROLE, "kms:Encrpyt"), dead)
    async with editing() as bench:
        await _linted(bench, text, '"kms:Encrpyt"')
        await bench.run.press("ctrl+f4")
        await bench.run.wait_for("1 of 2 findings KMS201 fixed; Ctrl-z undoes.")
        line = text[: text.index('"kms:Encrpyt"')].count("\n") + 1
        assert f"access would change: line {line};" in " ".join(bench.run.text.split())
        statements = json.loads(bench.screen.viewer.text)["Statement"]
        assert [each["Action"] for each in statements[1:]] == [["kms:Encrpyt"], ["kms:Decrypt"]]


async def test_what_a_fix_of_a_roles_policy_does_elsewhere_is_not_claimed(
    editing: Opening,
) -> None:
    async with editing() as bench:
        await bench.open_role()
        text = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": ["kms:Encrypt", "kms:Encrypt"], "Resource": "*"}
                ],
            },
            indent=4,
        )
        await bench.write(text)
        viewer = bench.screen.viewer
        await bench.run.wait_for(lambda: viewer.counts is not None)
        await bench.run.press("f8", "f4")
        await bench.run.wait_for("What it does to other keys")
        await bench.run.press("y")
        await bench.run.wait_for(lambda: viewer.text.count("kms:Encrypt") == 1)
