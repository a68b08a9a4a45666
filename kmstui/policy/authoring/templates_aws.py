"""The patterns of key policies that AWS documents, each with the page that shows it."""

from __future__ import annotations

from typing import Any

from kmstui.policy.authoring.templates import USE_ACTIONS, Template

GROUP = "AWS"

_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide"
_ADMINISTER = [
    "kms:Create*",
    "kms:Describe*",
    "kms:Enable*",
    "kms:List*",
    "kms:Put*",
    "kms:Update*",
    "kms:Revoke*",
    "kms:Disable*",
    "kms:Get*",
    "kms:Delete*",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
    "kms:RotateKeyOnDemand",
]
"""Source: KMS Developer Guide, "Default key policy", allows key administrators to administer."""
_GRANTS = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
_FOR_RESOURCES = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
_AUTO_SCALING = (
    "arn:${partition}:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/"
    "AWSServiceRoleForAutoScaling"
)
_TRAIL = "arn:${partition}:cloudtrail:${region}:${account}:trail/${trail}"
_ANY_TRAIL = "arn:${partition}:cloudtrail:*:${account}:trail/*"


def _allow(
    sid: str, principal: object, action: object, condition: object | None = None
) -> dict[str, Any]:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": "*",
    }
    return statement if condition is None else {**statement, "Condition": condition}


def _service(name: str) -> dict[str, str]:
    return {"Service": f"{name}.amazonaws.com"}


