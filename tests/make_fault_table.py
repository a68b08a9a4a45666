"""Make kmstui/aws/FAULTS.md anew: `python -m tests.make_fault_table`.

Every operation that kmstui sends meets every fault: each error that its service's model names, and
what networks, proxies and settings do. The answer is put in where botocore would send the request,
so parsers, hooks and `aws/calls/errors.py` are the real ones; nothing leaves.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3.session
from botocore import __version__ as botocore_version
from botocore import exceptions as boto
from botocore.awsrequest import AWSResponse, HTTPHeaders
from urllib3.connection import HTTPConnection
from urllib3.exceptions import NewConnectionError, ProxyError

import kmstui.aws
from kmstui.aws.calls import (
    CallContext,
    Calls,
    Operation,
    Response,
    UnreadableResponse,
    clients,
    operations,
    proxies,
)
from kmstui.aws.calls.clients import Clients
from kmstui.aws.calls.throttling import Bucket
from kmstui.aws.calls.turns import Turns
from kmstui.service.errors import ServiceError

PAGE = Path(kmstui.aws.__file__).with_name("FAULTS.md")
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:eu-west-1:111122223333:key/{KEY}"
SAID = "…the service's words…"

OPERATIONS = (
    *(each for each in vars(operations).values() if isinstance(each, Operation)),
    *operations.DRY_RUNS.values(),
)

KINDS = ("read", "change", "dry run")


def kind_of(operation: Operation) -> str:
    """One of `KINDS`."""
    return KINDS[2] if operation.dry_run else KINDS[1] if operation.mutating else KINDS[0]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with a call."""

    title: str
    status: int = 0
    code: str = ""
    said: str = SAID
    body: bytes | None = None
    """What came in place of an AWS error."""
    content_type: str = "text/html"
    raised: Exception | None = None
    """What botocore raises in place of an answer."""
    unread: str = ""
    """What in the answer cannot be read."""
    local: bool = False
    """Whether it is raised before anything is sent."""

    def answer(self, protocol: str) -> AWSResponse:
        """The HTTP response that a service of this protocol would send."""
        body, headers = self.body, {"Content-Type": self.content_type}
        if body is None:
            headers = {"x-amzn-requestid": "b9b6e0c1-0000-4000-8000-2f6f4d1f5f5e"}
            body = self._error(protocol)
            headers |= {"x-amzn-errortype": self.code} if protocol == "rest-json" else {}
        return AWSResponse("https://…", self.status, HTTPHeaders.from_dict(headers), _Raw(body))

    def _error(self, protocol: str) -> bytes:
        inner = f"<Error><Code>{self.code}</Code><Message>{self.said}</Message></Error>"
        if protocol == "query":
            return f"<ErrorResponse>{inner}<RequestId>b9</RequestId></ErrorResponse>".encode()
        if protocol == "ec2":
            return f"<Response><Errors>{inner}</Errors></Response>".encode()
        return json.dumps({"__type": self.code, "message": self.said}).encode()


