"""From an HTTP request to an AWS request, and from a result back to HTTP.

Signatures are not checked: the credential scope of the Authorization header tells who calls,
which service and which Region.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import cbor2

from kmstui.demo.errors import AwsError

_SCOPE = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")
_CBOR_PATH = re.compile(r"^/service/([^/]+)/operation/([^/]+)$")
_REST_OPERATIONS = {
    "/listRegions": "ListRegions",
    "/ListIndexes": "ListIndexes",
    "/Search": "Search",
    "/policy/validation": "ValidatePolicy",
    "/policy/check-no-public-access": "CheckNoPublicAccess",
    "/policy/check-no-new-access": "CheckNoNewAccess",
    "/policy/check-access-not-granted": "CheckAccessNotGranted",
}


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """One call as the service sees it."""

    service: str
    """Signing name: kms, sts, iam, tagging, cloudtrail, access-analyzer, ec2, s3 …"""
    operation: str
    region: str
    access_key: str
    protocol: str
    """json, cbor, query, rest or rest-xml."""
    parameters: Mapping[str, Any]
    body: bytes
    user_agent: str = ""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class Response:
    """A whole HTTP response."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_length: int | None = None
    """What is announced when it differs from what is sent: a connection that breaks off."""


def parse_request(environ: Mapping[str, Any], default_region: str) -> AwsRequest:
    """The AWS request in a WSGI environment; raises ``AwsError`` when there is none."""
    body = _read_body(environ)
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    access_key, region, service = (
        (scope.group(1), scope.group(3), scope.group(4)) if scope else ("", default_region, "")
    )
    path = environ.get("PATH_INFO", "/")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    cbor_path = _CBOR_PATH.match(path)
    parameters: Any
    if cbor_path:
        operation, protocol = cbor_path.group(2), "cbor"
        service = service or "tagging"
        parameters = decode_cbor(body)
    elif target:
        prefix, operation = target.rsplit(".", 1)
        protocol = "json"
        service = _service_of_target(prefix) or service
        parameters = _decode_json(body)
    elif path in _REST_OPERATIONS:
        operation, protocol = _REST_OPERATIONS[path], "rest"
        parameters = {**_decode_json(body), **dict(parse_qsl(environ.get("QUERY_STRING", "")))}
    elif service in _REST_SERVICES:
        operation, parameters = _rest_call(service, path, environ.get("QUERY_STRING", ""))
        protocol = "rest-xml" if service == "s3" else "rest"
    else:
        parameters = dict(parse_qsl(body.decode("utf-8", "replace")))
        operation, protocol = str(parameters.get("Action", "")), "query"
        service = service or ("sts" if operation.startswith(("Assume", "GetCaller")) else "")
    if not operation:
        raise AwsError("UnknownOperationException", "The request names no operation.", 404)
    return AwsRequest(
        service=service,
        operation=operation,
        region=region,
        access_key=access_key,
        protocol=protocol,
        parameters=parameters,
        body=body,
        user_agent=environ.get("HTTP_USER_AGENT", ""),
    )


_REST_SERVICES = {"s3": "", "lambda": "ListFunctions", "elasticfilesystem": "DescribeFileSystems"}
"""Services that name what is asked by path alone, with what else than S3 is asked for."""


def _rest_call(service: str, path: str, query: str) -> tuple[str, dict[str, Any]]:
    """The operation that a path means, and its parameters."""
    parameters: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    if service != "s3":
        return _REST_SERVICES[service], parameters
    if path == "/":
        return "ListBuckets", parameters
    bucket = path.strip("/").partition("/")[0]
    return "GetBucketEncryption" if "encryption" in parameters else "", {"Bucket": bucket}


def _service_of_target(prefix: str) -> str:
    if prefix == "TrentService":
        return "kms"
    if prefix.startswith("ResourceGroupsTaggingAPI"):
        return "tagging"
    if "CloudTrail" in prefix:
        return "cloudtrail"
    return ""


