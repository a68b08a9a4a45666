"""A person types a policy and is offered what KMS knows, there where it belongs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.authoring.completion import CompletionContext, complete
from kmstui.policy.iam.vocabulary import knowledge

ROOT = "arn:aws:iam::111122223333:root"
CONTEXT = CompletionContext(
    endpoints=(("vpce-0a1b2c3d", "vpc-0d3c2b1a"),),
    root=ROOT,
    caller="arn:aws:iam::111122223333:role/Admin",
    roles=("arn:aws:iam::111122223333:role/App",),
    principals=("arn:aws:iam::444455556666:root",),
    encryption_contexts={"project": ("kmsworkshop", "other")},
    region="eu-west-1",
)


def offered(marked: str) -> list[str]:
    """What is offered at the `|` of a text."""
    at = marked.index("|")
    found = complete(marked.replace("|", "", 1), at, knowledge(), CONTEXT)
    return [item.label for item in found.items]


def taken(marked: str, label: str) -> str:
    """The text after taking one of the offers at its `|`."""
    at = marked.index("|")
    text = marked.replace("|", "", 1)
    found = complete(text, at, knowledge(), CONTEXT)
    item = next(item for item in found.items if item.label == label)
    return text[: found.start] + item.insert + text[found.end :]


def statement(inside: str) -> str:
    return '{"Version": "2012-10-17", "Statement": [{' + inside + "}]}"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("{|", "Version"),
        ('{"Version": "|', "2012-10-17"),
        ('{"Statement": [{|', "Sid"),
        ('{"Statement": {|', "Sid"),
        (statement('"Effect": |'), "Allow"),
        (statement('"Effect": "d|"'), "Deny"),
        (statement('"Principal": |'), "*"),
        (statement('"Principal": {|'), "AWS"),
        (statement('"Principal": {"AWS": "|"'), ROOT),
        (statement('"Principal": {"AWS": ["x", "|"'), ROOT),
        (statement('"Principal": {"Service": "lambda.|"'), "lambda.amazonaws.com"),
        (statement('"Action": "decr|"'), "kms:Decrypt"),
        (statement('"Action": ["kms:Encrypt", "kms:gen|"'), "kms:GenerateDataKey*"),
        (statement('"Resource": "|"'), "*"),
        (statement('"Condition": {"arnl|"'), "ArnLike"),
        (statement('"Condition": {"ForAnyValue:stringl|"'), "ForAnyValue:StringLike"),
        (statement('"Condition": {"Bool": {"aws:multi|"'), "aws:MultiFactorAuthPresent"),
        (statement('"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "|"'), "true"),
        (statement('"Condition": {"Null": {"aws:SourceVpce": "|"'), "true"),
        (
            statement('"Condition": {"StringEquals": {"kms:ViaService": ["s3.|"'),
            "s3.eu-west-1.amazonaws.com",
        ),
        (statement('"Condition": {"StringEquals": {"aws:SourceVpce": "|"'), "vpce-0a1b2c3d"),
        (statement('"Condition": {"StringEquals": {"aws:SourceVpc": "|"'), "vpc-0d3c2b1a"),
        (statement('"Condition": {"StringEquals": {"kms:CallerAccount": "|"'), "111122223333"),
        (
            statement('"Condition": {"StringEquals": {"kms:EncryptionContext:Project": "|"'),
            "kmsworkshop",
        ),
        (statement('"Condition": {"StringEquals": {"kms:KeyUsage": "enc|"'), "ENCRYPT_DECRYPT"),
    ],
)
def test_the_first_offer_fits_its_place(text, first):
    assert offered(text)[0] == first


@pytest.mark.parametrize(
    ("usage", "spec", "typed", "first"),
    [
        ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "kms:Dec", "kms:Decrypt"),
        ("KEY_AGREEMENT", "ECC_NIST_P256", "kms:De", "kms:DescribeKey"),
        ("GENERATE_VERIFY_MAC", "HMAC_256", "kms:Ge", "kms:GenerateMac"),
        ("SIGN_VERIFY", "RSA_2048", "kms:", "kms:*"),
        ("SIGN_VERIFY", "RSA_2048", "kms:Re", "kms:RevokeGrant"),
        ("", "", "kms:Dec", "kms:Decrypt"),
    ],
)
def test_what_the_key_can_do_is_offered_first(usage, spec, typed, first):
    text = f'{{"Statement": [{{"Action": "{typed}'
    context = replace(CONTEXT, usage=usage, spec=spec)
    assert complete(text, len(text), knowledge(), context).items[0].label == first


def test_what_policies_mostly_say_is_offered_first():
    conditions = statement('"Action": "kms:*", "Condition": {"StringEquals": {"%s|')
    assert offered(conditions % "aws:SourceV")[0] == "aws:SourceVpce"
    assert offered(conditions % "kms:")[:2] == ["kms:ViaService", "kms:CallerAccount"]


def test_it_works_while_the_rest_is_half_written():
    broken = (
        '{"Statement": [\n{"Sid": "a" "Effect" {\n  "Principal": {"AWS": "x\n},\n'
        '{\n  "Effect": "Allow",\n  "Action": [\n    "kms:Encrypt",\n    "kms:desc|\n'
    )
    assert offered(broken)[0] == "kms:DescribeKey"


def test_taking_an_offer_replaces_the_word_and_its_quotes():
    assert taken(statement('"Action": "kms:De|xx", "Resource": "*"'), "kms:Decrypt") == statement(
        '"Action": "kms:Decrypt", "Resource": "*"'
    )
    assert taken('{\n  "Action": [\n    "kms:De|\n  ]', "kms:Decrypt") == (
        '{\n  "Action": [\n    "kms:Decrypt"\n  ]'
    )
    assert taken(statement("Eff|"), "Effect") == statement('"Effect": ')
    assert taken(statement('"Eff|": "Allow"'), "Effect") == statement('"Effect": "Allow"')


def test_elements_that_are_there_are_not_offered_again():
    labels = offered(statement('"Effect": "Allow", "|", "Action": "kms:*"'))
    assert "Effect" not in labels
    assert "Action" not in labels
    assert "Resource" in labels


def test_an_action_says_its_access_level_and_what_it_does():
    found = complete('{"Statement":[{"Action":"kms:putk', 33, knowledge(), CONTEXT)
    assert found.items[0].label == "kms:PutKeyPolicy"
    assert found.items[0].detail.startswith("Permissions management · ")


def test_condition_keys_say_which_of_the_statements_actions_carry_them():
    text = statement(
        '"Action": ["kms:Decrypt", "kms:CreateGrant"], "Condition": {"StringEquals": {"kms:g|"}}'
    )
    at = text.index("|")
    found = complete(text.replace("|", ""), at, knowledge(), CONTEXT)
    details = {item.label: item.detail for item in found.items}
    assert details["kms:GranteePrincipal"].endswith("carried by CreateGrant")


def test_keys_of_the_operators_type_come_first():
    keys = offered(statement('"Condition": {"Bool": {"|'))
    types = [info.type if (info := knowledge().condition_key(key)) else "" for key in keys]
    assert types[0] == "Bool"
    assert "Bool" not in types[types.index("String") :]


def test_names_of_encryption_contexts_come_from_what_was_seen():
    labels = offered(statement('"Condition": {"StringEquals": {"kms:EncryptionContext:|"'))
    assert labels[0] == "kms:EncryptionContext:project"


@given(
    st.text(alphabet='{}[],:"\\ \n\tkms:DeStatmnAcioPrplCdEf|', max_size=120), st.integers(0, 120)
)
@settings(max_examples=200)
def test_any_text_and_place_will_do(text, at):
    found = complete(text, at, knowledge(), CONTEXT)
    place = min(at, len(text))
    assert found.start <= place <= found.end <= len(text)
    assert "\n" not in text[found.start : found.end]


def test_time_is_linear_in_the_text():
    line = '{"Sid": "x", "Action": ["kms:Decrypt"], "Condition": {"Bool": {"a": "b"}}},\n'
    for text in (line * 3000, line.replace("\n", "") * 3000, "[" * 200_000, '"' * 200_000):
        begun = '{"Action": ["kms:'
        found = complete(text + begun, len(text) + len(begun), knowledge(), CONTEXT)
        assert found.start == len(text) + begun.index('"kms:')
        assert "kms:Decrypt" in [item.label for item in found.items]