class _Raw:
    """What urllib3 hands to botocore."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: object) -> Iterator[bytes]:
        """The body at once."""
        yield self._body


def _said(code: str, words: str, title: str = "", status: int = 400) -> Fault:
    return Fault(title or code, status, code, words)


_WHO = "User: arn:aws:sts::111122223333:assumed-role/Role/session is not authorized to perform: "
_MAY_NOT = f"{_WHO}kms:X on resource: {ARN} "

COMMON = (
    _said("AccessDeniedException", f"{_MAY_NOT}because no identity-based policy allows the kms:X"
          " action", "Denied: nothing allows it"),
    _said("AccessDeniedException", f"{_MAY_NOT}because no resource-based policy allows the kms:X"
          " action", "Denied: the key policy does not allow it"),
    _said("AccessDeniedException", f"{_MAY_NOT}with an explicit deny in an identity-based policy",
          "Denied by an identity-based policy"),
    _said("AccessDeniedException", f"{_MAY_NOT}with an explicit deny in a resource-based policy",
          "Denied by the key policy"),
    _said("AccessDeniedException", f"{_MAY_NOT}with an explicit deny in a service control policy",
          "Denied by a service control policy"),
    _said("AccessDeniedException", f"{_MAY_NOT}with an explicit deny in a permissions boundary",
          "Denied by a permissions boundary"),
    _said("AccessDeniedException", f"{_MAY_NOT}because no VPC endpoint policy allows the kms:X"
          " action", "Denied by the VPC endpoint's policy"),
    _said("AccessDeniedException", SAID, "Denied, and not said by what"),
    _said("ThrottlingException", "Rate exceeded", "Throttled"),
    _said("ExpiredTokenException", "The security token included in the request is expired",
          "The credentials have expired"),
    _said("UnrecognizedClientException", "The security token included in the request is invalid.",
          "The credentials are not known"),
    _said("InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than",
          "The clock is wrong"),
    _said("InvalidSignatureException", "The request signature we calculated does not match",
          "The signature does not match"),
    _said("MissingAuthenticationTokenException", "Missing Authentication Token", "Not signed"),
    _said("OptInRequired", SAID, "The Region or service is not enabled"),
    _said("UnknownOperationException", "", "The endpoint does not know the operation"),
    _said("ValidationException", SAID, "A value is refused"),
    _said("BrandNewException", SAID, "An error of a code that kmstui does not know"),
    _said("InternalFailure", SAID, "The service fails", 500),
    _said("ServiceUnavailable", SAID, "The service is not available", 503),
    Fault("HTTP 500 without an AWS error", 500, body=b"", content_type="text/plain"),
    Fault("HTTP 400 with {}", 400, body=b"{}", content_type="application/json"),
    Fault("HTTP 301", 301, body=b"", content_type="text/plain"),
    Fault("A web page with HTTP 200", 200, body=b"<html><body>Sign in</body></html>"),
    Fault("A web page with HTTP 403", 403, body=b"<html><body>Blocked</body></html>"),
    Fault("A web page with HTTP 503", 503, body=b"<html><body>Unavailable</body></html>"),
    Fault("An answer that cannot be read", 200, body=b"{}", unread="KeyMetadata is missing",
          content_type="application/x-amz-json-1.1"),
    Fault("Nothing listens there", raised=boto.EndpointConnectionError(
        endpoint_url="https://…", error="Connection refused")),
    Fault("Its name does not resolve", raised=boto.EndpointConnectionError(
        endpoint_url="https://…", error="Failed to resolve")),
    Fault("No connection in time", raised=boto.ConnectTimeoutError(endpoint_url="https://…")),
    Fault("No answer in time", raised=boto.ReadTimeoutError(endpoint_url="https://…")),
    Fault("The connection breaks", raised=boto.ConnectionClosedError(endpoint_url="https://…")),
    Fault("The answer is cut off", raised=boto.ResponseStreamingError(error="IncompleteRead")),
    Fault("The proxy does not connect", raised=boto.ProxyConnectionError(
        proxy_url="http://proxy:3128",
        error=ProxyError("", NewConnectionError(HTTPConnection("proxy"), "refused")))),
    Fault("The proxy takes it and does not answer", raised=boto.ProxyConnectionError(
        proxy_url="http://proxy:3128", error=ProxyError("", OSError("closed")))),
    Fault("The certificate is not trusted", raised=boto.SSLError(
        endpoint_url="https://…", error=OSError("CERTIFICATE_VERIFY_FAILED"))),
    Fault("The certificate is another's", raised=boto.SSLError(
        endpoint_url="https://…", error=OSError("hostname doesn't match"))),
    Fault("No credentials", raised=boto.NoCredentialsError(), local=True),
    Fault("The SSO session has ended", raised=boto.UnauthorizedSSOTokenError(), local=True),
    Fault("A profile's process gives none", local=True, raised=boto.CredentialRetrievalError(
        provider="custom-process", error_msg="it printed nothing")),
    Fault("A value does not have the form", local=True,
          raised=boto.ParamValidationError(report="Invalid length for parameter KeyId")),
)  # fmt: skip
"""What can happen to every call."""

_WORDS = {
    "KMSInvalidStateException": (
        f"{ARN} is pending deletion.", f"{ARN} is pending import.", f"{ARN} is disabled.",
        f"{ARN} is creating.", SAID,
    ),
    "DisabledException": (f"{ARN} is disabled.",),
    "MalformedPolicyDocumentException": (
        "The new key policy will not allow you to update the key policy in the future.",
        "Policy contains a statement with one or more invalid principals.",
        SAID,
    ),
    "NotFoundException": (f"Key '{ARN}' does not exist",),
}  # fmt: skip
"""What services say where the sentence hangs on it."""


def own_faults(model: Any) -> Iterator[Fault]:
    """The errors that the service's model names for an operation."""
    known = {fault.code for fault in COMMON}
    for shape in model.error_shapes:
        code = str(shape.error_code)
        told = shape.metadata.get("error", {}).get("httpStatusCode") or 400
        if code not in known:
            for words in _WORDS.get(code, (SAID,)):
                yield Fault(f"{code}: {words}" if words != SAID else code, int(told), code, words)


