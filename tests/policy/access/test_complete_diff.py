"""What samples missed: whoever gains or loses is named, with the very requests it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from kmstui.policy.access import AccessDiff, access_diff
from kmstui.policy.iam import PrincipalKind
from tests.policy.asking import ACCOUNT, APP, KEY, OTHER, ROOT
from tests.policy.lockouts import allow, deny, policy_text

ROOT_STATEMENT = allow({"AWS": ROOT})
_APP, _ALL = {"AWS": APP}, "*"
_DELETE = "kms:ScheduleKeyDeletion"
_WINDOW = "kms:ScheduleKeyDeletionPendingWindowInDays"


def diff(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> AccessDiff:
    return access_diff(
        policy_text(ROOT_STATEMENT, *before), policy_text(ROOT_STATEMENT, *after), KEY
    )


def app_if(condition: Mapping[str, Any], action: str = "kms:Decrypt") -> list[dict[str, Any]]:
    return [allow(_APP, action, Condition=condition)]


def all_if(condition: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [allow(_ALL, "kms:Decrypt", Condition=condition)]


CHANGED = [
    # "For anonymous requests, the request context returns `anonymous`" (aws:PrincipalAccount);
    # "Anonymous requests do not include this key" (aws:PrincipalIsAWSService): IAM User Guide.
    (
        [],
        all_if({"StringLike": {"aws:PrincipalAccount": "a*"}}),
        ["anybody without credentials gains Decrypt (no access → by the key policy)"],
    ),
    (
        [],
        all_if({"Null": {"aws:PrincipalIsAWSService": "true"}}),
        ["anybody without credentials gains Decrypt (no access → by the key policy)"],
    ),
    (
        [],
        [{"Effect": "Deny", "NotPrincipal": {"AWS": "*"}, "Action": "*", "Resource": "*"}],
        [
            f"any other principal of {ACCOUNT} loses all actions when the caller has a"
            " permissions boundary (if IAM policies allow it → explicitly denied)",
            "any role or user of another account is now explicitly denied all 21 actions that"
            " other accounts can use when the caller has a permissions boundary",
        ],
    ),
    (
        [],
        [allow({"Federated": "cognito-identity.amazonaws.com"}, "kms:Decrypt")],
        [
            f"any other role of {ACCOUNT} gains Decrypt when the statement about Principal"
            " Federated cognito-identity.amazonaws.com applies to the caller (that depends on the"
            " identity provider behind the session)",
        ],
    ),
    (
        app_if(
            {"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:*:111122223333:a"}}
        ),
        app_if(
            {
                "StringLike": {
                    "kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:*:111122223333:a"
                }
            }
        ),
        [
            "is like arn:aws:sns:*:111122223333:a"
            " but not like arn:aws:sns:*:111122223333:a as an ARN",
        ],
    ),
    (
        app_if({"IpAddress": {"aws:SourceIp": "10.0.0.0/16"}}),
        app_if({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        ["role/app gains Decrypt when aws:SourceIp is in 10.0.0.0/8 but not in 10.0.0.0/16"],
    ),
    (
        app_if({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/16"}}),
        app_if({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        ["role/app loses Decrypt when aws:SourceIp is in 10.0.0.0/8 but not in 10.0.0.0/16"],
    ),
    (
        app_if({"IpAddress": {"aws:SourceIp": "fd00::/16"}}),
        app_if({"IpAddress": {"aws:SourceIp": "fd00::/8"}}),
        ["role/app gains Decrypt when aws:SourceIp is in fd00::/8 but not in fd00::/16"],
    ),
    (
        app_if({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        app_if({"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}),
        ["role/app loses Decrypt when aws:SourceIp is in 10.0.0.0/8 but not in 10.1.0.0/16"],
    ),
    (
        app_if({"StringEquals": {"aws:SourceVpce": "vpce-a"}}),
        app_if({"StringEqualsIgnoreCase": {"aws:SourceVpce": "vpce-a"}}),
        ["when aws:SourceVpce is vpce-a in upper or lower case but not vpce-a"],
    ),
    (
        [],
        all_if({"StringEquals": {"aws:PrincipalServiceName": "cloudtrail.amazonaws.com"}}),
        ["cloudtrail.amazonaws.com gains Decrypt (no access"],
    ),
    (
        [],
        all_if({"StringEquals": {"aws:username": "anna"}}),
        [
            f"users of {ACCOUNT} named anna gain Decrypt",
            "users of another account named anna gain Decrypt",
        ],
    ),
    (
        [],
        all_if({"StringLike": {"aws:PrincipalAccount": "*6666"}}),
        ["any principal of an account like *6666 gains Decrypt"],
    ),
    (
        [],
        all_if({"StringLike": {"aws:PrincipalArn": "*admin*"}}),
        [
            f"principals of {ACCOUNT} like *admin* gain Decrypt",
            "principals of another account like *admin* gain Decrypt",
        ],
    ),
    (
        [],
        [
            allow(
                {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "kms:Decrypt",
                Condition={"StringEquals": {"aws:PrincipalType": "User"}},
            )
        ],
        [f"any other user of {OTHER} gains Decrypt"],
    ),
    (
        [],
        app_if(
            {
                "StringLike": {"aws:PrincipalTag/t": "a*"},
                "StringLikeIfExists": {"aws:PrincipalTag/t": "*b"},
            }
        ),
        ["role/app gains Decrypt when aws:PrincipalTag/t is like a* and like *b"],
    ),
    (
        [],
        [
            deny(
                _ALL,
                Condition={"StringNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
            )
        ],
        [f"any other user of {ACCOUNT} loses all actions"],
    ),
    (
        app_if({"NumericGreaterThanEquals": {_WINDOW: "7"}}, _DELETE),
        app_if({"NumericGreaterThanEquals": {_WINDOW: "14"}}, _DELETE),
        [f"role/app loses ScheduleKeyDeletion when {_WINDOW} is at least 7 and less than 14"],
    ),
    (
        app_if({"StringLike": {"kms:ViaService": "s3.*"}}),
        app_if({"StringLike": {"kms:ViaService": "s3.us-*"}}),
        ["role/app loses Decrypt when kms:ViaService is like s3.* but not like s3.us-*"],
    ),
    (
        app_if({"DateLessThan": {"aws:CurrentTime": "2027-01-01"}}),
        app_if({"DateLessThanEquals": {"aws:CurrentTime": "2027-01-01"}}),
        ["role/app gains Decrypt when aws:CurrentTime is 2027-01-01"],
    ),
    (
        app_if({"DateLessThan": {"aws:CurrentTime": "2027-01-01"}}),
        [allow(_APP, "kms:Decrypt")],
        ["role/app gains Decrypt when aws:CurrentTime is at or after 2027-01-01"],
    ),
    (
        [],
        [allow({"AWS": APP.replace("role/app", "assumed-role/app/one").replace("iam", "sts")})],
        ["assumed-role/app/one gains all actions"],
    ),
    (
        app_if({"StringEquals": {"kms:EncryptionContext:o": "${aws:PrincipalTag/o}"}}),
        app_if({"StringEquals": {"kms:EncryptionContext:o": ["${aws:PrincipalTag/o}", "joe"]}}),
        ["kms:EncryptionContext:o is other than ${aws:PrincipalTag/o}"],
    ),
    (
        [],
        [
            allow(
                {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "kms:Decrypt",
                Condition={"StringEquals": {"kms:EncryptionContext:who": "${aws:username}"}},
            )
        ],
        [f"any other user of {OTHER} gains Decrypt when kms:EncryptionContext:who is ${{aws:us"],
    ),
]


@pytest.mark.parametrize(("before", "after", "words"), CHANGED)
def test_whoever_gains_or_loses_is_named_with_the_very_requests(
    before: list[dict[str, Any]], after: list[dict[str, Any]], words: list[str]
) -> None:
    found = diff(before, after)
    assert found.complete
    for each in words:
        assert any(each in sentence for sentence in found.sentences), found.sentences


def test_users_alone_fall_out_where_only_roles_are_spared() -> None:
    spared = {"StringNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}
    found = diff([], [deny(_ALL, Condition=spared)])
    assert not any("role" in name for change in found.changes for name in change.names)


def test_a_service_has_no_caller_account() -> None:
    """AWS's own policies for its managed keys: no service gains anything by them."""
    condition = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
    found = diff([], all_if(condition))
    assert [change.who for change in found.changes] == [f"any other principal of {ACCOUNT}"]


