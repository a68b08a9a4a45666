"""The embedded AWS as its users see it: started, asked, stopped. Imports neither moto nor boto3."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlencode

from kmstui.own_process import python_command

MFA_CODE = "271828"
"""The code that every MFA device of the embedded account shows."""


def mfa_serial(account: str) -> str:
    """The serial number of userA's MFA device, which KMSWorkshop-MfaAdmin asks for."""
    return f"arn:aws:iam::{account}:mfa/userA"


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """How the embedded AWS is to be."""

    extra_keys: int = 0
    """Keys besides the world's own, filled in behind; up to 100,000."""
    latency: float = 0.0
    """Seconds that every call takes at least."""
    quotas: bool = False
    """Whether callers are held to the documented request quotas."""
    region: str = "eu-west-1"
    """The Region of the instance and of most keys."""
    elsewhere: bool = False
    """Whether there are keys in four more Regions, and in two more accounts in all of them."""
    everywhere: bool = False
    """Whether as many extra keys are in each of those accounts and Regions, too."""
    seed: int = 0
    """Makes the extra keys another set."""
    scratch: str = ""
    """A directory to remove at the end, even when the program that made it was killed."""


class EmbeddedError(Exception):
    """The embedded AWS could not be started or refused a request; the message says why."""


class EmbeddedKms:
    """A running embedded AWS in a process of its own.

    It stops with :meth:`stop`, at the end of a ``with`` block, or when this process ends.
    """

    child = "kmstui.demo.child"
    """The module whose ``main`` is the child."""

    def __init__(
        self, process: subprocess.Popen[bytes], port: int, secret: str, options: EmbeddedOptions
    ) -> None:
        self._process = process
        self._port = port
        self._secret = secret
        self.endpoint_url = f"http://127.0.0.1:{port}"
        """Where KMS, STS, IAM and the others answer."""
        self.account = str(self.ask("GET", "health")["account"])
        """The account's 12 digits."""
        self._elsewhere = options.elsewhere
        self.region = options.region
        """The Region of the instance."""

    @classmethod
    def start(
        cls,
        options: EmbeddedOptions = EmbeddedOptions(),
        *,
        timeout: float = 30,
        port: int = 0,
    ) -> Self:
        """Start one; returns when it answers. ``port`` 0 takes a free one.

        Raises :class:`EmbeddedError` when it does not within ``timeout`` seconds.
        """
        process = subprocess.Popen(
            python_command(cls.child, json.dumps({**asdict(options), "port": port})),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Ctrl-c in the terminal is the program's business, not the child's.
            start_new_session=True,
        )
        try:
            port, secret = _wait_until_ready(process, timeout)
        except BaseException:
            process.kill()
            process.wait()
            _close_pipes(process)
            raise
        return cls(process, port, secret, options)

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of a client on the instance, as :meth:`environment_for` gives it."""
        return self.environment_for("instance")

    def environment_in(self, scratch: str) -> Mapping[str, str]:
        """As :attr:`environment`, with profiles in a directory where there are more accounts."""
        if not self._elsewhere:
            return self.environment
        profiles = Path(scratch, "aws-config")
        self.write_profiles(profiles)
        return {**self.environment, "AWS_CONFIG_FILE": str(profiles)}

    def write_profiles(self, path: Path) -> None:
        """Write an AWS config file with a profile for each account that there is."""
        accounts = {"workshop": "instance", "analytics": "analytics", "sandbox": "sandbox"}
        lines = []
        for name, who in accounts.items():
            held = self.ask("GET", "credentials", who=who)
            lines += [
                f"[profile {name}]",
                f"aws_access_key_id = {held['access_key_id']}",
                f"aws_secret_access_key = {held['secret_access_key']}",
                f"aws_session_token = {held['session_token']}",
                f"region = {self.region}",
            ]
        path.write_text("\n".join([*lines, ""]), "utf-8")
        path.chmod(0o600)

    def environment_for(self, who: str) -> Mapping[str, str]:
        """Environment variables that make any AWS client ask the embedded AWS as ``who``.

        ``instance`` (the role KMSWorkshop-InstanceInitRole), ``admin``, ``auditor`` (may list,
        little more), ``user`` (long-term credentials of userA), ``ci``, ``root``, or ``partner``
        (a role of another account). Raises :class:`EmbeddedError` for others.
        """
        held = self.ask("GET", "credentials", who=who)
        environment = {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": str(held["access_key_id"]),
            "AWS_SECRET_ACCESS_KEY": str(held["secret_access_key"]),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        if held["session_token"]:
            environment["AWS_SESSION_TOKEN"] = str(held["session_token"])
        return environment

    def ask(self, method: str, name: str, **values: Any) -> Any:
        """What the control API (`kmstui.demo.front.state`) returns, as JSON has it.

        Raises :class:`EmbeddedError` when it refuses.
        """
        path, body = f"/_embedded/{name}", None
        if method == "GET" and values:
            path = f"{path}?{urlencode(values)}"
        elif values:
            body = json.dumps(values)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, {"X-Kmstui-Secret": self._secret})
            response = connection.getresponse()
            returned = json.loads(response.read())
        if response.status != 200:
            raise EmbeddedError(returned["error"])
        return returned

    def stop(self) -> None:
        """End the child and wait for it; may be called again."""
        if self._process.stdin and not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _close_pipes(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _wait_until_ready(process: subprocess.Popen[bytes], timeout: float) -> tuple[int, str]:
    """The port at which it answers, and the secret of its control API."""
    output: IO[bytes] | None = process.stdout
    if output is None:
        raise EmbeddedError("The embedded KMS was started without a pipe to it.")
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise EmbeddedError(f"The embedded KMS did not answer within {timeout:g} seconds.")
    line = output.readline()
    if not line:
        process.wait()
        said = process.stderr.read().decode("utf-8", "replace") if process.stderr else ""
        raise EmbeddedError(why_it_ended(said))
    ready: dict[str, Any] = json.loads(line)
    return ready["port"], ready["secret"]


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None and not pipe.closed:
            pipe.close()


_MODULES = ("moto", "waitress", "cbor2")

_ERROR = re.compile(r"^[\w.]*(?:Error|Exception): .*", re.MULTILINE)
_NOT_FOUND = re.compile(r"No module named '(?P<module>[^'.]+)")


def why_no_demo() -> str:
    """A sentence when the extra “demo” is not installed; empty when it seems to be."""
    missing = [name for name in _MODULES if find_spec(name) is None]
    return _sentence(" and ".join(missing)) if missing else ""


def why_it_ended(said: str) -> str:
    """A sentence from what a child printed that ended while it was starting.

    The last error named tells: above it stands where it was raised, and below it, where Python
    itself could not start or end, a list of threads.
    """
    named = _ERROR.findall(said) or said.strip().splitlines()
    reason = named[-1] if named else "it printed no reason"
    kind, _, problem = reason.partition(": ")
    found = _NOT_FOUND.match(problem)
    missing = found["module"] if found else ""
    if kind not in ("ModuleNotFoundError", "ImportError") or missing in sys.stdlib_module_names:
        return f"The embedded KMS ended while starting: {reason}"
    return _sentence(missing, problem)


def _sentence(missing: str, problem: str = "") -> str:
    needs = f"The demo needs {missing}, which is missing or incomplete"
    broken = f"The demo's libraries do not fit together ({problem})"
    return (
        f"{needs if missing else broken}: run pip install 'kmstui[demo]', or in a clone"
        " pip install '.[demo]' (likewise with pipx install --force, or uv tool install)."
    )
