"""Locks that the kernel releases when a process ends, however it ends.

They answer two questions that a process ID cannot: process IDs are used again, and mean
nothing across containers or hosts that share a home directory.

- Does the session that began this change still run? Its lock file `session-TOKEN.lock` is
  locked exclusively as long as it does; whoever asks takes a shared lock, so that two askers
  do not take each other for the owner.
- Does anybody else have the journal open? Everyone holds `journal.lock` shared; moving a
  damaged file aside needs it exclusively.

flock(2) belongs to the open file, not to the process, so closing another descriptor of the same
file does not drop it, and descriptors are not inherited by programs started (PEP 446).
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from kmstui.journal.filesystem import FILE_MODE


class SessionLock:
    """The lock of one running program."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        self._held: tuple[Path, int] | None = None

    def hold(self, directory: Path) -> None:
        """Take it, unless it is held already. See `sweep_sessions` for who may call."""
        if self._held is not None:
            return
        path = _session_path(directory, self.token)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        self._held = path, descriptor
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """The program ends: from now on its unfinished changes are anybody's to look at."""
        if self._held is None:
            return
        path, descriptor = self._held
        self._held = None
        path.unlink(missing_ok=True)
        os.close(descriptor)


def is_running(directory: Path, token: str) -> bool:
    """Whether the session `token` still runs."""
    return _is_held(_session_path(directory, token))


def sweep_sessions(directory: Path) -> None:
    """Remove the lock files of sessions that ended without doing so.

    The caller holds the journal's write transaction, as does whoever creates a session: else a
    file could be swept between its creation and its locking.
    """
    for path in directory.glob("session-*.lock"):
        if not _is_held(path):
            path.unlink(missing_ok=True)


class OpenLock:
    """Held by everyone who has the journal open."""

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(
            directory / "journal.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE
        )

    def share(self) -> bool:
        """Hold it beside others; False while somebody moves the file aside."""
        return _try_lock(self._descriptor, fcntl.LOCK_SH)

    def claim(self) -> bool:
        """Hold it alone; False, and still shared, when others have the journal open."""
        if _try_lock(self._descriptor, fcntl.LOCK_EX):
            return True
        # A failed conversion may have dropped the shared lock (flock(2)).
        _try_lock(self._descriptor, fcntl.LOCK_SH)
        return False

    def release(self) -> None:
        """Let go; again does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _session_path(directory: Path, token: str) -> Path:
    return directory / f"session-{token}.lock"


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # Unreadable, so it may well be held: what is not known to have ended is left alone.
        return True
    try:
        return not _try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