TEAM = "${aws:PrincipalTag/team}"
_PATH, _BUCKET = "kms:EncryptionContext:path", "kms:EncryptionContext:aws:s3:arn"
ABAC = [
    (
        [],
        all_if({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/{TEAM}-*"}}),
        [
            f"roles of {ACCOUNT} like arn:aws:iam::{ACCOUNT}:role/*-* gain Decrypt when"
            f" aws:PrincipalArn is like arn:aws:iam::{ACCOUNT}:role/{TEAM}-* ("
        ],
    ),
    (
        [],
        all_if({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}}),
        [f"users of {ACCOUNT} like arn:aws:iam::*:user/(own name)"],
    ),
    (
        [],
        all_if(
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:role/Admin"}}
        ),
        ["roles of another account like arn:aws:iam::(own account):role/Admin gain Decrypt ("],
    ),
    (
        [],
        all_if({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}),
        [f"any other principal of {ACCOUNT} gains Decrypt ("],
    ),
    # Whom `home/anna/*` concerns, the policy asks of the path and not of the user.
    (
        all_if({"StringLike": {_PATH: "home/${aws:username}/*"}}),
        [
            *all_if({"StringLike": {_PATH: "home/${aws:username}/*"}}),
            deny(_ALL, "kms:Decrypt", Condition={"StringLike": {_PATH: "home/anna/*"}}),
        ],
        [f"users of {ACCOUNT} named anna lose Decrypt when {_PATH} is like home/anna/* (by the"],
    ),
    (
        all_if({"StringLike": {_BUCKET: f"arn:aws:s3:::data/{TEAM}/*"}}),
        all_if({"StringLike": {_BUCKET: f"arn:aws:s3:::data/{TEAM}*"}}),
        [
            f"gains Decrypt when {_BUCKET} is like arn:aws:s3:::data/{TEAM}* and {_BUCKET} is not"
            f" like arn:aws:s3:::data/{TEAM}/* (if"
        ],
    ),
    (
        all_if({"StringEqualsIgnoreCase": {_PATH: TEAM}}),
        all_if({"StringEquals": {_PATH: TEAM}}),
        [f"loses Decrypt when {_PATH} is {TEAM} in upper or lower case and {_PATH} is other than"],
    ),
    (
        [],
        [
            allow(
                {"Service": "sns.amazonaws.com"},
                "kms:Decrypt",
                Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:${aws:SourceAccount}:*"}},
            )
        ],
        ["sns.amazonaws.com gains Decrypt when aws:SourceArn is like arn:aws:sns:*:${aws:Source"],
    ),
]


@pytest.mark.parametrize(("before", "after", "words"), ABAC)
def test_policy_variables_leave_nothing_open(
    before: list[dict[str, Any]], after: list[dict[str, Any]], words: list[str]
) -> None:
    found = diff(before, after)
    assert found.complete, found.left_open
    for each in words:
        assert any(each in sentence for sentence in found.sentences), found.sentences


def test_what_a_variable_stands_for_is_told_of_nobody_who_has_none() -> None:
    """A service has no ARN: it gains by the role's that is written beside the variable."""
    own = "${aws:PrincipalArn}"
    found = diff(
        all_if({"StringEquals": {"kms:EncryptionContext:owner": own}}),
        all_if({"StringEquals": {"kms:EncryptionContext:owner": [own, APP]}}),
    )
    assert found.complete
    assert all(f"kms:EncryptionContext:owner is {APP} (" in each for each in found.sentences)


def test_users_in_a_path_are_not_taken_for_those_whose_arn_ends_with_their_name() -> None:
    """The stand-in for them had a colon in its name, and so its own name where none is."""
    own = {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}}
    found = diff(all_if(own), [*all_if(own), allow(_ALL, "kms:Decrypt")])
    assert any(each.startswith("any principal of another account") for each in found.sentences)


