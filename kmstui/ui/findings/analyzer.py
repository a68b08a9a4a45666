"""What IAM Access Analyzer says of a policy, beside what the linter says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence

from kmstui.policy.lint import Finding, Severity
from kmstui.policy.syntax import Document, Span, parse, read_policy
from kmstui.service.access import CHARGE, READ_ONLY
from kmstui.service.errors import FailedError
from kmstui.service.ports import AnalyzerFinding
from kmstui.service.session import Session
from kmstui.ui.dialogs import QuestionDialog
from kmstui.ui.main import PolicyView

RULE = "Analyzer"
"""What stands where a rule's id stands in findings of ours."""

_SEVERITIES = {
    "ERROR": Severity.ERROR,
    "SECURITY_WARNING": Severity.WARNING,
    "WARNING": Severity.WARNING,
    "SUGGESTION": Severity.INFO,
}
_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-validation.html"


def analyzer_question(session: Session, view: PolicyView) -> QuestionDialog:
    """Names what is sent before it is."""
    info = session.of(view.key_id or "").info
    region = info.region if info else "this Region"
    words = [
        f"The policy that is shown ({len(view.viewer.text.encode()):,} bytes) is sent to IAM Access"
        f" Analyzer in {region}: to ValidatePolicy, and to CheckNoPublicAccess. {CHARGE} The second"
        " is one. Nothing is changed; CloudTrail records both.",
        *([READ_ONLY] if session.read_only else []),
    ]
    return QuestionDialog(
        "Ask IAM Access Analyzer?", " ".join(words), yes="Ask", no="Leave", style="title"
    )


async def ask_analyzer(session: Session, view: PolicyView) -> None:
    """Ask both checks about the text that the view shows, and let their findings join in.

    Where they are denied or not offered, one quiet line says so.
    """
    text, key_id = view.viewer.text, view.key_id
    gateway = session.of(key_id or "").gateway

    async def public() -> Sequence[AnalyzerFinding]:
        found = await gateway.check_no_public_access(text)
        return () if found is None else (found,)

    session.notify("Asking IAM Access Analyzer…")
    (found, no_validation), (opened, no_check) = await asyncio.gather(
        _asked(gateway.validate_policy(text)), _asked(public())
    )
    if view.key_id != key_id or view.viewer.text != text:
        return
    findings = as_findings(text, (*found, *opened))
    view.join_findings(text, findings)
    session.notify(_words(len(findings), no_validation, no_check))


async def _asked(
    call: Awaitable[Sequence[AnalyzerFinding]],
) -> tuple[Sequence[AnalyzerFinding], str]:
    try:
        return await call, ""
    except FailedError as error:
        return (), error.sentence


def _words(number: int, no_validation: str, no_check: str) -> str:
    if no_validation and no_check:
        return f"IAM Access Analyzer was not asked. {no_validation}"
    found = "nothing" if not number else "1 finding" if number == 1 else f"{number} findings"
    words = f"IAM Access Analyzer: {found}."
    if no_validation:
        return f"{words} Its validation was not asked. {no_validation}"
    if no_check:
        return f"{words} Its check for public access was not asked. {no_check}"
    return words


def as_findings(text: str, found: Iterable[AnalyzerFinding]) -> tuple[Finding, ...]:
    """Access Analyzer's findings as the viewer draws findings, marked as theirs."""
    document = parse(text)
    return tuple(
        Finding(
            rule=RULE,
            severity=_SEVERITIES.get(each.type, Severity.INFO),
            title=f"IAM Access Analyzer: {each.type}",
            message=f"{each.message.rstrip('.')} (IAM Access Analyzer: {each.code})",
            why="IAM Access Analyzer says so, not kmstui.",
            url=each.url or _PAGE,
            span=_span(document, each),
        )
        for each in found
    )


def _span(document: Document, found: AnalyzerFinding) -> Span:
    """The place that the service names; the first character where it names none."""
    text = document.text
    if found.statement is not None:
        statements = read_policy(document).statements
        if 0 <= found.statement < len(statements):
            start = statements[found.statement].node.span.start
            return Span(start, start + 1)
    if not found.line:
        return Span(0, min(1, len(text)))
    start = document.offset(found.line - 1, max(0, found.column - 1))
    end = document.offset(found.end_line - 1, max(0, found.end_column - 1))
    return Span(start, max(end, min(start + 1, len(text))))
