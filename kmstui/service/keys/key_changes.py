"""What the changes of keys, aliases and grants share: one is sent, read back, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from kmstui.service.changes import FOR_A_KEY, Change, ChangeStep, Shown, Sleep, Waiting, run_change
from kmstui.service.errors import (
    OPEN_OUTCOME,
    UNCERTAIN,
    ErrorContext,
    InvalidInputError,
    ServiceError,
)
from kmstui.service.session import Session

T = TypeVar("T")

ACCEPTED = "KMS accepted it"
OTHER = "it shows something else by now: somebody else has changed it, too. r reads again."
LATER = "KMS does not show it yet, which can take some minutes; r reads again."


@dataclass(frozen=True, slots=True)
class OutcomeText(Generic[T]):
    """What becomes of what was read back, and how the person is told."""

    done: Callable[[T], str]
    """What is said once the change shows."""
    keep: Callable[[T], None] = lambda _: None
    """Takes what was read into the store, be the change in it or not."""
    what: str = "it"
    """What is read, for the sentence that says that it could not be."""
    later: str = LATER
    """What is said where the change does not show in time."""


class KeyChanges:
    """Makes changes on the connection of a session."""

    def __init__(
        self,
        session: Session,
        pause: Sleep = asyncio.sleep,
        seen: Callable[[Shown], None] = lambda shown: None,
    ) -> None:
        """`seen` is told what reading a change back showed, where it was accepted."""
        self._seen = seen
        self._session = session
        self._store = session.store
        self._pause = pause

    def _name(self, key_id: str) -> str:
        return self._store.name_of(key_id)

    def _refusal(self, operation: str, key_id: str, problem: str) -> InvalidInputError:
        context = ErrorContext(operation, self._name(key_id) if key_id else "")
        return InvalidInputError(problem, "Nothing was sent.", context)

    async def _run(
        self, change: Change[T], telling: OutcomeText[T], pauses: Sequence[float] = FOR_A_KEY
    ) -> str:
        """Make a change; returns what to tell the person.

        It is read back by the schedule of `pauses`, in seconds.

        Raises:
            JournalError: it could not be written down, and nothing was sent.
            ServiceError: it was refused; or no clear answer came, and it does not show.
        """
        waiting = Waiting(pauses, self._pause)

        def observe(step: ChangeStep) -> None:
            if step is ChangeStep.BUSY:
                self._session.notify(f"{change.operation}: {step}.", "warning")

        result = await run_change(
            self._session.of(change.subject).change_scope(), change, waiting, observe
        )
        if result.journal_problem:
            self._session.notify(result.journal_problem, "warning")
        if result.error is None:
            self._seen(result.read.shown)
        if result.read.value is not None:
            telling.keep(result.read.value)
            if result.read.shown is Shown.OURS:
                return telling.done(result.read.value)
        if result.error is not None:
            raise _not_shown(result.error, result.read.shown)
        if result.read.shown is Shown.UNREADABLE:
            return f"{ACCEPTED}, but {telling.what} could not be read back. {result.read.problem}"
        if result.read.shown is Shown.OTHER:
            return f"{ACCEPTED}, but {OTHER}"
        return f"{ACCEPTED}. {telling.later}"


def _not_shown(error: ServiceError, shown: Shown) -> ServiceError:
    """No clear answer came, and what was read afterwards, if it could be, is not the change."""
    if not isinstance(error, UNCERTAIN) or shown is Shown.UNREADABLE:
        return error
    if shown is Shown.OTHER:
        found = "read back afterwards, something else is there that somebody else changed"
        return type(error)(f"{error.reason}; {found}", "Press r to see it.", error.context)
    reason = error.reason.removesuffix(OPEN_OUTCOME)
    return type(error)(
        f"{reason}; read back afterwards, the change does not show",
        "It may still within five minutes: press r before you repeat it.",
        error.context,
    )
