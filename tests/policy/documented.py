"""Key policies as AWS documents them; a linter that cries over these is no use.

Each is written after the page named beside it, with the root statement of the default key policy
where the page shows a statement by itself. All are for a key of account 111122223333 in us-west-2.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

ACCOUNT = "111122223333"
KEY_ARN = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
_ADMINISTER = [
    "kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*",
    "kms:Revoke*", "kms:Disable*", "kms:Get*", "kms:Delete*", "kms:TagResource",
    "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
    "kms:RotateKeyOnDemand",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Documented:
    """One policy of the documentation."""

    name: str
    page: str
    statements: tuple[dict[str, Any], ...]
    deserves: frozenset[str] = frozenset()
    """Warnings and infos that it rightly gets, such as that another account has access."""

    @property
    def text(self) -> str:
        """The policy, indented as the console does."""
        return json.dumps(
            {"Version": "2012-10-17", "Id": "key-policy", "Statement": list(self.statements)},
            indent=4,
        )


def root() -> dict[str, Any]:
    """The statement of the default key policy."""
    return {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


def allow(sid: str, principal: object, action: object, **more: object) -> dict[str, Any]:
    """One more statement that allows."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": "*",
        **more,
    }


def deny(sid: str, principal: object, action: object, **more: object) -> dict[str, Any]:
    """One more statement that denies."""
    return {**allow(sid, principal, action, **more), "Effect": "Deny"}


def role(name: str, account: str = ACCOUNT) -> dict[str, str]:
    """A role as the principal."""
    return {"AWS": f"arn:aws:iam::{account}:role/{name}"}


def service(name: str) -> dict[str, str]:
    """A service as the principal."""
    return {"Service": f"{name}.amazonaws.com"}


def _of(
    name: str, page: str, *statements: dict[str, Any], deserves: str = "", bare: bool = False
) -> Documented:
    first = () if bare else (root(),)
    return Documented(name, page, (*first, *statements), frozenset(deserves.split()))


_GRANTS = allow(
    "Allow attachment of persistent resources",
    role("ExampleRole"),
    ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
    Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
)

