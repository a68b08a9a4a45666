"""Findings as text for people, JSON for scripts and SARIF for code scanning."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TextIO
from unicodedata import east_asian_width

from kmstui import __version__
from kmstui.model import visible
from kmstui.policy.lint import RULES, Finding, KeyContext, Severity
from kmstui.policy.syntax import Document, Edit, Fix, Span, apply_edits

_COLOURS = {Severity.ERROR: "31;1", Severity.WARNING: "33;1", Severity.INFO: "36;1"}
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
"""SARIF's words."""
_MOST_CELLS = 100
"""Of a line that is shown; minified policies have one of 32 KB."""
_MOST_OF_A_RULE = 100
"""Findings of one rule in one policy that people are shown; what is no policy has thousands."""
_SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


class Linted(NamedTuple):
    """One policy with what was found in it."""

    label: str
    """The file's name, `<stdin>`, or the key's ID with its alias."""
    uri: str
    """Where tools find it: a relative path, or the key's ARN."""
    document: Document
    findings: Sequence[Finding]
    key: KeyContext = KeyContext()


def count_words(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 warning`; `nothing found` where that is so."""
    counts = Counter(finding.severity for finding in findings)
    parts = [
        f"{counts[severity]} {word}{'' if counts[severity] == 1 or word == 'info' else 's'}"
        for severity, word in (
            (Severity.ERROR, "error"),
            (Severity.WARNING, "warning"),
            (Severity.INFO, "info"),
        )
        if counts[severity]
    ]
    return ", ".join(parts) or "nothing found"


def write_text(linted: Sequence[Linted], out: TextIO, *, colour: bool) -> None:
    """For people: each finding with its line, the range underlined, and how to mend it."""
    for policy in linted:
        shown = Counter[str]()
        for finding in policy.findings:
            shown[finding.rule] += 1
            if shown[finding.rule] <= _MOST_OF_A_RULE:
                out.writelines(f"{line}\n" for line in _block(policy, finding, colour=colour))
        for rule, found in shown.items():
            if (more := found - _MOST_OF_A_RULE) > 0:
                told = f"{more:,} more of {rule}; --format json lists them"
                out.write(f"{visible(policy.label)}: {told}\n\n")
    findings = [finding for policy in linted for finding in policy.findings]
    number = f"{len(linted)} {'policy' if len(linted) == 1 else 'policies'}"
    out.write(f"{number}: {count_words(findings)}\n")


def _block(policy: Linted, finding: Finding, *, colour: bool) -> Iterator[str]:
    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    line, column = policy.document.location(finding.span.start)
    place = f"{visible(policy.label)}:{line + 1}:{column + 1}"
    severity = paint(finding.severity.word, _COLOURS[finding.severity])
    yield f"{paint(place, '1')}: {severity} {finding.rule}: {visible(finding.message)}"
    shown, underline = excerpt(policy.document, finding.span)
    margin = f"{line + 1:>5} | "
    yield f"{paint(margin, '2')}{shown}"
    yield f"{paint('      | ', '2')}{paint(underline, _COLOURS[finding.severity])}"
    yield f"        why: {finding.why}"
    if finding.url:
        yield f"        {paint(finding.url, '2')}"
    if finding.fix is not None:
        yield f"        fix: {visible(finding.fix.title)}"
    yield ""


def excerpt(document: Document, span: Span) -> tuple[str, str]:
    """The line where a range begins, safe to print, and the marks that underline the range.

    A long line is cut to what stands around the range, and a range of several lines is
    underlined to the end of the first.
    """
    text = document.text
    start = document.offset(document.location(span.start)[0], 0)
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    line = text[start:end].rstrip("\r")
    first = min(span.start - start, len(line))
    last = max(first, min(span.end - start, len(line)))
    cut = max(0, first - _MOST_CELLS // 3) if len(line) > _MOST_CELLS else 0
    before = _cells(line[cut:first])
    marked = _cells(line[first:last])[: max(1, _MOST_CELLS - len(before))]
    after = _cells(line[last : last + _MOST_CELLS])
    room = max(0, _MOST_CELLS - len(before) - len(marked))
    shown = before + marked + after[:room]
    head = "…" if cut else ""
    tail = "…" if len(after) > room or last - first > len(marked) else ""
    marks = "^" * max(1, _width(marked))
    return f"{head}{shown}{tail}", " " * (len(head) + _width(before)) + marks


def _cells(text: str) -> str:
    return visible(text.replace("\t", "    "))


def _width(text: str) -> int:
    """How many cells printable text takes."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _region(document: Document, span: Span) -> tuple[int, int, int, int]:
    """Line and column of start and end, counted from 1; the end is behind the last character."""
    line, column = document.location(span.start)
    end_line, end_column = document.location(span.end)
    return line + 1, column + 1, end_line + 1, end_column + 1


def write_json(linted: Sequence[Linted], out: TextIO) -> None:
    """For scripts: a list of findings, each with its place."""
    rows = []
    for policy in linted:
        for finding in policy.findings:
            line, column, end_line, end_column = _region(policy.document, finding.span)
            rows.append(
                {
                    "file": policy.label,
                    "rule": finding.rule,
                    "severity": finding.severity.word,
                    "line": line,
                    "column": column,
                    "end_line": end_line,
                    "end_column": end_column,
                    "message": finding.message,
                    "why": finding.why,
                    "url": finding.url,
                    "fixable": _has_edits(finding),
                }
            )
    _dump(rows, out)


def _has_edits(finding: Finding) -> bool:
    """Whether the fix can be applied as it stands; in what is not JSON it has words alone."""
    return finding.fix is not None and bool(finding.fix.edits)


def _dump(value: Any, out: TextIO) -> None:
    # Escaped to ASCII: a terminal that shows it obeys nothing that stands in a policy.
    json.dump(value, out, indent=2)
    out.write("\n")


def write_sarif(linted: Sequence[Linted], errors: Sequence[str], out: TextIO) -> None:
    """For code scanning: SARIF 2.1.0; `errors` are told of what could not be linted."""
    ids = list(RULES)
    results = [
        _sarif_result(policy, finding, ids.index(finding.rule))
        for policy in linted
        for finding in policy.findings
    ]
    write_sarif_log(RULES.values(), results, errors, out)


class DescribedRule(Protocol):
    """A rule of whatever catalogue."""

    @property
    def id(self) -> str:
        """What it is called."""

    @property
    def severity(self) -> Severity:
        """How bad what it finds is."""

    @property
    def title(self) -> str:
        """A short name."""

    @property
    def why(self) -> str:
        """What comes of it."""

    @property
    def url(self) -> str:
        """A page on it, or empty."""


def write_sarif_log(
    rules: Iterable[DescribedRule],
    results: Sequence[Mapping[str, Any]],
    errors: Sequence[str],
    out: TextIO,
) -> None:
    """Write results, each about one of the rules by its index.

    `errors` are the sentences about what could not be looked at.
    https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    run = {
        "tool": {
            "driver": {
                "name": "kmstui",
                "semanticVersion": __version__,
                "rules": [_sarif_rule(each) for each in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not errors,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": sentence}} for sentence in errors
                ],
            }
        ],
        "results": results,
    }
    _dump({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, out)


def _sarif_rule(rule: DescribedRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        # A rule of one's own need not have a page.
        **({"helpUri": rule.url} if rule.url else {}),
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _sarif_result(policy: Linted, finding: Finding, index: int) -> dict[str, Any]:
    artifact = {"uri": policy.uri}
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": artifact,
                    "region": _sarif_region(policy.document, finding.span),
                }
            }
        ],
    }
    if finding.fix is not None and finding.fix.edits:
        result["fixes"] = [
            {
                "description": {
                    "text": f"{finding.fix.title}. {_effect_words(policy, finding.fix)}"
                },
                "artifactChanges": [
                    {
                        "artifactLocation": artifact,
                        "replacements": [
                            _sarif_replacement(policy.document, edit) for edit in finding.fix.edits
                        ],
                    }
                ],
            }
        ]
    return result


_MOST_FIXES = 200
"""So many fixes of a policy are worked through in a few seconds."""


def _effect_words(policy: Linted, fix: Fix) -> str:
    """What a fix does to access."""
    # Only here does linting wait for what compares access.
    from kmstui.policy.lint import fix_effect

    if sum(finding.fix is not None for finding in policy.findings) > _MOST_FIXES:
        return f"With more than {_MOST_FIXES} fixes, what each does to access is not worked out."
    text = policy.document.text
    effect = fix_effect(text, apply_edits(text, fix.edits), policy.key)
    return " ".join(effect.sentences)


def _sarif_replacement(document: Document, edit: Edit) -> dict[str, Any]:
    return {
        "deletedRegion": _sarif_region(document, edit.span),
        "insertedContent": {"text": edit.replacement},
    }


def _sarif_region(document: Document, span: Span) -> dict[str, int]:
    line, column, end_line, end_column = _region(document, span)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }
