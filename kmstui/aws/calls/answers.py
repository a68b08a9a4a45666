"""Whether a response is AWS's own, and tells what became of a change.

Proxies, firewalls, sign-in pages and load balancers answer in AWS's place, some of them after AWS
has carried out what was asked. So a change counts as accepted or refused only where AWS itself
says so to this very request; after anything else, only reading back tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kmstui.aws.calls.operations import READ_NAMES
from kmstui.aws.calls.throttling import THROTTLES

if TYPE_CHECKING:
    from botocore.model import OperationModel

COMMON_REFUSALS = THROTTLES | {
    "AccessDenied",
    "AccessDeniedException",
    "ConcurrentModification",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAction",
    "InvalidClientTokenId",
    "InvalidInput",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidQueryParameter",
    "InvalidSignatureException",
    "MalformedHttpRequestException",
    "MalformedQueryString",
    "MissingAction",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "MissingParameter",
    "NotAuthorized",
    "OptInRequired",
    "RequestEntityTooLargeException",
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "SerializationException",
    "SignatureDoesNotMatch",
    "SubscriptionRequiredException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "UnsupportedOperationException",
    "ValidationError",
    "ValidationException",
}
"""Codes of any operation with which a request is turned away before anything is done ("Common
Errors" of the KMS and the IAM API Reference; UnsupportedOperationException KMS sends for more
operations than it names it for). Others of them do not say that: InternalFailure,
ServiceUnavailable, RequestAbortedException, RequestTimeoutException."""

_DO_NOT_SAY = frozenset({"DependencyTimeoutException", "ServiceFailure"})
"""Codes of single operations that leave open whether anything was done: `The system timed out
while trying to fulfill the request` (KMS), `failed because of an unknown error` (IAM). Of
KMSInternalException KMS says that the request was rejected."""

_NOT_AUTHORIZED = re.compile(r"not authorized to perform: (\w+):(\w+)")
_WEB_PAGE = re.compile(rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.I | re.S)
_XML_PROTOCOLS = frozenset({"query", "ec2", "rest-xml"})
_LOOKED_AT = 1024
"""Bytes of a body in which it shows what it is."""


class WebPageResponse(Exception):  # noqa: N818 - it becomes a ServiceError
    """A web page came where AWS sends data."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status} with a web page")
        self.status = status


class UnclearAnswer(Exception):  # noqa: N818 - it becomes an UnreportedOutcomeError
    """What came to a change does not tell whether it was carried out.

    Attributes:
        what: What came, in a clause that begins with a verb: `answered HTTP 403 …`.
        status: The HTTP status.
        code: The error code; empty where none came.
        message: The service's words beside it.
    """

    def __init__(self, what: str, status: int, code: str, message: str) -> None:
        super().__init__(what)
        self.what, self.status, self.code, self.message = what, status, code, message


def is_web_page(protocol: str, body: bytes) -> bool:
    """Whether a body is for a browser, in place of what the protocol sends."""
    start = _beginning(body)
    if protocol in _XML_PROTOCOLS:
        return _WEB_PAGE.match(start) is not None
    return start.startswith(b"<")


def is_foreign(protocol: str, body: bytes) -> bool:
    """Whether a body is surely not what the protocol sends: botocore's parsers may stumble."""
    xml = _beginning(body).startswith(b"<")
    return is_web_page(protocol, body) or (protocol in _XML_PROTOCOLS and not xml)


def _beginning(body: bytes) -> bytes:
    return body[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip()


def told_error(parsed: Mapping[str, Any]) -> tuple[str, str]:
    """Code and message of AWS's error in a parsed response; two empty ones where it holds none.

    botocore puts the HTTP status, or "Unknown", in the place of a code that did not come, and
    whatever the server printed in the place of the message.
    """
    told = parsed.get("Error")
    told = told if isinstance(told, dict) else {}
    code = str(told.get("Code") or "").rsplit("#", 1)[-1]
    if not code or code.isdigit() or code == "Unknown":
        return "", ""
    return code, str(told.get("Message") or told.get("message") or "")


def check_answer(operation: OperationModel, http: Any, parsed: Mapping[str, Any]) -> None:
    """Make sure that a response says of a change that it was carried out, or that it was not.

    Raises:
        UnclearAnswer: it does neither.
    """
    status: int = http.status_code
    code, message = told_error(parsed)
    if status == 200 and not code:
        problem = _why_no_success(operation, http, parsed)
    elif not code:
        problem = f"answered HTTP {status} without an AWS error"
    elif status < 400 or code not in _refusals(operation):
        problem = f"answered HTTP {status} with {code}, which does not say that nothing was done"
    elif _is_about_a_read(message):
        problem = f"answered HTTP {status} with the refusal of another request"
    else:
        problem = ""
    if problem:
        raise UnclearAnswer(problem, status, code, message)


def _why_no_success(operation: OperationModel, http: Any, parsed: Mapping[str, Any]) -> str:
    body: bytes = http.content
    if operation.service_model.resolved_protocol in _XML_PROTOCOLS:
        own = re.search(rb"<%sResponse[\s>]" % operation.name.encode(), body[:_LOOKED_AT])
        return "" if own else f"answered HTTP 200 without a response to {operation.name}"
    if "x-amzn-requestid" not in {str(name).lower() for name in http.headers}:
        return "answered HTTP 200 without a request ID, which AWS always sends"
    shape = operation.output_shape
    if shape is None or not shape.members:
        # KMS API Reference: "the service sends back an HTTP 200 response with an empty body", and
        # of ConnectCustomKeyStore "a JSON object with no properties".
        own_body = body.strip() in (b"", b"{}")
    else:
        own_body = any(name in parsed for name in shape.members)
    return "" if own_body else f"answered HTTP 200 without a response to {operation.name}"


def _refusals(operation: OperationModel) -> frozenset[str]:
    # The stubs of botocore take a structure for any shape.
    shapes: Any = operation.error_shapes
    own = {shape.error_code for shape in shapes}
    return COMMON_REFUSALS | (own - _DO_NOT_SAY)


def _is_about_a_read(message: str) -> bool:
    """Whether it refuses what only reads; a change may need the permission for another change."""
    named = _NOT_AUTHORIZED.search(message)
    return named is not None and (named[1], named[2]) in READ_NAMES
