"""The service's words are shown at the place they are about."""

from __future__ import annotations

import json

import pytest

from kmstui.service.editing.location import KnownIdentities
from kmstui.service.editing.results import locks_out, refused_parts

LOCKOUT = "The new key policy will not allow you to update the key policy in the future."
INVALID = "Policy contains a statement with one or more invalid principals."


def policy(*principals: str, effect: str = "Allow", action: object = "kms:*") -> str:
    statement = {
        "Sid": "Allow use",
        "Effect": effect,
        "Principal": {"AWS": list(principals)},
        "Action": action,
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


A, B, GONE = (
    "arn:aws:iam::111122223333:role/a",
    "arn:aws:iam::111122223333:role/ab",
    "AROA" + "X" * 17,
)


def shown(text: str, message: str, stored: str) -> list[tuple[str, bool]]:
    return [
        (text[place.span.start : place.span.end], place.certain)
        for place in refused_parts(text, message, stored)
    ]


def test_a_principal_that_the_words_name_is_certain() -> None:
    message = f'Invalid principal in policy: "AWS":"{A}"'
    assert shown(policy(A, B), message, policy(B)) == [(f'"{A}"', True)]


def test_without_a_name_deleted_principals_come_first_then_new_ones() -> None:
    assert shown(policy(A, B, GONE), INVALID, policy(A)) == [
        (f'"{GONE}"', False),
        (f'"{B}"', False),
    ]


def test_an_action_that_the_words_name_is_found() -> None:
    text = policy(A, action=["kms:Encrypt", "kms:Encrpyt"])
    assert shown(text, "The action kms:Encrpyt does not exist.", text) == [('"kms:Encrpyt"', True)]


@pytest.mark.parametrize("action", ["kms:*", ["kms:Decrypt", "KMS:Put*"]])
def test_a_lockout_is_shown_at_the_statement_that_denies_the_next_put(action: object) -> None:
    text = policy(A, effect="Deny", action=action)
    ((place, certain),) = shown(text, LOCKOUT, text)
    assert place.startswith("{")
    assert '"Deny"' in place
    assert not certain
    assert locks_out(LOCKOUT)


def test_a_lockout_by_what_is_missing_has_no_place() -> None:
    assert shown(policy(A, action="kms:Encrypt"), LOCKOUT, policy(A)) == []
    assert shown(policy(A, effect="Deny", action="kms:Encrypt"), LOCKOUT, policy(A)) == []


@pytest.mark.parametrize("text", ["", "{", "null", '{"Statement": 1}'])
def test_any_text_is_looked_at_without_an_exception(text: str) -> None:
    assert shown(text, INVALID, text) == []
    assert shown(text, LOCKOUT, "") == []
    assert shown(text, "anything", policy(A)) == []


IAM = "arn:aws:iam::111122223333"
ROLES = (f"{IAM}:role/a", f"{IAM}:role/service/app", f"{IAM}:role/backup")
USERS = (f"{IAM}:user/anna",)


def missing(text: str, known: KnownIdentities, message: str = INVALID) -> list[tuple[str, str]]:
    return [
        (text[place.span.start : place.span.end].strip('"').removeprefix(f"{IAM}:"), place.reason)
        for place in refused_parts(text, message, policy(f"{IAM}:root"), known)
        if place.certain
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("role/gone", "no such role"),
        ("role/app", f"no such role; did you mean {IAM}:role/service/app?"),
        ("role/bakcup", f"no such role; did you mean {IAM}:role/backup?"),
        ("role/A", f"no such role; did you mean {IAM}:role/a?"),
        ("user/bert", "no such user"),
    ],
)
def test_a_principal_that_iam_does_not_list_is_named_whatever_kms_says(
    name: str, words: str
) -> None:
    text = policy(f"{IAM}:root", A, f"{IAM}:{name}", "arn:aws:iam::444455556666:role/theirs", "*")
    known = KnownIdentities(ROLES, USERS)
    for message in (INVALID, "The policy is not semantically correct."):
        assert missing(text, known, message) == [(name, f"account 111122223333 has {words}")]


def test_the_role_of_a_session_is_looked_for_whatever_its_path() -> None:
    sts = "arn:aws:sts::111122223333:assumed-role"
    text = policy(f"{sts}/app/i-1", f"{sts}/gone/i-1")
    assert missing(text, KnownIdentities(ROLES, USERS)) == [
        (f"{sts}/gone/i-1", "account 111122223333 has no such role")
    ]


@pytest.mark.parametrize(
    ("known", "certain"),
    [
        (KnownIdentities(), []),
        (KnownIdentities(roles=ROLES), ["role/gone"]),
        (KnownIdentities(users=USERS), ["user/bert"]),
        (KnownIdentities(ROLES, ()), ["role/gone", "user/bert"]),
    ],
    ids=["nothing", "roles alone", "users alone", "no users at all"],
)
def test_nobody_is_called_missing_who_could_not_be_looked_up(
    known: KnownIdentities, certain: list[str]
) -> None:
    text = policy(f"{IAM}:role/gone", f"{IAM}:user/bert")
    assert [name for name, _ in missing(text, known)] == certain


def test_who_exists_is_not_suspected() -> None:
    theirs = "arn:aws:iam::444455556666:role/theirs"
    text = policy(A, theirs)
    parts = refused_parts(text, INVALID, policy(f"{IAM}:root"), KnownIdentities(ROLES, USERS))
    assert [text[each.span.start : each.span.end] for each in parts] == [f'"{theirs}"']
    assert parts[0].sentence == (
        f'Perhaps it is {theirs} in "Allow use": the stored policy does not name it.'
    )
