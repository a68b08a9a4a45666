"""The AWS CLI command of what is shown."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from kmstui.model import ConnectionInfo

_KEY_VARIABLE = "KEY-OF-THE-LOOP"


def aws_command(info: ConnectionInfo | None, *words: str, service: str = "kms") -> str:
    """An AWS CLI command with the profile, Region and endpoint of the connection in use.

    Every word is quoted for a POSIX shell where it needs it.
    """
    command = ["aws", service, *words]
    if info is not None:
        if info.profile:
            command += ["--profile", info.profile]
        command += ["--region", info.region]
        if info.named_by_url:
            command += ["--endpoint-url", info.endpoint_url]
    return shlex.join(command)


def aws_loop(
    info: ConnectionInfo | None, key_ids: Sequence[str], operation: str, words: Sequence[str]
) -> str:
    """A shell loop that runs one AWS CLI command for each of several keys."""
    command = aws_command(info, operation, "--key-id", _KEY_VARIABLE, *words)
    # Quoted as a word above, it would not be expanded.
    command = command.replace(_KEY_VARIABLE, '"$key"', 1)
    return f"for key in {shlex.join(key_ids)}; do {command}; done"