def _read_body(environ: Mapping[str, Any]) -> bytes:
    length = environ.get("CONTENT_LENGTH") or "0"
    body: bytes = environ["wsgi.input"].read(int(length)) if length != "0" else b""
    return body


def _decode_json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", "") from error
    if not isinstance(value, dict):
        raise AwsError(
            "SerializationException", "Start of structure or map found where not expected."
        )
    return value


def decode_cbor(body: bytes) -> dict[str, Any]:
    """The members in a body of the rpc-v2-cbor protocol; raises SerializationException."""
    try:
        value = cbor2.loads(body) if body else {}
    except cbor2.CBORDecodeError as error:
        raise AwsError("SerializationException", str(error)) from error
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise AwsError("SerializationException", "A map of members by name is expected.")
    return value


def render_result(request: AwsRequest, result: Mapping[str, Any]) -> Response:
    """A successful response in the request's protocol."""
    if not result and request.operation in _EMPTY_BODY:
        return Response(200, _JSON, b"", (("x-amzn-RequestId", request.request_id),))
    return _answer(request.protocol, request.request_id, 200, result)


# KMS sends 200 and an empty body for these.
_EMPTY_BODY = frozenset(
    {"CreateAlias", "UpdateAlias", "DeleteAlias", "EnableKey", "DisableKey", "PutKeyPolicy",
     "TagResource", "UntagResource", "EnableKeyRotation", "DisableKeyRotation",
     "UpdateKeyDescription", "RevokeGrant", "RetireGrant", "UpdatePrimaryRegion"}
)  # fmt: skip


def spelled_for(request: AwsRequest, error: AwsError) -> AwsError:
    """A refusal of KMS's, with code and status as the protocol of ``request`` has them.

    https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    """
    if error.code not in _QUERY_CODES or request.protocol not in {"query", "rest", "rest-xml"}:
        return error
    if request.service == "ec2" and error.code == "AccessDeniedException":
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
        words = f"You are not authorized to perform this operation. {error.message}"
        return AwsError("UnauthorizedOperation", words, 403)
    code = error.code if request.protocol == "rest" else _QUERY_CODES[error.code]
    return AwsError(code, error.message, 403)


_QUERY_CODES = {
    "AccessDeniedException": "AccessDenied",
    "ExpiredTokenException": "ExpiredToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
}


def render_error(request: AwsRequest | None, error: AwsError) -> Response:
    """A refusal in the request's protocol."""
    protocol = request.protocol if request else "json"
    request_id = request.request_id if request else str(uuid.uuid4())
    if protocol == "query":
        headers = (("x-amzn-RequestId", request_id),)
        render = _ec2_error if request and request.service == "ec2" else _xml_error
        return Response(error.status, "text/xml", render(error, request_id), headers)
    if protocol == "rest-xml":
        body = _s3_error(error, request_id)
        return Response(error.status, "application/xml", body, (("x-amz-request-id", request_id),))
    members = {"__type": error.code, "message": error.message}
    header = ("x-amzn-ErrorType", error.code)
    if protocol == "rest":
        protocol = "json"
    return _answer(protocol, request_id, error.status, members, header)


def _answer(
    protocol: str,
    request_id: str,
    status: int,
    members: Mapping[str, Any],
    *headers: tuple[str, str],
) -> Response:
    headers = (("x-amzn-RequestId", request_id), *headers)
    if protocol == "cbor":
        body = cbor2.dumps(members)
        return Response(
            status, "application/cbor", body, (*headers, ("smithy-protocol", "rpc-v2-cbor"))
        )
    body = json.dumps(members, separators=(",", ":")).encode()
    return Response(status, "application/json" if protocol == "rest" else _JSON, body, headers)


_JSON = "application/x-amz-json-1.1"


def _xml_error(error: AwsError, request_id: str) -> bytes:
    return (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def _s3_error(error: AwsError, request_id: str) -> bytes:
    return (
        f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    ).encode()


def _ec2_error(error: AwsError, request_id: str) -> bytes:
    return (
        f"<Response><Errors><Error><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message></Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    ).encode()
