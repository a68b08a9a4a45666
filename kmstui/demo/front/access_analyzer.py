"""IAM Access Analyzer: ValidatePolicy and CheckNoPublicAccess, small and honest.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html.
The answers are derived from the policy; far fewer checks than AWS's own are made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kmstui.demo.access.conditions import OPERATORS, as_list, split_operator
from kmstui.demo.access.context import Call, Result
from kmstui.demo.access.evaluation import aws_principals
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
Finding = dict[str, Any]


def check_policy(call: Call) -> Result:
    """Serve the two checks that need no analyzer of one's own; raises ``AwsError``."""
    text = str(call.parameters.get("policyDocument", ""))
    if call.operation == "ValidatePolicy":
        return {"findings": _findings(text, str(call.parameters.get("policyType")))}
    if call.operation == "CheckNoPublicAccess":
        return _no_public_access(text)
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
    try:
        statements = as_list(json.loads(text).get("Statement", []))
    except (ValueError, AttributeError) as error:
        raise AwsError("InvalidParameterException", "The policy is not valid JSON.") from error
    reasons = [
        {
            "description": f"Public access granted in the following statement with index: {index}.",
            "statementIndex": index,
            **({"statementId": statement["Sid"]} if "Sid" in statement else {}),
        }
        for index, statement in enumerate(statements)
        if _is_public(statement)
    ]
    if reasons:
        return {
            "result": "FAIL",
            "message": "The resource policy grants public access for the given resource type.",
            "reasons": reasons,
        }
    return {
        "result": "PASS",
        "message": "The resource policy does not grant public access for the given resource type.",
    }


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
