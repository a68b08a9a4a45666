"""PutKeyPolicy refuses what KMS refuses, in its words, and takes what KMS takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.control import ControlledKms
from tests.embedded import client

ACCOUNT = "418259630147"
ROOT = {
    "Sid": "Enable IAM User Permissions",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
INSTANCE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/KMSWorkshop-InstanceInitRole"
LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."
INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."


def _policy(*statements: Any, **members: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **members})


def _also(**changes: Any) -> str:
    """The root statement and one more, which the test spoils."""
    statement = {**ROOT, "Sid": "another", **changes}
    return _policy(ROOT, {name: value for name, value in statement.items() if value is not None})


@pytest.fixture
def put(kms: Any, key_id: Callable[[str], str]) -> Callable[..., Any]:
    key = key_id("ImportedCMK")
    return lambda Policy, **more: kms.put_key_policy(KeyId=key, Policy=Policy, **more)  # noqa: N803


GRAMMAR = {
    "not JSON": "not json",
    "trailing comma": '{"Version":"2012-10-17","Statement":[],}',
    "text after the document": _policy(ROOT) + "}",
    "NaN": '{"Version":"2012-10-17","Statement":NaN}',
    "duplicate member": '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
    "a list": "[]",
    "no statement": '{"Version":"2012-10-17"}',
    "unknown element": _policy(ROOT, Extra=1),
    "unknown version": _policy(ROOT, Version="2020-01-01"),
    "effect in lower case": _also(Effect="allow"),
    "no effect": _also(Effect=None),
    "no principal": _also(Principal=None),
    "principal and its negation": _also(NotPrincipal={"AWS": "*"}),
    "action and its negation": _also(NotAction="kms:Encrypt"),
    "action without prefix": _also(Action="Encrypt"),
    "action of the wrong type": _also(Action=1),
    "unknown principal type": _also(Principal={"Aws": "*"}),
    "empty principal": _also(Principal={}),
    "unknown operator": _also(Condition={"StringEqual": {"aws:userid": "x"}}),
    "null with IfExists": _also(Condition={"NullIfExists": {"aws:userid": "true"}}),
    "bad boolean": _also(Condition={"Bool": {"aws:SecureTransport": "yes"}}),
    "bad network": _also(Condition={"IpAddress": {"aws:SourceIp": "300.1.1.1"}}),
    "space in a condition key": _also(
        Condition={"NumericLessThan": {"aws: MultiFactorAuthAge": "300"}}
    ),
    "unknown aws condition key": _also(Condition={"StringEquals": {"aws:SourceVpcEndpoint": "x"}}),
    "null as a value": _also(Condition={"StringEquals": {"aws:userid": None}}),
    "sid of the wrong type": _also(Sid=7),
}


@pytest.mark.parametrize("text", GRAMMAR.values(), ids=GRAMMAR.keys())
def test_bad_grammar_is_malformed(put: Any, refused: Any, text: str) -> None:
    code, message = refused(put, Policy=text)
    assert code == "MalformedPolicyDocumentException"
    assert "not syntactically or semantically correct" in message


@pytest.mark.parametrize("missing", ["Action", "Resource"])
def test_a_statement_without_action_or_resource_is_stored_and_has_no_effect(
    put: Any, kms: Any, key_id: Callable[[str], str], missing: str
) -> None:
    deny = _also(Effect="Deny", Principal={"AWS": "*"}, **{missing: None})
    put(Policy=deny)
    stored = kms.get_key_policy(KeyId=key_id("ImportedCMK"))["Policy"]
    assert missing not in json.loads(stored)["Statement"][1]


PRINCIPALS = {
    "role that does not exist": f"arn:aws:iam::{ACCOUNT}:role/Nobody",
    "role with another path": f"arn:aws:iam::{ACCOUNT}:role/payroll-service",
    "user that does not exist": f"arn:aws:iam::{ACCOUNT}:user/nobody",
    "unique ID of a deleted role": "AROAWC4ZJ7Q5T2VXK3PLM",
    "unique ID of a deleted user": "AIDACKCEVSQ6C2EXAMPLE",
    "partial wildcard": f"arn:aws:iam::{ACCOUNT}:role/*",
    "group": f"arn:aws:iam::{ACCOUNT}:group/kms-readers",
    "placeholder": "arn:aws:iam::your-acount-id:root",
    "session of a role that does not exist": f"arn:aws:sts::{ACCOUNT}:assumed-role/Nobody/s",
}


@pytest.mark.parametrize("name", PRINCIPALS.values(), ids=PRINCIPALS.keys())
def test_principals_must_exist(put: Any, refused: Any, name: str) -> None:
    answer = refused(put, Policy=_also(Principal={"AWS": [name]}))
    assert answer == ("MalformedPolicyDocumentException", INVALID_PRINCIPALS)


@pytest.mark.parametrize("name", ["*.amazonaws.com", "s3.amazon.com", "sqs.amazonaws.com.cn"])
def test_a_service_principal_of_no_form_or_of_elsewhere_is_refused(
    put: Any, refused: Any, name: str
) -> None:
    text = _also(Principal={"Service": name})
    assert refused(put, Policy=text)[1] == INVALID_PRINCIPALS


@pytest.mark.parametrize(
    "key", ["aws:ResourceTag/team", "kms:ResourceTag/a", "KMS:resourcealiases"]
)
def test_conditions_on_the_key_s_own_tags_and_aliases_are_refused(
    put: Any, refused: Any, key: str
) -> None:
    code, message = refused(put, Policy=_also(Condition={"StringEquals": {key: "red"}}))
    assert code == "MalformedPolicyDocumentException"
    assert message.startswith("These condition keys are not permitted in a key policy: aws:Res")


def test_a_stored_dead_principal_blocks_every_later_save(
    admin: Any, key_id: Any, refused: Any
) -> None:
    key = key_id("legacy/reports")
    stored = admin.get_key_policy(KeyId=key)["Policy"]
    assert "AROA" in stored
    assert refused(admin.put_key_policy, KeyId=key, Policy=stored)[1] == INVALID_PRINCIPALS


ACCEPTED = {
    "the default policy": _policy(ROOT),
    "a lone statement": json.dumps({"Version": "2012-10-17", "Statement": ROOT}),
    "no version": json.dumps({"Statement": [ROOT]}),
    "role": _also(Principal={"AWS": INSTANCE_ROLE}),
    "role with its path": _also(
        Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/hr/payroll-service"}
    ),
    "bare account": _also(Principal={"AWS": "111122223333"}),
    "everybody": _also(Principal="*", Action="kms:DescribeKey"),
    "service": _also(Principal={"Service": "logs.eu-west-1.amazonaws.com"}),
    "same Sid twice": _policy(ROOT, ROOT),
    "unknown kms action": _also(Action="kms:Encypt"),
    "another service's action": _also(Action="s3:GetObject"),
    "unknown kms condition key": _also(
        Condition={"StringEquals": {"kms:EncryptionContextKey": "x"}}
    ),
    "Deny for everybody else's endpoint": _also(
        Effect="Deny",
        Principal={"AWS": INSTANCE_ROLE},
        Action="kms:Decrypt",
        Condition={"StringNotEquals": {"aws:sourceVpce": "vpce-1xxxxxxxx1"}},
    ),
    "Latin-1 text": _also(Sid="Schlüssel für alle"),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_is_merely_unwise_is_stored_as_put(put: Any, kms: Any, key_id: Any, text: str) -> None:
    put(Policy=text)
    assert kms.get_key_policy(KeyId=key_id("ImportedCMK"))["Policy"] == text


def test_size_is_limited_to_32_kilobytes(put: Any, refused: Any) -> None:
    fitting = _policy(ROOT, Id="x" * (32_768 - len(_policy(ROOT, Id=""))))
    assert len(fitting) == 32_768
    put(Policy=fitting)
    code, message = refused(put, Policy=fitting.replace("x", "xx", 1))
    assert code == "LimitExceededException"
    assert "32768 bytes" in message


@pytest.mark.parametrize("character", ["\u2019", "\u202e", "鍵", "\x1b"])
def test_characters_outside_latin_1_are_refused(put: Any, refused: Any, character: str) -> None:
    text = json.dumps(json.loads(_policy(ROOT, Id=f"a{character}b")), ensure_ascii=False)
    if character == "\x1b":
        text = _policy(ROOT, Id="a") + character
    code, message = refused(put, Policy=text)
    assert code == "ValidationException"
    assert r"[\u0009\u000A\u000D\u0020-\u00FF]+" in message


LOCK_OUTS = {
    "another role only": _policy(
        {**ROOT, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/orders-api"}}
    ),
    "reading only": _policy({**ROOT, "Action": ["kms:Get*", "kms:List*", "kms:Describe*"]}),
    "another account": _policy({**ROOT, "Principal": {"AWS": "arn:aws:iam::290417736502:root"}}),
    "denied to the account": _policy(ROOT, {**ROOT, "Effect": "Deny", "Action": "kms:Put*"}),
    "denied to everybody": _policy(ROOT, {**ROOT, "Effect": "Deny", "Principal": "*"}),
    "denied to this role": _policy(
        ROOT, {**ROOT, "Effect": "Deny", "Principal": {"AWS": INSTANCE_ROLE}}
    ),
    "root under MFA": _policy(
        {**ROOT, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    ),
    "the workshop's NotPrincipal": _policy(
        ROOT,
        {
            "Sid": "Allow for Use only within our Account",
            "Effect": "Deny",
            "NotPrincipal": {"AWS": [INSTANCE_ROLE, f"arn:aws:iam::{ACCOUNT}:root"]},
            "Action": "kms:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}},
        },
    ),
    "dead resource": _policy({**ROOT, "Resource": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/another"}),
}


@pytest.mark.parametrize("text", LOCK_OUTS.values(), ids=LOCK_OUTS.keys())
def test_a_lock_out_is_refused_unless_the_check_is_bypassed(
    put: Any, refused: Any, embedded: ControlledKms, text: str
) -> None:
    assert refused(put, Policy=text) == ("MalformedPolicyDocumentException", LOCKED_OUT)
    put(Policy=text, BypassPolicyLockoutSafetyCheck=True)
    assert embedded.control.key("alias/ImportedCMK").policy == text


def test_the_callers_iam_policy_counts_in_the_lock_out_check(
    embedded: ControlledKms, key_id: Any, refused: Any
) -> None:
    key = key_id("ImportedCMK")
    inline = {"RoleName": "KMSWorkshop-InstanceInitRole",
              "PolicyName": "KMSWorkshop-AditionalPermissions"}  # fmt: skip
    iam = client(embedded, "iam", "admin")
    document = iam.get_role_policy(**inline)["PolicyDocument"]
    document["Statement"][0]["Action"].remove("kms:PutKeyPolicy")
    iam.put_role_policy(**inline, PolicyDocument=json.dumps(document))
    code, message = refused(client(embedded, "kms").put_key_policy, KeyId=key, Policy=_policy(ROOT))
    assert code == "AccessDeniedException"
    assert "because no identity-based policy allows the kms:PutKeyPolicy action" in message


def test_only_default_can_be_put_and_shared_policies_can_be_read(
    admin: Any, key_id: Any, refused: Any
) -> None:
    shared = key_id("partners/analytics")
    assert set(admin.list_key_policies(KeyId=shared)["PolicyNames"]) == {"default", "AWS_RAM"}
    assert "RAM share" in admin.get_key_policy(KeyId=shared, PolicyName="AWS_RAM")["Policy"]
    code, _ = refused(
        admin.put_key_policy, KeyId=shared, PolicyName="AWS_RAM", Policy=_policy(ROOT)
    )
    assert code == "NotFoundException"
    plain = key_id("ImportedCMK")
    assert admin.list_key_policies(KeyId=plain)["PolicyNames"] == ["default"]


def test_reads_may_be_spelled_another_way(
    put: Any, kms: Any, key_id: Any, embedded: ControlledKms
) -> None:
    text = json.dumps({"Statement": [{**ROOT, "Action": ["kms:*"]}], "Version": "2012-10-17"})
    put(Policy=text)
    embedded.control.set_policy_rewriting(True)
    read = kms.get_key_policy(KeyId=key_id("ImportedCMK"))["Policy"]
    assert read != text
    assert json.loads(read)["Statement"][0]["Action"] == "kms:*"


def test_reads_lag_behind_when_asked_to(
    put: Any, kms: Any, key_id: Any, embedded: ControlledKms
) -> None:
    key = key_id("ImportedCMK")
    before = kms.get_key_policy(KeyId=key)["Policy"]
    embedded.control.set_lag(60_000)
    put(Policy=_policy(ROOT))
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "project", "TagValue": "kmsworkshop"}])
    assert kms.get_key_policy(KeyId=key)["Policy"] == before
    assert kms.list_resource_tags(KeyId=key)["Tags"] == []
    embedded.control.set_lag(0)
    assert embedded.control.key(key).policy == _policy(ROOT)
