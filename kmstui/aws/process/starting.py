"""Starting the AWS process. Imports next to nothing: nothing in the program is done before it."""

from __future__ import annotations

import socket
import subprocess
from typing import NamedTuple

from kmstui.own_process import python_command


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
            python_command("kmstui.aws.process.child", str(theirs.fileno()), mode),
            pass_fds=[theirs.fileno()],
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
