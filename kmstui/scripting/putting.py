"""A put of a key policy by a command: asked for, sent, read back, and how it ended."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from kmstui.model import visible
from kmstui.scripting.command import Streams, complain
from kmstui.scripting.parser import COULD_NOT_RUN
from kmstui.service.editing import Conflict, SaveEnd
from kmstui.service.sessions import PartSession

if TYPE_CHECKING:
    from kmstui.scripting.key_edits import KeyEdit, Review
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.session import Session

T = TypeVar("T")


class End(IntEnum):
    """How a put ended, as exit codes have it."""

    STORED = 0
    """Read back, or stored already."""
    NOT_PUT = 1
    """Not allowed, not wanted, or refused by KMS."""
    CHANGED = 3
    """Somebody else has changed the stored policy: nothing was sent."""
    UNSURE = 4
    """Sent, and not read back as it was put."""


EXITS = {
    0: "stored and read back, or stored already",
    1: "not put: it was not allowed or not wanted, or KMS refused it",
    2: "it could not be tried: no such key, no connection, a file that cannot be read",
    3: "not put: somebody else has changed the stored policy",
    4: "sent, and not read back as it was put",
}


class Put(NamedTuple):
    """How the put of one key ended."""

    end: End
    sentence: str


def with_session(around: Surroundings, job: Callable[[Session], Awaitable[T]]) -> T:
    """What a job makes of a session of its own.

    Raises:
        ServiceError: there is no connection, or the job raises it.
    """

    async def connected() -> T:
        async with around.session() as session:
            return await job(session)

    return asyncio.run(connected())


def tell_unread(session: Session, around: Surroundings, command: str) -> int:
    """Say which of several connections cannot be used, and why; returns the exit code so far."""
    problems = [
        f"{each.label}: {each.problem}"
        for each in session.each
        if isinstance(each, PartSession) and each.problem
    ]
    for problem in problems:
        complain(problem, around.streams.err, f"kmstui {command}")
    return COULD_NOT_RUN if problems else 0


def is_interactive(streams: Streams) -> bool:
    """Whether somebody can be asked."""
    return streams.stdin.isatty() and streams.err.isatty()


def wanted(review: Review, options: argparse.Namespace, streams: Streams) -> str:
    """Why it is not put, as a sentence: it needs an option, or somebody said no; or ""."""
    if review.assessment.not_json:
        return (
            f"KMS refuses a text that is not valid JSON ({review.assessment.not_json}),"
            " so nothing was sent."
        )
    if not options.yes and is_interactive(streams):
        return _asked(review, streams)
    missing = review.missing(options)
    if missing:
        needed = " ".join(each.option for each in missing)
        told = " ".join(each.sentence for each in missing)
        return f"{told} Nothing was sent; {needed} allows it."
    if not options.yes:
        return "Nobody can be asked here, so nothing was sent; --yes puts it without asking."
    return ""


def _asked(review: Review, streams: Streams) -> str:
    err = streams.err
    concerns = review.concerns
    for each in concerns:
        print(visible(each.sentence), file=err)
    word = review.edit.word if concerns else "yes"
    return called_off("Put this policy?", word, streams)


def called_off(question: str, word: str, streams: Streams) -> str:
    """Ask somebody to type a word; why nothing is sent, as a sentence, or ""."""
    streams.err.write(visible(f"{question} Type {word}: "))
    streams.err.flush()
    typed = streams.stdin.readline().strip()
    if typed.removeprefix("alias/") == word.removeprefix("alias/") or (
        word == "yes" and typed.lower() in ("y", "yes")
    ):
        return ""
    return "It was not confirmed, so nothing was sent."


async def put(edit: KeyEdit, text: str, streams: Streams, *, bypass_alias: str = "") -> Put:
    """Put a text that was reviewed; however it ends, that is written down and told.

    Raises:
        ServiceError: nothing was sent.
    """
    editing = edit.editing

    def observe(step: object) -> None:
        if streams.err.isatty():
            print(f"  {step}…", file=streams.err)

    try:
        result = await editing.save(
            editing.review(text), bypass_alias=bypass_alias, observe=observe
        )
    except asyncio.CancelledError:
        # What was sent is found out and written down, whoever is impatient.
        editing.stop_waiting()
        await editing.settled()
        raise
    if isinstance(result, Conflict):
        return Put(End.CHANGED, changed_sentence(edit))
    ends = {SaveEnd.REFUSED: End.NOT_PUT}
    if result.is_stored:
        return Put(End.STORED, result.sentence)
    words = result.sentence
    if result.locks_out:
        words += (
            " This is KMS's lock-out check; --bypass-policy-lockout-safety-check turns it off"
            " for this one put."
        )
    return Put(ends.get(result.end, End.UNSURE), words)


def changed_sentence(edit: KeyEdit) -> str:
    """That somebody else has changed the policy."""
    return (
        f"The stored policy of {edit.target.location.label} is not the one that this change was"
        " made of: somebody else has changed it. Nothing was sent; `kmstui policy diff` shows what"
        " a put would do now."
    )
