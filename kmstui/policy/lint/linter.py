"""Text to findings: every rule over one parsed policy, one finding for each cause."""

from __future__ import annotations

import gc
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from operator import attrgetter
from typing import NamedTuple

from kmstui.model.visible import visible
from kmstui.policy.iam.suggestions import did_you_mean
from kmstui.policy.iam.vocabulary import knowledge
from kmstui.policy.lint.checks import (  # noqa: F401 (importing them registers their rules)
    access_too_wide,
    actions,
    conditions_keys,
    conditions_operators,
    conditions_presence,
    conditions_values,
    conditions_variables,
    conditions_vocabulary,
    grammar,
    grammar_types,
    if_exists,
    leftovers,
    lockout,
    negations,
    no_effect,
    principals,
    principals_services,
    resources,
    separation_of_duties,
    services,
    syntax,
)
from kmstui.policy.lint.rules import RULES, Finding, KeyContext, Severity, Subject
from kmstui.policy.syntax.nodes import Document, Edit, Span, apply_edits
from kmstui.policy.syntax.parser import parse
from kmstui.policy.syntax.statements import read_policy

MOST_ROUNDS = 50
"""How often `fix_all` lints again; a policy of 32 KB has not that many layers of mistakes."""

_VALUE_RULES = frozenset(
    {
        "KMS201", "KMS203", "KMS204", "KMS301", "KMS302", "KMS303", "KMS304", "KMS306", "KMS309",
        "KMS310", "KMS311", "KMS402", "KMS403", "KMS404", "KMS406", "KMS407", "KMS413", "KMS416",
        "KMS417", "KMS418", "KMS419", "KMS602",
    }
)  # fmt: skip
"""Rules about how one value is written, which say nothing new of a value that is wrong already."""

HIDES: Mapping[str, frozenset[str]] = {
    "KMS601": _VALUE_RULES,
    "KMS009": _VALUE_RULES | {"KMS101", "KMS106"},
    "KMS001": frozenset({"KMS009", "KMS110"}),
    "KMS005": frozenset({"KMS009"}),
    "KMS006": _VALUE_RULES | {"KMS009", "KMS110"},
    "KMS007": frozenset({"KMS420"}),
    "KMS101": frozenset({"KMS007"}),
    "KMS306": frozenset({"KMS513"}),
    "KMS514": frozenset({"KMS513"}),
}
"""A finding of a rule hides those of these rules that touch the same text: they have one cause."""


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
    text: str | Document, key: KeyContext | None = None, *, disabled: Collection[str] = ()
) -> tuple[Finding, ...]:
    """All findings in a policy, in the order of their places.

    Args:
        text: The policy as written, or as parsed before.
        key: What is known of the key it is for; more is found the more is known.
        disabled: Ids of rules that shall not report. What they would hide stays hidden: it is
            the same cause, which the person does not want to hear of.
    """
    with _uncollected():
        return _lint(parse(text) if isinstance(text, str) else text, key, disabled)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from walking the growing tree, which has no cycles.

    It would do so a dozen times for a policy of 32 KB, and every so often walk all that the
    program holds, in the middle of a key press.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _lint(
    document: Document, key: KeyContext | None, disabled: Collection[str]
) -> tuple[Finding, ...]:
    subject = Subject(document, read_policy(document), key or KeyContext(), knowledge())
    found: dict[str, list[Finding]] = {}
    for rule in RULES.values():
        if rule.id in disabled and rule.id not in HIDES:
            continue
        findings = [
            Finding(
                rule.id,
                rule.severity if hit.severity is None else hit.severity,
                rule.title,
                visible(hit.message),
                rule.why,
                rule.url,
                hit.span,
                hit.fix,
            )
            for hit in rule.check(subject)
        ]
        if findings:
            found[rule.id] = findings
    kept = _without_hidden(found)
    return tuple(
        sorted(
            (finding for finding in kept if finding.rule not in disabled),
            key=attrgetter("span", "rule"),
        )
    )


def _without_hidden(found: Mapping[str, list[Finding]]) -> Iterable[Finding]:
    """The findings that no other one explains."""
    covers: dict[str, list[Span]] = {}
    for rule, hidden in HIDES.items():
        spans = [finding.span for finding in found.get(rule, ())]
        if spans:
            for name in hidden & found.keys():
                covers.setdefault(name, []).extend(spans)
    for rule, findings in found.items():
        if rule not in covers:
            yield from findings
            continue
        cover = _Cover(covers[rule])
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


class Fixed(NamedTuple):
    """What `fix_all` made of a policy."""

    text: str
    applied: tuple[Finding, ...]
    """The findings whose fixes were applied, in the order applied; their places are those of the
    text at that moment."""
    remaining: tuple[Finding, ...]
    """The findings of the new text."""


def fix_all(
    text: str,
    key: KeyContext | None = None,
    *,
    disabled: Collection[str] = (),
    severity: Severity = Severity.INFO,
) -> Fixed:
    """Apply quick fixes until none is left that helps.

    A fix that would make for more errors than it removes is not applied, and neither is one of a
    finding below `severity`.
    """
    applied: list[Finding] = []
    seen = {text}
    findings = lint(text, key, disabled=disabled)
    for _ in range(MOST_ROUNDS):
        fixable = [each for each in findings if each.fix and each.severity >= severity]
        for batch in _batches(fixable):
            changed = apply_edits(text, _edits(batch))
            if changed in seen:
                continue
            after = lint(changed, key, disabled=disabled)
            if _errors(after) <= _errors(findings):
                seen.add(changed)
                applied.extend(batch)
                text, findings = changed, after
                break
        else:
            break
    return Fixed(text, tuple(applied), findings)


_FAMILIES = "0162345"
"""In which order families are fixed: what cannot be read, what is misspelled and what nobody filled
in first, since rules about access judge them as if they were not there."""


def _batches(findings: list[Finding]) -> Iterable[list[Finding]]:
    """What to try: of each family all fixes that do not overlap at once, then each by itself."""
    for family in _FAMILIES:
        members = [finding for finding in findings if finding.rule[3] == family]
        batch = _apart(members)
        if len(batch) > 1:
            yield batch
        yield from ([finding] for finding in members)


def _apart(findings: list[Finding]) -> list[Finding]:
    """As many findings as have fixes that do not overlap."""
    batch: list[Finding] = []
    end = -1
    for finding in sorted(findings, key=lambda each: min(e.span for e in _edits([each]))):
        spans = sorted(edit.span for edit in _edits([finding]))
        if spans[0].start > end:
            batch.append(finding)
            end = max(span.end for span in spans)
    return batch


def _edits(findings: Iterable[Finding]) -> tuple[Edit, ...]:
    return tuple(edit for finding in findings if finding.fix for edit in finding.fix.edits)


def _errors(findings: Iterable[Finding]) -> int:
    return sum(finding.severity is Severity.ERROR for finding in findings)
