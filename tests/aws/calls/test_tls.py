"""TLS: every connection is verified, also those that reuse what the first one has read."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.util import parse_url

from kmstui.aws.calls.botocore_internals import SharedCertificates
from kmstui.service.errors import MalformedAnswerError, NetworkError
from kmstui.service.ports import Target, Urgency

Connect = Callable[..., Awaitable[Any]]

_ANSWER = (
    b'{"KeyMetadata": {"KeyId": "k", "Arn": "arn:aws:kms:eu-west-1:1:key/k", "KeyState": "Enabled",'
    b' "CreationDate": 1}}'
)


class _Server:
    """KMS behind TLS, with a certificate of its own."""

    def __init__(self, directory: Path, name: x509.GeneralName) -> None:
        self.ca = directory / "certificate.pem"
        self.connections = 0
        self._write_certificate(directory, name)
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                server.connections += 1
                super().setup()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(_ANSWER)))
                self.end_headers()
                self.wfile.write(_ANSWER)

            def log_message(self, *_: object) -> None:
                """Nothing on the tests' output."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, directory / "key.pem")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"https://127.0.0.1:{self._server.server_port}"

    def _write_certificate(self, directory: Path, name: x509.GeneralName) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kmstui test")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([name]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (directory / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def serve(scripted: Any, tmp_path: Path) -> Iterator[Callable[[x509.GeneralName], _Server]]:
    servers: list[_Server] = []

    def start(name: x509.GeneralName) -> _Server:
        servers.append(_Server(tmp_path, name))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


_LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


async def test_many_connections_to_a_trusted_endpoint_work(
    serve: Callable[..., _Server], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(_LOOPBACK)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(server.ca))
    gateway = await connect(Target(endpoint_url=server.url))
    await gateway.describe("k")
    calls = (gateway.describe("k", Urgency.BACKGROUND) for _ in range(30))
    assert {key.id for key, _ in await asyncio.gather(*calls)} == {"k"}


async def test_the_certificates_are_read_once_for_all_services_and_connections(
    serve: Callable[..., _Server], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(_LOOPBACK)
    read: list[str] = []
    load = ssl.SSLContext.load_verify_locations

    def counting(context: ssl.SSLContext, file: str, *others: Any) -> None:
        read.append(file)
        load(context, file, *others)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counting)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(server.ca))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    gateway = await connect()
    calls = [gateway.describe("k", Urgency.BACKGROUND) for _ in range(4)]
    # It answers as KMS, which is no answer of STS, but was asked.
    with pytest.raises(MalformedAnswerError):
        await gateway.caller()
    await asyncio.gather(*calls)
    assert server.connections > 1
    assert read == [str(server.ca)]


def test_a_proxy_that_speaks_tls_itself_is_verified_as_before() -> None:
    connection = SimpleNamespace(
        ssl_context=object(), ca_certs="/nowhere/ca.pem", proxy=parse_url("https://proxy.example")
    )
    SharedCertificates().give(connection)
    assert connection.ca_certs == "/nowhere/ca.pem"


async def test_an_endpoint_that_is_not_trusted_is_refused_each_time(
    serve: Callable[..., _Server], connect: Connect
) -> None:
    gateway = await connect(Target(endpoint_url=serve(_LOOPBACK).url))
    for _ in range(3):
        with pytest.raises(NetworkError, match=r"certificate .* is not trusted") as caught:
            await gateway.describe("k")
        assert "AWS_CA_BUNDLE" in caught.value.next_step


async def test_a_trusted_certificate_of_another_host_is_refused_each_time(
    serve: Callable[..., _Server], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(x509.DNSName("kms.eu-west-1.amazonaws.com"))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(server.ca))
    gateway = await connect(Target(endpoint_url=server.url))
    for _ in range(3):
        with pytest.raises(NetworkError, match=r"certificate .* belongs to another host"):
            await gateway.describe("k")
