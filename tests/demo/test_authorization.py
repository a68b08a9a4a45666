"""Authorization is really evaluated: what a policy says is what a client gets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.control import ControlledKms
from tests.embedded import client

ACCOUNT = "418259630147"
ROLE = "KMSWorkshop-InstanceInitRole"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
NO_RESOURCE = "because no resource-based policy allows the {} action"
NO_IDENTITY = "because no identity-based policy allows the {} action"
DENY = "with an explicit deny in a resource-based policy"


def _set_policy(embedded: ControlledKms, *statements: dict[str, Any]) -> None:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    embedded.control.change_key("alias/ImportedCMK", policy=json.dumps(policy))


def _statement(effect: str, principal: Any, action: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **more}


def _encrypt(kms: Any, **context: str) -> Any:
    return kms.encrypt(KeyId="alias/ImportedCMK", Plaintext=b"x", EncryptionContext=context)


def test_the_sentence_names_caller_action_key_and_reason(
    embedded: ControlledKms, kms: Any, refused: Any
) -> None:
    arn = embedded.control.key("alias/hr/payroll").metadata["Arn"]
    code, message = refused(kms.describe_key, KeyId="alias/hr/payroll")
    assert code == "AccessDeniedException"
    assert message == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/i-0b7f3c2d9e4a1586c is not authorized "
        f"to perform: kms:DescribeKey on resource: {arn} {NO_RESOURCE.format('kms:DescribeKey')}"
    )


def test_an_explicit_deny_is_told_apart(kms: Any, refused: Any) -> None:
    assert refused(kms.describe_key, KeyId="alias/security/forensics")[1].endswith(DENY)


def test_without_the_root_statement_iam_policies_do_nothing(
    embedded: ControlledKms, kms: Any, refused: Any
) -> None:
    _set_policy(embedded, _statement("Allow", {"AWS": ROLE_ARN}, "kms:DescribeKey"))
    assert refused(_encrypt, kms=kms)[1].endswith(NO_RESOURCE.format("kms:Encrypt"))
    assert kms.describe_key(KeyId="alias/ImportedCMK")


def test_a_key_policy_alone_is_enough_in_the_same_account(
    embedded: ControlledKms, refused: Any
) -> None:
    ci = client(embedded, "kms", "ci")
    assert refused(ci.get_key_policy, KeyId=_imported(embedded))[1].endswith(
        NO_IDENTITY.format("kms:GetKeyPolicy")
    )
    role = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/github-actions-deploy"}
    _set_policy(embedded, _statement("Allow", role, "kms:GetKeyPolicy"))
    assert ci.get_key_policy(KeyId=_imported(embedded))


def _imported(embedded: ControlledKms) -> str:
    return str(embedded.control.key("alias/ImportedCMK").metadata["KeyId"])


def test_encrypt_yes_decrypt_no_as_the_workshop_wants(
    embedded: ControlledKms, kms: Any, refused: Any
) -> None:
    iam = client(embedded, "iam")
    inline = {"RoleName": ROLE, "PolicyName": "KMSWorkshop-AditionalPermissions"}
    document = iam.get_role_policy(**inline)["PolicyDocument"]
    blob = _encrypt(kms)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    document["Statement"][0]["Action"].remove("kms:Decrypt")
    iam.put_role_policy(**inline, PolicyDocument=json.dumps(document))
    assert _encrypt(kms)
    code, message = refused(kms.decrypt, CiphertextBlob=blob)
    assert code == "AccessDeniedException"
    assert message.endswith(NO_IDENTITY.format("kms:Decrypt"))


def test_an_encryption_context_condition(embedded: ControlledKms, kms: Any, refused: Any) -> None:
    condition = {"StringEquals": {"kms:EncryptionContext:App": "orders"}}
    _set_policy(
        embedded, _statement("Allow", {"AWS": ROLE_ARN}, "kms:Encrypt", Condition=condition)
    )
    # The name after the colon is compared without case, the value with it.
    assert _encrypt(kms, app="orders")
    assert refused(_encrypt, kms=kms, app="Orders")
    assert refused(_encrypt, kms=kms)


def test_the_workshops_misnamed_context_key_never_allows(
    embedded: ControlledKms, kms: Any, refused: Any
) -> None:
    condition = {"StringEquals": {"kms:EncryptionContextKey": "aws:s3:arn"}}
    statement = _statement("Allow", {"AWS": ROLE_ARN}, "kms:Encrypt", Condition=condition)
    _set_policy(embedded, statement)
    assert refused(_encrypt, kms=kms, **{"aws:s3:arn": "x"})


def test_the_workshops_endpoint_policy(embedded: ControlledKms, kms: Any, refused: Any) -> None:
    assert refused(kms.encrypt, KeyId="alias/workshop/vpc-endpoint", Plaintext=b"x")[1].endswith(
        DENY
    )
    embedded.control.set_network("10.20.4.117", "vpce-1xxxxxxxx1", "vpc-0a1b2c3d")
    assert kms.encrypt(KeyId="alias/workshop/vpc-endpoint", Plaintext=b"x")


def test_the_workshops_not_principal_denies_even_its_own_role(kms: Any, refused: Any) -> None:
    assert refused(kms.describe_key, KeyId="alias/workshop/role-only")[1].endswith(DENY)


def test_root_is_spared_by_it(embedded: ControlledKms) -> None:
    root = client(embedded, "kms", "root")
    assert root.describe_key(KeyId="alias/workshop/role-only")


def test_an_mfa_condition_fails_without_mfa(
    embedded: ControlledKms, kms: Any, refused: Any
) -> None:
    condition = {"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}}
    _set_policy(
        embedded, _statement("Allow", {"AWS": ROLE_ARN}, "kms:Encrypt", Condition=condition)
    )
    assert refused(_encrypt, kms=kms)
    condition = {"NumericLessThanIfExists": {"aws:MultiFactorAuthAge": "300"}}
    _set_policy(
        embedded, _statement("Allow", {"AWS": ROLE_ARN}, "kms:Encrypt", Condition=condition)
    )
    assert _encrypt(kms)


def test_a_via_service_condition_shuts_direct_calls_out(kms: Any, refused: Any) -> None:
    assert refused(kms.encrypt, KeyId="alias/aws/s3", Plaintext=b"x")


def test_the_source_address_is_in_the_context(
    embedded: ControlledKms, kms: Any, refused: Any
) -> None:
    by_address = {"NotIpAddress": {"aws:SourceIp": "54.217.0.0/16"}}
    _set_policy(
        embedded,
        _statement("Allow", {"AWS": ROLE_ARN}, "kms:*"),
        _statement("Deny", {"AWS": ROLE_ARN}, "kms:*", Condition=by_address),
    )
    assert _encrypt(kms)
    embedded.control.set_network("203.0.113.9")
    assert refused(_encrypt, kms=kms)[1].endswith(DENY)


def test_iam_only_actions_are_a_matter_of_iam(embedded: ControlledKms, refused: Any) -> None:
    auditor = client(embedded, "kms", "auditor")
    assert auditor.list_keys()["Keys"]
    assert auditor.list_aliases()["Aliases"]
    assert refused(auditor.create_key)[1].endswith(NO_IDENTITY.format("kms:CreateKey"))
    assert refused(auditor.describe_key, KeyId="alias/ImportedCMK")[1].endswith(
        NO_IDENTITY.format("kms:DescribeKey")
    )


def test_another_account_needs_both_policies_and_never_administers(
    embedded: ControlledKms, refused: Any
) -> None:
    partner = client(embedded, "kms", "partner")
    shared = embedded.control.key("alias/partners/analytics").metadata["Arn"]
    private = embedded.control.key("alias/orders/api").metadata["Arn"]
    assert partner.describe_key(KeyId=shared)["KeyMetadata"]["Arn"] == shared
    assert partner.generate_data_key(KeyId=shared, KeySpec="AES_256")["Plaintext"]
    for call, arn in ((partner.describe_key, private), (partner.get_key_policy, shared)):
        code, message = refused(call, KeyId=arn)
        assert code == "AccessDeniedException"
        assert "does not exist in this Region" in message


def test_aws_managed_keys_cannot_be_edited(kms: Any, key_id: Any, refused: Any) -> None:
    managed = key_id("aws/s3")
    assert kms.get_key_policy(KeyId=managed)["Policy"]
    for call, more in (
        (kms.put_key_policy, {"Policy": "{}"}),
        (kms.tag_resource, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        (kms.schedule_key_deletion, {}),
        (kms.create_alias, {}),
    ):
        names = {"KeyId": managed} if call != kms.create_alias else {
            "AliasName": "alias/mine", "TargetKeyId": managed
        }  # fmt: skip
        assert refused(call, **names, **more)[0] == "AccessDeniedException"


def test_a_grant_lets_its_grantee_in(embedded: ControlledKms, admin: Any, refused: Any) -> None:
    ci = client(embedded, "kms", "ci")
    _set_policy(
        embedded,
        _statement("Allow", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/KeyAdministrator"}, "kms:*"),
    )
    assert refused(_encrypt, kms=ci)
    key = _imported(embedded)
    grant = admin.create_grant(
        KeyId=key,
        GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:role/github-actions-deploy",
        Operations=["Encrypt"],
        Constraints={"EncryptionContextSubset": {"app": "ci"}},
    )
    assert _encrypt(ci, app="ci", run="1")
    assert refused(_encrypt, kms=ci, app="other")
    admin.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    assert refused(_encrypt, kms=ci, app="ci")


def test_a_deny_is_stronger_than_a_grant(embedded: ControlledKms, admin: Any, refused: Any) -> None:
    ci = client(embedded, "kms", "ci")
    role = f"arn:aws:iam::{ACCOUNT}:role/github-actions-deploy"
    admin.create_grant(KeyId=_imported(embedded), GranteePrincipal=role, Operations=["Encrypt"])
    assert _encrypt(ci)
    _set_policy(embedded, ROOT, _statement("Deny", {"AWS": role}, "kms:Encrypt"))
    assert refused(_encrypt, kms=ci)[1].endswith(DENY)


@pytest.mark.parametrize(
    "condition",
    [
        {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/ImportedCMK"}},
        {"StringEquals": {"aws:ResourceTag/project": "orders"}},
    ],
)
def test_aliases_and_tags_count_in_iam_policies_only(
    embedded: ControlledKms, refused: Any, condition: Any
) -> None:
    embedded.control.change_key("alias/ImportedCMK", tags={"project": "orders"})
    _set_policy(
        embedded, _statement("Allow", {"AWS": ROLE_ARN}, "kms:Encrypt", Condition=condition)
    )
    assert refused(_encrypt, kms=client(embedded, "kms"))
    _set_policy(embedded, ROOT)
    statement = {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}
    client(embedded, "iam").put_role_policy(
        RoleName="SecurityAuditor", PolicyName="by-alias", PolicyDocument=json.dumps(document)
    )
    assert _encrypt(client(embedded, "kms", "auditor"))


@pytest.mark.parametrize("who", ["admin", "breakglass"])
def test_administrators_may(embedded: ControlledKms, who: str) -> None:
    assert client(embedded, "kms", who).describe_key(KeyId="alias/ImportedCMK")


def test_unknown_and_expired_credentials(embedded: ControlledKms, kms: Any, refused: Any) -> None:
    embedded.control.expire_sessions(ROLE)
    code, message = refused(kms.list_keys)
    assert (code, message) == (
        "ExpiredTokenException",
        "The security token included in the request is expired",
    )
    embedded.control.renew_sessions()
    assert kms.list_keys()
    import boto3

    stranger = boto3.client(
        "kms",
        region_name="eu-west-1",
        endpoint_url=embedded.endpoint_url,
        aws_access_key_id="AKIAAAAAAAAAAAAAAAAA",
        aws_secret_access_key="x",
    )
    assert refused(stranger.list_keys)[0] == "UnrecognizedClientException"
