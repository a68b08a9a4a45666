"""What KMS holds a key policy to: the grammar, principals that exist, no lock-out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html,
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html. What is merely
unwise passes, as it does there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from ipaddress import ip_network
from typing import Any, NoReturn

from moto.iam.models import iam_backends

from kmstui.demo.access.authorization import decision_on_key, find_holder
from kmstui.demo.access.conditions import OPERATORS, as_list, split_operator
from kmstui.demo.access.context import Call
from kmstui.demo.access.evaluation import AccessDecision
from kmstui.demo.errors import AwsError
from kmstui.demo.kms.keys import EmbeddedKey

MAXIMUM_BYTES = 32_768
_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?_-]+")
_CONDITION_KEY = re.compile(r"[a-zA-Z0-9-]+:[^\s:]\S*(?: \S+)*")
_TOP = frozenset({"Version", "Id", "Statement"})
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


def malformed(message: str | None = None) -> AwsError:
    """MalformedPolicyDocumentException, with the API reference's own sentence by default."""
    return AwsError(
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
        raise AwsError(
            "LimitExceededException",
            f"The key policy document exceeds the size quota of {MAXIMUM_BYTES} bytes.",
        )
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise malformed() from error
    if not _is_document(document):
        raise malformed()
    checked: dict[str, Any] = document
    return checked


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate member")
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _is_document(document: object) -> bool:
    if not isinstance(document, dict) or not _TOP.issuperset(document):
        return False
    statements = as_list(document.get("Statement", []))
    return (
        document.get("Version", "2008-10-17") in ("2012-10-17", "2008-10-17")
        and isinstance(document.get("Id", ""), str)
        and bool(statements)
        and all(map(_is_statement, statements))
    )


def _is_statement(statement: object) -> bool:
    """Each element or its negation, and a principal in any case.

    Of Action and Resource the API reference says (PutKeyPolicy, Policy; also in the service model
    of botocore 1.44.5, November 2026) that a statement without them has no effect, and that the
    request succeeds all the same; the console alone refuses. The linter warns of it.
    """
    if not isinstance(statement, dict) or not _ELEMENTS.keys() >= statement.keys():
        return False
    return (
        "Effect" in statement
        and ("Principal" in statement or "NotPrincipal" in statement)
        and not any(name in statement and f"Not{name}" in statement for name in _NEGATABLE)
        and all(_ELEMENTS[name](value) for name, value in statement.items())
    )


def _are_strings(value: object, accept: Callable[[str], bool]) -> bool:
    return all(isinstance(item, str) and accept(item) for item in as_list(value))


def _is_action(text: str) -> bool:
    return _ACTION.fullmatch(text) is not None


def _is_resource(text: str) -> bool:
    return text == "*" or (text.count(":") >= 5 and text.startswith(("arn:", "*")))


def _is_principal(principal: object) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, dict) or not principal:
        return False
    return _PRINCIPAL_TYPES.issuperset(principal) and all(
        as_list(names) and _are_strings(names, bool) for names in principal.values()
    )


def _is_condition(block: object) -> bool:
    return isinstance(block, dict) and all(
        isinstance(keys, dict) and _are_conditions(operator, keys)
        for operator, keys in block.items()
    )


def _are_conditions(operator: str, keys: Mapping[str, object]) -> bool:
    prefix, name, if_exists = split_operator(operator)
    known = name in OPERATORS and prefix in {"", "forallvalues", "foranyvalue"}
    if not known or (name == "null" and (if_exists or prefix)):
        return False
    return all(
        _is_condition_key(key) and all(_value_fits(name, value) for value in as_list(values))
        for key, values in keys.items()
    )


def _is_condition_key(key: str) -> bool:
    prefix, _, rest = key.lower().partition(":")
    if not _CONDITION_KEY.fullmatch(key):
        return False
    return prefix != "aws" or rest in _GLOBAL_KEYS or rest.startswith(_TAG_KEYS)


_NEGATABLE = ("Principal", "Action", "Resource")
_ELEMENTS: dict[str, Callable[[Any], bool]] = {
    "Sid": lambda value: isinstance(value, str),
    "Effect": lambda value: value in ("Allow", "Deny"),
    "Principal": _is_principal,
    "NotPrincipal": _is_principal,
    "Action": lambda value: _are_strings(value, _is_action),
    "NotAction": lambda value: _are_strings(value, _is_action),
    "Resource": lambda value: _are_strings(value, _is_resource),
    "NotResource": lambda value: _are_strings(value, _is_resource),
    "Condition": _is_condition,
}


def _value_fits(operator: str, value: object) -> bool:
    if value is None or isinstance(value, (dict, list)):
        return False
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "${" in text:
        return True
    fits = next((fits for end, fits in _FORMS.items() if end in operator), None)
    return fits is None or fits(text)


def _is_bool(text: str) -> bool:
    return text.lower() in {"true", "false"}


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


_FORMS: dict[str, Callable[[str], bool]] = {
    "bool": _is_bool,
    "null": _is_bool,
    "numeric": lambda text: re.fullmatch(r"-?\d+(\.\d+)?", text) is not None,
    "date": lambda text: text.isdigit() or _reads(datetime.fromisoformat, text),
    "ipaddress": lambda text: _reads(partial(ip_network, strict=False), text),
}
"""By a part of the operator's name, how its values must look."""

_OF_IAM = ("aws:ResourceTag", "kms:ResourceTag", "kms:ResourceAliases")
NOT_PERMITTED = f"These condition keys are not permitted in a key policy: {', '.join(_OF_IAM)}"
"""What KMS says of them (awsdocs/aws-kms-developer-guide, pull request 47)."""
INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."


LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


def accepted_policy(call: Call, key: EmbeddedKey, text: str) -> str:
    """``text`` when KMS would store it for ``key`` at this caller's request.

    Raises MalformedPolicyDocumentException or LimitExceededException.
    """
    document = parse_policy(text)
    if _keys_of_iam(document):
        raise malformed(NOT_PERMITTED)
    if invalid_principals(document):
        raise malformed(INVALID_PRINCIPALS)
    if not call.parameters.get("BypassPolicyLockoutSafetyCheck", False):
        require_no_lockout(call, key, text)
    return text


def _keys_of_iam(document: Mapping[str, Any]) -> bool:
    return any(
        key.lower().partition("/")[0] in map(str.lower, _OF_IAM)
        for statement in as_list(document["Statement"])
        for keys in statement.get("Condition", {}).values()
        for key in keys
    )


def require_no_lockout(call: Call, key: EmbeddedKey, policy: str) -> None:
    """Raise unless this caller could put the policy again under ``policy``.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#prevent-unmanageable-key
    """
    verdict = decision_on_key(call, key, "kms:PutKeyPolicy", policy=policy)
    if verdict is not AccessDecision.ALLOWED:
        raise malformed(LOCKED_OUT)


_ACCOUNT = re.compile(r"\d{12}")
_SERVICE = re.compile(
    r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.amazonaws\.com|alexa-(?:appkit|connectedhome)\.amazon\.com"
)
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
