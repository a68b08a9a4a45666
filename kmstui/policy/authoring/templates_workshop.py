"""The five policies of the AWS KMS workshop, written so that they do what the section says.

Source: aws-samples/aws-kms-workshop, "Section 3, best practices". The section restricts by Allow
statements beside the root statement, which restrict nothing: whoever has an IAM policy goes round
them (KMS Developer Guide, "Default key policy"). Only a Deny restricts.
"""

from __future__ import annotations

from typing import Any

from kmstui.policy.authoring.templates import CRYPTOGRAPHIC_ACTIONS, USE_ACTIONS, Template

GROUP = "Workshop"

_EVERYBODY = {"AWS": "*"}
_NO_SERVICE = {"aws:PrincipalIsAWSService": "false"}
"""Calls that an AWS service makes in its own name stay allowed; they carry no principal ARN."""


def _deny(sid: str, principal: object, action: object, condition: object) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": principal,
        "Action": action,
        "Resource": "*",
        "Condition": condition,
    }


WORKSHOP: tuple[Template, ...] = (
    Template(
        id="workshop.account",
        title="Only from this account",
        group=GROUP,
        does="Denies the key to every principal of another account, whatever other statements or"
        " grants allow. AWS services that act in their own name stay allowed.",
        corrects="The section allows a role kms:* with kms:CallerAccount. That restricts nothing,"
        " for an Allow only adds, and it gives the role everything.",
        source="https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"
        "#conditions-kms-caller-account",
        statements=(
            _deny(
                "Only from this account",
                _EVERYBODY,
                "kms:*",
                {
                    "StringNotEquals": {"kms:CallerAccount": "${account}"},
                    "BoolIfExists": _NO_SERVICE,
                },
            ),
        ),
    ),
    Template(
        id="workshop.role",
        title="Use only by one role",
        group=GROUP,
        does="Lets the role use the key, and denies its use to every other principal, sessions of"
        " the role excepted. Who administers the key still does.",
        corrects="The section denies by NotPrincipal, which denies the role's own sessions too,"
        " and PutKeyPolicy to everybody else.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/"
        "reference_policies_elements_notprincipal.html",
        statements=(
            {
                "Sid": "Use by the role",
                "Effect": "Allow",
                "Principal": {"AWS": "${role}"},
                "Action": USE_ACTIONS,
                "Resource": "*",
            },
            _deny(
                "No use by anybody else",
                _EVERYBODY,
                CRYPTOGRAPHIC_ACTIONS,
                {
                    "ArnNotEquals": {"aws:PrincipalArn": "${role}"},
                    "BoolIfExists": _NO_SERVICE,
                },
            ),
        ),
    ),
    Template(
        id="workshop.context",
        title="Only with an encryption context",
        group=GROUP,
        does="Denies the key for data whose encryption context does not name objects of the"
        " bucket, and for requests without that context.",
        corrects="The section names kms:EncryptionContextKey, which no request carries; an Allow"
        " with it would allow nothing and forbid nothing.",
        source="https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"
        "#conditions-kms-encryption-context",
        symmetric_only=True,
        statements=(
            _deny(
                "Only with the encryption context of the bucket",
                _EVERYBODY,
                CRYPTOGRAPHIC_ACTIONS,
                {
                    "StringNotLike": {
                        "kms:EncryptionContext:aws:s3:arn": "arn:${partition}:s3:::${bucket}*"
                    },
                    "BoolIfExists": _NO_SERVICE,
                },
            ),
        ),
    ),
    Template(
        id="workshop.mfa",
        title="Dangerous operations only with MFA",
        group=GROUP,
        does="Denies a user the operations that destroy the key or change its policy, unless MFA"
        " was used in the last 5 minutes. Roles of instances never carry MFA: do not name them.",
        corrects="The section has a trailing comma and a blank in the condition key; its Allow is"
        " bypassed by the root statement with any IAM policy; and access keys without MFA carry no"
        " MultiFactorAuthAge at all, which only …IfExists catches.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/"
        "reference_policies_examples_aws_mfa-dates.html",
        statements=(
            _deny(
                "Dangerous operations only with MFA",
                {"AWS": "arn:${partition}:iam::${account}:user/${user}"},
                [
                    "kms:DeleteAlias",
                    "kms:DeleteImportedKeyMaterial",
                    "kms:PutKeyPolicy",
                    "kms:ScheduleKeyDeletion",
                ],
                {"NumericGreaterThanIfExists": {"aws:MultiFactorAuthAge": "300"}},
            ),
        ),
    ),
    Template(
        id="workshop.endpoint",
        title="Use only through a VPC endpoint",
        group=GROUP,
        does="Denies use of the key from outside the endpoint. AWS services that use the key for"
        " you, such as S3 and EBS, stay allowed; administration stays possible from anywhere.",
        corrects="The section's Deny has no exception for AWS services, so S3 and EBS fail; and its"
        " endpoint ID is a placeholder.",
        source="https://docs.aws.amazon.com/kms/latest/developerguide/vpce-policy-condition.html",
        statements=(
            _deny(
                "Use only through the VPC endpoint",
                _EVERYBODY,
                CRYPTOGRAPHIC_ACTIONS,
                {
                    "StringNotEqualsIfExists": {"aws:SourceVpce": "${vpc-endpoint}"},
                    "BoolIfExists": {"aws:ViaAWSService": "false", **_NO_SERVICE},
                },
            ),
        ),
    ),
)
