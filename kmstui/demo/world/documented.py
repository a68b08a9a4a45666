"""Keys with documented policies: the workshop's, those for AWS services, and AWS managed ones.

The workshop's stand as the section prints them, with the account and the names filled in, and with
their mistakes as far as KMS stores them. What KMS would refuse to read at all (the trailing comma,
the white space in ``aws: MultiFactorAuthAge``) is put right.
https://github.com/aws-samples/aws-kms-workshop and
https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key
"""

from __future__ import annotations

from kmstui.demo.kms.keys import EmbeddedKey
from kmstui.demo.kms.policies import root_statement
from kmstui.demo.kms.store import AliasEntry
from kmstui.demo.world.building import ADMINISTER, USE, Builder, allow, policy
from kmstui.demo.world.people import INSTANCE_ROLE

_TAGS = {"project": "kmsworkshop"}


def add_workshop_keys(build: Builder) -> EmbeddedKey:
    """Add them; returns the key that the workshop is about."""
    imported = build.key(
        "ImportedCMK",
        description="Key with imported key material, section 2 of the workshop",
        age_days=21,
        origin="EXTERNAL",
        state="Enabled",
    )
    build.import_material(imported, "Material of the workshop")
    for name, description, text in (
        ("workshop/account-only", "Access only from the account", _account_only(build)),
        ("workshop/role-only", "Access only from a role", _role_only(build)),
        ("workshop/encryption-context", "Access by encryption context", _by_context(build)),
        ("workshop/mfa", "Sensitive operations with MFA only", _mfa(build)),
        ("workshop/vpc-endpoint", "Access from a VPC endpoint only", _endpoint(build)),
    ):
        build.key(name, description=description, policy=text, age_days=20, tags=_TAGS)
    return imported


def _role(build: Builder) -> str:
    return build.arn(f"role/{INSTANCE_ROLE}")


def _account_only(build: Builder) -> str:
    """``kms:CallerAccount`` in an Allow restricts nothing while the root statement stands."""
    return build.with_root(
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
    return build.with_root(
        {
            "Sid": "Allow for Use only within our Account",
            "Effect": "Deny",
            "NotPrincipal": {"AWS": [_role(build), build.arn("root")]},
            "Action": "kms:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:CallerAccount": build.account}},
        }
    )


def _by_context(build: Builder) -> str:
    """The section names ``kms:EncryptionContextKey``, which no request carries."""
    return build.with_root(
        allow(
            "Allow S3 encryption context only",
            {"AWS": _role(build)},
            ["kms:GenerateDataKey", "kms:Decrypt"],
            {"StringEquals": {"kms:EncryptionContextKey": "aws:s3:arn"}},
        ),
    )


def _mfa(build: Builder) -> str:
    """Bypassed by the root statement with any IAM policy."""
    return build.with_root(
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
    return build.with_root(
        allow(
            "Allow for Use only within our VPC",
            {"AWS": _role(build)},
            ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
            {"StringNotEquals": {"aws:sourceVpce": "vpce-1xxxxxxxx1"}},
            effect="Deny",
        ),
    )


def add_service_keys(build: Builder) -> dict[str, EmbeddedKey]:
    """Add them; returns those whose use CloudTrail will tell of."""
    account, region = build.account, build.region
    root = root_statement(account)
    admin = allow(
        "Allow access for Key Administrators", build.administrator,
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
        policy=build.with_root(
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
    build.grant(
        database,
        "",
        "backup.amazonaws.com",
        ("Decrypt", "GenerateDataKeyWithoutPlaintext", "DescribeKey"),
        retiring="backup.amazonaws.com",
        source_arn=f"arn:aws:backup:{build.region}:{build.account}:backup-vault:orders",
        age_days=12,
    )


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
            policy=build.with_root(
                allow(f"Allow {service}", {"Service": service}, actions, source),
            ),
        )


_SERVICES = {
    "s3": ("s3", "Default key that protects my S3 objects when no other key is defined"),
    "ebs": ("ec2", "Default key that protects my EBS volumes when no other key is defined"),
    "rds": ("rds", "Default key that protects my RDS database volumes when no other key is "
            "defined"),
    "lambda": ("lambda", "Default key that protects my Lambda functions when no other key is "
               "defined"),
    "secretsmanager": ("secretsmanager", "Default key that protects my Secrets Manager data when "
                       "no other key is defined"),
    "sns": ("sns", "Default key that protects my SNS data when no other key is defined"),
}  # fmt: skip
_WITHOUT_KEY = ("dynamodb", "redshift", "backup", "ssm")


def add_managed_keys(build: Builder) -> None:
    """Add them."""
    for position, (alias, (service, description)) in enumerate(_SERVICES.items()):
        key = build.key(
            f"aws/{alias}",
            description=description,
            policy=_managed_policy(build, alias, service),
            age_days=1500 - 70 * position,
            manager="AWS",
        )
        build.rotate(key)
    reserved = [AliasEntry(f"alias/aws/{name}", None, 0, 0) for name in _WITHOUT_KEY]
    build.stores.of(build.account, build.region).add((), reserved)


def _managed_policy(build: Builder, alias: str, service: str) -> str:
    return policy(
        {
            "Sid": f"Allow access through {service} for all principals in the account that are "
            f"authorized to use {service}",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                       "kms:CreateGrant", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "kms:CallerAccount": build.account,
                    "kms:ViaService": f"{service}.{build.region}.amazonaws.com",
                }
            },
        },
        {
            "Sid": "Allow direct access to key metadata to the account",
            "Effect": "Allow",
            "Principal": {"AWS": build.arn("root")},
            "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
            "Resource": "*",
        },
        id_=f"auto-{alias}-2",
    )  # fmt: skip
