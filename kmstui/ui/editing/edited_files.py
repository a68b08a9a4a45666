"""The files that a person's own editor is given, which may outlive this program.

Each lies in a directory of its own, readable by its owner alone. The journal has its path before
the editor starts, so what is saved there after kmstui was killed is found: by the next start, and
by whoever edits that policy.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from kmstui.model import plain_name
from kmstui.policy.iam import same_meaning
from kmstui.service.changes import ChangeScope
from kmstui.service.ports import PolicyVersion

_NOTED = "file "
"""How the journal calls a file: this, and its path; its text is the policy's subject."""

_MOST_BYTES = 1 << 20
"""A policy has 32 kB at most; what is larger is no policy, and may not fit into memory."""


class EditedFile:
    """A text in a file for an editor.

    Attributes:
        path: Its file.
        lock: A descriptor for the editor to inherit: as long as a process has it, somebody may
            still write to the file, whatever became of kmstui.
    """

    def __init__(self, text: str, directory: Path) -> None:
        """Write `text` to a new file.

        Raises:
            OSError, UnicodeError: it cannot be written.
        """
        # mkdtemp makes the directory with mode 0700.
        own = Path(tempfile.mkdtemp(prefix="editor-", dir=directory))
        self.path = own / "policy.json"
        self.lock = -1
        try:
            self.lock = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self.lock, fcntl.LOCK_EX)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(
                os.open(self.path, flags, 0o600), "w", encoding="utf-8", newline=""
            ) as f:
                f.write(text)
        except BaseException:
            self.close()
            remove(self.path)
            raise

    def close(self) -> None:
        """The editor has ended, as far as this program knows."""
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1


def read_edited(path: Path) -> str:
    """What an editor left, whatever it is; never waits for anybody.

    Raises:
        OSError: it is gone, no regular file, or too large for a policy.
        UnicodeError: it is not UTF-8.
    """
    # Opening a FIFO waits for a writer, but for O_NONBLOCK.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if status.st_size > _MOST_BYTES:
            raise OSError(
                errno.EFBIG, f"it has {status.st_size:,} bytes, and a policy 32,768 at most"
            )
        content = os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)
    # Bytes, since reading text would make other line ends of CR LF.
    return content.decode()


def remove(path: Path) -> None:
    """Remove the file, and its directory unless the editor left something else there.

    Raises:
        OSError: the file stays.
    """
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()


async def note_file(scope: ChangeScope, path: Path, subject: str, base: str) -> None:
    """Write down that this file holds what a policy is to be, before an editor has it.

    By the name that the policy has with one connection open and with several alike.

    Raises:
        JournalError: it is not written down.
    """
    await scope.journal.save_draft(
        scope.where, f"{_NOTED}{path}", plain_name(subject), base=base, caller=scope.caller
    )


async def forget_file(scope: ChangeScope, path: Path) -> None:
    """What it held is kept, or was told.

    Raises:
        JournalError
    """
    await scope.close_draft(f"{_NOTED}{path}")


def is_note(draft: PolicyVersion) -> bool:
    """Whether it is a file's name, and no text that a person typed."""
    return draft.subject.startswith(_NOTED)


async def take_in(scope: ChangeScope, subject: str = "") -> list[str]:
    """Make drafts of what was saved in files after kmstui had ended; of one policy, or of all.

    Returns sentences about files that cannot be read. Each is told once.

    Raises:
        JournalError
    """
    told = []
    for note in await scope.journal.drafts(scope.where):
        if is_note(note) and plain_name(subject) in ("", note.text):
            path = Path(note.subject.removeprefix(_NOTED))
            if trouble := await _take_in(scope, note, path):
                told.append(trouble)
    return told


async def _take_in(scope: ChangeScope, note: PolicyVersion, path: Path) -> str:
    try:
        text = read_edited(path)
    except FileNotFoundError:
        await forget_file(scope, path)
        return ""
    except (OSError, UnicodeError) as error:
        await forget_file(scope, path)
        return (
            f"kmstui ended while your editor had {path} open, and what is there cannot be read:"
            f" {reason_of(error)}. The file stays; it is not looked at again."
        )
    if not await _is_known(scope, note, text):
        await scope.journal.save_draft(
            scope.where, note.text, text, base=note.base, caller=note.caller
        )
    if _is_open(path):
        return ""
    others = sorted(each.name for each in path.parent.iterdir() if each != path)
    await forget_file(scope, path)
    if not others:
        with suppress(OSError):
            remove(path)
        return ""
    # Editors that a hang-up ends write what was typed beside the file.
    return (
        f"kmstui ended while your editor had {path} open, and your editor left {', '.join(others)}"
        f" beside it, from which it may recover what you typed (vim: vim -r {path}). The files"
        " stay; they are not looked at again."
    )


async def _is_known(scope: ChangeScope, note: PolicyVersion, text: str) -> bool:
    """Whether nothing was changed in the editor, or what was is kept already."""
    if same_meaning(text, note.base):
        return True
    draft = await scope.journal.draft(scope.where, note.text)
    # As the text was taken over before, and then saved or discarded.
    since = await scope.journal.versions(scope.where, note.text, since=note.time)
    return text.strip() in {each.text.strip() for each in (draft, *since) if each is not None}


def _is_open(path: Path) -> bool:
    """Whether the editor that was given the file still runs."""
    try:
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def reason_of(error: Exception) -> str:
    """Why, in the system's words."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
