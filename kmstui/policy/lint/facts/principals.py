"""Principals as policies write them, told apart by form.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from kmstui.model.arn import Arn
from kmstui.policy.syntax.statements import PrincipalEntry

PARTITIONS = frozenset(
    {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}
)
"""Source: botocore's `partitions.json`."""

ACCOUNT = re.compile(r"[0-9]{12}")
_UNIQUE_ID = re.compile(r"A(?:IDA|ROA|GPA|IPA|NPA|NVA|SIA|KIA|BIA|CCA|PKA|SCA)[A-Z0-9]{12,}")
_NAME = r"[\w+=,.@-]+"
_PATH = rf"(?:[\x21-\x7e]*/)?{_NAME}"
_RESOURCES = {
    "iam": re.compile(rf"root|(?:user|role)/{_PATH}|(?:saml|oidc)-provider/[\x21-\x7e]+"),
    "sts": re.compile(
        rf"root|assumed-role/{_NAME}/{_NAME}|federated-user/[\w+=,.@:\\-]+|self", re.ASCII
    ),
}
_NO_PRINCIPALS = {
    ("iam", "group"): "An IAM group",
    ("iam", "instance-profile"): "An instance profile",
    ("iam", "policy"): "An IAM policy",
    ("iam", "server-certificate"): "A server certificate",
    ("iam", "mfa"): "An MFA device",
    ("kms", "key"): "A KMS key",
    ("kms", "alias"): "A KMS alias",
}
_ACCOUNT_OF_CLOUDFRONT = "cloudfront"
"""An origin access identity is `arn:aws:iam::cloudfront:user/CloudFront …`."""


class Form(Enum):
    """What an `AWS` principal looks like."""

    EVERYBODY = auto()
    ACCOUNT_ID = auto()
    ROOT = auto()
    IDENTITY = auto()
    """A user, role, session or federated user."""
    USER_NAMED_ROOT = auto()
    UNIQUE_ID = auto()
    WILDCARD = auto()
    NO_PRINCIPAL = auto()
    """An ARN of something that cannot be a principal."""
    MALFORMED = auto()


class AwsPrincipal(NamedTuple):
    """One `AWS` principal taken apart."""

    form: Form
    account: str = ""
    partition: str = ""
    reason: str = ""
    """What is wrong with it, where something is."""


@lru_cache(maxsize=4096)
def read_principal(value: str) -> AwsPrincipal:
    """Take an `AWS` principal apart; never fails."""
    if value == "*":
        return AwsPrincipal(Form.EVERYBODY)
    if ACCOUNT.fullmatch(value):
        return AwsPrincipal(Form.ACCOUNT_ID, value)
    if _UNIQUE_ID.fullmatch(value):
        return AwsPrincipal(Form.UNIQUE_ID)
    if value != value.strip():
        return _malformed("has stray space around it")
    if value.isdigit():
        return _malformed(f"has {len(value)} digits; an account ID has 12")
    if "*" in value or "?" in value:
        return AwsPrincipal(Form.WILDCARD)
    arn = Arn.maybe(value)
    if arn is None:
        if re.fullmatch(r"[0-9]{4}-[0-9]{4}-[0-9]{4}", value):
            return _malformed("is written with hyphens; an account ID is 12 digits")
        return _malformed("is neither an ARN nor an account ID")
    return _read_arn(arn)


def _malformed(reason: str) -> AwsPrincipal:
    return AwsPrincipal(Form.MALFORMED, reason=reason)


def _read_arn(arn: Arn) -> AwsPrincipal:
    named = _NO_PRINCIPALS.get((arn.service, arn.resource_type))
    if named is not None:
        return AwsPrincipal(Form.NO_PRINCIPAL, arn.account, arn.partition, named)
    reason = _defect(arn)
    if reason:
        return AwsPrincipal(Form.MALFORMED, arn.account, arn.partition, reason)
    form = Form.IDENTITY
    if arn.resource == "root":
        form = Form.ROOT
    elif arn.resource == "user/root" and arn.service == "iam":
        form = Form.USER_NAMED_ROOT
    return AwsPrincipal(form, arn.account, arn.partition)


def _defect(arn: Arn) -> str:
    """What is wrong with an ARN as a principal; empty where nothing is."""
    if arn.partition not in PARTITIONS:
        return f"names the partition {arn.partition!r}, which AWS does not have"
    resources = _RESOURCES.get(arn.service)
    if resources is None:
        return f"is an ARN of {arn.service!r}; principals are of iam or sts"
    if arn.region:
        return f"names the Region {arn.region!r}; ARNs of {arn.service} have none"
    if arn.account == _ACCOUNT_OF_CLOUDFRONT:
        return ""
    if not ACCOUNT.fullmatch(arn.account):
        digits = f"has {len(arn.account)} digits" if arn.account.isdigit() else "is none"
        return f"names the account {arn.account!r}, which {digits}; an account ID has 12 digits"
    if not resources.fullmatch(arn.resource):
        return f"names {arn.resource!r}, which is no user, role, session or root"
    return ""


def account_of(entry: PrincipalEntry) -> str:
    """The account of a principal; empty for everybody, services and what cannot be read."""
    if entry.type != "AWS":
        return ""
    account = read_principal(entry.value.value).account
    return account if ACCOUNT.fullmatch(account) else ""
