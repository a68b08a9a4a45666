"""The vocabulary: complete, in step with botocore, and quick to have."""

from __future__ import annotations

import subprocess
import sys

import pytest
from botocore.model import StringShape
from botocore.session import get_session

from kmstui.policy.iam.vocabulary import Knowledge, botocore_model, did_you_mean, knowledge


@pytest.fixture(scope="module")
def known() -> Knowledge:
    return knowledge()


def test_every_operation_of_the_installed_botocore_is_an_action(known: Knowledge) -> None:
    model = get_session().get_service_model("kms")
    assert frozenset(botocore_model()["operations"]) == frozenset(model.operation_names)
    for name in set(model.operation_names) - {"ReEncrypt"}:
        found = known.action(f"kms:{name}")
        assert found is not None and found.name == f"kms:{name}"


def test_the_generated_file_agrees_with_botocore(known: Knowledge) -> None:
    operations = {f"kms:{name}".lower() for name in botocore_model()["operations"]}
    permissions = {"kms:reencryptfrom", "kms:reencryptto", "kms:synchronizemultiregionkey"}
    assert operations - set(known.actions) == {"kms:reencrypt"}
    assert set(known.actions) - operations == permissions


@pytest.mark.parametrize(
    ("condition_key", "shape"),
    [
        ("kms:KeySpec", "KeySpec"),
        ("kms:KeyUsage", "KeyUsageType"),
        ("kms:KeyOrigin", "OriginType"),
        ("kms:GrantOperations", "GrantOperation"),
        ("kms:SigningAlgorithm", "SigningAlgorithmSpec"),
        ("kms:EncryptionAlgorithm", "EncryptionAlgorithmSpec"),
        ("kms:WrappingAlgorithm", "AlgorithmSpec"),
    ],
)
def test_enumerations_agree_with_botocore(known: Knowledge, condition_key: str, shape: str) -> None:
    info = known.condition_key(condition_key)
    model = get_session().get_service_model("kms")
    assert info is not None
    described = model.shape_for(shape)
    assert isinstance(described, StringShape)
    assert list(info.values) == described.enum


def test_facts_that_rules_lean_on(known: Knowledge) -> None:
    across = {info.name for info in known.actions.values() if info.cross_account}
    assert {"kms:Decrypt", "kms:DescribeKey", "kms:CreateGrant", "kms:Decapsulate"} <= across
    assert across.isdisjoint({"kms:PutKeyPolicy", "kms:TagResource", "kms:ScheduleKeyDeletion"})
    iam_only = {info.name for info in known.actions.values() if info.iam_only}
    assert {"kms:CreateKey", "kms:ListKeys", "kms:ListAliases", "kms:GenerateRandom"} <= iam_only
    assert iam_only.isdisjoint({"kms:CreateAlias", "kms:Decrypt", "kms:RetireGrant"})
    sign = known.action("kms:Sign")
    assert sign is not None and sign.usages == {"SIGN_VERIFY"}
    keys = known.condition_key("kms:EncryptionContextKeys")
    assert keys is not None and keys.multivalued


def test_condition_keys_with_a_name_in_them(known: Knowledge) -> None:
    context = known.condition_key("KMS:encryptioncontext:aws:s3:arn")
    assert context is not None and context.name == "kms:EncryptionContext:"
    tag = known.condition_key("aws:PrincipalTag/team")
    assert tag is not None and tag.name == "aws:PrincipalTag/"
    for name in ("kms:EncryptionContext:", "kms:EncryptionContext", "aws:PrincipalTag/", "", ":"):
        assert known.condition_key(name) is None


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("KMS:decrypt", ["kms:Decrypt"]),
        ("kms:ReEncrypt*", ["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
        ("kms:?ecrypt", ["kms:Decrypt"]),
        ("kms:ReEncrypt", []),
        ("s3:*", []),
        ("", []),
    ],
)
def test_patterns_are_expanded(known: Knowledge, pattern: str, names: list[str]) -> None:
    assert list(known.expand(pattern)) == names


def test_stars_match_everything(known: Knowledge) -> None:
    assert len(known.expand("*")) == len(known.expand("kms:*")) == len(known.actions)


def test_no_pattern_is_slow_to_fail(known: Knowledge) -> None:
    assert known.expand("kms:" + "*e" * 2_000) == ()


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("kms:Decrpyt", "kms:Decrypt"),
        ("kms:DECRYPTT", "kms:Decrypt"),
        ("kms:GenerateData", "kms:GenerateDataKey"),
        ("kms:Frobnicate", None),
        ("", None),
        ("x" * 100_000, None),
    ],
)
def test_suggestions(known: Knowledge, word: str, meant: str | None) -> None:
    assert did_you_mean(word, [info.name for info in known.actions.values()]) == meant


def test_a_good_policy_reads_no_file_of_botocore() -> None:
    script = """
import sys, io, builtins, pathlib
from kmstui.policy.lint.linter import lint
from tests.policy.documented import DOCUMENTED
def refuse(*_):
    raise AssertionError("botocore's data was read")
pathlib.Path.read_bytes = refuse
for documented in DOCUMENTED:
    lint(documented.text)
assert "botocore" not in sys.modules and "boto3" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
