"""What SQLite and the file system complain about, as sentences for a person."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from kmstui.service.errors import JournalError

ELSEWHERE = "set KMSTUI_STATE_DIRECTORY to another directory"
"""How to go round a directory; the variable wins over config.toml and over XDG_STATE_HOME."""

_PRIMARY = 0xFF
"""Extended result codes carry the primary one in their low byte (sqlite.org/rescode.html)."""

_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DENIED_ERRNOS = (errno.EACCES, errno.EPERM, errno.EROFS)


class DamagedError(Exception):
    """The file holds what was never written into it."""


DATABASE_ERRORS = (sqlite3.Error, DamagedError, UnicodeDecodeError)
"""What using the file may raise; the last where SQLite's own words quote a damaged schema."""


def is_damage(error: BaseException) -> bool:
    """Whether `error` says that the file's content is broken, not that its disk is."""
    if isinstance(error, (DamagedError, UnicodeDecodeError)):
        return True
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_busy(error: BaseException) -> bool:
    """Whether another process held the file for longer than the busy timeout."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def journal_error(error: Exception, path: Path) -> JournalError:
    """The sentence for `error`, which arose on the journal at `path`."""
    if isinstance(error, JournalError):
        return error
    if isinstance(error, OSError):
        return _from_system(error, path)
    if is_damage(error):
        return JournalError(
            f"{path} is damaged ({error})",
            "Close every kmstui and start again: the damaged file is then moved aside.",
        )
    return _from_sqlite(error, path)


def _from_sqlite(error: Exception, path: Path) -> JournalError:
    match _code(error):
        case sqlite3.SQLITE_FULL:
            return _full(path)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return JournalError(
                f"another program has been holding {path} for too long",
                "Close or resume the other kmstui (it may be stopped with Ctrl-Z), then try again.",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return _denied(path, str(error))
        case sqlite3.SQLITE_CANTOPEN:
            return JournalError(f"{path} cannot be opened ({error})", _elsewhere(path))
        case sqlite3.SQLITE_IOERR:
            return JournalError(
                f"the disk refused to read or write {path} ({error})",
                "Check the space and quota left there (df, quota) and the system's log,"
                " then try again.",
            )
        case _:
            return JournalError(f"{path} cannot be used ({error})", _elsewhere(path))


def _from_system(error: OSError, path: Path) -> JournalError:
    if error.errno in _FULL_ERRNOS:
        return _full(path)
    reason = error.strerror or str(error)
    if error.errno in _DENIED_ERRNOS:
        return _denied(path, reason)
    return JournalError(f"{path} cannot be used ({reason})", _elsewhere(path))


def _full(path: Path) -> JournalError:
    return JournalError(
        f"there is no space left to write {path}",
        f"Free some space or quota on the disk of {path.parent}, then try again.",
    )


def _denied(path: Path, reason: str) -> JournalError:
    return JournalError(f"{path} may not be written ({reason})", _elsewhere(path))


def _elsewhere(path: Path) -> str:
    return f"Make {path.parent} a directory that you own and may write, or {ELSEWHERE}."


def _code(error: BaseException) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & _PRIMARY
