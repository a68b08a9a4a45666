"""What the oracle's policies and requests are drawn from: who, what, and values that just meet.

Nothing here comes from `kmstui`: what a request carries is written after the IAM User Guide, "AWS
global condition context keys", and the Service Authorization Reference of KMS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_network
from typing import Any

OWNER, OTHER = "111122223333", "444455556666"
KEY = f"arn:aws:kms:eu-west-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OF_THE_KEY = {
    "aws:ResourceAccount": OWNER,
    "aws:RequestedRegion": "eu-west-1",
    "aws:SecureTransport": "true",
}
"""Condition keys that follow from the key and from how KMS is reached."""


@dataclass(frozen=True)
class Who:
    """One principal, and the condition keys that follow from who it is."""

    arn: str
    follows: Mapping[str, str]
    parent: str = ""
    """The user behind a federated user."""

    @property
    def account(self) -> str:
        """The account it belongs to; empty for services and for nobody."""
        return self.follows.get("aws:PrincipalAccount", "")

    @property
    def is_service(self) -> bool:
        """Whether it is an AWS service that asks on its own."""
        return "aws:PrincipalServiceName" in self.follows

    @property
    def has_iam(self) -> bool:
        """Whether identity policies can be attached to it."""
        return bool(self.account) and not self.is_root

    @property
    def is_root(self) -> bool:
        """Whether it is an account's root user."""
        return self.arn.endswith(":root")

    @property
    def of_session(self) -> bool:
        """Whether a session policy can be passed for it."""
        return self.arn.startswith("arn:aws:sts:")


def _somebody(kind: str, arn: str, account: str, principal_arn: str = "", **more: str) -> Who:
    follows = {
        "aws:PrincipalArn": principal_arn or arn,
        "aws:PrincipalAccount": account,
        "aws:PrincipalType": kind,
        "aws:PrincipalIsAWSService": "false",
        "kms:CallerAccount": account,
    }
    if kind == "User":
        follows["aws:username"] = arn.rsplit("/", 1)[-1]
    return Who(arn, follows, **more)


