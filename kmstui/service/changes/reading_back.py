"""Reading a change back until it shows, something else stands there for good, or time is up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from kmstui.service.changes.waiting import SURE_AFTER, Waiting
from kmstui.service.errors import AccessDeniedError, NotFoundError, ServiceError

T = TypeVar("T")


class Shown(StrEnum):
    """What a read shows of a change."""

    OURS = "ours"
    """The change."""
    OLD = "old"
    """What was there before it."""
    OTHER = "other"
    """Neither: somebody else changed it in between."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """How to see whether a change happened."""

    read: Callable[[], Awaitable[T]]
    judge: Callable[[T], Shown]
    """What that shows of the change; never UNREADABLE."""


@dataclass(frozen=True, slots=True)
class ReadBack(Generic[T]):
    """The last read of a change, after which no other was needed or time was up."""

    shown: Shown = Shown.UNREADABLE
    value: T | None = None
    """What was read; None where it could not be."""
    problem: str = ""
    """Why it could not be read, as a sentence."""
    may_change: bool = False
    """Whether another read may tell more."""
    lasting: bool = False
    """Whether it cannot be read for a reason that a later start would find as well."""


def ours_if(shows: bool, *, as_before: bool = True) -> Shown:
    """OURS where it shows; else OLD, or OTHER where it is not `as_before` either."""
    if shows:
        return Shown.OURS
    return Shown.OLD if as_before else Shown.OTHER


async def read_back(
    check: Check[T], waiting: Waiting, told: Callable[[], None] = lambda: None
) -> ReadBack[T]:
    """Read until the change shows, and no longer than `waiting` has it.

    `told` is called before each wait.
    """
    latest = await _read(check)
    alike = 1
    for seconds in waiting.pauses:
        if not latest.may_change or (latest.shown is Shown.OTHER and alike >= SURE_AFTER):
            break
        told()
        await waiting.pause(seconds)
        if waiting.is_stopped:
            break
        again = await _read(check)
        alike = alike + 1 if again == latest else 1
        latest = again
    return latest


async def _read(check: Check[T]) -> ReadBack[T]:
    try:
        value = await check.read()
    except ServiceError as error:
        lasting = isinstance(error, AccessDeniedError | NotFoundError)
        return ReadBack(problem=error.sentence, may_change=error.retryable, lasting=lasting)
    shown = check.judge(value)
    return ReadBack(shown, value, may_change=shown is not Shown.OURS)
