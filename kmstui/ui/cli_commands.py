"""The AWS CLI command of what is shown."""

from __future__ import annotations

import shlex

from kmstui.model.caller import ConnectionInfo, Route


def aws_command(info: ConnectionInfo | None, *words: str, service: str = "kms") -> str:
    """An AWS CLI command with the profile, Region and endpoint of the connection in use.

    Every word is quoted for a POSIX shell where it needs it.
    """
    command = ["aws", service, *words]
    if info is not None:
        if info.profile:
            command += ["--profile", info.profile]
        command += ["--region", info.region]
        if info.route is Route.CUSTOM:
            command += ["--endpoint-url", info.endpoint_url]
    return shlex.join(command)
