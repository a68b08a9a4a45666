"""Each name of botocore and urllib3 that we lean on without their leave is still there."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import endpoint, exceptions, handlers
from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
    AWSResponse,
)
from botocore.client import BaseClient
from botocore.parsers import BaseJSONParser
from botocore.session import Session
from urllib3.connection import HTTPSConnection

from kmstui.aws.calls.botocore_errors import _EXPLANATIONS
from kmstui.aws.calls.botocore_internals import (
    SharedCertificates,
    ask_for_mfa_codes_with,
    follow_no_bucket,
    use_own_connections,
)
from kmstui.aws.calls.operations import MOST_BYTES
from kmstui.aws.calls.turns import Turns


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


@pytest.fixture(scope="module")
def client(session: Session) -> BaseClient:
    return session.create_client(
        "iam", "eu-west-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="not-a-secret"
    )


def _https_pools(client: Any) -> Any:
    return client._endpoint.http_session._pool_classes_by_scheme["https"]


def _mfa_provider(session: Session) -> Any:
    resolver: Any = session.get_component("credential_provider")
    return resolver.get_provider("assume-role")


NAMES_OF_SESSION: dict[str, Callable[[Session], object]] = {
    "AssumeRoleProvider._prompter": lambda session: _mfa_provider(session)._prompter,
    "AssumeRoleProvider.cache": lambda session: _mfa_provider(session).cache,
}

NAMES_OF_CLIENT: dict[str, Callable[[Any], object]] = {
    "BaseClient._endpoint": lambda client: client._endpoint,
    "Endpoint._response_parser_factory": lambda client: client._endpoint._response_parser_factory,
    "Endpoint.http_session": lambda client: client._endpoint.http_session,
    "URLLib3Session._pool_classes_by_scheme": _https_pools,
}


@pytest.mark.parametrize("name", NAMES_OF_SESSION)
def test_the_session_still_has(name: str, session: Session) -> None:
    assert NAMES_OF_SESSION[name](session) is not None


@pytest.mark.parametrize("name", NAMES_OF_CLIENT)
def test_the_client_still_has(name: str, client: BaseClient) -> None:
    assert NAMES_OF_CLIENT[name](client) is not None


@pytest.mark.parametrize(
    ("pool", "connection"),
    [
        (AWSHTTPConnectionPool, AWSHTTPConnection),
        (AWSHTTPSConnectionPool, AWSHTTPSConnection),
    ],
)
def test_pools_still_make_connections_of_connection_cls(pool: Any, connection: object) -> None:
    assert pool.ConnectionCls is connection


@pytest.mark.parametrize("name", ["ssl_context", "ca_certs", "proxy", "response_class"])
def test_a_connection_still_has(name: str) -> None:
    assert hasattr(HTTPSConnection("127.0.0.1"), name)


def test_policies_of_iam_are_still_decoded_by_json_decode_policies(session: Session) -> None:
    assert any(
        entry[:2] == ("after-call.iam", handlers.json_decode_policies)
        for entry in handlers.BUILTIN_HANDLERS
    )


@pytest.mark.parametrize(
    "handler", ["_handle_structure", "_handle_map", "_handle_list", "_handle_timestamp"]
)
def test_a_parser_still_has(handler: str) -> None:
    assert callable(getattr(BaseJSONParser, handler))


@pytest.mark.parametrize("event", ["request-created", "before-send", "before-parse", "needs-retry"])
def test_an_endpoint_still_tells_of(event: str) -> None:
    # `before-call` and `after-call`, which the client tells of, are in botocore's guide.
    source = endpoint.__spec__.loader.get_source(endpoint.__name__)  # type: ignore[union-attr]
    assert event in source


@pytest.mark.parametrize("name", _EXPLANATIONS)
def test_botocore_still_raises(name: str) -> None:
    assert issubclass(getattr(exceptions, name), Exception)


def test_mfa_codes_are_asked_for_by_the_prompt_that_is_given(session: Session) -> None:
    cache: dict[str, Any] = {}
    ask_for_mfa_codes_with("code of {}".format, session, cache)
    assert _mfa_provider(session)._prompter("device") == "code of device"
    assert _mfa_provider(session).cache is cache


def test_connections_are_of_classes_of_our_own(client: BaseClient) -> None:
    use_own_connections(client, SharedCertificates(), Turns(), lambda: MOST_BYTES)
    assert _https_pools(client) is not AWSHTTPSConnectionPool
    assert issubclass(_https_pools(client), AWSHTTPSConnectionPool)


def test_a_botocore_with_other_inner_parts_is_left_alone() -> None:
    client: Any = SimpleNamespace(_endpoint=SimpleNamespace(http_session="of another kind"))
    before = copy.deepcopy(client)
    use_own_connections(client, SharedCertificates(), Turns(), lambda: MOST_BYTES)
    assert client == before


def test_an_error_of_s3_leads_to_no_further_request(session: Session) -> None:
    client: Any = session.create_client(
        "s3", "eu-west-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="not-a-secret"
    )
    sent: list[str] = []

    def instead(request: Any, **_: object) -> AWSResponse:
        sent.append(f"{request.method} {request.url}")
        headers: Any = {"x-amz-bucket-region": "us-west-2"}
        raw = SimpleNamespace(stream=lambda *_, **__: iter(()), headers=headers)
        return AWSResponse(request.url, 301, headers, raw)

    follow_no_bucket(client)
    client.meta.events.register("before-send", instead)
    with pytest.raises(exceptions.ClientError):
        client.get_bucket_encryption(Bucket="a-bucket")
    assert len(sent) == 1, "S3RegionRedirectorv2 follows what its context marks as redirected"
