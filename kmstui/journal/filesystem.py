"""The journal's directory: private, on which kind of file system, and locked by whom.

The kernel releases a lock when a process ends, however it ends. So locks tell what a
process ID cannot, which is used again, and means nothing across containers or hosts that share a
home directory:

- Does the session that began this change still run? Its lock file `session-TOKEN.lock` is
  locked exclusively as long as it does; whoever asks takes a shared lock, so that two askers
  do not take each other for the owner.
- Whose turn is it to save a policy? Whoever reads it, compares and puts it holds
  `turn-DIGEST.lock` of that policy meanwhile.
- Does anybody else have the journal open? Everyone holds `journal.lock` shared; moving a
  damaged file aside needs it exclusively.

flock(2) belongs to the open file, not to the process, so closing another descriptor of the same
file does not drop it, and descriptors are not inherited by programs started (PEP 446).
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from hashlib import sha256
from pathlib import Path

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600

_NETWORK_TYPES = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "glusterfs", "fuse.")


def make_private_directory(directory: Path) -> None:
    """Create `directory`, and its missing parents, for this user alone.

    The mode is given to mkdir itself, so there is no moment at which others could read in it; a
    umask can only take away from it. A directory that is already there loses the permissions
    of others.

    Raises:
        OSError: it cannot be made, is not a directory, or belongs to someone else.
    """
    for missing in reversed([p for p in (directory, *directory.parents) if not p.exists()]):
        missing.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        # Else a loss of power could take the directory with all that was written below it.
        sync_directory(missing.parent)
    status = directory.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(f"{directory} is not a directory")
    if status.st_uid != os.geteuid():
        # Files that root leaves in somebody's home would shut the owner out of the journal.
        raise PermissionError(f"{directory} belongs to user {status.st_uid}, not to you")
    if stat.S_IMODE(status.st_mode) & 0o077:
        directory.chmod(DIRECTORY_MODE)


def make_private_file(path: Path) -> None:
    """Create `path` empty with mode 0600 unless it is there, and make its name durable.

    Raises:
        OSError: it cannot be made, or is a symbolic link or no regular file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is not a regular file")
        if stat.S_IMODE(status.st_mode) & 0o077:
            os.fchmod(descriptor, FILE_MODE)
    finally:
        os.close(descriptor)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make names that were created or renamed in `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_on_network(path: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> bool:
    """Whether `path` lies on a network file system (EFS, NFS, SMB, FUSE …).

    False where the system does not tell (no /proc). Source: proc(5), /proc/pid/mountinfo.
    """
    try:
        lines = mountinfo.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    resolved = path.resolve()
    longest, kind = -1, ""
    for line in lines:
        fields, _, rest = line.partition(" - ")
        mount_point = Path(_unescape(fields.split(" ")[4]))
        depth = len(mount_point.parts)
        # Later lines lie over earlier ones, hence >=.
        if depth >= longest and resolved.is_relative_to(mount_point):
            longest, kind = depth, rest.split(" ", 1)[0]
    return kind.startswith(_NETWORK_TYPES)


def _unescape(field: str) -> str:
    """The octal escapes of space, tab, newline and backslash undone."""
    for code, character in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        field = field.replace(code, character)
    return field


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


class TurnLock:
    """The turn of one edit at what only one may do at a time; its file goes with it."""

    def __init__(self, directory: Path, what: str) -> None:
        digest = sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._path = directory / f"turn-{digest}.lock"
        self._descriptor = -1

    def take(self) -> bool:
        """Take it; False while somebody else has it, in this program or another.

        Raises:
            OSError: the file cannot be made or locked.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, FILE_MODE)
        try:
            # Who had it may have removed the file after it was opened here.
            if _try_lock(descriptor, fcntl.LOCK_EX) and self._names(descriptor):
                self._descriptor, descriptor = descriptor, -1
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return self._descriptor >= 0

    def give(self) -> None:
        """Let the next one; again, or where it was not taken, does nothing."""
        if self._descriptor >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1

    def _names(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False


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
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
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
