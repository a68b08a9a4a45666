"""What is wrong with a source of credentials is told as the source's fault, in its own words."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kmstui.aws.calls import PATIENCE
from kmstui.service.errors import CredentialsMissingError, ServiceError, UnsupportedError
from kmstui.service.ports import Target

Connect = Callable[..., Awaitable[Any]]

_HERE = Target(region="eu-west-1")
_COMPLETE = '{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI7MDENG"'


@pytest.fixture
def helper(no_aws: Path) -> Callable[[str], str]:
    """Makes a credential_process of a script, and returns its path."""

    def make(script: str) -> str:
        path = no_aws / "helper"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        config = f"[default]\ncredential_process = {path}\n"
        (no_aws / ".aws" / "config").write_text(config)
        return str(path)

    return make


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (f"echo Hello, who are you?\necho '{_COMPLETE}}}'", "is no JSON: “Hello, who are you?”"),
        ("true", "printed nothing"),
        ("echo '[1]'", "printed JSON that is no object"),
        ("echo '{\"Version\": 1,'", "printed JSON that is broken"),
        ("printf '\\377'", "printed bytes that are no text"),
        ("echo '{\"Version\": 2}'", "Unsupported version '2'"),
        ('echo \'{"Version": 1, "AccessKeyId": "x"}\'', "Missing required key in response: 'Sec"),
        ("echo 'no ticket: run kinit' >&2; exit 3", "ended with status 3: no ticket: run kinit"),
        ("echo 'ask your admin'; exit 1", "ended with status 1: ask your admin"),
        ("exit 3", "ended with status 3 and said nothing"),
        ("kill -9 $$", "was ended by signal 9 and said nothing"),
        (f"""echo '{_COMPLETE}, "Expiration": "soon"}}'""", "an Expiration that is no date: soon"),
        (f"""echo '{_COMPLETE}, "Expiration": 17}}'""", "an Expiration that is no date: 17"),
    ],
)
async def test_a_helper_is_quoted_by_its_command(
    script: str, said: str, helper: Callable[[str], str], connect: Connect
) -> None:
    path = helper(script)
    with pytest.raises(CredentialsMissingError) as caught:
        await connect(_HERE)
    assert f"credential_process ({path})" in caught.value.reason
    assert said in caught.value.reason
    assert "Run that command in a shell" in caught.value.next_step
    assert "wJalrXUtnFEMI7MDENG" not in caught.value.sentence


async def test_credentials_that_have_expired_already_are_told(
    helper: Callable[[str], str], connect: Connect
) -> None:
    helper(f"""echo '{_COMPLETE}, "Expiration": "2020-01-01T00:00:00Z"}}'""")
    with pytest.raises(CredentialsMissingError, match="credential_process gave .* expired already"):
        await connect(_HERE)


async def test_what_may_be_a_key_is_not_shown(
    helper: Callable[[str], str], connect: Connect
) -> None:
    helper("echo AKIDEXAMPLE wJalrXUtnFEMI7MDENGbPxRfiCY")
    with pytest.raises(CredentialsMissingError, match="no JSON: “AKIDEXAMPLE …”"):
        await connect(_HERE)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/nonexistent/helper --x", "(/nonexistent/helper --x) cannot be started: No such file"),
        ("/etc/passwd", "cannot be started: Permission denied"),
        ("helper 'x", "(helper 'x) cannot be read as a command: No closing quotation"),
        ("", "credential_process is empty"),
    ],
)
async def test_a_command_that_cannot_be_run_is_told(
    command: str, said: str, no_aws: Path, connect: Connect
) -> None:
    (no_aws / ".aws" / "config").write_text(f"[default]\ncredential_process = {command}\n")
    with pytest.raises(CredentialsMissingError) as caught:
        await connect(_HERE)
    assert said in caught.value.reason


class _Answer:
    """A server on this machine that answers everything alike."""

    def __init__(self) -> None:
        self.status, self.body = 200, b""
        answer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.do_PUT()

            def do_PUT(self) -> None:
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                """Nothing on the tests' output."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def answer() -> Iterator[_Answer]:
    made = _Answer()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>", "Unable to parse JSON"),
        (200, b"{}", "gave no AccessKeyId"),
        (403, b"who are you?", "response 403 from container metadata: who are you?"),
    ],
)
async def test_a_containers_service_is_named(
    status: int,
    body: bytes,
    said: str,
    no_aws: Path,
    answer: _Answer,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer.status, answer.body = status, body
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{answer.url}/creds")
    with pytest.raises(CredentialsMissingError) as caught:
        await connect(_HERE)
    assert "the container's credential service" in caught.value.reason
    assert said in caught.value.reason
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in caught.value.next_step


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FULL_URI", "http://192.0.2.1/creds", "Unsupported host '192.0.2.1'"),
        ("FULL_URI", "http://127.0.0.1:9/creds", "Could not connect to the endpoint URL"),
    ],
)
async def test_a_containers_service_that_cannot_be_asked_is_named(
    name: str,
    value: str,
    said: str,
    no_aws: Path,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"AWS_CONTAINER_CREDENTIALS_{name}", value)
    with pytest.raises(CredentialsMissingError) as caught:
        await connect(_HERE)
    assert said in caught.value.reason


async def test_a_token_file_that_is_not_there_is_named(
    no_aws: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/token")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/app")
    with pytest.raises(CredentialsMissingError) as caught:
        await connect(_HERE)
    assert "web identity could not be asked: /nonexistent/token: No such" in caught.value.reason


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, b"", "no role is attached to this instance"),
        (500, b"oops", "answers with HTTP 500"),
        (200, b"{}", "gives as the role's cannot be read"),
    ],
)
async def test_an_instance_without_credentials_says_why(
    status: int,
    body: bytes,
    said: str,
    no_aws: Path,
    answer: _Answer,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer.status, answer.body = status, body
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", answer.url)
    with pytest.raises(CredentialsMissingError) as caught:
        await connect(_HERE)
    assert said in caught.value.reason


async def test_an_instance_that_answers_too_late_names_the_hop_limit(
    no_aws: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ConnectTimeoutError

    def never(*_: object) -> None:
        raise ConnectTimeoutError(endpoint_url="http://169.254.169.254")

    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", never)
    with pytest.raises(CredentialsMissingError, match="hop limit must be at least 2"):
        await connect(_HERE)


async def test_what_a_login_needs_is_named_with_the_command_that_installs_it(
    no_aws: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.credentials.EC", None)
    (no_aws / ".aws" / "config").write_text(
        "[profile me]\nlogin_session = arn:aws:iam::111122223333:user/me\n"
    )
    with pytest.raises(UnsupportedError) as caught:
        await connect(Target(profile="me", region="eu-west-1"))
    assert "pipx inject kmstui 'botocore[crt]'" in caught.value.next_step


async def test_an_sts_that_does_not_answer_is_asked_twice_and_for_seconds(
    no_aws: Path, monkeypatch: pytest.MonkeyPatch, connect: Connect
) -> None:
    """By botocore's defaults nobody could connect, quit or choose again for five minutes."""
    asked = []

    class Dropping(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.connection.close()

    (no_aws / ".aws" / "config").write_text(
        "[profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = x\n"
        "[default]\nrole_arn = arn:aws:iam::111122223333:role/far\nsource_profile = base\n"
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), Dropping) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(ServiceError):
            await connect(_HERE)
        server.shutdown()
    assert len(asked) == 2
    patience: Any = PATIENCE
    assert patience.connect_timeout + patience.read_timeout <= 15
