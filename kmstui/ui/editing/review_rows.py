"""What the review says, as rows: verdict, findings, access, and the difference of two texts."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence

from kmstui.policy.lint import Severity
from kmstui.policy.syntax import parse
from kmstui.service.editing import AccessLine, Assessment, Weight, joined_words
from kmstui.ui.policy import pretty
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Block, Code, Hunk, Row

_STYLES = {Weight.GOOD: "good", Weight.NOTE: "", Weight.DOUBT: "warn", Weight.BAD: "bad"}
_SEVERITY_STYLES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "dim"}


def finding_name(index: int) -> str:
    """What a row about the finding number `index` points at."""
    return f"finding {index}"


def access_name(index: int) -> str:
    """What a row about the access change number `index` points at."""
    return f"access {index}"


STAYING = "staying"
"""What the row about what stays points at."""


def review_rows(
    assessment: Assessment,
    acknowledged: Collection[int],
    symbols: Symbols,
    *,
    before: Collection[Row] = (),
    undoing: str = "",
    staying: Collection[Row] = (),
) -> Iterator[Row]:
    """Everything, in the order in which it matters.

    `acknowledged` are indexes into the assessment's findings; `before` stands first. `undoing`
    names the save that parts of the change undo, and `staying` tells what stays.
    """
    yield from before
    yield Block(f"After this save: {_counts(assessment, symbols)}", "title")
    for clause in assessment.undone:
        yield Block(f"This undoes {undoing}: {clause}.", "warn", f" {symbols.warning} ")
    yield from _verdict(assessment, symbols)
    if assessment.judgements:
        yield Block("")
        so_far = ", as far as the text could be read" if assessment.not_json else ""
        yield Block(f"Who gains and who loses{so_far}", "title")
    yield from access_rows(assessment.access)
    yield from staying
    yield Block("")
    if assessment.afterwards:
        yield Block(assessment.afterwards, "dim", f" {symbols.information} ")
        yield Block("")
    yield Block(_findings_title(assessment, acknowledged), "title")
    yield from _findings(assessment, acknowledged, symbols)
    yield Block("")
    yield Block("The change", "title")
    yield from diff_rows(assessment.base, assessment.text)
    yield Block("")
    yield Block(f"Not considered: {joined_words(assessment.not_considered)}.", "dim")


def _counts(assessment: Assessment, symbols: Symbols) -> str:
    weights = [line.weight for line in assessment.access]
    unclear = weights.count(Weight.DOUBT)
    words = [f"LOSES {weights.count(Weight.GOOD)}", f"GAINS {weights.count(Weight.BAD)}"]
    words += [f"unclear {unclear}"] if unclear else []
    return f" {symbols.dot} ".join([*words, f"findings {len(assessment.findings)}"])


def _verdict(assessment: Assessment, symbols: Symbols) -> Iterator[Row]:
    marks = {
        Weight.GOOD: symbols.done,
        Weight.NOTE: symbols.information,
        Weight.DOUBT: symbols.warning,
        Weight.BAD: symbols.error,
    }
    for judgement in assessment.judgements:
        yield Block(
            judgement.sentence, _STYLES[judgement.weight], f" {marks[judgement.weight]} ", "verdict"
        )


def _findings_title(assessment: Assessment, acknowledged: Collection[int]) -> str:
    errors = len(assessment.errors)
    others = len(assessment.findings) - errors
    if not assessment.findings:
        return "Findings: none"
    words = [f"{errors} error{'s' * (errors != 1)}"] if errors else []
    words += [f"{others} other{'s' * (others != 1)}"] if others else []
    left = len(set(assessment.to_acknowledge).difference(acknowledged))
    tail = f"; Space acknowledges an error, {left} to go" if left else ""
    return f"Findings: {joined_words(words)}{tail}"


def _findings(
    assessment: Assessment, acknowledged: Collection[int], symbols: Symbols
) -> Iterator[Row]:
    document = parse(assessment.text)
    numbered = sorted(
        enumerate(assessment.findings), key=lambda each: (-each[1].severity, each[1].span)
    )
    for index, finding in numbered:
        box = "    "
        if index in assessment.to_acknowledge:
            box = "[x] " if index in acknowledged else "[ ] "
        line = document.location(finding.span.start)[0] + 1
        yield Block(
            f"{finding.rule} line {line}: {finding.message}",
            _SEVERITY_STYLES[finding.severity],
            f" {box}{symbols.for_severity(finding.severity.word)} ",
            finding_name(index),
        )


_ACCESS_SIGNS = {Weight.BAD: " + ", Weight.GOOD: " - "}


def access_rows(lines: Sequence[AccessLine]) -> Iterator[Row]:
    """Who loses, then who gains, then what is not clear."""
    if not lines:
        yield Block("Nobody gains or loses anything.", "dim", "   ")
    order = (Weight.GOOD, Weight.BAD)
    ranked = sorted(
        enumerate(lines),
        key=lambda each: order.index(each[1].weight) if each[1].weight in order else len(order),
    )
    for index, line in ranked:
        symbol = _ACCESS_SIGNS.get(line.weight, " ? ")
        style = "" if line.weight is Weight.GOOD else "warn"
        yield Block(line.sentence, style, symbol, access_name(index))
        if line.refused:
            yield Block(line.refused, "dim", "     ", access_name(index))


def staying_rows(
    sentences: Sequence[str] | None, symbols: Symbols, *, is_open: bool
) -> Iterator[Row]:
    """What stays, and for whom: one row, and below it the rest while it is open.

    `sentences` are None until they are worked out.
    """
    mark = symbols.opened if is_open else symbols.folded
    keys = "" if is_open else "   (Enter opens)"
    yield Block(f"What stays, and for whom{keys}", "accent", f" {mark} ", STAYING)
    if not is_open:
        return
    if sentences is None:
        yield Block("Working it out…", "dim", "     ", STAYING)
        return
    for sentence in sentences or ("Nothing: nobody can do what they could before.",):
        yield Block(sentence, "", "     ", STAYING)


INDENT = "  "
"""Of a text that is shown beside another: half as wide as the editor's."""

_CONTEXT = 3
"""Lines around a change that show where it is."""


def diff_rows(old: str, new: str) -> tuple[Row, ...]:
    """What changes, with the lines around it; layout that only differs in white space does not.

    One row says so where nothing does.
    """
    old_lines, new_lines = (pretty(text, INDENT).splitlines() for text in (old, new))
    if not old_lines:
        # The first text of all: half the width would stand empty beside it.
        return tuple(Code(line, "+ ") for line in new_lines)
    groups = list(difflib.SequenceMatcher(None, old_lines, new_lines).get_grouped_opcodes(_CONTEXT))
    if not groups:
        return (Block("Nothing but layout differs.", "dim"),)
    rows: list[Row] = []
    for group in groups:
        first, last = group[0], group[-1]
        rows.append(Block(_place(first[1], last[2], first[3], last[4]), "dim"))
        for _, start, end, new_start, new_end in group:
            rows.append(Hunk(old_lines[start:end], new_lines[new_start:new_end]))
    return tuple(rows)


def _place(start: int, end: int, new_start: int, new_end: int) -> str:
    """As `diff -u` says where a group stands, in words."""
    old = f"line {start + 1}" if end - start <= 1 else f"lines {start + 1}–{end}"
    new = f"line {new_start + 1}" if new_end - new_start <= 1 else f"{new_start + 1}–{new_end}"
    return f"··· {old}, now {new}"
