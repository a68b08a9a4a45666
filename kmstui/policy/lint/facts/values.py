"""How single values are written: principals told apart by form, and placeholders.

A placeholder is the one cause of all that is wrong with the value around it, so every rule
about values asks here first and keeps silent where one is found.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from kmstui.model import Arn, late_pattern
from kmstui.policy.iam import DNS_SUFFIXES
from kmstui.policy.syntax import PrincipalEntry, Span, StringNode

ACCOUNT = "account"
"""The account that the key belongs to, as the words of a placeholder say."""
SOME_ACCOUNT = "some account"
"""An account of which nothing says that it is the key's."""
REGION = "region"
KEY = "key"
_MARKS = late_pattern(
    r"\$\{(?P<variable>[^{}]*)\}"
    r"|\{\{[^{}]{0,80}\}\}|\{\s*[\w.:…-][\w.:… -]{0,80}\}"
    r"|<[^<>]{1,80}>"
    r"|%\(\w{1,40}\)[sd]|%[sd]\b"
    r"|(?i:\byour(?:[-_ ][a-z][a-z0-9]*)+)"
    r"|(?<![\w-])(?:TODO|FIXME|(?i:change[-_ ]?me|replace[-_ ]?me))(?![\w-])"
    r"|(?<=\.)(?i:(?:aws[-_])?region)(?=\.amazonaws\.com)"
)
_XXXX = late_pattern(r"[xX]{4,}")
_POLICY_VARIABLE = late_pattern(r"[*?$]|\s*|\s*[A-Za-z][\w.-]*:(?!:).*", re.DOTALL)
_ACCOUNT_WORD = late_pattern(r"(?i)ac+ou?nt")
_THIS_ACCOUNT = late_pattern(
    r"(?:your|my|our|own|this|the|current|self|aws|kms|key|owner|data|calleridentity|var|local|ref"
    r"|sub|custom|params?|env|ac+ou?nts?|ids?|numbers?|no|num|without|hyphens?|dashes|12|digits?"
    r"|of|here|put|insert|enter|replace|fill|in)+"
)
"""Words that tell no account from the key's own. Any other, such as `partner`, may mean another."""
_ACCOUNT_VALUE = late_pattern(r"(?i)(?:aws[-_ ]?)?account(?:[-_ ]?(?:id|number))(?:[-_ ]\w+)*")
_REGION_WORD = late_pattern(r"(?i)(?:aws[-_ ]?)?region")
_KEY_WORD = late_pattern(r"(?i)key[-_ ]?(?:id|arn)|(?i:kms[-_ ]?key)")


class Placeholder(NamedTuple):
    """A part of a value that nobody filled in."""

    start: int
    """Where it begins in the value, in characters."""
    end: int
    text: str
    stands_for: str
    """`account` (the key's own), `some account`, `region` or `key` where its words or its place
    tell, else empty."""


def _slots(value: str) -> list[tuple[str, int, int]]:
    """What stands at the Region, account and resource of an ARN, with its range."""
    parts = value.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return []
    slots = []
    at = 0
    for index, part in enumerate(parts):
        if index >= 3:
            slots.append(((REGION, ACCOUNT, KEY)[index - 3], at, at + len(part)))
        at += len(part) + 1
    return slots


def _marked(value: str) -> Iterator[tuple[int, int]]:
    for match in _MARKS.finditer(value):
        variable = match["variable"]
        if variable is None or not _POLICY_VARIABLE.fullmatch(variable):
            yield match.span()


def _crossed_out(value: str) -> Iterator[tuple[int, int]]:
    """Words with `xxxx` in them, whole."""
    last = 0
    for match in _XXXX.finditer(value):
        start, end = match.span()
        if start < last:
            continue
        while start > last and (value[start - 1].isalnum() or value[start - 1] in "-_"):
            start -= 1
        while end < len(value) and (value[end].isalnum() or value[end] in "-_"):
            end += 1
        last = end
        yield start, end


def _named(value: str, slots: list[tuple[str, int, int]]) -> Iterator[tuple[int, int]]:
    """A bare `account-id`, and words where an ARN has its account or Region."""
    if _ACCOUNT_VALUE.fullmatch(value):
        yield 0, len(value)
    for meaning, start, end in slots:
        pattern = {ACCOUNT: _ACCOUNT_WORD, REGION: _REGION_WORD}.get(meaning)
        if pattern and pattern.search(value, start, end):
            yield start, end


def _ranges(value: str, slots: list[tuple[str, int, int]]) -> Iterator[tuple[int, int]]:
    """All of them in the order written; of two that overlap, the one that begins first."""
    last = 0
    for start, end in sorted((*_marked(value), *_crossed_out(value), *_named(value, slots))):
        if start >= last:
            last = end
            yield start, end


def _meaning(value: str, start: int, end: int, slots: list[tuple[str, int, int]]) -> str:
    text = value[start:end]
    for word, meaning in ((_ACCOUNT_WORD, ACCOUNT), (_REGION_WORD, REGION), (_KEY_WORD, KEY)):
        if word.search(text):
            return _whose_account(text) if meaning == ACCOUNT else meaning
    for meaning, slot_start, slot_end in slots:
        if (start, end) == (slot_start, slot_end) and meaning != KEY:
            return _whose_account(text) if meaning == ACCOUNT else meaning
    return ""


