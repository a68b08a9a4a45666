"""The policies of the workshop's section on key policies, with their account filled in."""

from __future__ import annotations

import re

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE_NAME = "KMSWorkshop-InstanceInitRole"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{ROLE_NAME}"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE_NAME}/i-0123456789abcdef0"

_ROOT = """    {
      "Sid": "Enable IAM User Permissions",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::your-acount-id:root"},
      "Action": "kms:*",
      "Resource": "*"
    }"""


def _policy(*more: str) -> str:
    text = ",\n".join((_ROOT, *more))
    document = f'{{"Version": "2012-10-17", "Id": "key-default-1", "Statement": [\n{text}\n]}}'
    return re.sub(r"your-acc?ount-id", ACCOUNT, document)


DEFAULT = _policy()

ACCOUNT_ONLY = _policy(
    """    {
      "Sid": "Allow for Use only within our Account",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::your-acount-id:role/KMSWorkshop-InstanceInitRole"},
      "Action": "kms:*",
      "Resource": "*",
      "Condition": {"StringEquals": {"kms:CallerAccount": "your-account-id"}}
    }"""
)

ROLE_ONLY = _policy(
    """    {
      "Sid": "Allow for Use only within our Account",
      "Effect": "Deny",
      "NotPrincipal": {"AWS": [
        "arn:aws:iam::your-acount-id:role/KMSWorkshop-InstanceInitRole",
        "arn:aws:iam::your-acount-id:root"
      ]},
      "Action": "kms:*",
      "Resource": "*",
      "Condition": {"StringEquals": {"kms:CallerAccount": "your-account-id"}}
    }"""
)

MFA = _policy(
    """    {
      "Sid": "Allow for Use only within our Account",
      "Effect": "Allow",
      "Principal": {"AWS": ["arn:aws:iam::your-acount-id:user/userA"]},
      "Action": [
        "kms:DeleteAlias", "kms:DeleteImportedKeyMaterial", "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion"
      ],
      "Resource": "*",
      "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}}
    }"""
)

ENDPOINT = _policy(
    """    {
      "Sid": "Allow for Use only within our VPC",
      "Effect": "Deny",
      "Principal": {"AWS": "arn:aws:iam::your-account-id:role/KMSWorkshop-InstanceInitRole"},
      "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
      "Resource": "*",
      "Condition": {"StringNotEquals": {"aws:sourceVpce": "vpce-1xxxxxxxx1"}}
    }"""
)
