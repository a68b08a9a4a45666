"""Principals that a key policy names must exist when it is put.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html: "Key policies
cannot … name principals that do not exist"; AWS answers
"Policy contains a statement with one or more invalid principals."
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.iam.models import iam_backends

from kmstui.demo.access.conditions import as_list
from kmstui.demo.access.identities import find_holder

_ACCOUNT = re.compile(r"\d{12}")
_SERVICE = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.(?:amazonaws\.com(?:\.cn)?|amazon\.com)")
_SESSION = re.compile(r"arn:aws:sts::(\d{12}):assumed-role/([\w+=,.@-]+)/([\w+=,.@-]+)")
_FEDERATED_USER = re.compile(r"arn:aws:sts::\d{12}:federated-user/[\w+=,.@-]+")
_IAM = re.compile(r"arn:aws:iam::(\d{12}):(root|user/\S+|role/\S+)")
_PROVIDER = re.compile(
    r"arn:aws:iam::\d{12}:(?:saml|oidc)-provider/\S+|cognito-identity\.amazonaws\.com"
    r"|www\.amazon\.com|graph\.facebook\.com|accounts\.google\.com"
)


def invalid_principals(document: Mapping[str, Any]) -> list[str]:
    """The principals of a policy that are malformed or do not exist."""
    return [name for kind, name in _named(document) if kind in _VALID and not _VALID[kind](name)]


def _named(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for statement in as_list(document["Statement"]):
        for element in ("Principal", "NotPrincipal"):
            principal = statement.get(element)
            if isinstance(principal, Mapping):
                for kind, names in principal.items():
                    for name in as_list(names):
                        yield kind, name


def _valid_aws(name: str) -> bool:
    if name == "*" or _ACCOUNT.fullmatch(name) or _FEDERATED_USER.fullmatch(name):
        return True
    session = _SESSION.fullmatch(name)
    if session:
        return _role_exists(session.group(1), session.group(2))
    found = _IAM.fullmatch(name)
    if found is None or "*" in name or "?" in name:
        return False
    return found.group(2) == "root" or find_holder(name) is not None


def _role_exists(account: str, role: str) -> bool:
    if account not in iam_backends:
        return False
    return any(held.name == role for held in iam_backends[account]["aws"].roles.values())


_VALID: dict[str, Callable[[str], bool]] = {
    "AWS": _valid_aws,
    "Service": lambda name: _SERVICE.fullmatch(name) is not None,
    "Federated": lambda name: _PROVIDER.fullmatch(name) is not None,
}
