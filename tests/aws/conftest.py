"""AWS for the gateway's tests: the embedded one, and a server that answers whatever a test says."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import create_loader

from kmstui.aws.session.connector import AwsConnector
from kmstui.service.ports import CallRecord, Gateway, MfaPrompt, Target
from tests.embedded import aws_environment, embedded, embedded_server

__all__ = ["aws_environment", "embedded", "embedded_server"]

_AS_BOTO_DECIDES = Target()

Connect = Callable[..., Awaitable[Any]]


class Scripted:
    """Answers every request alike, and remembers what came."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes = b"{}"
        self.content_type = "application/x-amz-json-1.1"
        self.targets: list[str] = []
        """The X-Amz-Target of each request, or its path."""
        self.claims_length: int | None = None
        """A Content-Length that is not the body's; the connection is closed after the body."""
        self.hold = threading.Event()
        """Answers wait for it."""
        self.hold.set()
        self.trickles = False
        """Whether bodies go on for ever, a space at a time and more often than a read times out."""
        self.sent = 0
        """Bytes of bodies that were sent."""
        self.waiting = threading.Semaphore(0)
        """Released for each request that came."""
        self.trickle = threading.Event()
        """Ends a pause between two bytes."""
        self._open: set[BaseHTTPRequestHandler] = set()
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                scripted._open.add(self)
                super().setup()

            def finish(self) -> None:
                super().finish()
                scripted._open.discard(self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                scripted.targets.append(self.headers.get("X-Amz-Target") or self.path)
                scripted.waiting.release()
                scripted.hold.wait(20)
                length = scripted.claims_length
                self.send_response(scripted.status)
                self.send_header("Content-Type", scripted.content_type)
                self.send_header(
                    "Content-Length", str(len(scripted.body) if length is None else length)
                )
                if length is not None:
                    self.send_header("Connection", "close")
                self.end_headers()
                while scripted.trickles:
                    self.wfile.write(b" ")
                    scripted.trickle.wait(0.05)
                for start in range(0, len(scripted.body), 1 << 16):
                    scripted.sent += self.wfile.write(scripted.body[start : start + (1 << 16)])

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nothing on the tests' output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # A client that gave up is no news.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def open_connections(self) -> int:
        """How many connections clients keep."""
        return len(self._open)

    def stop(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@cache
def _loader() -> Any:
    return create_loader()


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No AWS variable, no file, no instance; returns the home directory."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / ".aws").mkdir()
    return tmp_path


@pytest.fixture
def scripted(no_aws: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """An endpoint for all services that a test scripts, with credentials and a Region."""
    server = Scripted()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    yield server
    server.stop()


@pytest.fixture
def records() -> list[CallRecord]:
    """What the observer was told."""
    return []


@pytest.fixture
async def connect(records: list[CallRecord]) -> AsyncIterator[Connect]:
    """Opens a connection, which is closed after the test."""
    opened: list[Gateway] = []

    async def open_one(
        target: Target = _AS_BOTO_DECIDES,
        *,
        read_only: bool = False,
        mfa: MfaPrompt = lambda serial: "",
    ) -> Gateway:
        connector = AwsConnector(records.append, mfa, read_only=read_only)
        # Reading the service models again for each test would take most of the time.
        connector._opener()._loader = _loader()
        gateway = await connector.connect(target)
        opened.append(gateway)
        return gateway

    yield open_one
    for gateway in opened:
        gateway.close()


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Waits until something is so that another thread or process brings about."""

    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.01)

    return wait
