"""The review of a put as text for people and as JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

from kmstui.model import visible
from kmstui.policy.syntax import parse
from kmstui.scripting.fixes import write_diff
from kmstui.service.editing import Assessment, Weight, joined_words

if TYPE_CHECKING:
    from kmstui.scripting.key_edits import Review

MARKS = {Weight.GOOD: "ok", Weight.NOTE: "i", Weight.DOUBT: "?", Weight.BAD: "!"}
SIGNS = {Weight.BAD: "+", Weight.GOOD: "-"}


def write_review(review: Review, out: TextIO) -> None:
    """Verdict, who gains and who loses, findings, and the change itself."""
    for line in _lines(review):
        print(visible(line), file=out)
    write_change(review.assessment.base, review.assessment.text, out)
    left_out = joined_words(review.assessment.not_considered)
    print(visible(f"Not considered: {left_out}."), file=out)


def _lines(review: Review) -> Iterator[str]:
    assessment = review.assessment
    yield f"The policy of {review.edit.target.location.label}"
    if assessment.unchanged:
        yield "This text means what is stored."
    for clause in assessment.undone:
        yield f"  ?  This undoes your last save: {clause}."
    for judgement in assessment.judgements:
        yield f"  {MARKS[judgement.weight]:<2} {judgement.sentence}"
    yield "Who gains and who loses"
    if not assessment.access:
        yield "     Nobody gains or loses anything."
    for line in assessment.access:
        yield f"  {SIGNS.get(line.weight, '?')}  {line.sentence}"
        if line.refused:
            yield f"     {line.refused}"
    document = parse(assessment.text)
    yield "Findings" if assessment.findings else "Findings: none"
    for finding in sorted(assessment.findings, key=lambda each: (-each.severity, each.span)):
        line_number = document.location(finding.span.start)[0] + 1
        yield f"  {finding.severity.word:<7} {finding.rule} line {line_number}: {finding.message}"
    yield "The change"


def write_change(base: str, text: str, out: TextIO) -> None:
    """What changes in the text, both laid out alike; a sentence where only layout does."""
    old, new = laid_out(base), laid_out(text)
    if old == new:
        print("     Nothing but layout differs.", file=out)
    else:
        write_diff("policy", old, new, out)


def laid_out(text: str) -> str:
    """A policy as most people lay it out; what is not JSON as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    except (ValueError, RecursionError):
        return text


def review_as_json(review: Review) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "key": review.edit.key_id,
        "name": review.edit.word,
        **_assessed(review.assessment),
        "outside": list(review.outside),
        "concerns": [each.option for each in review.concerns],
    }


def _assessed(assessment: Assessment) -> dict[str, Any]:
    return {
        "changes": not assessment.unchanged,
        "verdict": [
            {"weight": each.weight.value, "sentence": each.sentence}
            for each in assessment.judgements
        ],
        "locksOut": assessment.locks_out,
        "access": [
            {"weight": each.weight.value, "sentence": each.sentence, "refused": each.refused}
            for each in assessment.access
        ],
        "findings": [
            {
                "rule": each.rule,
                "severity": each.severity.word,
                "message": each.message,
            }
            for each in assessment.findings
        ],
        "notConsidered": list(assessment.not_considered),
    }
