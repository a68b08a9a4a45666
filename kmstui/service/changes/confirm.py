"""A change that is read back, whether an answer came to it or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kmstui.service.changes.journaling import Change, Sent, journaled_sending, write_end
from kmstui.service.changes.read_until import ACCEPTED, LATER, Pause, read_until
from kmstui.service.errors import ServiceError
from kmstui.service.session import Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Look(Generic[T]):
    """How to see whether a change happened."""

    read: Callable[[], Awaitable[T]]
    shows: Callable[[T], bool]
    """Whether what was read shows the change."""
    keep: Callable[[T], None]
    """Takes what was read, be the change in it or not."""
    told: Callable[[T], str]
    """What the person is told once it shows."""
    what: str = "it"
    """What is read, for the sentence that says that it could not be."""


async def confirmed(
    session: Session,
    change: Change,
    send: Callable[[], Awaitable[str | None]],
    look: Look[T],
    pause: Pause,
) -> str:
    """Write a change down, send it, and look until it shows; answers what to tell the person.

    Where no answer came, the journal is told what the look found.

    Raises:
        JournalError: it could not be written down, and nothing was sent.
        ServiceError: it was refused; or no answer came, and the look did not show it.
    """
    sent = await journaled_sending(session, change, send)
    try:
        now = await read_until(look.read, look.shows, pause)
    except ServiceError as error:
        if sent.unreported is not None:
            unread = f"Afterwards {look.what} could not be read back: {error.sentence}"
            await _write_found(session, sent, "unknown", unread)
            raise sent.unreported from error
        return f"{ACCEPTED}, but {look.what} could not be read back. {error.sentence}"
    look.keep(now)
    if look.shows(now):
        await _write_found(session, sent, "done", "Read back afterwards: it was done.")
        return look.told(now)
    if sent.unreported is not None:
        await _write_found(session, sent, "unknown", "Read back afterwards, it did not show.")
        raise sent.unreported
    return f"{ACCEPTED}. {LATER}"


async def _write_found(session: Session, sent: Sent, outcome: str, found: str) -> None:
    if sent.unreported is not None:
        await write_end(session, sent.record, outcome, f"{sent.unreported.sentence} {found}")
