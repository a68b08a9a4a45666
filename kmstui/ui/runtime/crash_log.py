"""Faults of the program itself: a sentence for the person, the details in a file."""

from __future__ import annotations

import errno
import os
import stat
import traceback
from datetime import UTC, datetime
from pathlib import Path

_LARGEST = 1_000_000
"""Bytes; a larger log is begun anew, so that a fault in a loop cannot fill the disk."""


def write_fault(log: Path | None, what: str, error: BaseException) -> str:
    """Write the details of a fault; returns the sentence for the person.

    Tracebacks hold no values of variables, so neither texts nor credentials get into the file.
    """
    head = f"A fault in kmstui itself, in {what}: {type(error).__name__}."
    if log is None:
        return head
    text = "".join(traceback.format_exception(error))
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(_opened(log), "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {what}\n{text}\n")
    except OSError as problem:
        why = problem.strerror or problem
        return f"{head} Details could not be written to {log}: {why}. Please report it."
    return f"{head} Details are in {log}; please report it."


def _opened(log: Path) -> int:
    """The log to append to, begun anew where it is too large.

    The directory may be another's, who could have put there what leads to any file of ours, or a
    pipe that nobody reads.

    Raises:
        OSError: it cannot be opened, or is something else than a file of this user's own.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(log, flags, 0o600)
    except OSError as problem:
        if problem.errno == errno.ELOOP:
            raise OSError("it is a symbolic link") from None
        raise
    status = os.fstat(handle)
    if reason := _not_ours(status):
        os.close(handle)
        raise OSError(reason)
    if status.st_size > _LARGEST:
        os.ftruncate(handle, 0)
    return handle


def _not_ours(status: os.stat_result) -> str:
    """Why nothing may be written there; empty when it may."""
    if not stat.S_ISREG(status.st_mode):
        return "it is no regular file"
    if status.st_uid != os.geteuid():
        return f"it belongs to user {status.st_uid}"
    return "it has another name too" if status.st_nlink > 1 else ""
