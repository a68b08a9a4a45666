"""What `kmstui restore` would do, and did: for people, and as rows for scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

from kmstui.model import visible
from kmstui.scripting.table import Column
from kmstui.service.backups import Found, Kind, Match, Step

if TYPE_CHECKING:
    from kmstui.scripting.key_edits import Review


class State(StrEnum):
    """How far a key is."""

    SAME = "same"
    CHANGES = "would change"
    CREATE = "would be created"
    NEEDS = "needs"
    """Something that its policy does must be allowed by an option."""
    CANNOT = "cannot"
    RESTORED = "restored"
    CREATED = "created"
    NOT_RESTORED = "not restored"
    """All of it or parts, as the detail says."""
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class PlannedKey:
    """One key of a backup, what restoring it comes to, and how that ended."""

    match: Match
    state: State
    steps: Sequence[Step] = ()
    notes: Sequence[str] = ()
    review: Review | None = None
    detail: str = ""
    under_way: bool = False
    confirmed: bool = False
    """Whether somebody was asked and said yes."""
    created: bool = False

    @property
    def would_change(self) -> bool:
        """Whether anything would be sent for it."""
        return self.state in (State.CHANGES, State.CREATE, State.NEEDS)


COLUMNS = tuple(
    Column(name, name.upper())
    for name in ("name", "key", "restored_as", "state", "changes", "detail", "notes")
)


def row_of(planned: PlannedKey) -> dict[str, Any]:
    """One key for the table, JSON and the rest."""
    key = planned.match.key
    return {
        "name": planned.match.record.name,
        "key": planned.match.record.id,
        "restored_as": key.bare_id if key is not None else None,
        "state": planned.state.value,
        "changes": [f"{step.kind}: {step.words}" for step in planned.steps],
        "detail": planned.detail or None,
        "notes": list(planned.notes),
    }


def write_plan(planned: Sequence[PlannedKey], out: TextIO, *, whole: bool) -> None:
    """Key by key what would be done; `whole`: with the review of each policy."""
    for each in planned:
        # Of a thousand keys that are as they were nobody needs a line.
        for line in () if each.state is State.SAME else _lines(each):
            print(visible(line), file=out)
        if whole and each.review is not None:
            from kmstui.scripting.review_text import write_review

            write_review(each.review, out)
    number = sum(each.would_change for each in planned)
    created = sum(each.would_change and each.match.key is None for each in planned)
    print(
        f"{number:,} of {len(planned):,} keys would change, {created:,} of them be created.",
        file=out,
    )


def _lines(planned: PlannedKey) -> Iterator[str]:
    from kmstui.scripting.review_text import MARKS, SIGNS

    match = planned.match
    record, key = match.record, match.key
    name = record.name if record.name == record.id else f"{record.name} ({record.id})"
    ending = ""
    if key is not None and match.found is not Found.ID:
        ending = f"; found {match.found}, it is {key.bare_id} here"
    yield f"{name}: {planned.state}{ending}"
    if key is None and planned.would_change:
        several = ", multi-Region" if record.multi_region else ""
        yield f"  create: {record.spec}, {record.usage}, {record.origin}{several}"
    if planned.review is not None:
        assessment = planned.review.assessment
        yield "  policy:"
        for judgement in assessment.judgements:
            yield f"    {MARKS[judgement.weight]:<2} {judgement.sentence}"
        for line in assessment.access:
            yield f"    {SIGNS.get(line.weight, '?'):<2} {line.sentence}"
        for finding in assessment.findings:
            yield f"    {finding.severity.word} {finding.rule}: {finding.message}"
    for step in planned.steps:
        if step.kind is not Kind.POLICY:
            yield f"  {step.kind}: {step.words}"
    for note in planned.notes:
        yield f"  note: {note}"
    if planned.detail:
        yield f"  {planned.detail}"
