"""Servers and helpers that give credentials, as those of a person's own do.

Sources: IAM Identity Center Portal API Reference, GetRoleCredentials; AWS SDKs and Tools Reference
Guide, "Container credential provider" and "Process credential provider".
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Give = Callable[[], Mapping[str, Any]]
"""New temporary credentials, as STS answers them."""

SSO_SESSION = "corp"


def in_an_hour() -> str:
    """When what is given expires."""
    return (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_json(given: Mapping[str, Any], token: str = "Token") -> str:
    """Credentials as helpers (`SessionToken`), containers and instances (`Token`) give them."""
    return json.dumps(
        {
            "Version": 1,
            "Code": "Success",
            "AccessKeyId": given["AccessKeyId"],
            "SecretAccessKey": given["SecretAccessKey"],
            token: given["SessionToken"],
            "Expiration": in_an_hour(),
        }
    )


class CredentialServer:
    """IAM Identity Center's portal, a container's service and an instance's, on this machine.

    Attributes:
        url: Where it is reached.
        sso_token: The access token that the portal takes.
    """

    def __init__(self, give: Give) -> None:
        self.sso_token = ""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body, kind = server.answer(self.path, self.headers)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("x-amzn-errortype", kind)
                self.end_headers()
                self.wfile.write(body.encode())

            do_PUT = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nothing on the tests' output."""

        self._give = give
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, headers: Any) -> tuple[int, str, str]:
        """Status, body and type of error."""
        if path.startswith("/federation/credentials"):
            if not self.sso_token or headers["x-amz-sso_bearer_token"] != self.sso_token:
                return 401, '{"message": "Session token not found or invalid"}', "Unauthorized"
            return 200, json.dumps({"roleCredentials": self._of_sso()}), ""
        pages: dict[str, Callable[[], str]] = {
            "/container": lambda: as_json(self._give()),
            "/latest/api/token": lambda: "a-token",
            "/latest/meta-data/iam/security-credentials/": lambda: "role",
            "/latest/meta-data/iam/security-credentials/role": lambda: as_json(self._give()),
        }
        page = pages.get(path)
        return (200, page(), "") if page else (404, "", "")

    def _of_sso(self) -> dict[str, object]:
        given = self._give()
        return {
            "accessKeyId": given["AccessKeyId"],
            "secretAccessKey": given["SecretAccessKey"],
            "sessionToken": given["SessionToken"],
            "expiration": int(time.time() + 3600) * 1000,
        }

    def stop(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()


def sso_profile(name: str, account: str) -> str:
    """A profile of an SSO session, and the session, for the config file."""
    return (
        f"[profile {name}]\nsso_session = {SSO_SESSION}\nsso_account_id = {account}\n"
        f"sso_role_name = admin\n\n[sso-session {SSO_SESSION}]\nsso_region = eu-west-1\n"
        "sso_start_url = https://corp.awsapps.com/start\n"
    )


def install_aws(directory: Path, server: CredentialServer, home: Path) -> Path:
    """A command `aws` that signs in to the SSO session, and writes down how it was called.

    It asks for a line on the terminal first, and fails unless that is `yes`.

    Returns:
        The file that holds its arguments, a line for each call.
    """
    server.sso_token = "a-token-of-the-session"
    cache = home / ".aws" / "sso" / "cache"
    cached = cache / f"{hashlib.sha1(SSO_SESSION.encode()).hexdigest()}.json"
    token = json.dumps(
        {
            "startUrl": "https://corp.awsapps.com/start",
            "region": "eu-west-1",
            "accessToken": server.sso_token,
            "expiresAt": in_an_hour(),
        }
    )
    called = directory / "called"
    directory.mkdir(exist_ok=True)
    program = directory / "aws"
    program.write_text(
        f"#!/bin/sh\necho \"$@\" >> '{called}'\nprintf 'Is it you? '\nread -r answer\n"
        f"[ \"$answer\" = yes ] || exit 1\nmkdir -p '{cache}'\ncat > '{cached}' <<'END'\n"
        f"{token}\nEND\n"
    )
    program.chmod(0o755)
    return called
