"""Files that hold key policies, read and rewritten."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

from kmstui.scripting.command import CommandError

STDIN = "-"
"""What names standard input where a file can be named."""

MOST_BYTES = 16 * 1024 * 1024
"""Of a file; a policy has 32 KB at most, and /dev/zero never ends."""
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def read_text(name: str, stdin: TextIO) -> str:
    """The text of a file, or of standard input for `-`.

    Raises:
        CommandError: it cannot be read, is not UTF-8, or is too long to be a policy.
    """
    if name == STDIN:
        return _decoded(_read_stream(stdin), "standard input")
    return _decoded(_read_file(Path(name)), name)


def _read_stream(stdin: TextIO) -> bytes:
    raw = getattr(stdin, "buffer", None)
    if raw is None:
        return stdin.read().encode("utf-8", "surrogateescape")
    # One byte more than allowed tells of a stream that never ends.
    data: bytes = raw.read(MOST_BYTES + 1)
    return data


def _read_file(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise CommandError(f"{path} is a directory; name the files in it.")
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {reason(error)}.") from error
    except ValueError as error:
        raise CommandError(f"{str(path)!r} is not a file name: {error}.") from error


def reason(error: OSError) -> str:
    """Why, in a word or two for the middle of a sentence."""
    return (error.strerror or type(error).__name__).lower()


def _decoded(data: bytes, name: str) -> str:
    if len(data) > MOST_BYTES:
        raise CommandError(
            f"{name} has more than {MOST_BYTES:,} bytes; a key policy has 32,768 at most."
        )
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            raise CommandError(f"{name} is {encoding}; save it as UTF-8.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CommandError(
            f"{name} is not UTF-8: byte 0x{data[error.start]:02x} in line {line}. Save it as UTF-8."
        ) from error


def rewrite(path: Path, text: str) -> None:
    """Replace a file's contents at one go, its mode kept; a link keeps pointing where it does.

    Raises:
        OSError: the file or its directory cannot be written.
    """
    # Only --fix needs it, and it takes a while to load.
    from tempfile import NamedTemporaryFile

    target = path.resolve()
    with NamedTemporaryFile(
        "wb", dir=target.parent, prefix=f".{target.name}.", delete=False
    ) as new:
        try:
            new.write(text.encode("utf-8"))
            new.flush()
            os.fsync(new.fileno())
            Path(new.name).chmod(target.stat().st_mode & 0o7777)
            Path(new.name).replace(target)
        except BaseException:
            Path(new.name).unlink()
            raise
