"""What the commands without screens share: streams, files, errors."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple, TextIO

from kmstui.model import visible
from kmstui.scripting.parser import COULD_NOT_RUN


class CommandError(Exception):
    """A command cannot do what it was asked to; the message is a sentence."""


class Streams(NamedTuple):
    """Where a command reads and writes."""

    stdin: TextIO
    out: TextIO
    err: TextIO

    @classmethod
    def standard(cls) -> Streams:
        """Those that the process was started with."""
        return cls(sys.stdin, _lenient(sys.stdout), _lenient(sys.stderr))


def _lenient(stream: TextIO) -> TextIO:
    """A standard stream that escapes what its encoding lacks instead of failing on it."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


class Progress:
    """How far a long reading is, on standard error where that is a terminal."""

    def __init__(self, err: TextIO) -> None:
        self._err = err

    def show(self, done: int, total: int, what: str) -> None:
        """`what` in words: "keys read"."""
        if self._err.isatty():
            self._err.write(f"\r{done} of {total} {what}")
            self._err.flush()

    def end(self) -> None:
        """Wipe it out."""
        if self._err.isatty():
            self._err.write("\r\x1b[K")
            self._err.flush()


def run_command(job: Callable[[], int], err: TextIO, prefix: str) -> int:
    """The exit code of `job`; an error that has a sentence for people is printed."""
    try:
        return job()
    except CommandError as error:
        return complain(str(error), err, prefix)
    except Exception as error:
        from kmstui.service.errors import ServiceError

        if isinstance(error, ServiceError):
            return complain(error.sentence, err, prefix)
        if isinstance(error, OSError) and error.filename is None:
            # Of a standard stream: there may be nobody left to tell.
            raise
        return _own_fault(error, err, prefix)


def _own_fault(error: Exception, err: TextIO, prefix: str) -> int:
    """Say that it is our fault, with the details; 1 would be taken for an answer."""
    import traceback

    for line in "".join(traceback.format_exception(error)).splitlines():
        print(visible(line), file=err)
    return complain(
        f"A fault in kmstui itself: {type(error).__name__}; please report it.", err, prefix
    )


def complain(sentence: str, err: TextIO, prefix: str = "kmstui") -> int:
    """Print why something could not be done; returns the exit code that says so."""
    # Where even this cannot be said, the code still can.
    with suppress(OSError):
        print(f"{prefix}: {visible(sentence)}", file=err)
    return COULD_NOT_RUN


@asynccontextmanager
async def interruptible() -> AsyncIterator[Callable[[], bool]]:
    """Ctrl-c begins nothing more, and lets what is under way come to its end."""
    # Linting a file needs neither.
    import asyncio
    import signal

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, stopped.set)
    except (RuntimeError, ValueError):
        # Not the main thread: nobody's Ctrl-c arrives here.
        yield lambda: False
        return
    try:
        yield stopped.is_set
    finally:
        loop.remove_signal_handler(signal.SIGINT)


STDIN = "-"
"""What names standard input where a file can be named."""

MOST_BYTES = 256 * 1024
"""Of a file; a policy has 32 KB at most, and what is many times that is none: to find all that is
wrong in it would take minutes."""
MOST_BYTES_OF_TEMPLATE = 1 << 20
"""Of a CloudFormation template, the largest that it takes from S3 (CloudFormation quotas)."""
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def read_text(name: str, stdin: TextIO, most: int = MOST_BYTES) -> str:
    """The text of a file, or of standard input for `-`, of that many bytes at most.

    Raises:
        CommandError: it cannot be read, is not UTF-8, or is too long to be a policy.
    """
    if name == STDIN:
        return _decoded(_read_stream(stdin, most), "standard input", most)
    return _decoded(_read_file(Path(name), most), name, most)


def _read_stream(stdin: TextIO, most: int) -> bytes:
    raw = getattr(stdin, "buffer", None)
    if raw is None:
        return stdin.read().encode("utf-8", "surrogateescape")
    # One byte more than allowed tells of a stream that never ends.
    data: bytes = raw.read(most + 1)
    return data


def _read_file(path: Path, most: int) -> bytes:
    try:
        if path.is_dir():
            raise CommandError(f"{path} is a directory; name the files in it.")
        with path.open("rb") as stream:
            return stream.read(most + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {reason(error)}.") from error
    except ValueError as error:
        raise CommandError(f"{str(path)!r} is not a file name: {error}.") from error


def reason(error: OSError) -> str:
    """Why, in a word or two for the middle of a sentence."""
    return (error.strerror or type(error).__name__).lower()


def too_long(name: str, most: int = MOST_BYTES) -> CommandError:
    """What is said of a file that has more bytes than any policy, or any template."""
    told = (
        "a key policy has 32,768 at most"
        if most == MOST_BYTES
        else "no template has as many, and a key policy has 32,768 at most"
    )
    return CommandError(f"{name} has more than {most:,} bytes; {told}.")


def _decoded(data: bytes, name: str, most: int) -> str:
    if len(data) > most:
        raise too_long(name, most)
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            raise CommandError(f"{name} is {encoding}; save it as UTF-8.")
    if b"\0" in data:
        raise CommandError(f"{name} holds NUL bytes, as UTF-16 has them; save it as UTF-8.")
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
