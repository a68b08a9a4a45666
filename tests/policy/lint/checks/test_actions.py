"""KMS2xx: actions that are unknown, do nothing, or are said twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kmstui.policy.lint.core import Severity
from kmstui.policy.lint.linter import lint
from tests.policy.rule_cases import (
    ACCOUNT,
    KEY,
    ROLE,
    Case,
    check,
    check_fixes,
    policy,
    statement,
    unmark,
)

_SIGNING = replace(KEY, usage="SIGN_VERIFY", spec="RSA_2048")
_RSA = replace(KEY, usage="ENCRYPT_DECRYPT", spec="RSA_4096")
_HMAC = replace(KEY, usage="GENERATE_VERIFY_MAC", spec="HMAC_256")
_ML_KEM = replace(KEY, usage="ENCAPSULATE_DECAPSULATE", spec="ML_KEM_768")
_OTHER = "arn:aws:iam::777788889999:role/theirs"
_WARNING, _ERROR = Severity.WARNING, Severity.ERROR


def _action(*actions: str, **changes: object) -> str:
    return policy(statement(Action=list(actions), **changes))


CASES = (
    Case("KMS201", _action("⟦kms:Decrpyt⟧"), severity=_WARNING, fixable=True, note="typo"),
    Case("KMS201", _action("⟦kms:Frobnicate⟧"), severity=_WARNING, fixable=False, note="unknown"),
    Case("KMS201", _action("⟦kms:Decrypt ⟧"), fixable=True, note="stray space"),
    Case("KMS201", _action("⟦Decrypt⟧"), severity=_ERROR, fixable=True, note="no prefix"),
    Case("KMS201", _action("⟦Frobnicate⟧"), severity=_ERROR, fixable=False, note="no prefix"),
    Case("KMS201", _action("⟦kmss:Decrypt⟧"), fixable=True, note="prefix misspelled"),
    Case("KMS201", policy(statement(Action="⟦kms:GenrateDataKey⟧")), fixable=True, note="alone"),
    Case(
        "KMS201",
        policy(statement(Effect="Deny", Action=None, NotAction=["⟦kms:Decrpyt⟧"])),
        note="NotAction",
    ),
    Case(
        "KMS201",
        _action("KMS:decrypt", "kms:Encrypt*", "kms:EncapsulatE", "kms:SynchronizeMultiRegionKey"),
        note="near: any case, patterns, new ones",
    ),
    Case("KMS201", _action("*"), note="near: everything"),
    Case("KMS202", _action("⟦kms:ReEncrypt⟧"), fixable=True),
    Case("KMS202", _action("⟦kms:reencrypt⟧", "kms:ReEncryptFrom"), fixable=True, note="any case"),
    Case("KMS202", _action("kms:ReEncrypt*"), note="near: the pattern"),
    Case("KMS203", _action("⟦s3:GetObject⟧", "kms:Decrypt"), fixable=True),
    Case("KMS203", _action("⟦s3:*⟧", "kms:Decrypt"), note="pattern"),
    Case("KMS203", policy(statement(Action="⟦s3:GetObject⟧")), fixable=True, note="alone"),
    Case("KMS203", _action("*", "kms:*"), note="near"),
    Case("KMS204", _action("⟦kms:Decypt*⟧"), severity=_WARNING, fixable=False),
    Case("KMS204", _action("⟦kms:??⟧"), note="marks"),
    Case("KMS204", _action("kms:*crypt*", "kms:Dec?ypt", "k*"), note="near"),
    Case("KMS205", _action("⟦kms:CreateKey⟧", "kms:Decrypt"), severity=Severity.INFO, fixable=True),
    Case("KMS205", _action("⟦kms:*CustomKeyStore*⟧", "kms:Decrypt"), note="pattern of them only"),
    Case("KMS205", _action("kms:Create*", "kms:List*", "kms:CreateAlias"), note="near: mixed"),
    Case("KMS206", _action("kms:DescribeKey", "⟦kms:Sign⟧"), KEY, fixable=True, note="symmetric"),
    Case("KMS206", _action("⟦kms:GetPublicKey⟧", "kms:Decrypt"), KEY, note="no public key"),
    Case("KMS206", _action("⟦kms:Decrypt⟧", "kms:Sign"), _SIGNING, note="signing key"),
    Case("KMS206", _action("⟦kms:GenerateDataKey*⟧", "kms:Decrypt"), _RSA, note="RSA"),
    Case("KMS206", _action("⟦kms:GetPublicKey⟧", "kms:GenerateMac"), _HMAC, note="HMAC"),
    Case("KMS206", _action("⟦kms:DeriveSharedSecret⟧", "kms:Encapsulate"), _ML_KEM, note="ML-KEM"),
    Case("KMS206", _action("kms:Sign", "kms:GetPublicKey"), note="near: key unknown"),
    Case("KMS206", _action("kms:*", "kms:Get*", "kms:Generate*"), KEY, note="near: mixed patterns"),
    Case("KMS206", _action("kms:Sign", Effect="Deny"), KEY, note="near: denied"),
    Case("KMS206", _action("kms:Encrypt", "kms:GetPublicKey"), _RSA, note="near: both work"),
    Case(
        "KMS207",
        _action("kms:Decrypt", "⟦kms:PutKeyPolicy⟧", Principal={"AWS": _OTHER}),
        KEY,
        fixable=True,
    ),
    Case(
        "KMS207",
        _action("⟦kms:TagResource⟧", Principal={"AWS": ["777788889999", _OTHER]}),
        KEY,
        note="account and role",
    ),
    Case(
        "KMS207",
        _action("kms:PutKeyPolicy", Principal={"AWS": [_OTHER, ROLE]}),
        KEY,
        note="near: one of this account too",
    ),
    Case("KMS207", _action("kms:PutKeyPolicy", Principal={"AWS": ACCOUNT}), KEY, note="near: own"),
    Case(
        "KMS207",
        _action("kms:*", "kms:RetireGrant", "kms:Re*", Principal={"AWS": _OTHER}),
        KEY,
        note="near: some of them work",
    ),
    Case("KMS207", _action("kms:PutKeyPolicy", Principal={"AWS": _OTHER}), note="near: no key"),
    Case("KMS207", _action("kms:PutKeyPolicy", Principal="*"), KEY, note="near: everybody"),
    Case("KMS208", _action("kms:Encrypt", "⟦kms:encrypt⟧"), severity=Severity.INFO, fixable=True),
    Case("KMS208", _action("⟦kms:GenerateDataKey⟧", "kms:GenerateDataKey*"), note="pattern"),
    Case("KMS208", _action("⟦kms:Decrypt⟧", "kms:*", "⟦kms:Get*⟧"), note="everything"),
    Case("KMS208", _action("kms:Encrypt*", "kms:*Decrypt", "kms:ReEncrypt*"), note="near"),
    Case(
        "KMS208", _action("⟦kms:Sign⟧", "kms:Sig*"), note="the pattern stays: AWS may add an action"
    ),
    Case("KMS208", _action("⟦kms:Sign*⟧", "kms:Sig*"), note="narrower first"),
    Case("KMS208", _action("⟦kms:Verif?⟧", "kms:Veri*"), note="one letter of any"),
    Case(
        "KMS208",
        policy(statement(Action="kms:Decrypt"), statement(Sid="b", Action="kms:Decrypt")),
        note="near: another statement's",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_found_where_it_is(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fixes_remove_what_they_are_for(case: Case) -> None:
    assert check_fixes(unmark(case.text)[0], case.key) or not case.fixable


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("kms:GetKeyPolicy", "kms:GetKeyPolicy", "kms:GetKeyPolicy is listed twice"),
        ("kms:Decrypt", "kms:decrypt", "kms:decrypt is listed twice, once as kms:Decrypt"),
        ("kms:Get*", "kms:GetKeyPolicy", "kms:GetKeyPolicy is covered by kms:Get*"),
    ],
)
def test_what_is_listed_twice_is_not_said_to_cover_itself(
    first: str, second: str, words: str
) -> None:
    (finding,) = (each for each in lint(_action(first, second)) if each.rule == "KMS208")
    assert finding.message == words


@pytest.mark.parametrize(
    ("usage", "spec"),
    [("DERIVE", "SYMMETRIC_DEFAULT"), ("SIGN_VERIFY", "FALCON_512"), ("", "FALCON_512")],
)
def test_a_key_of_a_usage_or_spec_that_is_newer_may_be_able_to_do_anything(
    usage: str, spec: str
) -> None:
    key = replace(KEY, usage=usage, spec=spec)
    actions = ("kms:Decrypt", "kms:GenerateDataKey", "kms:GetPublicKey", "kms:Sign")
    assert "KMS206" not in {each.rule for each in lint(_action(*actions), key)}
