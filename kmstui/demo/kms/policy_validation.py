"""What KMS holds a key policy to: the grammar, principals that exist, no lock-out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html,
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html. What is merely
unwise passes, as it does there.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NoReturn

from moto.iam.models import iam_backends

from kmstui.demo.access.authorization import decision_on_key, find_holder
from kmstui.demo.access.conditions import OPERATORS, as_list, split_operator
from kmstui.demo.access.context import Call
from kmstui.demo.access.evaluation import Verdict
from kmstui.demo.errors import ServiceError
from kmstui.demo.kms.keys import EmbeddedKey

MAXIMUM_BYTES = 32_768
_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?_-]+")
_CONDITION_KEY = re.compile(r"[a-zA-Z0-9-]+:[^\s:]\S*(?: \S+)*")
_TOP = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
     "NotResource", "Condition"}
)  # fmt: skip
_PAIRS = (
    ("Principal", "NotPrincipal"),
    ("Action", "NotAction"),
    ("Resource", "NotResource"),
)
_PRINCIPAL_TYPES = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_GLOBAL_KEYS = frozenset(
    {"calledvia", "calledviafirst", "calledvialast", "chatbotsourcearn", "currenttime",
     "ec2instancesourcevpc", "ec2instancesourceprivateipv4", "epochtime", "federatedprovider",
     "multifactorauthage", "multifactorauthpresent", "principalaccount", "principalarn",
     "principalisawsservice", "principalorgid", "principalorgpaths", "principalservicename",
     "principalservicenameslist", "principaltype", "referer", "requestedregion", "resourceaccount",
     "resourceorgid", "resourceorgpaths", "securetransport", "sourceaccount", "sourcearn",
     "sourceidentity", "sourceip", "sourceorgid", "sourceorgpaths", "sourcevpc", "sourcevpcarn",
     "sourcevpce", "tagkeys", "tokenissuetime", "useragent", "userid", "username", "viaawsservice",
     "vpceaccount", "vpceorgid", "vpceorgpaths", "vpcsourceip", "assumedroot"}
)  # fmt: skip
_TAG_KEYS = ("principaltag/", "requesttag/", "resourcetag/")


def malformed(message: str | None = None) -> ServiceError:
    """MalformedPolicyDocumentException, with the API reference's own sentence by default."""
    return ServiceError(
        "MalformedPolicyDocumentException",
        message
        or "The request was rejected because the specified policy is not syntactically or "
        "semantically correct.",
    )


def parse_policy(text: str) -> dict[str, Any]:
    """The document in ``text`` when it keeps to the grammar.

    Raises LimitExceededException (over 32,768 bytes) or MalformedPolicyDocumentException.
    """
    if len(text.encode("utf-8")) > MAXIMUM_BYTES:
        raise ServiceError(
            "LimitExceededException",
            f"The key policy document exceeds the size quota of {MAXIMUM_BYTES} bytes.",
        )
    document = _read(text)
    _check_document(document)
    return document


def _read(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise malformed() from error
    if not isinstance(document, dict):
        raise malformed()
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate member")
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _check_document(document: Mapping[str, Any]) -> None:
    if not _TOP.issuperset(document):
        raise malformed()
    if document.get("Version", "2008-10-17") not in {"2012-10-17", "2008-10-17"}:
        raise malformed()
    if not isinstance(document.get("Id", ""), str):
        raise malformed()
    statements = as_list(document.get("Statement", []))
    if not statements:
        raise malformed()
    for statement in statements:
        _check_statement(statement)


def _check_statement(statement: object) -> None:
    if not isinstance(statement, dict) or not _STATEMENT.issuperset(statement):
        raise malformed()
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise malformed()
    if not isinstance(statement.get("Sid", ""), str):
        raise malformed()
    _check_elements(statement)
    for name in ("Action", "NotAction"):
        if name in statement:
            _check_strings(statement[name], lambda text: _ACTION.fullmatch(text) is not None)
    for name in ("Resource", "NotResource"):
        if name in statement:
            _check_strings(statement[name], _is_resource)
    for name in ("Principal", "NotPrincipal"):
        if name in statement:
            _check_principal(statement[name])
    if "Condition" in statement:
        _check_condition(statement["Condition"])


def _check_elements(statement: Mapping[str, Any]) -> None:
    """Each element or its negation, and a principal in any case.

    Of Action and Resource the API reference says (PutKeyPolicy, Policy; also in the service model
    of botocore 1.44.5, November 2026) that a statement without them has no effect, and that the
    request succeeds all the same; the console alone refuses. The linter warns of it.
    """
    if any(name in statement and negated in statement for name, negated in _PAIRS):
        raise malformed()
    if "Principal" not in statement and "NotPrincipal" not in statement:
        raise malformed()


def _check_strings(value: object, accept: Callable[[str], bool]) -> None:
    items = as_list(value)
    if not all(isinstance(item, str) and accept(item) for item in items):
        raise malformed()


def _is_resource(text: str) -> bool:
    return text == "*" or (text.count(":") >= 5 and text.startswith(("arn:", "*")))


def _check_principal(principal: object) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal:
        raise malformed()
    if not _PRINCIPAL_TYPES.issuperset(principal):
        raise malformed()
    for names in principal.values():
        if not as_list(names):
            raise malformed()
        _check_strings(names, bool)


def _check_condition(block: object) -> None:
    if not isinstance(block, dict):
        raise malformed()
    for operator, keys in block.items():
        prefix, name, if_exists = split_operator(operator)
        known = name in OPERATORS and prefix in {"", "forallvalues", "foranyvalue"}
        if not known or (name == "null" and (if_exists or prefix)):
            raise malformed()
        if not isinstance(keys, dict):
            raise malformed()
        for key, values in keys.items():
            _check_condition_key(key)
            for value in as_list(values):
                if not _value_fits(name, value):
                    raise malformed()


def _check_condition_key(key: str) -> None:
    prefix, _, rest = key.partition(":")
    if not _CONDITION_KEY.fullmatch(key):
        raise malformed()
    name = rest.lower()
    if prefix.lower() == "aws" and name not in _GLOBAL_KEYS and not name.startswith(_TAG_KEYS):
        raise malformed()


def _value_fits(operator: str, value: object) -> bool:
    if value is None or isinstance(value, (dict, list)):
        return False
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "${" in text:
        return True
    for start, reads in (("bool", _is_bool), ("null", _is_bool), ("numeric", _is_number),
                         ("date", _is_date)):  # fmt: skip
        if operator.startswith(start):
            return reads(text)
    return _is_network(text) if operator.endswith("ipaddress") else True


def _is_bool(text: str) -> bool:
    return text.lower() in {"true", "false"}


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def _is_date(text: str) -> bool:
    if text.isdigit():
        return True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."


LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


def accepted_policy(call: Call, key: EmbeddedKey, text: str) -> str:
    """``text`` when KMS would store it for ``key`` at this caller's request.

    Raises MalformedPolicyDocumentException or LimitExceededException.
    """
    document = parse_policy(text)
    if invalid_principals(document):
        raise malformed(INVALID_PRINCIPALS)
    if not call.parameters.get("BypassPolicyLockoutSafetyCheck", False):
        require_no_lockout(call, key, text)
    return text


def require_no_lockout(call: Call, key: EmbeddedKey, policy: str) -> None:
    """Raise unless this caller could put the policy again under ``policy``.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#prevent-unmanageable-key
    """
    verdict = decision_on_key(call, key, "kms:PutKeyPolicy", policy=policy)
    if verdict is not Verdict.ALLOWED:
        raise malformed(LOCKED_OUT)


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
