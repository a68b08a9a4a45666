"""Faults of the program itself: a sentence for the person, the details in a file."""

from __future__ import annotations

import os
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
        fresh = not log.exists() or log.stat().st_size > _LARGEST
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if fresh else os.O_APPEND)
        handle = os.open(log, flags, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {what}\n{text}\n")
    except OSError as problem:
        return f"{head} Details could not be written to {log}: {problem.strerror}."
    return f"{head} Details are in {log}; please report it."
