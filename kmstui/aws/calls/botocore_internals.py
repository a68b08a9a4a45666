"""What kmstui uses of botocore and urllib3 that they do not offer, all in this one place.

A test for each name fails by that name when a release changes it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.handlers import json_decode_policies
from botocore.parsers import BaseJSONParser
from urllib3.exceptions import SSLError

from kmstui.aws.calls.bounded_response import response_class
from kmstui.aws.calls.turns import Turns

if TYPE_CHECKING:
    from ssl import SSLContext

    from botocore.client import BaseClient
    from botocore.session import Session


def ask_for_mfa_codes_with(
    prompt: Callable[[str], str], session: Session, cache: dict[str, Any]
) -> None:
    """Have MFA codes asked for by `prompt`, and keep assumed roles in `cache`.

    `AssumeRoleProvider._prompter`: botocore asks on the terminal by getpass and takes another
    prompter only where a provider is constructed, which happens inside. `AssumeRoleProvider.cache`
    the AWS CLI replaces in the same way.
    """
    resolver: Any = session.get_component("credential_provider")
    provider: Any = resolver.get_provider("assume-role")
    provider.cache = cache
    provider._prompter = prompt


def keep_policies_as_text(client: BaseClient) -> None:
    """Leave the policies that IAM sends as the texts they are, whether they can be parsed or not.

    `handlers.json_decode_policies`, which botocore registers for every response of IAM.
    """
    client.meta.events.unregister("after-call.iam", json_decode_policies)


def follow_no_bucket(client: BaseClient) -> None:
    """Send a request about a bucket where it was meant for, and nowhere else.

    `utils.S3RegionRedirectorv2` asks HeadBucket where a bucket is whenever S3 answers with an
    error of certain kinds: a call of another permission that nobody announced. It passes over what
    `s3_redirect` of a request's context tells was redirected already.
    """

    def mark(context: dict[str, Any], **_: object) -> None:
        context.setdefault("s3_redirect", {})["redirected"] = True

    client.meta.events.register("before-call.s3", mark)


def leave_the_malformed(client: BaseClient) -> None:
    """Hand on a member of a response that is of another type than the model says as it came.

    botocore's parsers fail at such a member, and with one key all others of its page are lost;
    `Response` judges each. `BaseClient._endpoint`, `Endpoint._response_parser_factory`, and the
    handlers of `parsers.BaseJSONParser`. Should a later botocore keep them elsewhere, the whole
    page is unreadable again.
    """
    endpoint: Any = getattr(client, "_endpoint", None)
    if hasattr(endpoint, "_response_parser_factory"):
        endpoint._response_parser_factory = _LenientParsers(endpoint._response_parser_factory)


class _LenientParsers:
    """A factory of parsers that leave a member of a wrong type as it is."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory

    def create_parser(self, protocol: str) -> Any:
        parser: Any = self._factory.create_parser(protocol)
        parser.__class__ = _lenient(parser.__class__)
        return parser


@cache
def _lenient(parser: Any) -> Any:
    bases = (_LeavesTimes, parser)
    return type(
        parser.__name__, (_LeavesJson, *bases) if issubclass(parser, BaseJSONParser) else bases, {}
    )


class _LeavesTimes:
    def _handle_timestamp(self, shape: Any, node: Any) -> Any:
        try:
            return super()._handle_timestamp(shape, node)  # type: ignore[misc]
        except (ValueError, TypeError, OverflowError, OSError, RuntimeError):
            return node


class _LeavesJson:
    def _handle_structure(self, shape: Any, node: Any) -> Any:
        known = node is None or isinstance(node, dict) or shape.is_document_type
        return super()._handle_structure(shape, node) if known else node  # type: ignore[misc]

    def _handle_map(self, shape: Any, node: Any) -> Any:
        known = isinstance(node, dict)
        return super()._handle_map(shape, node) if known else node  # type: ignore[misc]

    def _handle_list(self, shape: Any, node: Any) -> Any:
        known = isinstance(node, list)
        return super()._handle_list(shape, node) if known else node  # type: ignore[misc]


def use_own_connections(
    client: BaseClient,
    certificates: SharedCertificates,
    turns: Turns,
    most_bytes: Callable[[], int],
) -> None:
    """Let the client's connections share `certificates`, and bound what they receive.

    A response is received in a turn only, in a limited time, and no longer than `most_bytes` tells
    of the call under way.

    `BaseClient._endpoint`, and `_pool_classes_by_scheme` of its HTTP session, are where the class
    of connections can be replaced; `response_class` is what `http.client` makes of a socket.
    Should a later botocore keep it elsewhere, every connection reads the certificates itself, and
    responses are read at once and without bounds: 5 ms of computing after a key press, with 32
    calls under way, in place of 1 ms.
    """
    bounded = response_class(turns, most_bytes)

    def derived(pool: type[Any], connection: type[Any]) -> type[Any]:
        class Connection(connection):  # type: ignore[misc]
            response_class = bounded

            def connect(self) -> None:
                certificates.give(self)
                super().connect()

        return type(pool.__name__, (pool,), {"ConnectionCls": Connection})

    session: Any = getattr(getattr(client, "_endpoint", None), "http_session", None)
    classes: Any = getattr(session, "_pool_classes_by_scheme", None)
    if isinstance(classes, dict):
        classes["http"] = derived(AWSHTTPConnectionPool, AWSHTTPConnection)
        classes["https"] = derived(AWSHTTPSConnectionPool, AWSHTTPSConnection)


class SharedCertificates:
    """Gives the connections of all clients one TLS context for each file of certificates.

    botocore makes a context for each client, and urllib3 reads the file again for each connection:
    30 ms and 0.7 MB every time.
    """

    def __init__(self) -> None:
        self._contexts: dict[str, SSLContext] = {}
        self._lock = threading.Lock()

    def give(self, connection: Any) -> None:
        """Make a connection of urllib3, before it connects, trust what its file holds.

        `ssl_context`, `ca_certs` and `proxy` of `urllib3.connection.HTTPSConnection`.

        Raises:
            SSLError: the file cannot be read, as urllib3 tells it.
        """
        context = getattr(connection, "ssl_context", None)
        path = getattr(connection, "ca_certs", None)
        # A proxy that speaks TLS itself is verified by the same file, in a context of its own.
        through_tls = getattr(getattr(connection, "proxy", None), "scheme", "") == "https"
        if context is None or not path or through_tls:
            return
        with self._lock:
            if path not in self._contexts:
                try:
                    context.load_verify_locations(path)
                except OSError as error:
                    raise SSLError(error) from error
                self._contexts[path] = context
        connection.ssl_context, connection.ca_certs = self._contexts[path], None
