"""AWS managed keys, with the policies that AWS gives them, and reserved aliases without a key.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key
"""

from __future__ import annotations

from kmstui.demo.kms.store import AliasEntry
from kmstui.demo.world.building import Builder, policy

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
    prefix = f"arn:aws:kms:{build.region}:{build.account}:alias/aws/"
    reserved = [AliasEntry(f"alias/aws/{n}", prefix + n, None, 0, 0) for n in _WITHOUT_KEY]
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
