"""What a person keeps when a key policy changes."""

from __future__ import annotations

import json

import pytest

from kmstui.policy.access.diff import access_diff
from kmstui.policy.access.staying import what_stays
from kmstui.policy.access.table import KeyFacts

ACCOUNT = "111122223333"
KEY = KeyFacts(
    f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "ENCRYPT_DECRYPT",
    "SYMMETRIC_DEFAULT",
)


def policy(**allowed: str) -> str:
    """Statements that allow roles actions, `Decrypt`, or under a condition: `Decrypt if vpce-1`."""
    statements = []
    for role, words in allowed.items():
        actions, _, endpoint = words.partition(" if ")
        name = "root" if role == "root" else f"role/{role}"
        statement: dict[str, object] = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:{name}"},
            "Action": [f"kms:{action}" for action in actions.split()],
            "Resource": "*",
        }
        if endpoint:
            statement["Condition"] = {"StringEquals": {"aws:SourceVpce": endpoint}}
        statements.append(statement)
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def stays(before: str, after: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in what_stays(before, after, KEY):
        names, _, kept = each.sentence.replace(" keep ", " keeps ").partition(" keeps ")
        found |= dict.fromkeys(names.split(" and "), kept.removesuffix("."))
    return found


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("Encrypt Decrypt", "Encrypt", "Encrypt"),
        ("Encrypt", "Encrypt Decrypt", "Encrypt"),
        ("Decrypt if vpce-1", "Decrypt if vpce-1", "Decrypt under the same conditions"),
        ("Decrypt", "Decrypt if vpce-1", "Decrypt where both policies allow it"),
        ("Decrypt if vpce-1", "Decrypt if vpce-2", "Decrypt where both policies allow it"),
    ],
)
def test_what_stays_is_what_both_policies_give(before, after, kept):
    assert stays(policy(app=before), policy(app=after))["role/app"] == kept


def test_who_keeps_nothing_is_not_told():
    assert stays(policy(app="Decrypt"), policy(app="Encrypt")) == {}
    assert stays(policy(app="Decrypt"), policy(ops="Decrypt")) == {}


def test_what_a_role_loses_of_the_key_policy_it_may_keep_by_iam():
    found = stays(policy(root="*", app="Decrypt"), policy(root="*"))
    assert found["role/app"] == "all actions if IAM policies allow it"


def test_roles_that_keep_the_same_are_told_together():
    same = policy(app="Encrypt", ops="Encrypt")
    (told,) = what_stays(same, same, KEY)
    assert told.sentence == "role/app and role/ops keep Encrypt."


def undone(*texts: str) -> list[str]:
    """What the last of three policies undoes of the change from the first to the second."""
    first, second, third = texts
    earlier, now = access_diff(first, second, KEY.arn), access_diff(second, third, KEY.arn)
    return [f"{each.who} {each.verb} {each.what}" for each in now.undoing(earlier)]


def test_a_gain_that_gives_back_what_was_taken_just_before_is_found():
    before = policy(app="Encrypt Decrypt", ops="Decrypt")
    taken = policy(app="Encrypt", ops="Decrypt")
    assert undone(before, taken, before) == ["role/app gains Decrypt"]
    assert undone(taken, before, taken) == ["role/app loses Decrypt"]
    assert undone(before, taken, policy(app="Encrypt Sign", ops="Decrypt")) == []
    assert undone(before, taken, policy(app="Encrypt", ops="Decrypt Encrypt")) == []
