"""IAM Access Analyzer: ValidatePolicy and the custom policy checks, small and honest.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html and
…/access-analyzer-checks-validating-policies.html. The answers are derived from the policies; far
fewer findings than AWS's own are made, and where AWS proves a check, requests are tried.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kmstui.demo.access.conditions import OPERATORS, as_list, split_operator
from kmstui.demo.access.context import Call, Result
from kmstui.demo.access.drawing import TooManyRequestsError, drawn_requests
from kmstui.demo.access.evaluation import allowing_statements, aws_principals, parsed
from kmstui.demo.errors import AwsError

_MORE = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
)
# Conditions that tie a request to known callers (CheckNoPublicAccess, "trusted" keys).
_LIMITING = frozenset(
    {"kms:calleraccount", "aws:principalaccount", "aws:principalarn", "aws:principalorgid",
     "aws:principalorgpaths", "aws:sourceaccount", "aws:sourcearn", "aws:sourcevpc",
     "aws:sourcevpce", "aws:userid", "aws:sourceip"}
)  # fmt: skip
_MOST_ACTIONS = 100
"""In one access list (Access Analyzer API Reference, Access)."""
Finding = dict[str, Any]


def check_policy(call: Call) -> Result:
    """Serve the checks that need no analyzer of one's own; raises ``AwsError``."""
    given = call.parameters
    text = str(given.get("policyDocument", ""))
    if call.operation == "ValidatePolicy":
        return {"findings": _findings(text, str(call.parameters.get("policyType")))}
    if call.operation == "CheckNoPublicAccess":
        return _no_public_access(text)
    if call.operation == "CheckNoNewAccess":
        return _no_new_access(
            str(given.get("existingPolicyDocument", "")), str(given.get("newPolicyDocument", ""))
        )
    if call.operation == "CheckAccessNotGranted":
        return _access_not_granted(text, given.get("access") or [])
    raise AwsError("ResourceNotFoundException", f"{call.operation} is not served.", 404)


def _findings(text: str, policy_type: str) -> list[Finding]:
    try:
        document = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        column = getattr(error, "colno", 1) - 1
        offset = getattr(error, "pos", 0)
        return [
            _finding(
                "ERROR",
                "JSON_SYNTAX_ERROR",
                f"Fix the JSON syntax error at index {offset} line {line} column {column}.",
                [],
                (line, column, offset),
            )
        ]
    if not isinstance(document, dict):
        return [_finding("ERROR", "DATA_TYPE_MISMATCH", "A policy is a JSON object.", [])]
    return list(_document_findings(document, policy_type))


def _document_findings(document: Mapping[str, Any], policy_type: str) -> Iterator[Finding]:
    if "Version" not in document:
        yield _finding(
            "SUGGESTION", "MISSING_VERSION", "Add the version 2012-10-17 to the policy.", []
        )
    if "Statement" not in document:
        yield _finding("ERROR", "MISSING_STATEMENT", "Add a Statement element to the policy.", [])
        return
    for index, statement in enumerate(as_list(document["Statement"])):
        path: list[dict[str, Any]] = [{"value": "Statement"}, {"index": index}]
        if not isinstance(statement, dict):
            yield _finding("ERROR", "DATA_TYPE_MISMATCH", "A statement is an object.", path)
            continue
        yield from _statement_findings(statement, path, policy_type)


def _statement_findings(
    statement: Mapping[str, Any], path: list[dict[str, Any]], policy_type: str
) -> Iterator[Finding]:
    if statement.get("Effect") not in {"Allow", "Deny"}:
        yield _finding(
            "ERROR", "INVALID_EFFECT", "Use Allow or Deny.", [*path, {"value": "Effect"}]
        )
    if "Action" not in statement and "NotAction" not in statement:
        yield _finding("ERROR", "MISSING_ACTION", "Add an Action or NotAction element.", path)
    if policy_type == "RESOURCE_POLICY":
        if "Principal" not in statement and "NotPrincipal" not in statement:
            yield _finding("ERROR", "MISSING_PRINCIPAL", "Add a Principal element.", path)
        if statement.get("Effect") == "Allow" and "NotPrincipal" in statement:
            yield _finding(
                "SECURITY_WARNING",
                "ALLOW_WITH_NOT_PRINCIPAL",
                "Using Allow with NotPrincipal can be overly permissive.",
                [*path, {"value": "NotPrincipal"}],
            )
    for operator in statement.get("Condition") or {}:
        _, name, _ = split_operator(operator)
        if name not in OPERATORS:
            yield _finding(
                "ERROR",
                "INVALID_CONDITION_OPERATOR",
                f"The condition operator {operator} is not valid.",
                [*path, {"value": "Condition"}, {"key": operator}],
            )


