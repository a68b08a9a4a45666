"""Another program on the terminal, which the app gives up for it until it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from textual.app import App, SuspendNotSupported

_STANDARD_INPUT, _STANDARD_ERROR = 0, 2
"""What Textual reads and writes, and the program inherits."""
_SIGNALS_AT_LATEST_SECONDS = 1.0
"""How late a signal may be obeyed while another program has the terminal."""


class Ended(NamedTuple):
    """How a program ended."""

    code: int | None
    """Its exit code, negative for a signal; None where it was not started."""
    trouble: str = ""
    """What went wrong, as a sentence without its full stop; empty where nothing did."""


def run_on_terminal(
    app: App[Any],
    command: Sequence[str],
    *,
    pass_fds: Collection[int] = (),
    linger: bool = False,
) -> Ended:
    """Run a command on the terminal, never through a shell. The event loop stands still meanwhile.

    Args:
        app: Gives up the terminal.
        command: The program and its arguments.
        pass_fds: Descriptors that the program gets.
        linger: Whether what it wrote stays on the terminal, until Enter, where it failed.

    Never raises for anything that a program or a terminal does.
    """
    program = command[0]
    try:
        with app.suspend(), _interrupts_for_the_program():
            try:
                code = _returned(subprocess.Popen(command, pass_fds=pass_fds))
            except OSError as error:
                return Ended(None, f"{program} could not be started: {_reason(error)}")
            if linger and code > 0:
                _wait_for_enter(f"{program} ended with exit code {code}. Enter goes back. ")
    except SuspendNotSupported:
        return Ended(None, "This terminal cannot be given to another program")
    except OSError as error:
        return Ended(None, f"The terminal could not be given to {program}: {_reason(error)}")
    if code == 0:
        return Ended(0)
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return Ended(code, f"{program} {how}")


def _returned(process: subprocess.Popen[bytes]) -> int:
    """Wait for a program's end; returns its exit code.

    Not in `waitpid` itself: the system may give a signal to any thread, and Python obeys it in
    this one, once that wakes. A line that dropped would leave kmstui behind an open editor.
    """
    waiting = threading.Thread(target=process.wait, daemon=True, name="program on the terminal")
    waiting.start()
    while waiting.is_alive():
        waiting.join(_SIGNALS_AT_LATEST_SECONDS)
    return process.wait()


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _wait_for_enter(words: str) -> None:
    os.write(_STANDARD_ERROR, words.encode())
    os.read(_STANDARD_INPUT, 1024)


@contextmanager
def _interrupts_for_the_program() -> Iterator[None]:
    r"""Ctrl-C and Ctrl-\ are meant for the program on the terminal, and must not end this one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A handler, unlike SIG_IGN, is not inherited by the program.
    before = {
        number: signal.signal(number, lambda _number, _frame: None)
        for number in (signal.SIGINT, signal.SIGQUIT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