def test_all_values_and_one_at_least_are_worked_out_together() -> None:
    """As AWS advises for ForAllValues ("Single-valued vs. multivalued context keys")."""
    every: dict[str, Any] = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["a", "b"]}}
    found = diff(app_if(every), app_if(every | {"Null": {"kms:EncryptionContextKeys": "false"}}))
    assert found.complete
    (loss,) = found.sentences
    assert loss.startswith("role/app loses Decrypt when kms:EncryptionContextKeys is absent (")


def test_a_pattern_that_is_no_arn_beside_a_variable_is_met_by_nothing() -> None:
    user = f"arn:aws:iam::{ACCOUNT}:user/{TEAM}"
    listed = all_if({"ArnLike": {"aws:PrincipalArn": ["*app*", user]}})
    assert diff(listed, all_if({"ArnLike": {"aws:PrincipalArn": user}})).sentences == (
        "Nobody gains or loses anything: the two policies mean the same.",
    )


@pytest.mark.parametrize(
    ("condition", "keys"),
    [
        # A role whose name ends in the number of its own account, whichever that is.
        (
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/svc-${aws:PrincipalAccount}"}},
            ("aws:PrincipalAccount", "aws:PrincipalArn"),
        ),
        # Of `aa`, both: a value may stand where it stands itself.
        ({"StringLike": {_PATH: [f"a{TEAM}*", f"{TEAM}a*"]}}, (_PATH,)),
    ],
)
def test_variables_that_cannot_be_worked_out_are_named(
    condition: dict[str, Any], keys: tuple[str, ...]
) -> None:
    found = diff([], all_if(condition))
    assert not found.complete
    assert found.open_keys == keys
    assert all(key in found.left_open for key in keys)


