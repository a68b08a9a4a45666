"""Taking turns: on one journal, one edit at a time reads, compares and puts a policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kmstui.service.changes.runner import ChangeScope, ChangeStep, Observer
from kmstui.service.changes.waiting import BETWEEN_TURNS, Waiting
from kmstui.service.errors import CancelledByPersonError


@asynccontextmanager
async def own_turn(
    scope: ChangeScope, subject: str, label: str, waiting: Waiting, observe: Observer
) -> AsyncIterator[None]:
    """Wait until nobody else on this journal saves the subject; nobody does until the end.

    Raises:
        CancelledByPersonError: the person waits no longer.
        JournalError: nobody can tell whose turn it is.
    """
    turn = scope.journal.turn(scope.where, subject)
    try:
        while not await turn.take():
            observe(ChangeStep.TURN)
            await waiting.pause(BETWEEN_TURNS)
            if waiting.is_stopped:
                raise CancelledByPersonError(
                    f"another kmstui is saving {label} at the moment, so nothing was sent",
                    "Review it again when that has ended.",
                )
        yield
    finally:
        turn.give()
