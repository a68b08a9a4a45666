"""Starting the AWS process, and what it runs.

Imports next to nothing: in the program nothing is done before it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from typing import NamedTuple

from kmstui import gc_tuning
from kmstui.own_process import python_command

_ONE_HEAP = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=1:glibc.malloc.tcache_count=0"}
"""Its threads compute one at a time, so they need no heaps and no caches of their own, which are
5 MB. Source: GNU C Library manual, "Memory Allocation Tunables"; other C libraries know none."""


_HELPERS_SECONDS = 0.5
"""So long a program that gives credentials may take to end."""
_STEP_SECONDS = 0.01


class AwsProcess(NamedTuple):
    """A process that is getting ready."""

    process: subprocess.Popen[bytes]
    socket: socket.socket
    """Our end of the line to it."""


def start_process(*, read_only: bool) -> AwsProcess:
    """Start one.

    Raises:
        OSError: the system gives us none.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        mode = "read-only" if read_only else "read-write"
        process = subprocess.Popen(
            python_command("kmstui.aws.process.starting", str(theirs.fileno()), mode),
            pass_fds=[theirs.fileno()],
            # Programs that a profile names for credentials get the person's own environment,
            # which comes with the question to connect.
            env={**_ONE_HEAP, **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-c and Ctrl-z in the terminal, and its end, are the program's business.
            start_new_session=True,
        )
    return AwsProcess(process, ours)


def start_early(*, read_only: bool) -> AwsProcess | None:
    """As `start_process`; None without one, which is told when somebody connects."""
    try:
        return start_process(read_only=read_only)
    except OSError:
        return None


def main(arguments: Sequence[str]) -> None:
    """Be the AWS process, until the other end of its line is closed.

    Even a program that is killed with SIGKILL closes it, and so leaves nothing behind.

    Args:
        arguments: The line's descriptor, and whether to refuse changes.
    """
    descriptor, mode = arguments
    line = socket.socket(fileno=int(descriptor))
    try:
        gc_tuning.start()
        import asyncio

        from kmstui.aws.process.server import AwsServer

        gc_tuning.keep()
        asyncio.run(AwsServer(read_only=mode == "read-only").serve(line))
    except Exception:
        import traceback

        from kmstui.aws.process.messages import PROCESS, AwsProcessError, Result, frame

        error = AwsProcessError(traceback.format_exc())
        line.sendall(frame([Result(PROCESS, error=error)]))
    _end_helpers()
    # Not by the interpreter's own way out, which waits for threads that wait for AWS.
    os._exit(0)


def _end_helpers() -> None:
    """End the programs that a profile names for credentials, and what they have started."""
    over = time.monotonic() + _HELPERS_SECONDS
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        while True:
            ended, _ = os.waitpid(-1, os.WNOHANG)
            if not ended:
                # It leads the group of all that it has started.
                os.killpg(0, signal.SIGTERM if time.monotonic() < over else signal.SIGKILL)
                time.sleep(_STEP_SECONDS)
    except ChildProcessError:
        # None is left.
        return