def members_of(shape: Any) -> dict[str, Any]:
    """Values for the members that a request must have."""
    return {name: _value(name, shape.members[name]) for name in shape.required_members}


def _value(name: str, shape: Any) -> Any:
    if shape.type_name == "structure":
        return members_of(shape)
    if shape.type_name == "list":
        return [_value(name, shape.member)]
    if shape.type_name == "blob":
        return b"x" * 64
    if shape.type_name in ("integer", "long"):
        return shape.metadata.get("min", 7)
    if getattr(shape, "enum", None):
        return shape.enum[0]
    if name.endswith("KeyId"):
        return KEY
    if name == "Bucket":
        return "a-bucket"
    return ARN if name.lower().endswith("arn") else f"alias/{name}"


class Asker:
    """Sends each operation, and puts the fault in its way."""

    def __init__(self, *, in_command: bool = False) -> None:
        session = boto3.session.Session("AKIDEXAMPLE", "not-a-secret", region_name="eu-west-1")
        self._clients = Clients(session, "kmstui", "eu-west-1", "", read_only=False, turns=Turns())
        free = Bucket(1e9)
        # Nobody's quota is at stake.
        self._clients.pacing.bucket = lambda operation: free  # type: ignore[method-assign]
        context = CallContext(region="eu-west-1", in_command=in_command)
        self._calls = Calls(self._clients, lambda record: None, context)
        self._fault = COMMON[0]
        self._heard: set[str] = set()

    def model(self, operation: Operation) -> Any:
        """The service's model of an operation."""
        client: Any = self._clients.client(operation.service)
        if operation.service not in self._heard:
            self._heard.add(operation.service)
            client.meta.events.register_last("before-call", self._before)
            client.meta.events.register_last("before-send", self._instead)
        return client.meta.service_model.operation_model(operation.name)

    def _before(self, **_: object) -> None:
        if self._fault.local and self._fault.raised is not None:
            raise self._fault.raised

    def _instead(self, request: Any, event_name: str, **_: object) -> AWSResponse:
        if self._fault.raised is not None:
            raise self._fault.raised
        service = event_name.split(".")[1]
        return self._fault.answer(self._protocols[service])

    async def error(self, operation: Operation, fault: Fault) -> ServiceError | None:
        """What the call ends in; None where the fault does not hinder it."""
        model = self.model(operation)
        self._protocols = {model.service_model.service_id.hyphenize(): _protocol(model)}
        self._fault = fault
        members = members_of(model.input_shape) if model.input_shape else {}
        if operation.dry_run:
            members["DryRun"] = True
        about = KEY if operation.service == "kms" and operation.name != "CreateKey" else ""

        def read(response: Response) -> None:
            if fault.unread:
                raise UnreadableResponse(fault.unread)

        try:
            await self._calls.send(operation, members, read, key=about)
        except ServiceError as error:
            return error
        return None

    def endpoint_url(self, operation: Operation) -> str:
        """Where the operation's service is reached."""
        return self._clients.endpoint_url(operation.service)

    def close(self) -> None:
        """No more calls."""
        self._calls.close()