def means_own_account(text: str) -> bool:
    """Whether nothing in the words of a placeholder for an account tells it from the key's."""
    return _THIS_ACCOUNT.fullmatch("".join(filter(str.isalnum, text)).lower()) is not None


def _whose_account(text: str) -> str:
    return ACCOUNT if means_own_account(text) else SOME_ACCOUNT


@lru_cache(maxsize=4096)
def _found(value: str) -> tuple[Placeholder, ...]:
    slots = _slots(value)
    return tuple(
        Placeholder(start, end, value[start:end], _meaning(value, start, end, slots))
        for start, end in _ranges(value, slots)
    )


def find_placeholders(value: str) -> tuple[Placeholder, ...]:
    """The placeholders in one string of a policy, in the order written.

    A policy variable such as `${aws:username}` or `${*}` is not one (IAM User Guide, "IAM policy
    elements: Variables and tags"); `${AWS::AccountId}` and `${var.account}` are.
    """
    # Values of a real length come again at every key press; nonsense shall not fill the cache.
    return _found(value) if len(value) < 512 else _found.__wrapped__(value)


PARTITIONS = frozenset(DNS_SUFFIXES)
ACCOUNT_ID = late_pattern(r"[0-9]{12}")
DOCUMENTATION_ACCOUNTS = ("111122223333", "123456789012")
"""The accounts of AWS's own examples."""
_UNIQUE_ID = late_pattern(r"A(?:IDA|ROA|GPA|IPA|NPA|NVA|SIA|KIA|BIA|CCA|PKA|SCA)[A-Z0-9]{12,}")
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
    if ACCOUNT_ID.fullmatch(value):
        return AwsPrincipal(Form.ACCOUNT_ID, value)
    if _UNIQUE_ID.fullmatch(value):
        return AwsPrincipal(Form.UNIQUE_ID)
    if value != value.strip():
        return _malformed("has white space around it")
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
    if not ACCOUNT_ID.fullmatch(arn.account):
        digits = f"has {len(arn.account)} digits" if arn.account.isdigit() else "is not one"
        return f"names the account {arn.account!r}, which {digits}; an account ID has 12 digits"
    if right := right_role_arn(str(arn)):
        return f"names nobody: the role's ARN is {right}"
    if not resources.fullmatch(arn.resource):
        return f"names {arn.resource!r}, which is not a user, role, session or root"
    return ""


_BY_AWS = late_pattern(
    r"(?P<front>arn:[^:]*:iam::[^:]*:role/)(?P<path>(?:[^/]*/)*)"
    r"(?P<name>(?P<kind>AWSReservedSSO_|AWSServiceRoleFor).*)"
)
_PATHS = {
    "AWSReservedSSO_": (
        re.compile(r"aws-reserved/sso\.amazonaws\.com/(?:[^/]+/)?"),
        "aws-reserved/sso.amazonaws.com/[REGION/]",
    ),
    "AWSServiceRoleFor": (
        re.compile(r"aws-service-role/[^/]+/"),
        "aws-service-role/SERVICE.amazonaws.com/",
    ),
}
"""By how names begin of roles that AWS alone makes: their path, and its form.

The Region is that of IAM Identity Center, and left out where that is us-east-1 (IAM Identity Center
User Guide, "Referencing permission sets in resource policies"; IAM User Guide, "Create a
service-linked role")."""
_SESSION_WITH_PATH = late_pattern(
    r"(?P<front>arn:[^:]*:sts::[^:]*:assumed-role/)[^:*?]*/(?P<role>[^/:]+)/(?P<name>[^/:]+)"
)


@lru_cache(maxsize=4096)
def right_role_arn(value: str) -> str:
    """The form that the ARN of a role or session should have, where its path is wrong; or "".

    A role of IAM Identity Center and a service-linked role always have a path, and a session's ARN
    never has its role's (IAM User Guide, "IAM identifiers", "IAM ARNs").
    """
    if session := _SESSION_WITH_PATH.fullmatch(value):
        return f"{session['front']}{session['role']}/{session['name']}"
    role = _BY_AWS.fullmatch(value)
    if role is None or "*" in role["path"] or "?" in role["path"]:
        return ""
    path, form = _PATHS[role["kind"]]
    return "" if path.fullmatch(role["path"]) else f"{role['front']}{form}{role['name']}"


def account_of(entry: PrincipalEntry) -> str:
    """The account of a principal; empty for everybody, services and what cannot be read."""
    return account_in(entry.type, entry.value.value)


@lru_cache(maxsize=4096)
def account_in(type_: str, value: str) -> str:
    """The same of a principal's type and value."""
    account = read_principal(value).account if type_ == "AWS" else ""
    return account if ACCOUNT_ID.fullmatch(account) else ""


def fill_account(value: str, account: str) -> str:
    """The text with its placeholders for the key's own account filled in."""
    for found in reversed(find_placeholders(value)):
        if found.stands_for == ACCOUNT:
            value = value[: found.start] + account + value[found.end :]
    return value


def part_of(node: StringNode, start: int, end: int) -> Span:
    """The range of a part of a string; all of it where escapes hide the place."""
    if node.span.end - node.span.start != len(node.value) + 2:
        return node.span
    return Span(node.span.start + 1 + start, node.span.start + 1 + end)
