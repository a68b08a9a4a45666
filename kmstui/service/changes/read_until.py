"""Reading again until a change shows: KMS is eventually consistent.

Most changes show within seconds, some take up to five minutes (KMS Developer Guide, "Eventual
consistency").
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

Pause = Callable[[float], Awaitable[None]]
"""Waits for seconds."""

PAUSES = (0.3, 0.7, 1.5, 3.0)
"""Seconds between two looks; a person who waits for one key does not like to wait longer."""

ACCEPTED = "KMS accepted it"
LATER = "KMS does not show it yet, which can take some minutes; r reads again."
"""What is said after the last look."""


async def read_until(
    read: Callable[[], Awaitable[T]], shows: Callable[[T], bool], pause: Pause
) -> T:
    """What is read last: the first answer that shows the change, or the one after all pauses.

    Raises:
        ServiceError: it cannot be read.
    """
    answer = await read()
    for seconds in PAUSES:
        if shows(answer):
            break
        await pause(seconds)
        answer = await read()
    return answer
