"""A terminal that a test holds: a real pseudo-terminal, and what a person would see on it.

Nothing here sleeps: every wait is a select on the terminal until a condition holds on the
screen, the program ends, or the deadline passes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "space": " ",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f12": "\x1b[24~",
    "f8": "\x1b[19~",
    "shift+f8": "\x1b[19;2~",
    "ctrl+space": "\x00",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}
"""What xterm and tmux send for the keys that are no plain characters."""

# Queries and modes that pyte 0.8.2 would print or choke on; none of them draws anything.
_NOT_DRAWN = re.compile(
    rb"\x1b\[\?[\d;]*\$p|\x1b\[[<>=?][\d;]*u|\x1b\[>[\d;]*[a-zA-Z]|\x1b\[\?2026[hl]|\x1b[P_^][^\x1b]*\x1b\\"
)


class TerminalTimeoutError(AssertionError):
    """The screen did not become what was waited for; the message shows it."""


class PtyTerminal:
    """One program on a pseudo-terminal of its own, in a session of its own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        waits_seconds: float = 30.0,
    ) -> None:
        """Start `command`; `env` is the whole environment, TERM is set here."""
        self.columns, self.rows = columns, rows
        self.waits_seconds = waits_seconds
        self.bytes_received = 0
        self.raw = bytearray()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""
        self._lines: list[str] = [""] * rows
        self._status: int | None = None
        environment = {**(os.environ if env is None else env), "TERM": "xterm-256color"}
        # SSH seldom forwards COLORTERM; pytest-xdist sets the other two, and Textual believes them.
        for name in ("COLORTERM", "COLUMNS", "LINES"):
            environment.pop(name, None)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                if cwd is not None:
                    os.chdir(cwd)
                # As a login shell starts it, also where the tests run under nohup or behind `&`.
                for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
                    signal.signal(number, signal.SIG_DFL)
                # The size must be there before the program first asks for it.
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.execvpe(command[0], list(command), environment)
            finally:
                os._exit(127)
        # Another program started meanwhile would hold this terminal, too: it could not hang up.
        os.set_inheritable(self.fd, False)
        os.set_blocking(self.fd, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # What a person does

    def send(self, *keys: str) -> None:
        """Type keys: names of `KEYS`, or text as it is."""
        data = "".join(KEYS.get(key, key) for key in keys).encode()
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                # The program is not reading: let it write, else both would wait for ever.
                self.read(0.05)

    def paste(self, text: str) -> None:
        """Paste as a terminal with bracketed paste does."""
        self.send(f"\x1b[200~{text}\x1b[201~")

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size, which signals the program."""
        self.columns, self.rows = columns, rows
        self._screen.resize(rows, columns)
        self._screen.dirty.update(range(rows))
        self._lines = [""] * rows
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def erase(self) -> None:
        """Wipe the screen, as another program on the same terminal may."""
        self._screen.reset()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Signal the program."""
        if self._status is None:
            os.kill(self.pid, number)

    def child(self, words: str) -> int:
        """The process ID of the program's child among whose arguments the words are."""
        (found,) = (
            int(each)
            for each in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            if words in Path(f"/proc/{each}/cmdline").read_text()
        )
        return found

    def hang_up(self) -> int:
        """Close the terminal, as a dropped line does; returns how the program ended.

        Raises:
            TerminalTimeoutError: it did not.
        """
        os.close(self.fd)
        self.fd = -1
        with os.fdopen(os.pidfd_open(self.pid)) as process:
            if not select.select([process], [], [], self.waits_seconds)[0]:
                raise TerminalTimeoutError(f"outlived the hang-up; it showed:\n{self.text}")
        self._reap(block=True)
        assert self._status is not None
        return os.waitstatus_to_exitcode(self._status)

    # What a person sees

    def read(self, seconds: float) -> bytes:
        """Take what comes within `seconds`, returning after the first portion."""
        ready, _, _ = select.select([self.fd], [], [], max(0.0, seconds))
        if not ready:
            return b""
        try:
            data = os.read(self.fd, 65536)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return b""
            if error.errno != errno.EIO:
                raise
            # Linux says EIO when the last program has let go of the terminal.
            data = b""
        if not data:
            self._reap(block=True)
            return b""
        self.bytes_received += len(data)
        self.raw += data
        self._feed(data)
        return data

    def _feed(self, data: bytes) -> None:
        data = self._rest + data
        # A sequence cut by the portion's end is kept for the next one.
        cut = data.rfind(b"\x1b", max(0, len(data) - 64))
        if cut >= 0 and not re.match(rb"\x1b(\[[\d;?<>=$]*[a-zA-Z~]|[^\[P_^\]])", data[cut:]):
            data, self._rest = data[:cut], data[cut:]
        else:
            self._rest = b""
        self._stream.feed(_NOT_DRAWN.sub(b"", data))

    @property
    def lines(self) -> list[str]:
        """The screen, line by line, without trailing blanks."""
        # Waiting looks after each portion that comes: only what it drew is read anew.
        for row in self._screen.dirty:
            if row < self.rows:
                self._lines[row] = self._line(row)
        self._screen.dirty.clear()
        return list(self._lines)

    def _line(self, row: int) -> str:
        cells = self._screen.buffer[row]
        # The cell after a wide character is empty.
        return "".join(cells[column].data for column in range(self.columns)).rstrip()

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the terminal's cursor, from 0."""
        return self._screen.cursor.y, self._screen.cursor.x

    def wait_for(self, what: str | Callable[[str], object], *, timeout: float | None = None) -> str:
        """Read until the text is on the screen, or the function of the screen is true.

        Raises:
            TerminalTimeoutError: it did not come in time, or the program ended before.
        """
        holds = (lambda text: what in text) if isinstance(what, str) else what
        deadline = time.monotonic() + (self.waits_seconds if timeout is None else timeout)
        while True:
            if holds(self.text):
                return self.text
            left = deadline - time.monotonic()
            if left <= 0 or self._status is not None:
                ended = "" if self._status is None else f" (the program ended: {self._status})"
                raise TerminalTimeoutError(
                    f"waited for {what!r}{ended}; the screen shows:\n{self.text}"
                )
            self.read(min(left, 0.5))

    def wait_until_gone(self, text: str, *, timeout: float | None = None) -> str:
        """Read until `text` is on the screen no more."""
        return self.wait_for(lambda screen: text not in screen, timeout=timeout)

    def settle(self, quiet: float = 0.1, *, timeout: float | None = None) -> str:
        """Read until nothing has come for `quiet` seconds."""
        deadline = time.monotonic() + (self.waits_seconds if timeout is None else timeout)
        while time.monotonic() < deadline and self.read(quiet):
            pass
        return self.text

    def wait_exit(self, *, timeout: float | None = None) -> int:
        """Read until the program ends; returns its exit code, negative for a signal.

        Raises:
            TerminalTimeoutError: it still runs.
        """
        deadline = time.monotonic() + (self.waits_seconds if timeout is None else timeout)
        while self._status is None:
            if time.monotonic() > deadline:
                raise TerminalTimeoutError(f"still running; the screen shows:\n{self.text}")
            self.read(0.1)
            self._reap(block=False)
        return os.waitstatus_to_exitcode(self._status)

    def _reap(self, *, block: bool) -> None:
        if self._status is None:
            pid, status = os.waitpid(self.pid, 0 if block else os.WNOHANG)
            if pid:
                self._status = status

    def close(self) -> None:
        """End the program, if it still runs, and give the terminal back."""
        if self._status is None:
            self._reap(block=False)
        if self._status is None:
            self.kill()
            self._reap(block=True)
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
