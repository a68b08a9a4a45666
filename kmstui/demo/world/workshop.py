"""The workshop's keys: ``alias/ImportedCMK``, and each example policy on a key of its own.

The policies stand as the section prints them, with the account and the names filled in, and with
their mistakes as far as KMS stores them. What KMS would refuse to read at all (the trailing comma,
the white space in ``aws: MultiFactorAuthAge``) is put right.
https://github.com/aws-samples/aws-kms-workshop
"""

from __future__ import annotations

from kmstui.demo.world.building import Builder, allow, policy, root_statement
from kmstui.demo.world.people import INSTANCE_ROLE

_TAGS = {"project": "kmsworkshop"}


def add_workshop_keys(build: Builder) -> None:
    """Add them."""
    imported = build.key(
        "ImportedCMK",
        description="Key with imported key material, section 2 of the workshop",
        age_days=21,
        origin="EXTERNAL",
        state="Enabled",
    )
    imported.imported.present = True
    for name, description, text in (
        ("workshop/account-only", "Access only from the account", _account_only(build)),
        ("workshop/role-only", "Access only from a role", _role_only(build)),
        ("workshop/encryption-context", "Access by encryption context", _by_context(build)),
        ("workshop/mfa", "Sensitive operations with MFA only", _mfa(build)),
        ("workshop/vpc-endpoint", "Access from a VPC endpoint only", _endpoint(build)),
    ):
        build.key(name, description=description, policy=text, age_days=20, tags=_TAGS)


def _role(build: Builder) -> str:
    return build.arn(f"role/{INSTANCE_ROLE}")


def _account_only(build: Builder) -> str:
    """``kms:CallerAccount`` in an Allow restricts nothing while the root statement stands."""
    return policy(
        root_statement(build.account),
        allow(
            "Allow for Use only within our Account",
            {"AWS": _role(build)},
            "kms:*",
            {"StringEquals": {"kms:CallerAccount": build.account}},
        ),
    )


def _role_only(build: Builder) -> str:
    """Deny with NotPrincipal: it denies the role's own sessions too, and everybody else.

    Put with BypassPolicyLockoutSafetyCheck, it is a key that nobody but the root user may touch.
    """
    statement = allow(
        "Allow for Use only within our Account",
        None,
        "kms:*",
        {"StringEquals": {"kms:CallerAccount": build.account}},
        effect="Deny",
    )
    ordered = {
        "Sid": statement["Sid"],
        "Effect": "Deny",
        "NotPrincipal": {"AWS": [_role(build), build.arn("root")]},
        "Action": statement["Action"],
        "Resource": "*",
        "Condition": statement["Condition"],
    }
    return policy(root_statement(build.account), ordered)


def _by_context(build: Builder) -> str:
    """The section names ``kms:EncryptionContextKey``, which no request carries."""
    return policy(
        root_statement(build.account),
        allow(
            "Allow S3 encryption context only",
            {"AWS": _role(build)},
            ["kms:GenerateDataKey", "kms:Decrypt"],
            {"StringEquals": {"kms:EncryptionContextKey": "aws:s3:arn"}},
        ),
    )


def _mfa(build: Builder) -> str:
    """Bypassed by the root statement with any IAM policy."""
    return policy(
        root_statement(build.account),
        allow(
            "Allow for Use only within our Account",
            {"AWS": [build.arn("user/userA")]},
            [
                "kms:DeleteAlias",
                "kms:DeleteImportedKeyMaterial",
                "kms:PutKeyPolicy",
                "kms:ScheduleKeyDeletion",
            ],
            {"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}},
        ),
    )


def _endpoint(build: Builder) -> str:
    """No exception for AWS services, and a placeholder for the endpoint."""
    return policy(
        root_statement(build.account),
        allow(
            "Allow for Use only within our VPC",
            {"AWS": _role(build)},
            ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
            {"StringNotEquals": {"aws:sourceVpce": "vpce-1xxxxxxxx1"}},
            effect="Deny",
        ),
    )
