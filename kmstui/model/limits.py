"""A limit for what the regular expression of a person may take: some never come to an end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_armed = False


def _over(number: int, frame: FrameType | None) -> None:
    # It may come when the work has just been done.
    if _armed:
        raise TimeoutError


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what is done here after so many seconds of processor time.

    It interrupts `re` in the middle of a match, which looks for signals itself (CPython,
    `Modules/_sre/sre_lib.h`, MAYBE_CHECK_SIGNALS). For the main thread alone, and not one in
    another.
    """
    global _armed  # noqa: PLW0603 - there is one such timer in a process
    if signal.getsignal(signal.SIGVTALRM) is not _over:
        signal.signal(signal.SIGVTALRM, _over)
    _armed = True
    # Again and again: a signal between two expressions would be the only one.
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)
    try:
        yield
    finally:
        _armed = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
