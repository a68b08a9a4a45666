"""Policies that KMS may give back written differently are the same; anything else is not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.iam.equality import canonical, same_meaning


def policy(**elements: object) -> str:
    statement = {"Sid": "s", "Effect": "Allow", "Principal": "*", "Action": "kms:*"} | elements
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


SAME = [
    (policy(Action="kms:Encrypt"), policy(Action=["kms:Encrypt"])),
    (policy(Action="kms:Encrypt"), policy(Action="KMS:encrypt")),
    (policy(Action=["kms:A", "kms:B"]), policy(Action=["kms:B", "kms:A", "kms:a"])),
    (policy(Resource=["a", "b"]), policy(Resource=["b", "a"])),
    (policy(Principal="*"), policy(Principal={"AWS": ["*"]})),
    (
        policy(Principal={"AWS": "111122223333"}),
        policy(Principal={"AWS": "arn:aws:iam::111122223333:root"}),
    ),
    (
        policy(Principal={"AWS": ["a", "b"], "Service": "x"}),
        policy(Principal={"Service": ["x"], "AWS": ["b", "a"]}),
    ),
    (policy(Condition={}), policy()),
    (policy(Condition={"Bool": {}}), policy()),
    (
        policy(Condition={"Bool": {"aws:MultiFactorAuthPresent": True}}),
        policy(Condition={"Bool": {"AWS:multifactorauthpresent": ["true"]}}),
    ),
    (
        policy(Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}),
        policy(Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}),
    ),
    ('{"Statement": []}', '{"Version": "2008-10-17"}'),
    ('{"Statement": {"Effect": "Allow"}}', '{"Statement": [{"Effect": "Allow"}]}'),
    ('{"Statement": [{"Sid": "a"}, {"Sid": "b"}]}', '{"Statement": [{"Sid": "b"}, {"Sid": "a"}]}'),
    ('{"Id": "caf\\u00e9"}', '{ "Id" : "café" }'),
    ("not json", "not json"),
]

DIFFERENT = [
    (policy(Action="kms:*"), policy(Action="kms:Encrypt")),
    (policy(Effect="Allow"), policy(Effect="Deny")),
    (policy(Effect="Allow"), policy(Effect="allow")),
    (policy(Resource="A"), policy(Resource="a")),
    (policy(Action="kms:Encrypt"), policy(NotAction="kms:Encrypt")),
    (policy(Action=[]), policy()),
    (policy(Principal={"AWS": "*"}), policy(Principal={"Service": "*"})),
    (policy(Principal={"AWS": "arn:aws:iam::1:role/a"}), policy(Principal={"AWS": "AROAEXAMPLE"})),
    (
        policy(Condition={"StringEquals": {"kms:ViaService": "a"}}),
        policy(Condition={"StringLike": {"kms:ViaService": "a"}}),
    ),
    (
        policy(Condition={"StringEquals": {"kms:ViaService": "a"}}),
        policy(Condition={"StringEquals": {"kms:ViaService": ["a", "b"]}}),
    ),
    ('{"Version": "2012-10-17"}', '{"Version": "2008-10-17"}'),
    ('{"Statement": [{"Sid": "a"}, {"Sid": "a"}]}', '{"Statement": [{"Sid": "a"}]}'),
    ('{"Id": 1}', '{"Id": true}'),
    ('{"Id": 1}', '{"Id": "1"}'),
    ('{"Id": [1, 2]}', '{"Id": [2, 1]}'),
    ("not json", "not json "),
    ("{}", "not json"),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_the_same_written_differently_is_the_same(a: str, b: str) -> None:
    assert same_meaning(a, b)
    assert same_meaning(b, a)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_what_may_have_another_effect_is_different(a: str, b: str) -> None:
    assert not same_meaning(a, b)
    assert not same_meaning(b, a)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{} {}",
        '{"a": NaN}',
        '{"Effect": "Allow", "Effect": "Deny"}',
        "[" * 100_000 + "]" * 100_000,
        '{"Statement":' * 20_000 + "1" + "}" * 20_000,
    ],
)
def test_what_is_no_json_has_no_meaning(text: str) -> None:
    with pytest.raises(ValueError):
        canonical(text)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
names = st.sampled_from(
    ["Sid", "Effect", "Action", "NotAction", "Resource", "Principal", "Condition", "Other"]
)
documents = st.fixed_dictionaries(
    {"Statement": st.lists(st.dictionaries(names, values, max_size=5) | values, max_size=4)},
    optional={"Version": values, "Id": values},
)


@settings(max_examples=60)
@given(documents, st.randoms(use_true_random=False))
def test_any_document_is_the_same_as_itself_in_another_order(document, dice) -> None:
    members = list(document.items())
    dice.shuffle(members)
    shuffled = dict(members)
    shuffled["Statement"] = [
        dict(dice.sample(list(each.items()), len(each))) if isinstance(each, dict) else each
        for each in dice.sample(document["Statement"], len(document["Statement"]))
    ]
    assert same_meaning(json.dumps(document), json.dumps(shuffled, indent=3, ensure_ascii=False))


@settings(max_examples=60)
@given(values, values)
def test_same_meaning_never_fails(a: object, b: object) -> None:
    assert same_meaning(json.dumps(a), json.dumps(a))
    assert same_meaning(json.dumps(a), json.dumps(b)) in (True, False)
