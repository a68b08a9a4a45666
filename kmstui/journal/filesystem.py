"""Private directories and files, and what kind of file system holds them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600

_NETWORK_TYPES = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "glusterfs", "fuse.")


def make_private_directory(directory: Path) -> None:
    """Create `directory`, and its missing parents, for this user alone.

    The mode is given to mkdir itself, so there is no moment at which others could look in; a
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
