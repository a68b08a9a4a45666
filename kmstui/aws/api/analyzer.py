"""IAM Access Analyzer."""

from __future__ import annotations

from kmstui.aws.api.base import ApiBase, Listing, Paging
from kmstui.aws.calls import operations as op
from kmstui.aws.calls.answer import Answer
from kmstui.service.ports import AnalyzerFinding

_NEXT_TOKEN = Paging("nextToken", "nextToken")


class Analyzer(ApiBase):
    """Access Analyzer's checks of a policy text."""

    async def validate_policy(self, text: str) -> tuple[AnalyzerFinding, ...]:
        """See `AnalyzerGateway`."""
        listing = Listing(
            op.VALIDATE_POLICY,
            {"policyDocument": text, "policyType": "RESOURCE_POLICY", "maxResults": 100},
            _NEXT_TOKEN,
            lambda answer: answer.each("findings", _finding),
        )
        return await listing.everything(self._calls)

    async def check_no_public_access(self, text: str) -> AnalyzerFinding | None:
        """See `AnalyzerGateway`."""
        params = {"policyDocument": text, "resourceType": "AWS::KMS::Key"}
        return await self._calls.send(op.CHECK_NO_PUBLIC_ACCESS, params, _public)


def _finding(answer: Answer) -> AnalyzerFinding:
    spans = answer.optional_each("locations", _span)
    line, column, end_line, end_column = spans[0] if spans else (0, 0, 0, 0)
    return AnalyzerFinding(
        answer.text("findingType"),
        answer.optional_text("issueCode"),
        answer.optional_text("findingDetails"),
        answer.optional_text("learnMoreLink"),
        line,
        column,
        end_line,
        end_column,
    )


def _span(answer: Answer) -> tuple[int, int, int, int]:
    span = answer.structure("span")
    start, end = span.structure("start"), span.structure("end")
    return (*_position(start), *_position(end))


def _position(answer: Answer) -> tuple[int, int]:
    # Lines count from 1 and columns from 0 (Access Analyzer API Reference, Position).
    return answer.number("line") or 0, (answer.number("column") or 0) + 1


def _public(answer: Answer) -> AnalyzerFinding | None:
    if answer.text("result") == "PASS":
        return None
    reasons = answer.optional_each("reasons", lambda reason: reason.optional_text("description"))
    message = " ".join((answer.optional_text("message"), *reasons)).strip()
    named = answer.optional_each("reasons", lambda reason: reason.number("statementIndex"))
    statement = next((each for each in named if each is not None), None)
    return AnalyzerFinding("SECURITY_WARNING", "PUBLIC_ACCESS", message, statement=statement)
