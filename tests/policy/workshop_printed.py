"""The five key policies of the AWS KMS workshop, exactly as printed there.

Source: aws-samples/aws-kms-workshop, "Section-3-Best-practices.md" (Working with Key Policies; VPC
Endpoints and Key Policies). Their mistakes are what the linter has to find.
"""

# The lines stand as printed, trailing blanks included.
# ruff: noqa: E501, W291
from __future__ import annotations

DEFAULT = """{
\u00a0 "Version" : "2012-10-17",
\u00a0 "Id" : "key-default-1",
\u00a0 "Statement" : [ {
\u00a0 \u00a0 "Sid" : "Enable IAM User Permissions",
\u00a0 \u00a0 "Effect" : "Allow",
\u00a0 \u00a0 "Principal" : {
\u00a0 \u00a0 \u00a0 "AWS" : "arn:aws:iam::your-account-id:root"
\u00a0 \u00a0 },
\u00a0 \u00a0 "Action" : "kms:*",
\u00a0 \u00a0 "Resource" : "*"
\u00a0 } ]
}"""
"""Printed as the escaped output of get-key-policy, indented with no-break spaces."""

CALLER_ACCOUNT = """{
  "Version": "2012-10-17",
  "Id": "key-default-1",
  "Statement": [
    {
      "Sid": "Enable IAM User Permissions",
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::your-acount-id:root"
      },
      "Action": "kms:*",
      "Resource": "*"
    },
    {
      "Sid": "Allow for Use only within our Account",
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::your-acount-id:role/KMSWorkshop-InstanceInitRole"
      },
      "Action": "kms:*",
      "Resource": "*",
      "Condition": {
        "StringEquals": {
          "kms:CallerAccount": "your-account-id"
        }
      }
    }
  ]
}"""
"""Least privilege: access only from the account."""

NOT_PRINCIPAL = """{
  "Version": "2012-10-17",
  "Id": "key-default-1",
  "Statement": [
    {
      "Sid": "Enable IAM User Permissions",
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::your-acount-id:root"
      },
      "Action": "kms:*",
      "Resource": "*"
    },
    {
      "Sid": "Allow for Use only within our Account",
      "Effect": "Deny",
      "NotPrincipal": { 
        "AWS": [ "arn:aws:iam::your-acount-id:role/KMSWorkshop-InstanceInitRole", "arn:aws:iam::your-acount-id:root"]
      },
      "Action": "kms:*",
      "Resource": "*",
      "Condition": {
        "StringEquals": {
          "kms:CallerAccount": "your-account-id"
        }
      }
    }
  ]
}"""
"""Least privilege: access only from a role."""

MFA = """{
  "Version": "2012-10-17",
  "Id": "key-default-1",
  "Statement": [
    {
      "Sid": "Enable IAM User Permissions",
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::your-acount-id:root"
      },
      "Action": "kms:*",
      "Resource": "*"
    },
    {
      "Sid": "Allow for Use only within our Account",
      "Effect": "Allow",
      "Principal": { 
        "AWS": [ "arn:aws:iam::your-acount-id:user/userA",]
      },
      "Action":  [
    "kms:DeleteAlias",
    "kms:DeleteImportedKeyMaterial",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion"
     ], 
      "Resource": "*",
      "Condition": {
        "NumericLessThan":{"aws: MultiFactorAuthAge":"300"}       }
    }
  ]
}"""
"""Key policy, including conditions."""

VPC_ENDPOINT = """{
  "Version": "2012-10-17",
  "Id": "key-default-1",
  "Statement": [
    {
      "Sid": "Enable IAM User Permissions",
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::your-account-id:root"
      },
      "Action": "kms:*",
      "Resource": "*"
    },
    {
      "Sid": "Allow for Use only within our VPC",
      "Effect": "Deny",
      "Principal": {
        "AWS": "arn:aws:iam::your-account-id:role/KMSWorkshop-InstanceInitRole"
      },
      "Action": [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*"
      ],
      "Resource": "*",
      "Condition": {
        "StringNotEquals": {
          "aws:sourceVpce": "vpce-1xxxxxxxx1"
        }
      }
    }
  ]
}"""
"""VPC endpoints and key policies."""

ALL = {
    "default": DEFAULT,
    "caller account": CALLER_ACCOUNT,
    "not principal": NOT_PRINCIPAL,
    "mfa": MFA,
    "vpc endpoint": VPC_ENDPOINT,
}
