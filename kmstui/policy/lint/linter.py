"""Text to findings: every rule over one parsed policy, one finding for each cause."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from operator import attrgetter

from kmstui.policy.iam import did_you_mean, knowledge
from kmstui.policy.lint.checks import (  # noqa: F401 (importing them registers their rules)
    access_too_wide,
    actions,
    conditions_keys,
    conditions_operators,
    conditions_presence,
    conditions_unmet,
    conditions_values,
    conditions_via_service,
    endpoints,
    grammar,
    grammar_values,
    leftovers,
    lockout,
    no_effect,
    principals,
    resources,
    separation_of_duties,
    services,
    syntax,
)
from kmstui.policy.lint.core import RULES, Finding, KeyContext, PolicyKind, Subject
from kmstui.policy.syntax import Document, Span, parse, read_policy


class UnknownRuleError(ValueError):
    """No rule has the id; the message is a sentence."""


def known_rule(written: str) -> str:
    """The id of a rule, in its own case.

    Raises:
        UnknownRuleError: no rule has it.
    """
    upper = written.upper()
    if upper not in RULES:
        near = did_you_mean(upper, RULES)
        hint = f"; did you mean {near}?" if near else "."
        raise UnknownRuleError(f"There is no rule {written!r}{hint}")
    return upper


def lint(
    text: str | Document,
    key: KeyContext | None = None,
    *,
    disabled: Collection[str] = (),
    scope: PolicyKind = PolicyKind.KEY,
) -> tuple[Finding, ...]:
    """All findings in a policy, in the order of their places.

    Args:
        text: The policy as written, or as parsed before.
        key: What is known of the key it is for; more is found the more is known.
        disabled: Ids of rules that shall not report. What they would hide stays hidden: it is
            the same cause, which the person does not want to hear of.
        scope: What the policy is: a key's, one of IAM, or a VPC endpoint's.
    """
    document = parse(text) if isinstance(text, str) else text
    subject = Subject(document, read_policy(document), key or KeyContext(), knowledge(), scope)
    found: dict[str, list[Finding]] = {}
    for rule in RULES.values():
        if subject.scope not in rule.scope or (rule.id in disabled and rule.id not in _hiding()):
            continue
        findings = [rule.finding(hit, subject.scope) for hit in rule.check(subject)]
        if findings:
            found[rule.id] = findings
    return tuple(
        sorted(
            (finding for finding in _without_hidden(found) if finding.rule not in disabled),
            key=attrgetter("span", "rule"),
        )
    )


def lint_identity(text: str | Document, *, disabled: Collection[str] = ()) -> tuple[Finding, ...]:
    """All findings in a policy of a role in IAM, in the order of their places.

    What differs there: there is no Principal, an Action and a Resource are needed, other services'
    actions are as good as those of KMS, and nothing is said about who may administer a key.
    Source: IAM User Guide, "Grammar of the IAM JSON policy language"; "IAM and AWS STS quotas".
    """
    return lint(text, disabled=disabled, scope=PolicyKind.IDENTITY)


def lint_endpoint(text: str | Document, *, disabled: Collection[str] = ()) -> tuple[Finding, ...]:
    """All findings in the policy of a VPC endpoint of KMS, in the order of their places.

    It says who may ask KMS through the endpoint for what, besides all other policies: nothing is
    said about one key, lock-outs, or who administers.
    Source: VPC User Guide (PrivateLink), "Control access to VPC endpoints using endpoint policies".
    """
    return lint(text, disabled=disabled, scope=PolicyKind.ENDPOINT)


@cache
def _hiding() -> Mapping[str, tuple[str, ...]]:
    """The rules that hide others, each with those."""
    hidden: dict[str, list[str]] = {}
    for rule in RULES.values():
        for hiding in rule.hidden_by:
            hidden.setdefault(hiding, []).append(rule.id)
    return {hiding: tuple(names) for hiding, names in hidden.items()}


def _without_hidden(found: Mapping[str, list[Finding]]) -> Iterable[Finding]:
    """The findings that no other one explains."""
    for id_, findings in found.items():
        spans = [
            finding.span for hiding in RULES[id_].hidden_by for finding in found.get(hiding, ())
        ]
        if not spans:
            yield from findings
            continue
        cover = _Cover(spans)
        yield from (finding for finding in findings if not cover.touches(finding.span))


class _Cover:
    """Ranges of text, asked whether they touch another."""

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted(spans)
        self._starts = [span.start for span in ordered]
        self._ends: list[int] = []
        furthest = 0
        for span in ordered:
            furthest = max(furthest, span.end)
            self._ends.append(furthest)

    def touches(self, span: Span) -> bool:
        before = bisect_left(self._starts, max(span.end, span.start + 1))
        return before > 0 and self._ends[before - 1] > span.start
