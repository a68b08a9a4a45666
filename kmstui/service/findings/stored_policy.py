"""Linting a policy as it is stored, at the places where it is shown."""

from __future__ import annotations

from collections.abc import Collection

from kmstui.policy.lint import Finding, KeyContext, lint
from kmstui.policy.syntax import parse
from kmstui.service.findings.all_keys import LocatedFinding

TOO_LARGE = "KMS008"


def lint_stored(
    stored: str, shown: str, context: KeyContext, disabled: Collection[str]
) -> tuple[Finding, ...]:
    """The findings of `stored`, placed in `shown`, which is the same with other white space.

    White space counts towards the size that KMS allows, so the size is that of what is stored.
    """
    found = lint(shown, context, disabled=disabled)
    if shown == stored or not any(each.rule == TOO_LARGE for each in found):
        return found
    size = [each for each in lint(stored, context, disabled=disabled) if each.rule == TOO_LARGE]
    return tuple(
        each
        if each.rule != TOO_LARGE
        else each._replace(message=size[0].message, severity=size[0].severity)
        for each in found
        if each.rule != TOO_LARGE or size
    )


def located(text: str, findings: Collection[Finding]) -> tuple[LocatedFinding, ...]:
    """The findings with their lines and columns in `text`."""
    if not findings:
        return ()
    document = parse(text)
    places = ((each, *document.location(each.span.start)) for each in findings)
    return tuple(LocatedFinding(each, line + 1, column + 1) for each, line, column in places)
