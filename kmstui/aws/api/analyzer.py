"""IAM Access Analyzer."""

from __future__ import annotations

from kmstui.aws.api.base import Noun
from kmstui.aws.api.paging import Listing, Style, everything
from kmstui.aws.calls.answer import Answer
from kmstui.aws.calls.operations import CHECK_NO_PUBLIC_ACCESS, VALIDATE_POLICY
from kmstui.service.ports import AnalyzerFinding

_NEXT_TOKEN = Style("nextToken", "nextToken")


class Analyzer(Noun):
    """Access Analyzer's checks of a policy text."""

    async def validate_policy(self, text: str) -> tuple[AnalyzerFinding, ...]:
        """See `AnalyzerGateway`."""
        listing = Listing(
            VALIDATE_POLICY,
            {"policyDocument": text, "policyType": "RESOURCE_POLICY", "maxResults": 100},
            _NEXT_TOKEN,
            lambda answer: answer.each("findings", _finding),
        )
        return await everything(listing, self._calls)

    async def check_no_public_access(self, text: str) -> AnalyzerFinding | None:
        """See `AnalyzerGateway`."""
        params = {"policyDocument": text, "resourceType": "AWS::KMS::Key"}
        return await self._calls.send(CHECK_NO_PUBLIC_ACCESS, params, _public)


def _finding(answer: Answer) -> AnalyzerFinding:
    places = answer.optional_each("locations", _place)
    line, column, end_line, end_column = places[0] if places else (0, 0, 0, 0)
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


def _place(answer: Answer) -> tuple[int, int, int, int]:
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
