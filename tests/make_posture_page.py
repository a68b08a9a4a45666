"""Make kmstui/service/findings/POSTURE.md anew: `python -m tests.make_posture_page`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kmstui.service.findings import posture_rules
from kmstui.service.findings.posture import PostureRule
from kmstui.service.findings.posture_rules import RULES

PAGE = Path(posture_rules.__file__).with_name("POSTURE.md")
_HEAD = """\
# Rules about keys themselves

What the findings of all keys (`F`) and `kmstui findings` look for, beside the linter's
[rules for policies](../../policy/lint/RULES.md). Thresholds, severities and what is off are
[settings](../../docs/settings.md#what-is-wanted-of-keys); `kmstui findings --explain ID` tells
about one rule. What was not read of a key, or may not be, is told as not known, never as fine.

Controls are those that AWS Security Hub names for the same check: its own, and what it relates them
to. Its KMS.1 and KMS.2 are about policies of IAM, which no key shows; its KMS.5, a key that is
public, is what the linter's KMS501, KMS502 and KMS503 find.

This page is made by `python -m tests.make_posture_page`.
"""


def _section(rule: PostureRule) -> Iterator[str]:
    yield f"\n## {rule.id}: {rule.title}\n"
    yield f"{rule.severity.word} · [AWS page]({rule.url})\n"
    yield f"{rule.flags}\n"
    yield f"**Why:** {rule.why}\n"
    yield f"**What to do:** {'; or '.join(rule.remedies)}.\n"
    if rule.controls:
        served = "; ".join(each.words for each in rule.controls)
        yield f"**Serves:** {served} ([source]({rule.controls[0].url})).\n"
    else:
        yield "**Serves:** no control of CIS, PCI DSS or Security Hub; see AWS's page.\n"


def page() -> str:
    """The page as it should be."""
    rows = [
        f"| {each.id} | {each.severity.word} | {each.title} "
        f"| {', '.join(control.short for control in each.controls if control.short) or '-'} |"
        for each in RULES.values()
    ]
    table = "\n".join(["| id | severity | title | controls |", "|---|---|---|---|", *rows])
    sections = (line for each in RULES.values() for line in _section(each))
    return "\n".join([_HEAD, table, *sections]).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