WHOLE_NUMBERS = [
    ({"NumericGreaterThan": {_WINDOW: "7"}}, {"NumericGreaterThanEquals": {_WINDOW: "8"}}),
    ({"NumericLessThan": {_WINDOW: "7.5"}}, {"NumericLessThanEquals": {_WINDOW: "7"}}),
]


@pytest.mark.parametrize(("before", "after"), WHOLE_NUMBERS)
def test_days_are_whole_numbers(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert not diff(app_if(before, _DELETE), app_if(after, _DELETE))


def test_hundreds_of_roles_of_other_accounts_are_told_together() -> None:
    roles = [f"arn:aws:iam::{100000000000 + n}:role/r{n}" for n in range(300)]
    (gain,) = diff([], [allow({"AWS": roles}, "kms:Decrypt")]).changes
    assert gain.who == "role/r0, role/r1, role/r2, role/r3, role/r4 and 295 more"


def test_what_cannot_be_tried_is_admitted_with_the_keys_it_hangs_on() -> None:
    """Which addresses a text pattern takes is not worked out."""
    before = app_if({"StringLike": {"aws:SourceIp": "10.*"}})
    after = app_if({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    found = diff(before, after)
    assert not found.complete
    assert found.open_keys == ("aws:SourceIp",)
    assert "Nobody gains or loses" not in " ".join(found.sentences)


@pytest.mark.parametrize("key", ["aws:PrincipalArn", "aws:PrincipalTag/t"])
@pytest.mark.parametrize("each_alone", [False, True])
def test_overlapping_patterns_of_one_kind_are_all_looked_at(key: str, each_alone: bool) -> None:
    """Twelve of them make 4,096 combinations, of which two count: old ones, and the one that goes.

    It was said that not every kind of caller could be tried.
    """

    def statements(likes: list[str]) -> list[dict[str, Any]]:
        lists = [[each] for each in likes] if each_alone else [likes]
        return [one for each in lists for one in all_if({"StringLike": {key: each}})]

    likes = [f"*x{n}y*" for n in range(40)]
    found = diff(statements(likes), statements(likes[:-1]))
    assert found.complete
    assert found.changes
    assert all("like *x39y*" in sentence for sentence in found.sentences), found.sentences


def test_what_may_change_either_way_is_not_said_to_be_as_it_was() -> None:
    def statements(end: str) -> list[dict[str, Any]]:
        return [
            each
            for n in range(20)
            for each in all_if({"StringLike": {"aws:PrincipalTag/t": f"*{n}{end}*"}})
        ]

    found = diff(statements(""), statements("x"))
    assert all(
        re.search(r" may gain or lose Decrypt: not every value of .* could be tried\.$", sentence)
        for sentence in found.sentences[:-1]
        if "may gain" in sentence
    )
    assert found.left_open.startswith("Not every value of aws:PrincipalTag/t")


@pytest.mark.parametrize("key", ["aws:PrincipalTag/team", "aws:FederatedProvider"])
def test_neither_services_nor_strangers_have_what_comes_with_users_and_roles(key: str) -> None:
    """Source: IAM User Guide, "AWS global condition context keys", availability of each."""
    found = diff([], all_if({"StringEquals": {key: "x"}}))
    kinds = {each.kind for change in found.changes for each in change.principals}
    assert PrincipalKind.ROLE in kinds
    assert not kinds & {PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS, PrincipalKind.ROOT}
    found = diff([], all_if({"Bool": {"aws:PrincipalIsAWSService": "false"}}))
    assert not any("without credentials" in sentence for sentence in found.sentences)


def test_one_statement_that_changes_among_many_is_looked_at_alone() -> None:
    """Twenty patterns of one tag have a million combinations; the change is about one of them."""

    def statements(first: str) -> list[dict[str, Any]]:
        nets = [first, *(f"10.{n}.0.0/16" for n in range(1, 20))]
        return [
            allow(
                _ALL,
                "kms:Decrypt",
                Condition={
                    "StringLike": {
                        f"kms:EncryptionContext:k{n}": "a*",
                        "aws:PrincipalTag/t": f"*{n}*",
                    },
                    "IpAddress": {"aws:SourceIp": net},
                },
            )
            for n, net in enumerate(nets)
        ]

    found = diff(statements("10.0.0.0/16"), statements("10.0.0.0/8"))
    assert found.complete
    gains = [change.sentence for change in found.changes]
    wider = "aws:SourceIp is in 10.0.0.0/8 but not in 10.0.0.0/16"
    assert all(" gain" in each and wider in each for each in gains), gains
    assert all("no other statement settles it" in each for each in gains)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalType": "AssumedRole"}},
        {"StringLike": {"aws:userid": "AROA*:*"}},
        {"StringLike": {"aws:PrincipalType": "A*"}},
    ],
)
def test_a_service_has_neither_the_type_nor_the_id_of_an_identity(
    condition: dict[str, Any],
) -> None:
    told = [change.who for change in diff([], all_if(condition)).changes]
    assert told
    assert not any("service" in who for who in told)


def test_all_to_whom_the_same_happens_stand_in_one_row() -> None:
    """Ten roles in ten statements were ten rows."""
    each = [allow({"AWS": f"{APP}{n}"}, "kms:Decrypt", Sid=f"S{n}") for n in range(10)]
    (change,) = diff([], each).changes
    assert change.sentence.startswith("role/app0, role/app1, role/app2, role/app3, role/app4")
    assert "and 5 more gain Decrypt" in change.sentence
    assert [statement.sid for statement in change.statements_after] == [f"S{n}" for n in range(10)]


def test_nobody_is_called_by_a_policy_variable() -> None:
    like = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"}}
    assert not any(
        "${" in name for change in diff([], all_if(like)).changes for name in change.names
    )
