"""Keys that AWS services use on the account's behalf, with AWS's documented policies."""

from __future__ import annotations

from kmstui.demo.kms.keys import EmbeddedKey
from kmstui.demo.world.building import ADMINISTER, USE, Builder, allow, policy, root_statement


def add_service_keys(build: Builder) -> dict[str, EmbeddedKey]:
    """Add them; returns those whose use CloudTrail will tell of."""
    account, region = build.account, build.region
    root = root_statement(account)
    admin = allow(
        "Allow access for Key Administrators", {"AWS": build.arn("role/KeyAdministrator")},
        ADMINISTER,
    )  # fmt: skip
    s3 = build.key(
        "data-lake/raw",
        description="Objects of s3://kms-workshop and the raw zone",
        age_days=1250,
        tags={"project": "data-lake", "env": "prod", "owner": "team-data", "cost-center": "4711"},
        policy=policy(
            root,
            admin,
            allow(
                "Allow access through S3 for the ETL role",
                {"AWS": build.arn("role/data-lake-etl")},
                USE,
                {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com",
                                  "kms:CallerAccount": account}},
            ),
        ),
    )  # fmt: skip
    build.rotate(s3)
    trails = f"arn:aws:cloudtrail:*:{account}:trail/*"
    trail = build.key(
        "audit/cloudtrail",
        description="CloudTrail log files",
        age_days=1610,
        tags={"project": "platform", "env": "prod", "owner": "team-security"},
        policy=policy(
            root,
            allow(
                "Allow CloudTrail to encrypt logs",
                {"Service": "cloudtrail.amazonaws.com"},
                "kms:GenerateDataKey*",
                {
                    "StringEquals": {
                        "aws:SourceArn": f"arn:aws:cloudtrail:{region}:{account}:trail/main"
                    },
                    "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trails},
                },
            ),
            allow(
                "Allow CloudTrail to describe key",
                {"Service": "cloudtrail.amazonaws.com"},
                "kms:DescribeKey",
            ),
        ),
    )
    build.rotate(trail)
    logs = build.key(
        "platform/logs",
        description="CloudWatch Logs groups of the platform",
        age_days=930,
        tags={"project": "platform", "env": "prod", "owner": "team-sre"},
        policy=policy(
            root,
            allow(
                "Allow CloudWatch Logs",
                {"Service": f"logs.{region}.amazonaws.com"},
                ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                 "kms:Describe*"],
                {
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn":
                            f"arn:aws:logs:{region}:{account}:log-group:/platform/*"
                    }
                },
            ),
        ),
    )  # fmt: skip
    build.rotate(logs, period_days=180)
    _add_ebs(build)
    _add_queues(build)
    return {"s3": s3, "trail": trail, "logs": logs}


def _add_ebs(build: Builder) -> None:
    autoscaling = build.arn(
        "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )
    key = build.key(
        "platform/ebs",
        aliases=["platform/ebs", "platform/ebs-autoscaling", "legacy/volumes"],
        description="EBS volumes of the Auto Scaling groups",
        age_days=1120,
        tags={"project": "platform", "env": "prod", "owner": "team-sre", "cost-center": "4100"},
        policy=policy(
            root_statement(build.account),
            allow("Allow service-linked role use of the key", {"AWS": autoscaling}, USE),
            allow(
                "Allow attachment of persistent resources",
                {"AWS": autoscaling},
                "kms:CreateGrant",
                {"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ),
    )
    build.rotate(key)
    for volume in ("vol-0a3c9d41e7b25f860", "vol-04be17c2d8a93f651"):
        build.grant(
            key,
            "",
            autoscaling,
            ("Decrypt", "GenerateDataKeyWithoutPlaintext", "CreateGrant"),
            context={"aws:ebs:id": volume},
            retiring=f"ec2.{build.region}.amazonaws.com",
        )
    database = build.key(
        "orders/rds",
        description="Aurora cluster orders-prod",
        age_days=710,
        tags={"project": "orders", "env": "prod", "owner": "team-orders", "cost-center": "4200"},
    )
    build.rotate(database)
    build.grant(
        database,
        "rds-orders-prod",
        build.arn("role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"),
        ("Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "DescribeKey",
         "CreateGrant", "RetireGrant"),
        context={"aws:rds:db-id": "db-7QZ3LXV5KQ2M4"},
        age_days=709,
    )  # fmt: skip


def _add_queues(build: Builder) -> None:
    source = {"StringEquals": {"aws:SourceAccount": build.account}}
    for name, service, actions in (
        ("events/sns", "sns.amazonaws.com", ["kms:GenerateDataKey*", "kms:Decrypt"]),
        ("events/sqs", "s3.amazonaws.com", ["kms:GenerateDataKey", "kms:Decrypt"]),
    ):
        build.key(
            name,
            description=f"Messages that {service} puts",
            age_days=480,
            tags={"project": "events", "env": "prod", "owner": "team-orders"},
            policy=policy(
                root_statement(build.account),
                allow(f"Allow {service}", {"Service": service}, actions, source),
            ),
        )
