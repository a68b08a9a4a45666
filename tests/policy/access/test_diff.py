"""Before a save a person sees who gains and who loses what: by meaning, never by text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmstui.policy.access import AccessDiff, Direction, access_diff
from kmstui.policy.access.terms import Access
from tests.policy.asking import ACCOUNT, ANNA, APP, KEY, OTHER, ROOT, S3, SESSION, STRANGER
from tests.policy.lockouts import allow, deny, policy_text, without

ROOT_STATEMENT = allow({"AWS": ROOT})
DEFAULT = policy_text(ROOT_STATEMENT)
INSIDE = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
OUTSIDE = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}


def diff(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> AccessDiff:
    return access_diff(policy_text(*before), policy_text(*after), KEY)


SAME = [
    ("a list of one", allow({"AWS": APP}), allow({"AWS": [APP]}, ["kms:*"])),
    ("case of actions", allow({"AWS": APP}, "kms:Decrypt"), allow({"AWS": APP}, "KMS:decrypt")),
    (
        "a pattern and its members",
        allow({"AWS": APP}, "kms:ReEncrypt*"),
        allow({"AWS": APP}, ["kms:ReEncryptTo", "kms:ReEncryptFrom"]),
    ),
    ("an account and its root ARN", allow({"AWS": ACCOUNT}), ROOT_STATEMENT),
    ("the key's ARN and the star", allow({"AWS": APP}), {**allow({"AWS": APP}), "Resource": KEY}),
    ("the two ways to write everybody", allow("*"), allow({"AWS": "*"})),
    (
        "a pattern without wildcards",
        allow({"AWS": APP}, Condition={"StringLike": {"aws:SourceVpce": "vpce-1"}}),
        allow({"AWS": APP}, Condition=INSIDE),
    ),
    (
        "a condition that always holds",
        allow({"AWS": APP}, Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}}),
        allow({"AWS": APP}),
    ),
    (
        "a condition that never holds",
        allow({"AWS": APP}, Condition={"StringEquals": {"kms:CallerAccount": OTHER}}),
        allow({"AWS": APP}, "kms:Nothing"),
    ),
    (
        "a statement that another one includes",
        allow({"AWS": APP}, "kms:Decrypt", Condition=INSIDE),
        allow({"AWS": APP}, "kms:Nothing"),
    ),
    (
        "a role named by its session's condition",
        allow({"AWS": APP}),
        allow({"AWS": APP}, Condition={"ArnLike": {"aws:PrincipalArn": APP}}),
    ),
    (
        "numbers written differently",
        allow({"AWS": APP}, Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}}),
        allow({"AWS": APP}, Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": 300.0}}),
    ),
    (
        "a value twice in other words",
        deny({"AWS": APP}, Condition=OUTSIDE),
        deny({"AWS": APP}, Condition={"StringNotLike": {"AWS:SourceVPCE": ["vpce-1", "vpce-1"]}}),
    ),
    (
        "names for people",
        allow({"AWS": APP}, Sid="One"),
        allow({"AWS": APP}, Sid="Two"),
    ),
]


@pytest.mark.parametrize(("before", "after"), [each[1:] for each in SAME], ids=[s[0] for s in SAME])
def test_policies_that_mean_the_same_differ_in_nothing(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    rest = [ROOT_STATEMENT]
    if before.get("Action") == "kms:Decrypt" and "Condition" in before:
        rest.append(allow({"AWS": APP}, "kms:De*"))
    found = diff([*rest, before], [after, *rest])
    assert not found, found.sentences
    assert found.sentences == ("Nobody gains or loses anything: the two policies mean the same.",)
    assert "service control policies" in found.not_considered


def test_two_halves_are_a_whole() -> None:
    """Inside the endpoint and outside of it together are everywhere."""
    halves = [allow({"AWS": APP}, Condition=INSIDE), allow({"AWS": APP}, Condition=OUTSIDE)]
    assert not diff([allow({"AWS": APP})], halves)


def test_layout_is_no_difference() -> None:
    statements = [ROOT_STATEMENT, deny({"AWS": APP}, Condition=OUTSIDE)]
    pretty = json.dumps({"Statement": statements[::-1], "Version": "2012-10-17"}, indent=8)
    assert not access_diff(policy_text(*statements), pretty, KEY)


def test_who_gains_what_under_which_condition() -> None:
    found = diff([ROOT_STATEMENT], [ROOT_STATEMENT, allow({"AWS": APP}, "kms:*", Condition=INSIDE)])
    (gain,) = found.changes
    assert (gain.who, gain.what) == ("role/app", "all actions")
    assert (gain.before, gain.after) == (Access.VIA_IAM, Access.DIRECT)
    assert gain.condition == "aws:SourceVpce is vpce-1"
    assert len(gain.statements_after) == 1 and not gain.statements_before


def test_a_dropped_condition_gains_only_what_it_kept_away() -> None:
    narrow = allow({"AWS": APP}, "kms:Decrypt", Condition=INSIDE)
    found = diff([narrow], [allow({"AWS": APP}, "kms:Decrypt")])
    (gain,) = found.changes
    assert gain.sentence == (
        "role/app gains Decrypt when aws:SourceVpce is absent or other than vpce-1"
        " (no access → by the key policy)."
    )


def test_opening_to_the_world_names_everybody_who_comes_in() -> None:
    found = diff([ROOT_STATEMENT], [ROOT_STATEMENT, allow("*", "kms:Decrypt")])
    gaining = {name for change in found.of(Direction.GAINS) for name in change.names}
    assert gaining >= {
        "anybody without credentials",
        "any principal of another account",
        f"any other principal of {ACCOUNT}",
        "any AWS service",
    }


def test_another_account_gains_no_more_than_kms_lets_it() -> None:
    found = diff([ROOT_STATEMENT], [ROOT_STATEMENT, allow({"AWS": STRANGER})])
    (gain,) = found.changes
    assert gain.who == "user/eve"
    assert "kms:Decrypt" in gain.actions and "kms:PutKeyPolicy" not in gain.actions
    assert gain.after is Access.VIA_IAM


def test_removing_the_root_statement() -> None:
    found = diff([ROOT_STATEMENT, allow({"AWS": APP})], [allow({"AWS": APP})])
    losing = {name for change in found.changes for name in change.names}
    assert losing == {f"root of {ACCOUNT}", f"any other principal of {ACCOUNT}"}
    assert {change.direction for change in found.changes} == {Direction.LOSES}


def test_a_deny_that_takes_access_from_grants_only() -> None:
    found = diff([allow({"AWS": ANNA})], [allow({"AWS": ANNA}), deny({"AWS": APP}, "kms:Decrypt")])
    (change,) = found.changes
    assert change.direction is Direction.DENIED
    assert change.sentence.startswith("role/app is now explicitly denied Decrypt")


def test_patterns_of_principals_have_a_stand_in() -> None:
    like = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/ci-*"}}
    found = diff([], [allow("*", "kms:Decrypt", Condition=like)])
    (gain,) = found.changes
    assert gain.who == f"roles of {ACCOUNT} like arn:aws:iam::{ACCOUNT}:role/ci-*"


def test_where_two_patterns_overlap_is_looked_at() -> None:
    ours = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/ci-*"}}
    admins = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*-admin"}}
    before = [allow("*", "kms:Decrypt", Condition=ours)]
    after = [*before, deny("*", "kms:Decrypt", Condition=admins)]
    losing = [name for c in diff(before, after).of(Direction.LOSES) for name in c.names]
    start = f"arn:aws:iam::{ACCOUNT}:role"
    assert losing == [f"roles of {ACCOUNT} like {start}/ci-* and like {start}/*-admin"]


def test_users_are_told_from_roles_where_the_policy_does() -> None:
    users = {"StringEquals": {"aws:PrincipalType": "User"}}
    found = diff([ROOT_STATEMENT], [ROOT_STATEMENT, allow("*", "kms:Decrypt", Condition=users)])
    gaining = {name for change in found.of(Direction.GAINS) for name in change.names}
    assert f"any other user of {ACCOUNT}" in gaining
    assert f"any other principal of {ACCOUNT}" not in gaining


def test_not_principal_that_lists_no_session_denies_the_role() -> None:
    spared = {**without(deny("*"), "Principal"), "NotPrincipal": {"AWS": [APP, ROOT]}}
    found = diff([allow({"AWS": [APP, SESSION]})], [allow({"AWS": [APP, SESSION]}), spared])
    losing = next(c for c in found.of(Direction.LOSES) if APP in {p.role_arn for p in c.principals})
    assert losing.condition == ""


def test_several_values_of_a_key() -> None:
    any_of = {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": ["App"]}}
    all_of = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["App"]}}
    found = diff(
        [allow({"AWS": APP}, "kms:Decrypt", Condition=any_of)],
        [allow({"AWS": APP}, "kms:Decrypt", Condition=all_of)],
    )
    assert {change.direction for change in found.changes} == {Direction.GAINS, Direction.LOSES}
    (loss,) = found.of(Direction.LOSES)
    assert loss.condition == (
        "one of kms:EncryptionContextKeys is other than App"
        " and one of kms:EncryptionContextKeys is App"
    )


def test_service_principals() -> None:
    source = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    found = diff(
        [allow({"Service": S3}, "kms:Decrypt", Condition=source)],
        [allow({"Service": S3}, "kms:Decrypt")],
    )
    (gain,) = found.changes
    assert gain.who == S3
    assert gain.condition == f"aws:SourceAccount is absent or other than {ACCOUNT}"


def test_many_conditions_are_compared_in_all_their_combinations() -> None:
    many = {"StringEquals": {f"aws:PrincipalTag/t{i}": ["a", "b", f"{i}"] for i in range(40)}}
    before = [allow({"AWS": APP}, "kms:Decrypt", Condition=many)]
    after = [allow({"AWS": APP}, "kms:Decrypt", Condition={"StringLike": many["StringEquals"]})]
    assert diff(before, after).sentences == (
        "Nobody gains or loses anything: the two policies mean the same.",
    )


def test_values_beyond_number_come_to_an_end() -> None:
    def many(prefix: str) -> list[dict[str, Any]]:
        return [
            allow("*", "kms:Decrypt", Condition={"StringLike": {"aws:SourceVpce": values}})
            for values in ([f"{prefix}{i}-{j}*" for j in range(100)] for i in range(20))
        ]

    found = diff(many("a"), many("b"))
    assert {change.direction for change in found.changes} >= {Direction.GAINS}
    assert not diff(many("a"), many("a")[::-1])


def test_common_conditions_do_not_blur_a_small_difference() -> None:
    common = [
        allow("*", "kms:Decrypt", Condition={"StringEquals": {f"aws:PrincipalTag/t{i}": "x"}})
        for i in range(40)
    ]
    found = diff(common, [*common, allow({"AWS": APP}, "kms:Decrypt", Condition=INSIDE)])
    (gain,) = found.changes
    assert gain.sentence.startswith(
        "role/app gains Decrypt when aws:SourceVpce is vpce-1 and no other statement settles it"
    )


def test_any_two_texts_can_be_compared() -> None:
    assert not access_diff("", "{", KEY)
    assert access_diff("", DEFAULT, KEY)
    assert access_diff(DEFAULT, DEFAULT, "no ARN").sentences