def _service(name: str) -> Who:
    return Who(name, {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": name})


def _session(account: str, role: str, name: str, path: str = "") -> Who:
    return _somebody(
        "AssumedRole",
        f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        account,
        f"arn:aws:iam::{account}:role/{path}{role}",
    )


ANNA = f"arn:aws:iam::{OWNER}:user/anna"
BOB = f"arn:aws:iam::{OWNER}:user/teams/blue/bob"
APP = f"arn:aws:iam::{OWNER}:role/app"
EVE = f"arn:aws:iam::{OTHER}:user/eve"
ROOT, OTHER_ROOT = (f"arn:aws:iam::{account}:root" for account in (OWNER, OTHER))

PRINCIPALS: Mapping[str, Who] = {
    "anna": _somebody("User", ANNA, OWNER),
    "bob": _somebody("User", BOB, OWNER),
    "role app": _somebody("AssumedRole", APP, OWNER),
    "app/i-0123": _session(OWNER, "app", "i-0123"),
    "app/i-0124": _session(OWNER, "app", "i-0124"),
    "deployer/ci": _session(OWNER, "deployer", "ci", "ops/"),
    "federated anna": _somebody(
        "FederatedUser", f"arn:aws:sts::{OWNER}:federated-user/anna", OWNER, parent=ANNA
    ),
    "root": _somebody("Account", ROOT, OWNER),
    "eve": _somebody("User", EVE, OTHER),
    "partner/x": _session(OTHER, "partner", "x"),
    "other root": _somebody("Account", OTHER_ROOT, OTHER),
    "s3": _service("s3.amazonaws.com"),
    "cloudtrail": _service("cloudtrail.amazonaws.com"),
    "anonymous": Who("*", {"aws:PrincipalType": "Anonymous", "aws:PrincipalAccount": "anonymous"}),
}

NAMED: Sequence[Any] = (
    "*",
    {"AWS": "*"},
    {"AWS": ANNA},
    {"AWS": BOB},
    {"AWS": APP},
    {"AWS": ROOT},
    {"AWS": OWNER},
    {"AWS": [ROOT, OTHER_ROOT]},
    {"AWS": PRINCIPALS["app/i-0123"].arn},
    {"AWS": f"arn:aws:iam::{OWNER}:role/ops/deployer"},
    {"AWS": PRINCIPALS["federated anna"].arn},
    {"AWS": EVE},
    {"AWS": OTHER},
    {"AWS": f"arn:aws:iam::{OTHER}:role/partner"},
    {"Service": "s3.amazonaws.com"},
    {"Service": ["s3.amazonaws.com", "cloudtrail.amazonaws.com"]},
    {"AWS": [APP, ANNA, EVE], "Service": "cloudtrail.amazonaws.com"},
)
ACTIONS = (
    "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:EnableKeyRotation",
    "kms:ScheduleKeyDeletion", "kms:TagResource",
)  # fmt: skip
ACTION_PATTERNS = (
    "kms:*", "kms:*", "*", "kms:De*", "KMS:decrypt", "kms:Decryp?", "kms:*Key*", "kms:Generate*",
    "kms:GenerateDataKey?", "kms:??crypt", "s3:*", *ACTIONS,
)  # fmt: skip
RESOURCES = (
    KEY, f"{KEY[:-1]}?", f"{KEY[:-1]}*", f"{KEY[:-1]}c", f"arn:aws:kms:*:{OWNER}:key/*",
    f"arn:aws:kms:us-east-1:{OWNER}:key/*", "arn:aws:kms:*:*:key/*", f"arn:*:kms:*:{OWNER}:*",
    f"arn:aws:kms:eu-west-?:{OWNER}:key/????abcd-*", f"arn:aws:kms:*:{OWNER}:alias/*",
    f"arn:aws:kms:eu-west-1:{OTHER}:key/*", KEY.upper().replace("ARN:AWS:KMS", "arn:aws:kms"),
    f"arn:aws:kms:*:{OWNER}:key/${{aws:PrincipalTag/key}}",
)  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """A condition key: its type, what policies say of it, and when requests carry it."""

    type: str
    wanted: Sequence[str]
    many: bool = False
    """Whether it has several values in one request."""
    derived: bool = False
    """Whether it follows from the principal or the key, so that no request is given it."""
    only: Sequence[str] = ()
    """The actions whose requests can carry it; empty where all can."""


TAGGED = ("${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'none'}", "${aws:username}")
_ARNS = (
    ANNA, APP, f"arn:aws:iam::{OWNER}:role/*", f"arn:aws:iam::{OWNER}:user/*",
    "arn:aws:iam::*:root",
    f"arn:aws:iam::{OWNER}:user/teams/*/bob", f"arn:aws:iam::{OWNER}:role/ops/deploye?",
    f"arn:aws:sts::{OWNER}:assumed-role/app/*", f"arn:*:iam::{OTHER}:user/*", "*",
    f"arn:aws:iam::{OWNER}:user/${{aws:PrincipalTag/team}}", "arn:aws:iam::*",
)  # fmt: skip
_ENCRYPTING = (
    "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
    "kms:CreateGrant",
)  # fmt: skip
SUBJECTS: Mapping[str, Subject] = {
    "kms:ViaService": Subject(
        "String", ("s3.eu-west-1.amazonaws.com", "s3.*.amazonaws.com", "*.eu-west-?.amazonaws.com")
    ),
    "aws:SourceVpce": Subject("String", ("vpce-1a2b3c4d", "vpce-1*", "vpce-????????")),
    "kms:EncryptionContext:App": Subject(
        "String", ("pay", "Pay", "p*y", "pay${*}", "p${?}y", "a${$}b", *TAGGED),
        only=_ENCRYPTING,
    ),
    "aws:PrincipalTag/team": Subject("String", ("blue", "b*", "*e", "${aws:username}", "anna")),
    "aws:PrincipalOrgID": Subject("String", ("o-a1b2c3d4e5", "o-a1*")),
    "aws:userid": Subject("String", ("AROAEXAMPLEID:*", "AIDAEXAMPLEID", "AROAEXAMPLEID:i-012?")),
    "kms:KeySpec": Subject("String", ("SYMMETRIC_DEFAULT", "RSA_*")),
    "kms:RotationPeriodInDays": Subject(
        "Numeric", ("90", "365", "180.5"), only=("kms:EnableKeyRotation",)
    ),
    "kms:ScheduleKeyDeletionPendingWindowInDays": Subject(
        "Numeric", ("7", "14", "30"), only=("kms:ScheduleKeyDeletion",)
    ),
    "aws:MultiFactorAuthAge": Subject("Numeric", ("300", "3600")),
    "aws:CurrentTime": Subject(
        "Date", ("2026-06-01T00:00:00Z", "2026-06-01", "2026-06-01T02:00:00+02:00", "1780272000")
    ),
    "aws:TokenIssueTime": Subject("Date", ("2026-01-01T12:30:00Z", "2026")),
    "aws:MultiFactorAuthPresent": Subject("Bool", ("true", "false")),
    "aws:ViaAWSService": Subject("Bool", ("true", "false")),
    "kms:GrantIsForAWSResource": Subject(
        "Bool", ("true", "True"), only=("kms:CreateGrant",)
    ),
    "kms:BypassPolicyLockoutSafetyCheck": Subject(
        "Bool", ("true", "false"), only=("kms:PutKeyPolicy",)
    ),
    "kms:RecipientAttestation:ImageSha384": Subject(
        "Binary", ("QmluYXJ5", "QmluYXJ6"), only=("kms:Decrypt", "kms:GenerateDataKey")
    ),
    "aws:SourceIp": Subject(
        "IPAddress",
        ("10.0.0.0/8", "203.0.113.0/24", "203.0.113.7", "192.0.2.129/25", "2001:db8::/32",
         "2001:db8:1234:5678::/64", "0.0.0.0/0"),
    ),
    "aws:VpcSourceIp": Subject("IPAddress", ("10.1.2.0/31", "172.16.0.0/12")),
    "aws:SourceArn": Subject(
        "ARN",
        ("arn:aws:s3:::data", "arn:aws:s3:::*", f"arn:aws:cloudtrail:*:{OWNER}:trail/*",
         f"arn:aws:cloudtrail:eu-west-1:{OWNER}:trail/main"),
    ),
    "aws:SourceAccount": Subject("String", (OWNER, OTHER, "1111*")),
    "aws:CalledVia": Subject("String", ("athena.amazonaws.com", "*.amazonaws.com"), many=True),
    "kms:EncryptionContextKeys": Subject(
        "String", ("App", "app", "A*"), many=True, only=_ENCRYPTING
    ),
    "kms:GrantOperations": Subject(
        "String", ("Decrypt", "Encrypt", "*crypt"), many=True, only=("kms:CreateGrant",)
    ),
    "aws:TagKeys": Subject("String", ("team", "Team", "t*"), many=True),
    "aws:PrincipalOrgPaths": Subject(
        "String", ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*", "o-a1b2c3d4e5/*"), many=True
    ),
    "aws:PrincipalArn": Subject("ARN", _ARNS, derived=True),
    "aws:PrincipalAccount": Subject("String", (OWNER, OTHER, "1*"), derived=True),
    "aws:PrincipalType": Subject("String", ("User", "AssumedRole", "user", "A*"), derived=True),
    "aws:PrincipalIsAWSService": Subject("Bool", ("true", "false"), derived=True),
    "aws:PrincipalServiceName": Subject(
        "String", ("s3.amazonaws.com", "cloudtrail.*"), derived=True
    ),
    "aws:username": Subject(
        "String", ("anna", "ANNA", "b?b", "${aws:PrincipalTag/team}"), derived=True
    ),
    "kms:CallerAccount": Subject("String", (OWNER, OTHER), derived=True),
    "aws:ResourceAccount": Subject("String", (OWNER, "${aws:PrincipalAccount}"), derived=True),
    "aws:RequestedRegion": Subject("String", ("eu-west-1", "eu-*", "us-east-1"), derived=True),
    "aws:SecureTransport": Subject("Bool", ("true", "false"), derived=True),
}  # fmt: skip
OF_SERVICES = ("aws:SourceArn", "aws:SourceAccount")
"""Condition keys that only services send."""
OF_ACCOUNTS = (
    "kms:ViaService",
    "aws:PrincipalTag/team",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:userid",
    "aws:TokenIssueTime",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
)
"""Condition keys that only requests of users, roles and root carry."""

OPERATORS: Mapping[str, Sequence[str]] = {
    "String": (
        "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
    ),
    "Numeric": (
        "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
        "NumericGreaterThan", "NumericGreaterThanEquals",
    ),
    "Date": (
        "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
        "DateGreaterThanEquals",
    ),
    "Bool": ("Bool",),
    "Binary": ("BinaryEquals",),
    "IPAddress": ("IpAddress", "NotIpAddress"),
    "ARN": ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "StringLike", "StringEquals"),
}  # fmt: skip


def _near_text(value: str) -> list[str]:
    filled = value.replace("*", "zz").replace("?", "q")
    bare = value.replace("*", "").replace("?", "")
    return [value, filled, bare, filled.swapcase(), f"{filled}x", filled[:-1] or "x", f"x{filled}"]


def _near_number(value: str) -> list[str]:
    exact = float(value)
    around = [exact, exact - 1, exact + 1, exact - 0.5, exact + 0.5]
    return [value, f"0{value}", f"{exact:.1f}", *(f"{each:g}" for each in around)]


def _near_moment(value: str) -> list[str]:
    if value.isdigit() and len(value) > 4:
        moment = datetime.fromtimestamp(int(value), UTC)
    else:
        moment = datetime.fromisoformat(value if len(value) > 4 else f"{value}-01-01")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    second = timedelta(seconds=1)
    zoned = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))
    around = [moment.astimezone(UTC) + step * second for step in (0, -1, 1)]
    return [*(f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in around), zoned.isoformat()]


def _near_address(value: str) -> list[str]:
    net = ip_network(value, strict=False)
    first, last = net.network_address, net.broadcast_address
    within = [str(first), str(last)]
    if net.prefixlen:
        within += [str(first - 1), str(last + 1)]
    return [*within, "2001:db8::1", "198.51.100.1"]


def _near_arn(value: str) -> list[str]:
    filled = value.replace("*", "zz").replace("?", "q").split(":")
    changed = [
        ":".join([*filled[:at], f"{filled[at]}x", *filled[at + 1 :]])
        for at in range(1, len(filled))
    ]
    return [":".join(filled), ":".join(filled).swapcase(), *changed, *_near_text(value)[:1]]


NEAR: Mapping[str, Callable[[str], list[str]]] = {
    "String": _near_text,
    "Numeric": _near_number,
    "Date": _near_moment,
    "Bool": lambda value: [value, "true", "false"],
    "Binary": lambda value: [value, "QmluYXJ5", "QmluYXJ6"],
    "IPAddress": _near_address,
    "ARN": _near_arn,
}
