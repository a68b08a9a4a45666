"""Make kmstui/policy/lint/RULES.md anew from the rules: `python -m tests.make_rules_page`.

What a rule is comes from where it is registered; its example is the first case of its tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import groupby
from pathlib import Path

from kmstui.policy.lint import linter
from kmstui.policy.lint.core import RULES, Finding, Rule
from kmstui.policy.lint.linter import lint, lint_endpoint, lint_identity
from tests.policy.lint.test_endpoint_linter import ONLY_IN_ENDPOINTS
from tests.policy.lint.test_identity_linter import CASES as CASES_OF_BOTH
from tests.policy.lint.test_identity_linter import ONLY_IN_IAM
from tests.policy.rule_cases import Case, unmark

PAGE = Path(linter.__file__).with_name("RULES.md")
_LONGEST_LINE = 90
_FAMILIES = {
    "0": "JSON",
    "1": "Grammar",
    "2": "Actions",
    "3": "Principals and resources",
    "4": "Conditions",
    "5": "Security",
    "6": "Left-overs",
}
_HEAD = """\
# Rules for KMS policies

What `kmstui lint`, the policy editor and the findings of all keys look for. An **error** is what
KMS or IAM refuses to save, or what hands the key to the wrong people or locks everyone out; a
**warning** is very likely not what was meant; an **info** is worth knowing. Key policies are the
policies of keys, IAM policies those of roles, VPC endpoint policies those of the endpoints through
which KMS is asked (`kmstui lint --vpc-endpoint`).

`kmstui lint --explain ID` tells about one rule, `--disable ID` turns one off, and so does the
configuration; `--fix` applies the quick fixes.

This page is made by `python -m tests.make_rules_page`; examples come from the rules' tests.
"""


@cache
def cases() -> dict[str, list[Case]]:
    """All cases of the rules' tests in which something is found, by rule."""
    found: dict[str, list[Case]] = {}
    for path in sorted((Path(__file__).parent / "policy/lint/checks").glob("test_*.py")):
        module = import_module(f"tests.policy.lint.checks.{path.stem}")
        for case in getattr(module, "CASES", ()):
            if "⟦" in case.text:
                found.setdefault(case.rule, []).append(case)
    return found


def findings_of(rule: Rule) -> Iterator[tuple[str, Finding]]:
    """What the rule finds in its cases, each with the text."""
    for case in cases().get(rule.id, ()):
        text, _ = unmark(case.text)
        yield from ((text, each) for each in lint(text, case.key) if each.rule == rule.id)
    for text, id_ in (*ONLY_IN_IAM, *CASES_OF_BOTH):
        if id_ == rule.id:
            yield from ((text, each) for each in lint_identity(text) if each.rule == id_)
    for text, id_ in ONLY_IN_ENDPOINTS:
        if id_ == rule.id:
            yield from ((text, each) for each in lint_endpoint(text) if each.rule == id_)


def _excerpt(text: str, finding: Finding) -> str:
    """The lines that the finding is about, or the part that is marked of a long one."""
    start = text.rfind("\n", 0, finding.span.start) + 1
    end = text.find("\n", max(finding.span.start, finding.span.end - 1))
    lines = text[start : end if end >= 0 else len(text)].split("\n")
    if len(lines) > 1 or len(lines[0].strip()) > _LONGEST_LINE:
        lines = text[finding.span.start : finding.span.end].split("\n")
    line = lines[0].strip()
    short = line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + "…"
    return short if len(lines) == 1 else f"{short} …"


def _severity_words(rule: Rule, findings: list[tuple[str, Finding]]) -> str:
    """`warning`, or `warning or error` where it depends on the case."""
    others = {finding.severity for _, finding in findings} - {rule.severity}
    return " or ".join(each.word for each in (rule.severity, *sorted(others)))


def _section(rule: Rule) -> Iterator[str]:
    findings = list(findings_of(rule))
    fixes = any(finding.fix for _, finding in findings)
    yield f"### {rule.id}: {rule.title}\n"
    fixed = "quick fix" if fixes else "no quick fix"
    severity = _severity_words(rule, findings)
    yield f"{severity} · {rule.scope.word} policies · {fixed} · [AWS page]({rule.url})\n"
    yield f"{rule.flags}\n"
    yield f"**Why:** {rule.why}\n"
    if rule.identity.why:
        yield f"**In an IAM policy:** {rule.identity.why}\n"
    fixable = [each for each in findings if each[1].fix is not None]
    for text, finding in (fixable or findings)[:1]:
        if excerpt := _excerpt(text, finding):
            yield f"```text\n{excerpt}\n```\n"
        yield f"{finding.message}.".replace("?.", "?") + "\n"
        if finding.fix is not None:
            yield f"Quick fix: {finding.fix.title}\n"


def _anchor(rule: Rule) -> str:
    """The part of a link by which GitHub finds the rule's heading."""
    heading = f"{rule.id}: {rule.title}".lower()
    return "".join(each for each in heading if each.isalnum() or each in " -_").replace(" ", "-")


def page() -> str:
    """The page as it should be."""
    rules = sorted(RULES.values(), key=lambda each: each.id)
    parts = [_HEAD]
    for family, group in groupby(rules, key=lambda each: each.id[3]):
        members = list(group)
        parts.append(f"\n## {_FAMILIES[family]}\n")
        parts.append("| id | severity | policies | title |\n|---|---|---|---|")
        for each in members:
            link = f"[{each.id}](#{_anchor(each)})"
            row = (link, each.severity.word, each.scope.word, each.title)
            parts.append(f"| {' | '.join(row)} |")
        parts.append("")
        for each in members:
            parts += _section(each)
    return "\n".join(parts).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
