"""How a person has set the screens, in one small JSON file of the state directory.

Not in the journal: what is lost here is a habit, and must never keep a policy from being saved.
Several programs share the file. Each writes only the values that it has changed into what the
others have written meanwhile, under a lock, as a new file that takes the old one's name.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from kmstui.journal.filesystem import FILE_MODE, make_private_directory
from kmstui.own_thread import JobThread

VERSION = 1
MOST_BYTES = 1 << 20
"""Of the file; a hundred accounts need a hundredth of it."""
CLOSING_SECONDS = 2.0
"""A disk that hangs holds the end of the program no longer."""

Values = dict[str, dict[str, Any]]
"""By scope and name."""


class _DamagedError(Exception):
    """The file holds something else; the message ends a sentence."""


class RememberedFile:
    """The file `remembered.json` of a directory."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "remembered.json"
        self._problem = ""
        self._values: Values | None = None
        self._changed: Values = {}
        self._guard = Lock()
        self._thread: JobThread | None = None

    @property
    def problem(self) -> str:
        """Why nothing is remembered, as a sentence; "" where all is well."""
        return self._problem

    def recall(self, scope: str, name: str) -> Any:
        """What was remembered last; the file is read once, which takes less than a millisecond."""
        return self._known.get(scope, {}).get(name)

    def recall_of_all(self, name: str) -> list[Any]:
        """What was remembered last of each account and Region."""
        return [values[name] for values in self._known.values() if name in values]

    def remember(self, scope: str, name: str, value: Any) -> None:
        """Keep a value; None forgets it. It is written on a thread of its own."""
        if self.recall(scope, name) == value:
            return
        self._known.setdefault(scope, {})[name] = value
        with self._guard:
            waits = bool(self._changed)
            self._changed.setdefault(scope, {})[name] = value
        if self._thread is None:
            self._thread = JobThread("kmstui-remembered")
        if not waits:
            self._thread.post(self._write)

    def close(self) -> None:
        """Wait until all is written, unless that takes too long."""
        if self._thread is not None:
            self._thread.stop(self._write, CLOSING_SECONDS)
            self._thread = None

    @property
    def _known(self) -> Values:
        if self._values is None:
            self._values = self._read_or_say()
        return self._values

    def _read_or_say(self) -> Values:
        try:
            return self._read()
        except _DamagedError as error:
            self._problem = (
                f"How you had set the screens is not known: {self._path} {error}. They begin as"
                " usual; what you set now is written to a new file, and the old one is kept as"
                f" {self._aside.name}."
            )
        except OSError as error:
            self._problem = (
                f"How you had set the screens is not known: {self._path} cannot be read"
                f" ({error.strerror}). They begin as usual."
            )
        return {}

    @property
    def _aside(self) -> Path:
        return self._path.with_suffix(".damaged")

    def _read(self) -> Values:
        """What the file holds; nothing where there is none.

        Raises:
            OSError: it cannot be read.
            _DamagedError: it is not what this program writes.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path, flags)
        except FileNotFoundError:
            return {}
        with os.fdopen(descriptor, "rb") as stream:
            data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise _DamagedError(f"has more than {MOST_BYTES:,} bytes")
        try:
            content = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _DamagedError("is damaged") from error
        if not isinstance(content, dict) or content.get("version") != VERSION:
            raise _DamagedError("is of another version of kmstui, or is damaged")
        scopes = content.get("scopes")
        if not isinstance(scopes, dict) or not all(
            isinstance(each, dict) for each in scopes.values()
        ):
            raise _DamagedError("is damaged")
        return scopes

    def _write(self) -> None:
        """Write what has changed; whatever goes wrong becomes the problem."""
        with self._guard:
            changed, self._changed = self._changed, {}
        if not changed:
            return
        try:
            make_private_directory(self._path.parent)
            self._write_under_lock(changed)
        except OSError as error:
            self._problem = (
                f"How you set the screens is not kept: {self._path} cannot be written"
                f" ({error.strerror})."
            )

    def _write_under_lock(self, changed: Values) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        lock = os.open(self._path.with_suffix(".lock"), flags, FILE_MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                values = self._read()
            except _DamagedError:
                values = {}
                with suppress(FileNotFoundError):
                    self._path.replace(self._aside)
            for scope, names in changed.items():
                merged = {**values.get(scope, {}), **names}
                values[scope] = {name: value for name, value in merged.items() if value is not None}
            content = json.dumps({"version": VERSION, "scopes": values}, indent=1)
            new = self._path.with_suffix(".new")
            new.unlink(missing_ok=True)
            descriptor = os.open(
                new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE
            )
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(descriptor)
            new.replace(self._path)
        finally:
            os.close(lock)
