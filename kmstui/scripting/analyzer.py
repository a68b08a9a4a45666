"""`kmstui diff OLD NEW --ask-analyzer`: AWS's own checks of the change beside kmstui's diff."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from kmstui.model import visible
from kmstui.scripting.command import CommandError
from kmstui.scripting.parser import target_of
from kmstui.service.access import (
    Agreement,
    CheckAnswer,
    PolicyChange,
    actions_in,
    announcement_of_checks,
)

if TYPE_CHECKING:
    from kmstui.scripting.live_source import LiveSource


def check_change(
    options: argparse.Namespace, source: LiveSource, change: PolicyChange, told: TextIO
) -> tuple[CheckAnswer, ...]:
    """Say what is sent, and have Access Analyzer check it.

    Raises:
        CommandError: what is named is no action.
        ServiceError: there is no connection.
    """
    try:
        actions = actions_in(options.not_granted or "") or change.suggested
    except ValueError as error:
        raise CommandError(f"--not-granted: {error}") from error

    def tell(region: str) -> None:
        print(visible(announcement_of_checks(change, region, actions)), file=told, flush=True)

    return source.policy_checks(target_of(options), change, actions, tell)


def write_text(answers: Sequence[CheckAnswer], out: TextIO) -> None:
    """Each check, what Access Analyzer says, and what kmstui makes of it."""
    for answer in answers:
        mark = "!" if answer.agreement is Agreement.DIFFERS else " "
        print(visible(f"{mark} {answer.title}"), file=out)
        for line in _lines(answer):
            print(visible(f"    {line}"), file=out)


def _lines(answer: CheckAnswer) -> Iterator[str]:
    yield from answer.words
    yield f"kmstui: {answer.expected.reason}"
    if answer.causes:
        yield "It may be:"
        yield from (f"- {cause}" for cause in answer.causes)


def as_json(answer: CheckAnswer) -> dict[str, Any]:
    """A check for `--format json`."""
    said = answer.said
    return {
        "check": answer.check,
        "result": answer.word,
        "message": said.message if said else answer.problem,
        "reasons": [
            {"description": each.description, "statementIndex": each.statement, "sid": each.sid}
            for each in (said.reasons if said else ())
        ],
        "expected": answer.expected.word,
        "expectedBecause": answer.expected.reason,
        "comparison": answer.agreement.value,
        "causes": list(answer.causes),
    }