def _finding(
    kind: str,
    code: str,
    details: str,
    path: list[dict[str, Any]],
    at: tuple[int, int, int] = (1, 0, 0),
) -> Finding:
    position = {"line": at[0], "column": at[1], "offset": at[2]}
    return {
        "findingType": kind,
        "issueCode": code,
        "findingDetails": details,
        "learnMoreLink": _MORE,
        "locations": [{"path": path, "span": {"start": position, "end": position}}],
    }


def _no_public_access(text: str) -> dict[str, Any]:
    reasons = [
        _reason(text, index, "Public access granted in the following statement")
        for index, statement in enumerate(_statements(text))
        if _is_public(statement)
    ]
    public = "public access for the given resource type."
    if reasons:
        return _failed(f"The resource policy grants {public}", reasons)
    return {"result": "PASS", "message": f"The resource policy does not grant {public}"}


def _no_new_access(existing: str, new: str) -> dict[str, Any]:
    _statements(existing), _statements(new)
    failed = "The modified permissions grant new access compared to your existing policy."
    try:
        for request in drawn_requests((existing, new)):
            given = allowing_statements(request, new)
            if given and not allowing_statements(request, existing):
                reason = _reason(new, given[0], "New access in the statement")
                return _failed(failed, [reason])
    except TooManyRequestsError:
        # "It errs on the side of declaring a false positive by failing the custom policy check."
        return _failed(failed, [])
    return {
        "result": "PASS",
        "message": "The modified permissions do not grant new access compared to your existing"
        " policy.",
    }


def _access_not_granted(text: str, access: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    _statements(text)
    actions = [str(name) for each in access for name in each.get("actions") or ()]
    if len(access) != 1 or not 0 < len(actions) <= _MOST_ACTIONS:
        raise AwsError("ValidationException", f"access: one with 1 to {_MOST_ACTIONS} actions")
    failed = "The policy document grants access to perform one or more of the listed actions."
    try:
        for request in drawn_requests((text,), actions):
            given = allowing_statements(request, text)
            if given:
                reason = _reason(
                    text, given[0], "One or more of the listed actions in the statement"
                )
                return _failed(failed, [reason])
    except TooManyRequestsError:
        return _failed(failed, [])
    return {
        "result": "PASS",
        "message": "The policy document does not grant access to perform the listed actions or"
        " resources.",
    }


def _statements(text: str) -> Sequence[Mapping[str, Any]]:
    try:
        _, statements = parsed(text)
    except ValueError as error:
        raise AwsError("InvalidParameterException", "The policy is not valid JSON.") from error
    if not all(isinstance(each, dict) for each in statements):
        raise AwsError("InvalidParameterException", "The policy has invalid statements.")
    return statements


def _reason(text: str, index: int, what: str) -> dict[str, Any]:
    sid = _statements(text)[index].get("Sid")
    where = f"sid: {sid}" if sid else f"index: {index}"
    named = {"statementId": str(sid)} if sid else {}
    return {"description": f"{what} with {where}.", "statementIndex": index, **named}


def _failed(message: str, reasons: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"result": "FAIL", "message": message, "reasons": list(reasons)}


def _is_public(statement: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    everybody = "NotPrincipal" in statement or "*" in aws_principals(statement.get("Principal"))
    keys = {
        key.lower()
        for operator, block in (statement.get("Condition") or {}).items()
        if not operator.lower().endswith("ifexists")
        for key in block
    }
    return everybody and not keys & _LIMITING