AWS: tuple[Template, ...] = (
    Template(
        id="aws.default",
        title="Default key policy",
        group=GROUP,
        does="Gives the account the right to delegate by IAM policies, and its root user full"
        " access. It gives no user or role anything by itself.",
        source=f"{_KMS}/key-policy-default.html",
        statements=(),
    ),
    Template(
        id="aws.administrators",
        title="Key administrators",
        group=GROUP,
        does="Lets a role administer the key and not use it for data. An administrator can change"
        " this policy, and so give themselves use.",
        source=f"{_KMS}/key-policy-default.html#key-policy-default-allow-administrators",
        statements=(
            _allow("Allow access for Key Administrators", {"AWS": "${admin-role}"}, _ADMINISTER),
        ),
    ),
    Template(
        id="aws.users",
        title="Key users",
        group=GROUP,
        does="Lets a role use the key for what this kind of key does.",
        source=f"{_KMS}/key-policy-default.html#key-policy-default-allow-users",
        statements=(_allow("Allow use of the key", {"AWS": "${role}"}, USE_ACTIONS),),
    ),
    Template(
        id="aws.duties",
        title="Administrators and users apart",
        group=GROUP,
        does="One role administers the key, another uses it and may give grants to AWS services"
        " only: the separation of duties that the console sets up.",
        source=f"{_KMS}/key-policy-default.html",
        symmetric_only=True,
        statements=(
            _allow("Allow access for Key Administrators", {"AWS": "${admin-role}"}, _ADMINISTER),
            _allow("Allow use of the key", {"AWS": "${role}"}, USE_ACTIONS),
            _allow(
                "Allow attachment of persistent resources",
                {"AWS": "${role}"},
                _GRANTS,
                _FOR_RESOURCES,
            ),
        ),
    ),
    Template(
        id="aws.grants",
        title="Grants only to AWS services",
        group=GROUP,
        does="Lets a role give grants on the key only through AWS services that act for it, such"
        " as EBS attaching a volume; never to a principal of its choice.",
        source=f"{_KMS}/key-policy-default.html#key-policy-service-integration",
        symmetric_only=True,
        statements=(
            _allow(
                "Allow attachment of persistent resources",
                {"AWS": "${role}"},
                _GRANTS,
                _FOR_RESOURCES,
            ),
        ),
    ),
    Template(
        id="aws.s3",
        title="S3, for everybody of the account",
        group=GROUP,
        does="Lets every principal of the account that may use S3 use the key through S3, and not"
        " directly.",
        source=f"{_KMS}/conditions-kms.html#conditions-kms-via-service",
        symmetric_only=True,
        statements=(
            _allow(
                "Allow use through S3",
                {"AWS": "*"},
                USE_ACTIONS,
                {
                    "StringEquals": {
                        "kms:ViaService": "s3.${region}.amazonaws.com",
                        "kms:CallerAccount": "${account}",
                    }
                },
            ),
        ),
    ),
    Template(
        id="aws.s3-logs",
        title="S3 inventory and access logs",
        group=GROUP,
        does="Lets S3 itself encrypt what it writes into a bucket of yours: inventories, access"
        " logs, event notifications to encrypted queues.",
        source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
        "configure-inventory-kms-key-policy.html",
        symmetric_only=True,
        statements=(
            _allow(
                "Allow Amazon S3 use of the key",
                _service("s3"),
                "kms:GenerateDataKey",
                {
                    "StringEquals": {"aws:SourceAccount": "${account}"},
                    "ArnLike": {"aws:SourceArn": "arn:${partition}:s3:::${bucket}"},
                },
            ),
        ),
    ),
    Template(
        id="aws.ebs",
        title="EBS, through EC2 only",
        group=GROUP,
        does="Lets a role use the key for EBS volumes through EC2, and give the grants that"
        " attaching a volume needs.",
        source=f"{_KMS}/conditions-kms.html#conditions-kms-via-service",
        symmetric_only=True,
        statements=(
            _allow(
                "Allow EBS encryption through EC2",
                {"AWS": "${role}"},
                USE_ACTIONS,
                {"StringEquals": {"kms:ViaService": "ec2.${region}.amazonaws.com"}},
            ),
            _allow(
                "Allow grants for EBS volumes",
                {"AWS": "${role}"},
                "kms:CreateGrant",
                {
                    "StringEquals": {"kms:ViaService": "ec2.${region}.amazonaws.com"},
                    "Bool": {"kms:GrantIsForAWSResource": "true"},
                },
            ),
        ),
    ),
    Template(
        id="aws.auto-scaling",
        title="EC2 Auto Scaling with encrypted volumes",
        group=GROUP,
        does="Lets the service-linked role of Auto Scaling start instances whose volumes are"
        " encrypted with the key.",
        source="https://docs.aws.amazon.com/autoscaling/ec2/userguide/"
        "key-policy-requirements-EBS-encryption.html",
        symmetric_only=True,
        statements=(
            _allow(
                "Allow the service-linked role of Auto Scaling to use the key",
                {"AWS": _AUTO_SCALING},
                USE_ACTIONS,
            ),
            _allow(
                "Allow Auto Scaling to attach volumes",
                {"AWS": _AUTO_SCALING},
                "kms:CreateGrant",
                _FOR_RESOURCES,
            ),
        ),
    ),
    Template(
        id="aws.logs",
        title="CloudWatch Logs",
        group=GROUP,
        does="Lets CloudWatch Logs of this Region encrypt the log groups of the account.",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
        symmetric_only=True,
        statements=(
            _allow(
                "Allow CloudWatch Logs to use the key",
                _service("logs.${region}"),
                [
                    "kms:Encrypt",
                    "kms:Decrypt",
                    "kms:ReEncrypt*",
                    "kms:GenerateDataKey*",
                    "kms:Describe*",
                ],
                {
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": (
                            "arn:${partition}:logs:${region}:${account}:*"
                        )
                    }
                },
            ),
        ),
    ),
    Template(
        id="aws.cloudtrail",
        title="CloudTrail",
        group=GROUP,
        does="Lets one trail encrypt its log files, and principals of the account decrypt what"
        " trails have written.",
        source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
        "create-kms-key-policy-for-cloudtrail.html",
        symmetric_only=True,
        statements=(
            _allow(
                "Allow CloudTrail to encrypt logs",
                _service("cloudtrail"),
                "kms:GenerateDataKey*",
                {
                    "StringEquals": {"aws:SourceArn": _TRAIL},
                    "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": _ANY_TRAIL},
                },
            ),
            _allow(
                "Allow CloudTrail to describe the key",
                _service("cloudtrail"),
                "kms:DescribeKey",
                {"StringEquals": {"aws:SourceArn": _TRAIL}},
            ),
            _allow(
                "Allow principals of the account to decrypt log files",
                {"AWS": "*"},
                ["kms:Decrypt", "kms:ReEncryptFrom"],
                {
                    "StringEquals": {"kms:CallerAccount": "${account}"},
                    "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": _ANY_TRAIL},
                },
            ),
        ),
    ),
    Template(
        id="aws.sns",
        title="SNS to an encrypted queue",
        group=GROUP,
        does="Lets one SNS topic deliver to SQS queues that are encrypted with the key.",
        source="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
        symmetric_only=True,
        statements=(
            _allow(
                "Allow SNS to use the key",
                _service("sns"),
                ["kms:GenerateDataKey*", "kms:Decrypt"],
                {
                    "StringEquals": {"aws:SourceAccount": "${account}"},
                    "ArnLike": {
                        "aws:SourceArn": "arn:${partition}:sns:${region}:${account}:${topic}"
                    },
                },
            ),
        ),
    ),
    Template(
        id="aws.sqs",
        title="SQS producer and consumer",
        group=GROUP,
        does="Lets one role send to an encrypted queue and another receive from it.",
        source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
        "sqs-key-management.html",
        symmetric_only=True,
        statements=(
            _allow(
                "Allow the producer",
                {"AWS": "${producer-role}"},
                ["kms:GenerateDataKey", "kms:Decrypt"],
            ),
            _allow("Allow the consumer", {"AWS": "${consumer-role}"}, "kms:Decrypt"),
        ),
    ),
    Template(
        id="aws.account",
        title="Use by another account",
        group=GROUP,
        does="Lets another account use the key and delegate that to its users and roles by IAM"
        " policies of its own; both are needed.",
        source=f"{_KMS}/key-policy-modifying-external-accounts.html",
        statements=(
            _allow(
                "Allow use by another account",
                {"AWS": "arn:${partition}:iam::${other-account}:root"},
                USE_ACTIONS,
            ),
        ),
    ),
    Template(
        id="aws.enclave",
        title="Nitro enclave with attestation",
        group=GROUP,
        does="Lets a role decrypt only inside the enclave whose image has this measurement. The"
        " root statement with an IAM policy goes round it: give no IAM policy for this key.",
        source=f"{_KMS}/conditions-attestation.html",
        symmetric_only=True,
        statements=(
            _allow(
                "Allow the enclave to use the key",
                {"AWS": "${role}"},
                ["kms:Decrypt", "kms:GenerateDataKey"],
                {
                    "StringEqualsIgnoreCase": {
                        "kms:RecipientAttestation:ImageSha384": "${image-sha384}"
                    }
                },
            ),
        ),
    ),
)
