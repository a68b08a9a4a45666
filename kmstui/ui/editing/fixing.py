"""F4 in the editor: what a fix does to access is shown before one that changes it is made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from kmstui.policy.lint import Finding, harmless_fixes
from kmstui.policy.syntax import apply_edits
from kmstui.service.editing import EditTarget
from kmstui.ui.dialogs import FullScreen, QuestionDialog
from kmstui.ui.policy import PolicyEditor


def judge_and_fix(
    screen: FullScreen[Any], target: EditTarget, event: PolicyEditor.FixRequested
) -> None:
    """Make the fixes asked for; what they do to access is worked out off the event loop first."""
    event.stop()
    job = _one if len(event.findings) == 1 and not event.alike else _alike
    worker = screen.program.work(
        lambda: job(screen, target, event), group="fix", what="working out a fix"
    )
    # The next keys are about the text that the fix makes.
    screen.program.type_ahead.opens(worker, screen)


async def _one(
    screen: FullScreen[Any], target: EditTarget, event: PolicyEditor.FixRequested
) -> None:
    (finding,) = event.findings
    if finding.fix is None:
        return
    after = apply_edits(event.text, finding.fix.edits)
    effect = await asyncio.to_thread(target.rules.fix_effect, event.text, after)
    if not effect:
        _make(event, event.findings)
        return
    question = QuestionDialog(
        f"{finding.rule}: {finding.fix.title}?", "\n".join(effect), yes="Fix", no="Leave"
    )
    screen.program.ask(question, lambda _: _make(event, event.findings))


async def _alike(
    screen: FullScreen[Any], target: EditTarget, event: PolicyEditor.FixRequested
) -> None:
    findings, rule = event.findings, event.findings[0].rule
    harmless = await asyncio.to_thread(
        harmless_fixes, event.text, findings, target.rules.fix_effect
    )
    if harmless and not _make(event, harmless):
        return
    left = len(findings) - len(harmless)
    words = f"{len(harmless)} of {len(findings)} findings {rule} fixed"
    words += "; Ctrl-z undoes." if harmless else "."
    if left:
        lines = ", ".join(str(line) for line in _lines(event, set(findings) - set(harmless)))
        words += f" Left, since access would change: line {lines}; F4 there shows how."
    screen.notice.tell(words, "warn" if left else "")


def _lines(event: PolicyEditor.FixRequested, findings: set[Finding]) -> list[int]:
    starts = sorted(finding.span.start for finding in findings)
    return sorted({event.text.count("\n", 0, start) + 1 for start in starts})


def _make(event: PolicyEditor.FixRequested, findings: Sequence[Finding]) -> bool:
    """Make them in the text that they are of; whether that is still there."""
    if event.editor.text != event.text:
        event.editor.say("The text has changed since it was checked; try again in a moment.")
        return False
    event.editor.fix(findings)
    return True
