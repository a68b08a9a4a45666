"""What restoring a key comes to, and what it says is not brought back."""

from __future__ import annotations

import json
from dataclasses import replace

from kmstui.model import Grant, Tag
from kmstui.service.backups import Kind, Renaming, differences
from kmstui.service.backups.record import RotationSetting
from tests.fakes import ROLE_ARN
from tests.service.backups.test_files import KEY

GRANT = Grant("", "", ROLE_ARN, ("Decrypt",))
FULL = replace(
    KEY,
    tags=(Tag("project", "x"),),
    aliases=("alias/a",),
    rotation=RotationSetting(enabled=True, period_days=180),
)


def found(wanted, now, *, prune=False, held=(), taken=()):
    result = differences(wanted, now, held, taken, prune=prune)
    return [(step.kind, step.words) for step in result.steps], " ".join(result.notes)


def test_a_key_as_it_was_needs_nothing():
    assert found(FULL, FULL) == ([], "")


def test_layout_and_order_of_a_policy_are_no_difference():
    assert found(FULL, replace(FULL, policy=json.dumps(json.loads(FULL.policy), indent=4))) == (
        [],
        "",
    )


def test_everything_that_differs_is_a_step_in_the_order_in_which_kms_takes_it():
    spoilt = replace(
        KEY,
        state="PendingDeletion",
        policy="{}",
        description="x",
        tags=(Tag("project", "y"), Tag("new", "")),
        aliases=("alias/b",),
        grants=(),
    )
    steps, notes = found(FULL, spoilt, taken={"alias/a"})
    assert [kind for kind, _ in steps] == [
        Kind.CANCEL_DELETION, Kind.ENABLE, Kind.POLICY, Kind.DESCRIPTION, Kind.TAGS,
        Kind.MOVE_ALIAS, Kind.GRANT,
    ]  # fmt: skip
    assert "restore again" in notes, "what its rotation is, KMS tells after that"
    assert "The tag new came later and stays" in notes
    assert "The alias alias/b came later and stays" in notes


def test_with_prune_what_came_later_goes():
    later = replace(
        FULL, tags=(*FULL.tags, Tag("new", "")), aliases=("alias/a", "alias/b"),
        grants=(GRANT, replace(GRANT, name="later")),
    )  # fmt: skip
    held = (replace(GRANT, id="1"), replace(GRANT, id="2", name="later"))
    result = differences(FULL, later, held, (), prune=True)
    assert [step.kind for step in result.steps] == [
        Kind.TAGS,
        Kind.DELETE_ALIAS,
        Kind.REVOKE_GRANT,
    ]
    assert result.steps[-1].grant == held[1]


def test_two_grants_of_one_content_are_two():
    steps, _ = found(replace(FULL, grants=(GRANT, GRANT)), replace(FULL, grants=(GRANT,)))
    assert [kind for kind, _ in steps] == [Kind.GRANT]


def test_a_disabled_key_gets_no_grant_and_no_rotation_and_that_is_said():
    now = replace(FULL, state="Disabled", grants=(), rotation=RotationSetting(enabled=False))
    steps, notes = found(replace(FULL, state="Disabled"), now)
    assert steps == []
    assert "KMS makes no grants while the key is Disabled: 1 of them wait" in notes
    assert "KMS changes no rotation while the key is Disabled: every 180 days is left." in notes
    # One that is enabled by it gets both, and one that it disables gets them before.
    assert [kind for kind, _ in found(FULL, now)[0]] == [Kind.ENABLE, Kind.GRANT, Kind.ROTATION]
    steps, _ = found(replace(FULL, state="Disabled"), replace(now, state="Enabled"))
    assert [kind for kind, _ in steps] == [Kind.GRANT, Kind.ROTATION, Kind.DISABLE]


def test_a_deletion_is_never_scheduled_and_what_nobody_read_stays():
    steps, notes = found(replace(FULL, state="PendingDeletion"), FULL)
    assert steps == []
    assert "that is not scheduled again" in notes
    steps, notes = found(replace(FULL, policy="", not_read=("policy",)), FULL)
    assert steps == []
    assert "The backup has no policy: it could not be read then." in notes


def test_grants_of_services_and_tags_of_aws_are_left_to_them():
    service = replace(GRANT, grantee="", grantee_service="rds.amazonaws.com")
    wanted = replace(FULL, grants=(GRANT, service), tags=(*FULL.tags, Tag("aws:x", "1")))
    steps, notes = found(wanted, FULL)
    assert steps == []
    assert "an AWS service's, which makes them itself" in notes
    assert "Only AWS can set tags such as aws:x." in notes


def test_accounts_and_keys_get_their_new_names_and_nothing_that_only_looks_like_one():
    old, new = "111122223333", "444455556666"
    other = "12345678-1234-1234-1234-111122223333"
    text = (
        f'{{"a": "arn:aws:iam::{old}:root", "b": "{old}", "c": "x{old}4",'
        f' "d": "arn:aws:kms:eu-west-1:{old}:key/{KEY.id}", "e": "{KEY.id}", "f": "{other}"}}'
    )
    arn = f"arn:aws:kms:us-east-1:{new}:key/mrk-{'0' * 32}"
    assert Renaming({old: new}, {KEY.id: arn}).text(text) == (
        f'{{"a": "arn:aws:iam::{new}:root", "b": "{new}", "c": "x{old}4",'
        f' "d": "{arn}", "e": "mrk-{"0" * 32}", "f": "{other}"}}'
    )
    # Two accounts can change places.
    both = Renaming({old: new, new: old}, {})
    assert both.text(f"{old} {new}") == f"{new} {old}"