def _protocol(model: Any) -> str:
    return str(model.service_model.resolved_protocol)


async def _ask_all(
    operations: Iterable[Operation], *, in_command: bool
) -> dict[str, dict[str, list[Operation]]]:
    """For each fault its sentences, each with the operations for which it is said."""
    found: dict[str, dict[str, list[Operation]]] = {}
    with (
        patch.object(clients, "_ATTEMPTS", 1),
        # The page is the same behind a proxy.
        patch.object(proxies, "get_environ_proxies", lambda url: {}),
    ):
        asker = Asker(in_command=in_command)
        try:
            for operation in operations:
                for fault in (*COMMON, *own_faults(asker.model(operation))):
                    error = await asker.error(operation, fault)
                    if error is None:
                        continue
                    sentence = _general(error, operation, asker.endpoint_url(operation))
                    found.setdefault(fault.title, {}).setdefault(sentence, []).append(operation)
        finally:
            asker.close()
    return found


def _general(error: ServiceError, operation: Operation, endpoint: str) -> str:
    """The sentence, with places for what differs with the call alone."""
    text = error.sentence.replace(endpoint, "ENDPOINT").replace("https://…", "ENDPOINT")
    text = text.replace(f" for key {KEY}:", " for key KEY:")
    text = text.replace(operation.permission, "OPERATION").replace(" for key KEY:", ":")
    if not error.next_step:
        raise ValueError(f"nothing says what to do now: {text}")
    return text


def sentences(
    operations: Iterable[Operation] = OPERATIONS, *, in_command: bool = False
) -> dict[str, dict[str, list[Operation]]]:
    """For each fault its sentences, each with the operations for which it is said."""
    return asyncio.run(_ask_all(operations, in_command=in_command))


_HEAD = """\
# What kmstui says when a call fails

Every fault that every operation can meet: each error that the services' models name, and what
networks, proxies and settings do. Each sentence says what happened and what to do now; a change of
which nobody can know whether it was carried out is read back besides (`service/changes/`).
`OPERATION` and `ENDPOINT` stand for those of the call; of KMS, `for key ID` follows the operation.

This page is made by `python -m tests.make_fault_table`, by way of the code that people meet, with
the models of botocore VERSION.
"""


def _whose(said_for: Iterable[Operation]) -> str:
    """The operations, in few words where they are all of a kind."""
    named, wanted = [], set(said_for)
    for kind in KINDS:
        all_of_it = {each for each in OPERATIONS if kind_of(each) == kind}
        if all_of_it <= wanted:
            named.append(f"every {kind}")
            wanted -= all_of_it
    # CreateGrant is sent both ways.
    twice = {each.permission for each in OPERATIONS if not each.dry_run}
    others = {
        f"{each.permission}{' (dry run)' * (each.dry_run and each.permission in twice)}"
        for each in wanted
    }
    return ", ".join([*named, *sorted(others)])


def page(found: Mapping[str, Mapping[str, list[Operation]]] | None = None) -> str:
    """The page as it should be."""
    parts = [_HEAD.replace("VERSION", botocore_version)]
    for title, said in sorted((found or sentences()).items(), key=lambda each: each[0].lower()):
        parts.append(f"\n## {title.replace(ARN, 'KEY')}\n")
        for sentence, said_for in said.items():
            parts.append(f"> {sentence.replace(ARN, 'KEY')}\n")
            parts.append(f"{_whose(said_for)}\n")
    return "\n".join(parts).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
