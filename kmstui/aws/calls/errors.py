"""Whatever a call raises, as one typed error per cause.

`error_codes` explains what the services tell by a code, `botocore_errors` what botocore raises.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botocore import __version__ as botocore_version
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from kmstui.aws.calls.botocore_errors import explain_exception, known_of
from kmstui.aws.calls.call_context import CallContext, Explanation
from kmstui.aws.calls.credential_sources import explain_source
from kmstui.aws.calls.error_codes import CHECK_ENDPOINT, REJECTED_5XX, from_code
from kmstui.aws.calls.response import UnreadableResponse
from kmstui.service.errors import (
    EndpointError,
    ErrorContext,
    MalformedAnswerError,
    ServiceError,
    ServiceFailureError,
    UnreportedOutcomeError,
)

_NO_CONNECTION_MADE = (
    boto.EndpointConnectionError,
    boto.ConnectTimeoutError,
    boto.ProxyConnectionError,
)

_TLS_NEVER_BEGAN = (
    "CERTIFICATE_VERIFY_FAILED",
    "WRONG_VERSION_NUMBER",
    "No such file",
    "X509",
    "match",
)
"""OpenSSL's words for connections that failed before a request could leave."""


class WebPageResponse(Exception):  # noqa: N818 - it becomes an EndpointError
    """A web page came where KMS sends JSON."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status} with a web page")
        self.status = status


def translate(error: BaseException, call: CallContext, *, sent: bool = True) -> ServiceError:
    """The typed error for whatever was raised while calling or reading the response.

    Args:
        error: What was raised.
        call: Where and on whose behalf.
        sent: Whether the request was on its way by then.
    """
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, boto.ClientError):
        return _client_error(error, call)
    if fault := explain_source(error, call):
        return fault
    if call.mutating and sent and _may_have_happened(error):
        return _unreported(_what_happened(error, call), call.context)
    explanation = (
        explain_exception(error, call)
        or (_bad_response(error) if sent else None)
        # The text is left out: it may quote a request, and requests carry credentials.
        or Explanation(
            ServiceFailureError,
            f"{type(error).__name__} inside botocore {botocore_version}",
            "Try again; if it happens again, please report it.",
        )
    )
    context = call.context
    if isinstance(error, WebPageResponse):
        context = replace(context, http_status=error.status)
    return explanation.error(call, context, **known_of(error, call))


def outcome_is_open(error: BaseException | None, status: int, code: str) -> bool:
    """Whether a write that ended so may have been carried out, and must not be repeated.

    Args:
        error: What was raised instead of a response, or None.
        status: The response's HTTP status; 0 where none came.
        code: The response's error code, or empty.
    """
    if error is not None:
        return _may_have_happened(error)
    return status >= 500 and code not in REJECTED_5XX


# Responses that tell of an error


def _client_error(error: Any, call: CallContext) -> ServiceError:
    response = error.response if isinstance(error.response, dict) else {}
    told = response.get("Error")
    told = told if isinstance(told, dict) else {}
    metadata = response.get("ResponseMetadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    status = metadata.get("HTTPStatusCode")
    code = str(told.get("Code") or "").rsplit("#", 1)[-1]
    message = str(told.get("Message") or told.get("message") or "")
    if code.isdigit() or code == "Unknown":
        # Not an AWS error: what stands in the message is whatever the server printed.
        code, message = "", ""
    context = ErrorContext(
        operation=_operation(error, call),
        key=call.key,
        code=code,
        service_message=message,
        request_id=str(metadata.get("RequestId") or ""),
        http_status=status if isinstance(status, int) else None,
    )
    if context.operation != call.operation:
        # Fetching credentials failed; the call itself was never made.
        call = replace(call, operation=context.operation, mutating=False)
    if call.mutating and outcome_is_open(None, context.http_status or 0, code):
        return _unreported(
            f"the service failed with {code or context.http_status} while it was under way", context
        )
    return from_code(code, call, context)


def _operation(error: Any, call: CallContext) -> str:
    name = str(error.operation_name)
    if call.operation.endswith(f":{name}"):
        return call.operation
    # Fetching credentials sends calls of its own.
    service = {"GetRoleCredentials": "sso", "CreateToken": "sso-oauth"}.get(name, "sts")
    return f"{service}:{name}"


# Changes of which no response tells


def _may_have_happened(error: BaseException) -> bool:
    if isinstance(error, _NO_CONNECTION_MADE):
        return False
    if isinstance(error, boto.SSLError):
        # It may also break in the middle of a response.
        return not any(words in str(error) for words in _TLS_NEVER_BEGAN)
    if isinstance(error, WebPageResponse):
        # A page of a load balancer behind which the request may have been carried out.
        return error.status >= 500
    return isinstance(
        error, boto.HTTPClientError | boto.ConnectionError | UnreadableResponse
    ) or _is_parse_error(error)


def _unreported(what: str, context: ErrorContext) -> UnreportedOutcomeError:
    return UnreportedOutcomeError(
        f"{what}, so the change may or may not have happened",
        "Read the key again (r) before you repeat it.",
        context,
    )


def _what_happened(error: BaseException, call: CallContext) -> str:
    where = call.endpoint_url
    if isinstance(error, boto.ReadTimeoutError):
        return f"it was sent and {where} did not answer in time"
    if isinstance(error, UnreadableResponse | WebPageResponse) or _is_parse_error(error):
        return f"it was sent and the response from {where} cannot be read"
    return f"it was sent and the connection to {where} broke"


# Responses that are none


def _bad_response(error: BaseException) -> Explanation | None:
    if isinstance(error, WebPageResponse):
        return Explanation(
            EndpointError,
            "{url} answered with a web page (HTTP {status}), so it is not KMS",
            CHECK_ENDPOINT,
        )
    if isinstance(error, UnreadableResponse):
        return Explanation(
            MalformedAnswerError,
            "the response from {url} cannot be read: {detail}",
            "If the endpoint is not AWS's own, check it; otherwise try again.",
        )
    if _is_parse_error(error):
        return Explanation(
            MalformedAnswerError, "the response from {url} is not what AWS sends", CHECK_ENDPOINT
        )
    return None


def _is_parse_error(error: BaseException) -> bool:
    # botocore's parsers trust the shape of a response and stumble over others in their own ways.
    return isinstance(error, ResponseParserError) or (
        isinstance(
            error, AttributeError | TypeError | KeyError | IndexError | ValueError | RecursionError
        )
        and not isinstance(error, boto.BotoCoreError)
    )
