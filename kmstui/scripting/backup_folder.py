"""The folder of a backup: one folder for each key, named after its ID, and `backup.json`.

Only files that a backup wrote are ever replaced, and none is deleted: the folder of a key that is
gone is moved into `gone`. What is new appears whole, for it is written beside its place first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kmstui.policy.iam import same_meaning
from kmstui.scripting.command import CommandError, reason, rewrite
from kmstui.scripting.policy_files import is_key_id
from kmstui.service.backups import (
    FILE_NAMES,
    KEY_FILE,
    BackupError,
    KeyRecord,
    as_files,
    as_json,
    record_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE_PLACE = (
    "A backup is of one account and Region: give one profile and one Region, and a folder to each."
)
ABOUT, GONE = "backup.json", "gone"
_FORMAT = 1
MOST_BYTES = 64 << 20
"""Of one file. A key can have 50,000 grants (KMS Developer Guide, "Resource quotas")."""


class Written(NamedTuple):
    """What became of the folder of one key."""

    state: str
    """`new`, `changed`, `same`, or `not written`."""
    files: tuple[str, ...] = ()
    """Names of those that changed."""
    problem: str = ""


class BackupFolder:
    """A folder in which the keys of one account and Region are backed up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.account = ""
        self.region = ""
        self.keys: dict[str, str] = {}
        """By ID, what each key is called."""

    # Writing

    def open_for(self, account: str, region: str) -> None:
        """Make it, or read what it is.

        Raises:
            CommandError: it cannot be made, or holds the backup of something else.
        """
        with self._told():
            if not os.path.lexists(self.path):
                self.path.mkdir(mode=0o700, parents=True)
            if not self.path.is_dir():
                raise CommandError(f"{self.path} is no folder.")
        if os.path.lexists(self.path / ABOUT):
            self.read_about()
            if (self.account, self.region) != (account, region):
                raise CommandError(
                    f"{self.path} holds a backup of account {self.account} in {self.region}, and"
                    f" these keys are of {account} in {region}: name another folder."
                )
        self.account, self.region = account, region

    def write(self, record: KeyRecord) -> Written:
        """Write the files of a key that differ, the one that says what it is last."""
        if not is_key_id(record.id):
            return Written("not written", problem=f"{record.id} is no ID that KMS gives a key.")
        folder, wanted = self.path / record.id, as_files(record)
        with self._told():
            if problem := self._not_ours(folder):
                return Written("not written", problem=problem)
            if not folder.exists():
                self._make(folder, wanted)
                self.keys[record.id] = record.name
                return Written("new", tuple(wanted))
            changed = [
                name
                for name in (*FILE_NAMES[1:], KEY_FILE)
                if self._bring_up_to_date(folder / name, wanted.get(name), record)
            ]
        self.keys[record.id] = record.name
        return Written("changed" if changed else "same", tuple(changed))

    def _not_ours(self, folder: Path) -> str:
        """Why a folder is a person's own, as a sentence; "" where it may be written."""
        if not os.path.lexists(folder):
            return ""
        links = [each for each in (folder, *map(folder.joinpath, FILE_NAMES)) if each.is_symlink()]
        if links:
            return f"{links[0]} is a link, which no backup makes, so it is left alone."
        if not folder.is_dir():
            return f"{folder} is a file of your own, so it is left alone."
        if folder.name in self.keys or _is_key_folder(folder):
            return ""
        return f"{folder} is a folder of your own, so it is left alone."

    def _make(self, folder: Path, files: Mapping[str, str]) -> None:
        beside = folder.with_name(f".{folder.name}.new")
        if beside.is_symlink():
            beside.unlink()
        beside.mkdir(mode=0o700, exist_ok=True)
        for name, text in files.items():
            _write(beside / name, text)
        beside.rename(folder)

    def _bring_up_to_date(self, path: Path, text: str | None, record: KeyRecord) -> bool:
        """Whether a file had to be changed."""
        part = path.stem
        if text is None:
            if part in record.not_read or not path.exists():
                return False
            path.unlink()
            return True
        if path.exists():
            old = path.read_text("utf-8", "surrogateescape")
            # KMS does not always write a policy down in the same order.
            if old == text or (part == "policy" and same_meaning(old, text)):
                return False
        _write(path, text)
        return True

    def set_aside(self, existing: Collection[str]) -> list[tuple[str, str, Path]]:
        """Move the folders of keys that do not exist any more into `gone`.

        Returns of each its ID, what it was called, and where it is now.
        """
        moved = []
        for key_id in sorted(self.keys.keys() - set(existing)):
            folder = self.path / key_id
            name = self.keys.pop(key_id)
            with self._told():
                if not folder.is_dir() or folder.is_symlink():
                    continue
                (self.path / GONE).mkdir(mode=0o700, exist_ok=True)
                place = self.path / GONE / key_id
                number = 1
                while os.path.lexists(place):
                    number += 1
                    place = place.with_name(f"{key_id}-{number}")
                folder.rename(place)
            moved.append((key_id, name, place))
        return moved

    def finish(self) -> None:
        """Write what it is, and which keys are in it."""
        about = {
            "kmstui_backup": _FORMAT,
            "account": self.account,
            "region": self.region,
            "keys": dict(sorted(self.keys.items(), key=lambda each: (each[1], each[0]))),
        }
        path, text = self.path / ABOUT, as_json(about)
        with self._told():
            if not path.exists() or path.read_text("utf-8", "surrogateescape") != text:
                _write(path, text)

    # Reading

    def read_about(self) -> None:
        """Read what it is.

        Raises:
            CommandError: it is no backup's folder.
        """
        path = self.path / ABOUT
        try:
            value: Any = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {reason(error)}.") from error
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{path} is not valid JSON: {error}.") from error
        keys = value.get("keys") if isinstance(value, dict) else None
        if not isinstance(keys, dict) or value.get("kmstui_backup") != _FORMAT:
            raise CommandError(f"{path} is not one that `kmstui backup` wrote.")
        self.account, self.region = str(value.get("account")), str(value.get("region"))
        self.keys = {key_id: str(name) for key_id, name in keys.items() if is_key_id(key_id)}

    def records(self, names: Collection[str]) -> tuple[list[KeyRecord], list[tuple[str, str]]]:
        """The keys in it, or those of the names; and what cannot be read, each with the reason.

        A name is an ID, ARN or alias; only a key that is named is looked for among those that
        are gone.

        Raises:
            CommandError: it is no backup's folder, or has no key of a name.
        """
        self.read_about()
        found: list[KeyRecord] = []
        problems: list[tuple[str, str]] = []
        for folder in self._folders():
            try:
                found.append(_read(folder))
            except BackupError as error:
                problems.append((self.keys.get(folder.name, folder.name), error.sentence))
        if not names:
            return sorted(found, key=lambda each: (each.name, each.id)), problems
        gone: list[KeyRecord] = []
        for folder in sorted((self.path / GONE).glob("*")):
            if _is_key_folder(folder):
                gone.append(_read(folder))
        chosen: dict[str, KeyRecord] = {}
        for name in names:
            named = [each for each in (*found, *gone) if _is_called(each, name)]
            if not named:
                raise CommandError(f"{self.path} has no key {name}.")
            chosen.setdefault(named[0].arn, named[0])
        return list(chosen.values()), []

    def _folders(self) -> Iterable[Path]:
        with self._told():
            others = [each for each in self.path.iterdir() if is_key_id(each.name)]
        known = [self.path / key_id for key_id in self.keys]
        return dict.fromkeys([*known, *filter(_is_key_folder, sorted(others))])

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = error.filename or self.path
            raise CommandError(f"{where} cannot be used: {reason(error)}.") from error


def _is_called(record: KeyRecord, name: str) -> bool:
    return name in (record.id, record.arn, *record.aliases) or f"alias/{name}" in record.aliases


def _is_key_folder(folder: Path) -> bool:
    """Whether a backup made it."""
    try:
        value = json.loads((folder / KEY_FILE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "kmstui_key" in value


def _read(folder: Path) -> KeyRecord:
    files: dict[str, str] = {}
    for name in FILE_NAMES:
        path = folder / name
        try:
            if path.is_file():
                with path.open("rb") as stream:
                    files[name] = stream.read(MOST_BYTES).decode("utf-8")
        except OSError as error:
            raise BackupError(f"{path} cannot be read: {reason(error)}") from error
        except UnicodeDecodeError as error:
            raise BackupError(f"{path} is not UTF-8") from error
    record = record_of(files, str(folder))
    if not folder.name.startswith(record.id):
        raise BackupError(f"{folder} holds another key, {record.id}: it was moved by hand")
    return record


def _write(path: Path, text: str) -> None:
    if not path.exists():
        path.touch(0o600)
    rewrite(path, text)
