"""Starting the AWS process. Imports next to nothing: nothing in the program is done before it."""

from __future__ import annotations

import os
import socket
import subprocess
from typing import NamedTuple

from kmstui.own_process import python_command

_ONE_HEAP = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=1:glibc.malloc.tcache_count=0"}
"""Its threads compute one at a time, so they need no heaps and no caches of their own, which are
5 MB. Source: GNU C Library manual, "Memory Allocation Tunables"; other C libraries know none."""


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
