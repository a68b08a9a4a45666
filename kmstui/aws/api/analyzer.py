"""IAM Access Analyzer."""

from __future__ import annotations

from collections.abc import Sequence

from kmstui.aws.api.base import ApiBase, Listing, Paging
from kmstui.aws.calls import Response, UnreadableResponse
from kmstui.aws.calls import operations as op
from kmstui.service.ports import AnalyzerFinding, CheckReason, PolicyCheck

_NEXT_TOKEN = Paging("nextToken", "nextToken")
_KEY_POLICY = "RESOURCE_POLICY"
_RESULTS = {"PASS": True, "FAIL": False}


class AnalyzerApi(ApiBase):
    """Access Analyzer's checks of a policy text."""

    async def validate_policy(self, text: str) -> tuple[AnalyzerFinding, ...]:
        listing = Listing(
            op.VALIDATE_POLICY,
            {"policyDocument": text, "policyType": _KEY_POLICY, "maxResults": 100},
            _NEXT_TOKEN,
            lambda response: response.readable("findings", _finding, _unread),
        )
        return await listing.everything(self._calls)

    async def check_no_public_access(self, text: str) -> AnalyzerFinding | None:
        params = {"policyDocument": text, "resourceType": "AWS::KMS::Key"}
        return await self._calls.send(op.CHECK_NO_PUBLIC_ACCESS, params, _public)

    async def check_no_new_access(self, existing: str, new: str) -> PolicyCheck:
        params = {
            "existingPolicyDocument": existing,
            "newPolicyDocument": new,
            "policyType": _KEY_POLICY,
        }
        return await self._calls.send(op.CHECK_NO_NEW_ACCESS, params, _check)

    async def check_access_not_granted(self, text: str, actions: Sequence[str]) -> PolicyCheck:
        params = {
            "policyDocument": text,
            "access": [{"actions": list(actions)}],
            "policyType": _KEY_POLICY,
        }
        return await self._calls.send(op.CHECK_ACCESS_NOT_GRANTED, params, _check)


def _finding(response: Response) -> AnalyzerFinding:
    spans = response.optional_each("locations", _span)
    line, column, end_line, end_column = spans[0] if spans else (0, 0, 0, 0)
    return AnalyzerFinding(
        response.text("findingType"),
        response.optional_text("issueCode"),
        response.optional_text("findingDetails"),
        response.optional_text("learnMoreLink"),
        line,
        column,
        end_line,
        end_column,
    )


def _unread(why: str) -> AnalyzerFinding:
    return AnalyzerFinding("WARNING", "", f"This finding of Access Analyzer cannot be read: {why}.")


def _span(response: Response) -> tuple[int, int, int, int]:
    span = response.optional_structure("span") or Response({})
    start, end = span.optional_structure("start"), span.optional_structure("end")
    return (*_position(start), *_position(end))


def _position(response: Response | None) -> tuple[int, int]:
    if response is None:
        return 0, 0
    # Lines count from 1 and columns from 0 (Access Analyzer API Reference, Position).
    return response.number("line") or 0, (response.number("column") or 0) + 1


def _public(response: Response) -> AnalyzerFinding | None:
    check = _check(response)
    if check.passed:
        return None
    message = " ".join((check.message, *(each.description for each in check.reasons))).strip()
    named = (each.statement for each in check.reasons)
    statement = next((each for each in named if each is not None), None)
    return AnalyzerFinding("SECURITY_WARNING", "PUBLIC_ACCESS", message, statement=statement)


def _check(response: Response) -> PolicyCheck:
    result = response.text("result")
    if result not in _RESULTS:
        raise UnreadableResponse("result is neither PASS nor FAIL")
    return PolicyCheck(
        _RESULTS[result],
        response.optional_text("message"),
        response.optional_each("reasons", _reason),
    )


def _reason(response: Response) -> CheckReason:
    return CheckReason(
        response.optional_text("description"),
        response.number("statementIndex"),
        response.optional_text("statementId"),
    )
