"""A proxy that does not let a request through is named, with its variable and what to do."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kmstui.aws.calls import clients
from kmstui.service.errors import (
    EndpointError,
    NetworkError,
    ServiceError,
    ServiceFailureError,
    UnreportedOutcomeError,
)
from kmstui.service.ports import Target

Connect = Callable[..., Awaitable[Any]]

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
HOST = "kms.eu-west-1.amazonaws.com"


class Proxy:
    """Reads a request, answers as a test says, and closes the connection."""

    def __init__(self) -> None:
        self.answer = b""
        self.requests: list[bytes] = []
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                proxy.requests.append(self.rfile.readline())
                length = 0
                while (line := self.rfile.readline()).strip():
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                self.rfile.read(length)
                self.wfile.write(proxy.answer)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"127.0.0.1:{self.server.server_address[1]}"

    def answers(self, status: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.answer = head.encode() + body if status else b""


@pytest.fixture
def proxy(no_aws: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    made = Proxy()
    yield made
    made.server.shutdown()
    made.server.server_close()


async def failure(connect: Connect, scheme: str, *, change: bool = False) -> ServiceError:
    gateway = await connect(Target(endpoint_url=f"{scheme}://{HOST}"))
    with pytest.raises(ServiceError) as caught:
        await (gateway.put_policy(KEY, "{}") if change else gateway.get_policy(KEY, "default"))
    return caught.value


_PAGE = b"<html>no</html>"
_THROUGH = f"Ask whoever runs the proxy to let {HOST} through; NO_PROXY names hosts"

ANSWERS: list[tuple[str, str, bytes, type[ServiceError], str, str]] = [
    ("https", "403 Forbidden", _PAGE, NetworkError,
     f"the proxy PROXY (HTTPS_PROXY) does not let this computer reach {HOST} (HTTP 403)",
     "Ask whoever runs it to allow that host"),
    ("https", "407 Proxy Authentication Required", b"", NetworkError,
     "the proxy PROXY (HTTPS_PROXY) wants a user name and a password (HTTP 407)",
     "as in http://USER:PASSWORD@HOST:PORT"),
    ("https", "502 Bad Gateway", _PAGE, NetworkError,
     f"the proxy PROXY (HTTPS_PROXY) cannot reach {HOST} (HTTP 502)", "Check the endpoint URL"),
    ("https", "400 Bad Request", b"", NetworkError,
     f"the proxy PROXY (HTTPS_PROXY) does not connect to {HOST} (HTTP 400)", "knows CONNECT"),
    ("https", "", b"", NetworkError,
     f"the connection to https://{HOST} by way of the proxy PROXY (HTTPS_PROXY) broke", "again"),
    ("http", "403 Forbidden", _PAGE, EndpointError,
     "by way of the proxy PROXY (HTTP_PROXY) answered with a web page (HTTP 403)", _THROUGH),
    ("http", "403 Forbidden", b"", EndpointError,
     "by way of the proxy PROXY (HTTP_PROXY) answered HTTP 403 without an AWS error", _THROUGH),
    ("http", "407 Proxy Authentication Required", _PAGE, NetworkError,
     "the proxy PROXY (HTTP_PROXY) wants a user name and a password (HTTP 407)", "USER:PASSWORD"),
    ("http", "407 Proxy Authentication Required", b"", NetworkError,
     "the proxy PROXY (HTTP_PROXY) wants a user name and a password (HTTP 407)", "USER:PASSWORD"),
    ("http", "502 Bad Gateway", _PAGE, ServiceFailureError,
     "by way of the proxy PROXY (HTTP_PROXY) answered HTTP 502", "a proxy in front of it"),
    ("http", "", b"", NetworkError,
     "the connection to the proxy PROXY (HTTP_PROXY) broke, or it did not answer", "it runs"),
]  # fmt: skip


@pytest.mark.parametrize(("scheme", "status", "body", "kind", "reason", "step"), ANSWERS)
async def test_what_a_proxy_answers_is_told_as_the_proxys(
    scheme: str,
    status: str,
    body: bytes,
    kind: type[ServiceError],
    reason: str,
    step: str,
    proxy: Proxy,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clients, "_ATTEMPTS", 1)
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://{proxy.address}")
    proxy.answers(status, body)
    error = await failure(connect, scheme)
    assert type(error) is kind
    assert reason.replace("PROXY ", f"http://{proxy.address} ") in error.reason
    assert step in error.next_step


async def test_a_password_is_told_to_be_refused_and_never_shown(
    proxy: Proxy, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_ATTEMPTS", 1)
    monkeypatch.setenv("https_proxy", f"http://me:not-a-secret@{proxy.address}")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    proxy.answers("407 Proxy Authentication Required", _PAGE)
    error = await failure(connect, "https")
    assert f"the proxy http://{proxy.address} (https_proxy) refuses the user" in error.reason
    assert "not-a-secret" not in error.sentence


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:9", "the proxy http://127.0.0.1:9 (HTTPS_PROXY) refuses connections"),
        ("http://me:secret@127.0.0.1:9", "the proxy http://127.0.0.1:9 (HTTPS_PROXY) refuses"),
        ("127.0.0.1:9", "the proxy http://127.0.0.1:9 (HTTPS_PROXY) refuses connections"),
        ("http://nobody.invalid:1", "name of the proxy http://nobody.invalid:1 (HTTPS_PROXY) can"),
        ("http://[bad", "what stands in HTTPS_PROXY is no address of an HTTP proxy"),
        ("http://host:port", "what stands in HTTPS_PROXY is no address of an HTTP proxy"),
        ("socks5://127.0.0.1:9", "what stands in HTTPS_PROXY is no address of an HTTP proxy"),
    ],
)
async def test_a_proxy_that_is_not_there_is_told_by_its_address(
    address: str, reason: str, proxy: Proxy, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_ATTEMPTS", 1)
    monkeypatch.setenv("HTTPS_PROXY", address)
    error = await failure(connect, "https")
    assert reason in error.reason
    assert "secret" not in error.sentence


@pytest.mark.parametrize("status", ["", "403 Forbidden", "502 Bad Gateway"])
async def test_a_change_that_a_proxy_took_and_did_not_answer_is_not_sent_again_unseen(
    status: str, proxy: Proxy, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
    proxy.answers(status, _PAGE)
    assert type(await failure(connect, "http", change=True)) is UnreportedOutcomeError
    assert len(proxy.requests) == 1


async def test_a_change_that_a_proxy_did_not_let_through_has_not_happened(
    proxy: Proxy, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_ATTEMPTS", 1)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    proxy.answers("403 Forbidden", _PAGE)
    assert type(await failure(connect, "https", change=True)) is NetworkError
