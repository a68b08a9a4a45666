"""The grammar that KMS holds a key policy to.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html,
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html. What is merely
unwise passes, as it does there.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NoReturn

from kmstui.demo.access.conditions import OPERATORS, as_list, split_operator
from kmstui.demo.errors import ServiceError, validation

MAXIMUM_BYTES = 32_768
_MAXIMUM_MEMBER = 131_072
_FORBIDDEN = re.compile(r"[^\u0009\u000A\u000D\u0020-\u00FF]")
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


def parse_policy(text: object) -> dict[str, Any]:
    """The document in ``text`` when it keeps to the grammar.

    Raises ValidationException (characters, member length), LimitExceededException (over
    32,768 bytes) or MalformedPolicyDocumentException.
    """
    if not isinstance(text, str):
        raise validation("null", "policy", "Member must not be null")
    if not text:
        raise validation("", "policy", "Member must have length greater than or equal to 1")
    if len(text) > _MAXIMUM_MEMBER:
        raise validation(
            text[:64], "policy", f"Member must have length less than or equal to {_MAXIMUM_MEMBER}"
        )
    if _FORBIDDEN.search(text):
        raise validation(
            text[:64],
            "policy",
            "Member must satisfy regular expression pattern: "
            r"[\u0009\u000A\u000D\u0020-\u00FF]+",
        )
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
