"""The AWS process.

It ends when the other end of its line is closed, so that even a program killed with SIGKILL
leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import traceback
from collections.abc import Sequence

from kmstui.aws.process.messages import PROCESS, AwsProcessError, Result, frame


def main(arguments: Sequence[str]) -> None:
    """Serve the line whose descriptor, and whether to refuse changes, the arguments name."""
    descriptor, mode = arguments
    line = socket.socket(fileno=int(descriptor))
    try:
        # What importing makes stays: looking for garbage in it takes a tenth of the time.
        gc.disable()
        from kmstui.aws.process.server import Server

        gc.freeze()
        gc.enable()
        asyncio.run(Server(read_only=mode == "read-only").serve(line))
    except Exception:
        error = AwsProcessError(traceback.format_exc())
        line.sendall(frame([Result(PROCESS, error=error)]))
    # Not by the interpreter's own way out, which waits for threads that wait for AWS.
    os._exit(0)
