"""The linter for IAM policies of a role: the same rules, as far as IAM's grammar is the same.

What differs: there is no Principal, an Action and a Resource are needed, other services' actions
are as good as those of KMS, and nothing is said about who may administer a key.
Source: IAM User Guide, "Grammar of the IAM JSON policy language"; "IAM and AWS STS quotas".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from kmstui.policy.lint.linter import lint
from kmstui.policy.lint.rules import RULES, Finding, Severity
from kmstui.policy.syntax.edits import delete_member, fix
from kmstui.policy.syntax.nodes import Document, Span
from kmstui.policy.syntax.parser import parse
from kmstui.policy.syntax.statements import read_policy

LARGEST = 10_240
"""Characters, white space aside, of all inline policies of a role together (IAM quotas)."""

_GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
_QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"

HOLDS = frozenset(
    {
        "KMS001", "KMS002", "KMS003", "KMS004", "KMS005", "KMS006", "KMS007", "KMS009",
        "KMS101", "KMS102", "KMS103", "KMS104", "KMS105", "KMS106", "KMS108", "KMS109", "KMS110",
        "KMS111", "KMS112", "KMS113", "KMS201", "KMS202", "KMS204", "KMS208",
        "KMS401", "KMS405", "KMS406", "KMS407", "KMS409", "KMS410", "KMS412", "KMS413", "KMS415",
        "KMS416", "KMS418", "KMS419", "KMS420", "KMS601",
    }
)  # fmt: skip
"""Rules for key policies that say the same of an IAM policy."""

_NEEDED = frozenset({"KMS108", "KMS109"})
"""What a key policy may lack without being refused, and an IAM policy may not."""

_LACKS = "IAM refuses a policy whose statement lacks it."
_WHYS = {
    "KMS001": "IAM answers MalformedPolicyDocument to a policy that is not JSON.",
    "KMS009": "An IAM policy may hold tab, line feed, carriage return and the characters U+0020 to"
    " U+00FF; IAM rejects any other.",
    "KMS105": "A policy without statements allows nothing, so IAM rejects it.",
    "KMS108": _LACKS,
    "KMS109": _LACKS,
    "KMS201": "IAM takes an action that KMS does not have without a word, and it allows or denies"
    " nothing.",
    "KMS601": "A text that was to be filled in names nothing and matches nothing.",
}
"""Reasons that are others than with a key policy."""
_URLS = {
    "KMS009": "https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html",
    "KMS108": _GRAMMAR,
    "KMS109": _GRAMMAR,
    "KMS601": _GRAMMAR,
}


def lint_identity(text: str | Document, *, disabled: Collection[str] = ()) -> tuple[Finding, ...]:
    """All findings in an IAM policy, in the order of their places."""
    document = parse(text) if isinstance(text, str) else text
    off = {rule for rule in RULES if rule not in HOLDS} | set(disabled)
    findings = [
        each._replace(
            severity=Severity.ERROR if each.rule in _NEEDED else each.severity,
            why=_WHYS.get(each.rule, each.why.replace("KMS rejects", "IAM rejects")),
            url=_URLS.get(each.rule, each.url),
        )
        for each in lint(document, disabled=off)
        if not _other_service(each, document)
    ]
    findings += _own(document)
    return tuple(sorted(findings, key=lambda each: (each.span, each.rule)))


def _other_service(finding: Finding, document: Document) -> bool:
    """Whether it is about an action of another service, of which this linter knows nothing."""
    if finding.rule not in ("KMS201", "KMS204"):
        return False
    written = document.text[finding.span.start : finding.span.end].strip('"')
    prefix, colon, _ = written.partition(":")
    return written == "*" or (bool(colon) and prefix.lower() != "kms")


def _own(document: Document) -> Iterator[Finding]:
    for statement in read_policy(document).statements:
        for name in ("Principal", "NotPrincipal"):
            member = statement.node.member(name)
            if member is not None:
                yield Finding(
                    "KMS114",
                    Severity.ERROR,
                    "Principal in an IAM policy",
                    f"{name} is not allowed in an IAM policy: it is about the role that has it",
                    "IAM refuses the policy. Who may use a key is said in the key policy.",
                    _GRAMMAR,
                    member.key.span,
                    fix(
                        f"Remove {name}",
                        delete_member(document.text, statement.node, member),
                    ),
                )
    size = sum(not character.isspace() for character in document.text)
    if size > LARGEST:
        yield Finding(
            "KMS115",
            Severity.ERROR,
            "IAM policy too large",
            f"The policy has {size:,} characters; all inline policies of a role together may have"
            f" {LARGEST:,}, white space aside",
            "IAM refuses the policy.",
            _QUOTAS,
            Span(0, min(1, len(document.text))),
        )