DOCUMENTED = (
    _of("default", "KMS: Default key policy"),
    _of(
        "default by account ID",
        "KMS: Default key policy",
        {**root(), "Principal": {"AWS": ACCOUNT}},
        bare=True,
    ),
    _of(
        "console: administrators, users and grants",
        "KMS: Default key policy, created with the console",
        allow(
            "Allow access for Key Administrators",
            {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/ExampleAdminRole"]},
            _ADMINISTER,
        ),
        allow("Allow use of the key", {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/ExampleRole"]}, _USE),
        _GRANTS,
    ),
    _of(
        "console: asymmetric signing key",
        "KMS: Allows key users to use the KMS key",
        allow(
            "Allow use of the key",
            role("ExampleRole"),
            ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign", "kms:Verify"],
        ),
    ),
    _of(
        "console: HMAC key",
        "KMS: Allows key users to use the KMS key",
        allow(
            "Allow use of the key",
            role("ExampleRole"),
            ["kms:DescribeKey", "kms:GenerateMac", "kms:VerifyMac"],
        ),
    ),
    _of(
        "another account",
        "KMS: Allowing users in other accounts to use a KMS key",
        allow("Allow an external account", {"AWS": "arn:aws:iam::444455556666:root"}, _USE),
        deserves="KMS310 KMS601",
    ),
    _of(
        "roles of another account, with grants",
        "KMS: Allowing users in other accounts to use a KMS key",
        allow("Allow use", role("ExampleRole", "444455556666"), _USE),
        allow(
            "Allow grants",
            role("ExampleRole", "444455556666"),
            ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        deserves="KMS310 KMS601",
    ),
    _of(
        "CloudTrail",
        "CloudTrail: Configure AWS KMS key policies for CloudTrail",
        allow(
            "Allow CloudTrail to encrypt logs",
            service("cloudtrail"),
            "kms:GenerateDataKey*",
            Condition={
                "StringEquals": {
                    "aws:SourceArn": f"arn:aws:cloudtrail:us-west-2:{ACCOUNT}:trail/trail-name"
                },
                "StringLike": {
                    "kms:EncryptionContext:aws:cloudtrail:arn": (
                        f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"
                    )
                },
            },
        ),
        allow(
            "Allow CloudTrail to describe key",
            service("cloudtrail"),
            "kms:DescribeKey",
            Condition={
                "StringEquals": {
                    "aws:SourceArn": f"arn:aws:cloudtrail:us-west-2:{ACCOUNT}:trail/trail-name"
                }
            },
        ),
        allow(
            "Allow principals in the account to decrypt log files",
            {"AWS": "*"},
            ["kms:Decrypt", "kms:ReEncryptFrom"],
            Condition={
                "StringEquals": {"kms:CallerAccount": ACCOUNT},
                "StringLike": {
                    "kms:EncryptionContext:aws:cloudtrail:arn": (
                        f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"
                    )
                },
            },
        ),
    ),
    _of(
        "CloudWatch Logs",
        "CloudWatch Logs: Encrypt log data, set permissions on the KMS key",
        allow(
            "Allow Logs",
            service("logs.us-west-2"),
            [
                "kms:Encrypt*",
                "kms:Decrypt*",
                "kms:ReEncrypt*",
                "kms:GenerateDataKey*",
                "kms:Describe*",
            ],
            Condition={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-west-2:{ACCOUNT}:*"
                }
            },
        ),
    ),
    _of(
        "CloudWatch Logs, one log group",
        "CloudWatch Logs: Encrypt log data, set permissions on the KMS key",
        allow(
            "Allow Logs",
            service("logs.us-west-2"),
            [
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:ReEncrypt*",
                "kms:GenerateDataKey*",
                "kms:Describe*",
            ],
            Condition={
                "ArnEquals": {
                    "kms:EncryptionContext:aws:logs:arn": (
                        f"arn:aws:logs:us-west-2:{ACCOUNT}:log-group:log-group-name"
                    )
                }
            },
        ),
    ),
    _of(
        "S3 server access logs and inventory",
        "S3: Granting Amazon S3 permission to use your customer managed key for encryption",
        allow(
            "Allow Amazon S3 use of the KMS key",
            service("s3"),
            ["kms:GenerateDataKey"],
            Condition={
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceARN": "arn:aws:s3:::amzn-s3-demo-source-bucket"},
            },
        ),
    ),
    _of(
        "S3 bucket through ViaService",
        "S3: Using server-side encryption with AWS KMS keys",
        allow(
            "Allow S3 for the account",
            {"AWS": "*"},
            [
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:ReEncrypt*",
                "kms:GenerateDataKey*",
                "kms:DescribeKey",
            ],
            Condition={
                "StringEquals": {
                    "kms:ViaService": "s3.us-west-2.amazonaws.com",
                    "kms:CallerAccount": ACCOUNT,
                }
            },
        ),
    ),
    _of(
        "SNS publishes to an encrypted queue",
        "SNS: Enable compatibility between event sources and encrypted topics",
        allow(
            "Allow SNS",
            service("sns"),
            ["kms:GenerateDataKey*", "kms:Decrypt"],
            Condition={
                "ArnLike": {"AWS:SourceArn": f"arn:aws:sns:us-west-2:{ACCOUNT}:topic-name"},
                "StringEquals": {"AWS:SourceAccount": ACCOUNT},
            },
        ),
    ),
    _of(
        "SQS producers and consumers",
        "SQS: Key management, configure KMS permissions",
        allow("Producer", role("Producer"), ["kms:GenerateDataKey", "kms:Decrypt"]),
        allow("Consumer", role("Consumer"), ["kms:Decrypt"]),
    ),
    _of(
        "EventBridge to an encrypted queue",
        "EventBridge: Amazon SQS permissions",
        allow(
            "Allow EventBridge",
            service("events"),
            ["kms:Decrypt", "kms:GenerateDataKey"],
            Condition={
                "StringEquals": {
                    "aws:SourceAccount": ACCOUNT,
                    "aws:SourceArn": f"arn:aws:events:us-west-2:{ACCOUNT}:rule/rule-name",
                }
            },
        ),
        # The same words stop EventBridge before an encrypted topic (SNS: Key management).
        deserves="KMS408",
    ),
    _of(
        "EC2 Auto Scaling with encrypted volumes",
        "Auto Scaling: Required AWS KMS key policy for use with encrypted volumes",
        allow(
            "Allow service-linked role use of the customer managed key",
            {
                "AWS": [
                    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/"
                    "AWSServiceRoleForAutoScaling"
                ]
            },
            _USE,
        ),
        allow(
            "Allow attachment of persistent resources",
            {
                "AWS": [
                    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/"
                    "AWSServiceRoleForAutoScaling"
                ]
            },
            ["kms:CreateGrant"],
            Condition={"Bool": {"kms:GrantIsForAWSResource": True}},
        ),
    ),
    _of(
        "EBS through ViaService",
        "KMS: kms:ViaService",
        allow(
            "Allow EC2 and RDS on behalf of a role",
            role("ExampleRole"),
            [
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:ReEncrypt*",
                "kms:GenerateDataKey*",
                "kms:DescribeKey",
            ],
            Condition={
                "StringEquals": {
                    "kms:ViaService": ["ec2.us-west-2.amazonaws.com", "rds.us-west-2.amazonaws.com"]
                }
            },
        ),
    ),
    _of(
        "RDS through ViaService",
        "KMS: AWS managed keys, the key policy of aws/rds",
        allow(
            "Allow access through RDS for all principals in the account",
            {"AWS": "*"},
            [*_USE, "kms:CreateGrant", "kms:ListGrants"],
            Condition={
                "StringEquals": {
                    "kms:ViaService": "rds.us-west-2.amazonaws.com",
                    "kms:CallerAccount": ACCOUNT,
                }
            },
        ),
        deserves="KMS511",
    ),
    _of(
        "VPC endpoint, with what services need",
        "KMS: Using VPC endpoint conditions; IAM: data perimeter examples",
        deny(
            "Restrict usage to my VPC endpoint",
            {"AWS": "*"},
            ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
            Condition={
                "StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1234abcdf5678c90a"},
                "BoolIfExists": {
                    "aws:ViaAWSService": "false",
                    "aws:PrincipalIsAWSService": "false",
                },
            },
        ),
    ),
    _of(
        "Nitro enclave attestation",
        "KMS: Condition keys for AWS Nitro Enclaves",
        allow(
            "Enable enclave data processing",
            role("data-processing"),
            ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair"],
            Condition={
                "StringEqualsIgnoreCase": {
                    "kms:RecipientAttestation:ImageSha384": (
                        "9fedcba8abcdef7abcdef6abcdef5abcdef4abcdef3abcdef2abcdef1abcdef1"
                        "abcdef0abcdef1abcdeEXAMPLE"
                    ),
                    "kms:RecipientAttestation:PCR1": (
                        "abc1abcdef1abcdef2abcdef3abcdef4abcdef5abcdef6abcdef7abcdef8abcdef9abcd"
                        "ef8abcdef7abcEXAMPLE"
                    ),
                }
            },
        ),
        # The root statement and an IAM policy go round the attestation, as the page itself warns.
        deserves="KMS518",
    ),
    _of(
        "encryption context",
        "KMS: kms:EncryptionContext:context-key",
        allow(
            "Encryption context",
            role("RoleForExampleApp"),
            "kms:GenerateDataKey",
            Condition={
                "StringEquals": {
                    "kms:EncryptionContext:AppName": "ExampleApp",
                    "kms:EncryptionContext:FilePath": "/var/opt/secrets/",
                }
            },
        ),
    ),
    _of(
        "encryption context keys",
        "KMS: kms:EncryptionContextKeys",
        allow(
            "Encryption context keys",
            role("RoleForExampleApp"),
            "kms:GenerateDataKey*",
            Condition={
                "Null": {"kms:EncryptionContextKeys": False},
                "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["AppName", "FilePath"]},
            },
        ),
    ),
    _of(
        "MFA for dangerous operations",
        "KMS: Key policy examples, administrators with MFA",
        deny(
            "Deny deletion without MFA",
            {"AWS": f"arn:aws:iam::{ACCOUNT}:user/Alice"},
            ["kms:ScheduleKeyDeletion", "kms:DeleteImportedKeyMaterial"],
            Condition={"NumericGreaterThanIfExists": {"aws:MultiFactorAuthAge": "300"}},
        ),
    ),
    _of(
        "no use by one role",
        "KMS: Key policies, a statement that denies",
        deny(
            "Deny use",
            {"AWS": f"arn:aws:iam::{ACCOUNT}:role/SecurityContractors"},
            ["kms:ScheduleKeyDeletion"],
        ),
    ),
    _of(
        "wrapping and expiration of imported material",
        "KMS: kms:ValidTo, kms:ExpirationModel",
        allow(
            "Import until the end of the year",
            role("ExampleRole"),
            "kms:ImportKeyMaterial",
            Condition={"NumericLessThanEquals": {"kms:ValidTo": "1767225599.0"}},
        ),
        allow(
            "Import with a wrapping algorithm",
            role("ExampleRole2"),
            "kms:GetParametersForImport",
            Condition={
                "StringEquals": {
                    "kms:WrappingAlgorithm": "RSAES_OAEP_SHA_256",
                    "kms:WrappingKeySpec": "RSA_4096",
                }
            },
        ),
    ),
    _of(
        "grants for one grantee",
        "KMS: kms:GranteePrincipal, kms:GrantOperations",
        allow(
            "Grants for the limited role",
            role("ExampleRole"),
            "kms:CreateGrant",
            Condition={
                "StringEquals": {
                    "kms:GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:role/LimitedAdminRole"
                },
                "ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "RetireGrant"]},
                "Null": {"kms:GrantOperations": "false"},
            },
        ),
    ),
    _of(
        "organization",
        "KMS: Allowing an organization with aws:PrincipalOrgID",
        allow(
            "Allow the organization",
            {"AWS": "*"},
            ["kms:Decrypt", "kms:DescribeKey"],
            Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        ),
    ),
    _of(
        "key for a Lambda function's role",
        "Lambda: Securing environment variables",
        allow("Allow the function", role("function-role"), "kms:Decrypt"),
    ),
    _of(
        "multi-Region replica",
        "KMS: Controlling access to multi-Region keys",
        allow(
            "Allow replication to one Region",
            role("Administrator"),
            "kms:ReplicateKey",
            Condition={"StringEquals": {"kms:ReplicaRegion": "us-east-1"}},
        ),
    ),
    _of(
        "DNSSEC of Route 53",
        "Route 53: Customer managed keys for DNSSEC",
        allow(
            "Allow Route 53 DNSSEC Service",
            service("dnssec-route53"),
            ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"],
            Condition={
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnEquals": {"aws:SourceArn": "arn:aws:route53:::hostedzone/*"},
            },
        ),
        allow(
            "Allow Route 53 DNSSEC to CreateGrant",
            service("dnssec-route53"),
            ["kms:CreateGrant"],
            Condition={
                "Bool": {"kms:GrantIsForAWSResource": True},
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
            },
        ),
    ),
)
