"""Files of an import: material that is read, and what was fetched, for its owner alone."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kmstui.model import ImportParameters
from kmstui.service.errors import FailedError
from kmstui.service.keys.wrapping import PUBLIC_KEY_FILE, TOKEN_FILE, Wrapping, openssl_commands

ABOUT_FILE = "about.json"
NOTE_FILE = "README.txt"
LONGEST_FILE = 6144
"""Bytes of EncryptedKeyMaterial (KMS API Reference, ImportKeyMaterial); no plain material of any
key spec is longer."""


class FileError(FailedError, title="File"):
    """A file or a folder cannot be used; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched for an import before, as its folder has it."""

    token: bytes
    key_id: str
    wrapping: Wrapping
    valid_to: datetime | None


def read_material(path: Path) -> bytes:
    """The bytes of a small file.

    Raises:
        FileError: it is none, or cannot be read.
    """
    try:
        # A pipe that nobody writes to would be waited for.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileError(f"{path} is no file", "Nothing was sent.")
            found = file.read(LONGEST_FILE + 1)
    except OSError as error:
        raise _unusable(path, error) from error
    if not found or len(found) > LONGEST_FILE:
        size = "is empty" if not found else f"has more than {LONGEST_FILE:,} bytes"
        raise FileError(f"{path} {size}, so it is no key material", "Nothing was sent.")
    return found


def who_else_reads(path: Path) -> str:
    """That others may read a file too, as a sentence; "" where only its owner may."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return ""
    return f"Others than you may read {path} (mode {mode:o})." if mode & 0o077 else ""


def keep_parameters(
    folder: Path, key_id: str, wrapping: Wrapping, parameters: ImportParameters
) -> Path:
    """Write wrapping key, token and how to wrap into a folder, each 0600 in a folder 0700.

    What was fetched into it before is replaced; any other file of these names is left alone.

    Raises:
        FileError: the folder is somebody else's or open to others, cannot be written, or holds
            other files of these names.
    """
    about = {
        "KeyId": key_id,
        "WrappingAlgorithm": wrapping.algorithm,
        "WrappingKeySpec": wrapping.key_spec,
        "ParametersValidTo": parameters.valid_to.isoformat() if parameters.valid_to else None,
    }
    until = f"{parameters.valid_to:%Y-%m-%d %H:%M} UTC" if parameters.valid_to else "24 hours"
    note = (
        f"Wrapping key and import token of KMS key {key_id}, good until {until}.\n"
        f"To wrap material.bin with them ({wrapping.algorithm}):\n\n"
        f"{openssl_commands(wrapping, folder)}\n"
    )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise FileError(f"{folder} is no folder of yours", "Name another one.")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise FileError(
                f"others may enter {folder}",
                f"Name a new folder, or close it: chmod 700 {folder}.",
            )
        files = {
            ABOUT_FILE: json.dumps(about, indent=2).encode(),
            PUBLIC_KEY_FILE: parameters.public_key,
            TOKEN_FILE: parameters.token,
            NOTE_FILE: note.encode(),
        }
        _leave_others_alone(folder, files)
        for name, content in files.items():
            _write(folder / name, content)
    except OSError as error:
        raise _unusable(folder, error) from error
    return folder


def read_parameters(folder: Path) -> Fetched:
    """What `keep_parameters` wrote there.

    Raises:
        FileError: it is not there, or cannot be read.
    """
    token = read_material(folder / TOKEN_FILE)
    try:
        about = json.loads((folder / ABOUT_FILE).read_text("utf-8"))
        until = about["ParametersValidTo"]
        return Fetched(
            token,
            str(about["KeyId"]),
            Wrapping(str(about["WrappingAlgorithm"]), str(about["WrappingKeySpec"])),
            datetime.fromisoformat(until) if until else None,
        )
    except OSError as error:
        raise _unusable(folder / ABOUT_FILE, error) from error
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{folder / ABOUT_FILE} is not as kmstui wrote it"
        raise FileError(reason, "Fetch wrapping key and token anew.") from error


def _leave_others_alone(folder: Path, names: Iterable[str]) -> None:
    there = [name for name in names if os.path.lexists(folder / name)]
    if there and not _is_of_an_import(folder):
        raise FileError(
            f"{folder} has files of other things: {', '.join(there)}", "Name a new folder."
        )


def _is_of_an_import(folder: Path) -> bool:
    try:
        return "ParametersValidTo" in json.loads((folder / ABOUT_FILE).read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def _write(path: Path, content: bytes) -> None:
    """A new file for its owner alone, in the place of one that is there."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)


def _unusable(path: Path, error: OSError) -> FileError:
    return FileError(f"{path}: {error.strerror or error}", "Nothing was sent.")
