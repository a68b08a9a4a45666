"""What kmstui says of access is what the embedded AWS then does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

import pytest
from botocore.exceptions import ClientError

from kmstui.cli import run
from kmstui.model.arn import Arn
from kmstui.policy.evaluation.lockout import CanPut, can_still_administer
from tests.control import ControlledKms
from tests.embedded import aws_environment, client, embedded, embedded_server
from tests.policy.lockouts import lockouts

__all__ = ["aws_environment", "embedded", "embedded_server"]

ROLE = "KMSWorkshop-InstanceInitRole"


def error_code(refused: ClientError) -> str:
    return str(refused.response["Error"]["Code"])


def test_the_workshop_role_less_decrypt(
    embedded: ControlledKms, aws_environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The section's first exercise: "Decrypt" is taken out of the role's inline policy."""
    iam, kms = client(embedded, "iam"), client(embedded, "kms")
    (name,) = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    document = iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]
    for statement in document["Statement"]:
        statement["Action"] = [each for each in statement["Action"] if each != "kms:Decrypt"]
    iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=json.dumps(document))

    assert run(["can", "me", "kms:Encrypt", "alias/ImportedCMK"]) == 0
    yes = capsys.readouterr().out
    assert yes.startswith("Yes: ") and name in yes
    assert run(["can", "me", "kms:Decrypt", "alias/ImportedCMK"]) == 1
    no = capsys.readouterr().out
    assert no.startswith("No: ") and "no identity policy" in no
    assert "Not considered: service control policies" in no

    sealed = kms.encrypt(KeyId="alias/ImportedCMK", Plaintext=b"x")["CiphertextBlob"]
    with pytest.raises(ClientError) as refused:
        kms.decrypt(KeyId="alias/ImportedCMK", CiphertextBlob=sealed)
    assert error_code(refused.value) == "AccessDeniedException"


def test_what_locks_the_caller_out_is_refused(embedded: ControlledKms) -> None:
    """And what does not lock out is taken, as far as the request settles it."""
    kms = client(embedded, "kms")
    key_arn = embedded.control.key("alias/ImportedCMK").metadata["Arn"]
    before = kms.get_key_policy(KeyId=key_arn)["Policy"]
    cases = lockouts(
        embedded.account,
        ROLE,
        key_arn,
        other_role="KeyAdministrator",
        other_account="290417736502",
    )
    for_the_lockout = 0
    for case in (each for each in cases if each.caller is CanPut.NO):
        with pytest.raises(ClientError) as refused:
            kms.put_key_policy(KeyId=key_arn, Policy=case.text)
        assert error_code(refused.value) == "MalformedPolicyDocumentException", case.name
        for_the_lockout += "will not allow you to update" in str(refused.value)
    assert for_the_lockout >= 20
    assert json.loads(kms.get_key_policy(KeyId=key_arn)["Policy"]) == json.loads(before)
    caller = Arn.parse(client(embedded, "sts").get_caller_identity()["Arn"])
    verdict = can_still_administer(before, caller, Arn.parse(key_arn))
    assert verdict.answer is CanPut.ONLY_IF_IAM_ALLOWS
    kms.put_key_policy(KeyId=key_arn, Policy=before)


def test_a_role_that_is_not_there_and_one_that_may_not_name_aliases(
    embedded: ControlledKms, aws_environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    gone = f"arn:aws:iam::{embedded.account}:role/Gone"
    assert run(["can", gone, "kms:Encrypt", "alias/ImportedCMK"]) == 2
    assert "role/Gone does not exist in the account" in capsys.readouterr().err
    kms = client(embedded, "kms")
    for operation, call in (
        ("kms:CreateAlias", partial(kms.create_alias, TargetKeyId=embedded_key(embedded))),
        ("kms:DeleteAlias", kms.delete_alias),
    ):
        name = "alias/can-test"
        code = run(["can", "me", operation, "alias/ImportedCMK", "--alias", name])
        capsys.readouterr()
        try:
            call(AliasName=name)
        except ClientError as refused:
            assert (code, error_code(refused)) == (1, "AccessDeniedException")
        else:
            assert code == 0


def embedded_key(embedded: ControlledKms) -> str:
    return str(embedded.control.key("alias/ImportedCMK").metadata["KeyId"])
