"""Whatever a call raises, as one typed error per cause.

`error_codes` explains what the services tell by a code, `botocore_errors` what botocore raises.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botocore import __version__ as botocore_version
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from kmstui.aws.calls.answers import UnclearAnswer, WebPageResponse, told_error
from kmstui.aws.calls.botocore_errors import explain_exception, known_of
from kmstui.aws.calls.call_context import CallContext, Explanation
from kmstui.aws.calls.credential_sources import explain_source
from kmstui.aws.calls.error_codes import from_code
from kmstui.aws.calls.proxies import (
    ASKS_FOR_PASSWORD,
    CHECK_ENDPOINT,
    nothing_passed,
    with_proxy,
)
from kmstui.aws.calls.response import UnreadableResponse
from kmstui.service.errors import (
    OPEN_OUTCOME,
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
)

_TLS_NEVER_BEGAN = (
    "CERTIFICATE_VERIFY_FAILED",
    "WRONG_VERSION_NUMBER",
    "No such file",
    "X509",
    "match",
)
"""OpenSSL's words for connections that failed before a request could leave."""


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
    if call.mutating and sent and may_have_happened(error):
        return _unreported(_what_happened(error, call), call, _context(error, call))
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
    return explanation.error(call, _context(error, call), **known_of(error, call))


def _context(error: BaseException, call: CallContext) -> ErrorContext:
    if isinstance(error, UnclearAnswer):
        said = {"code": error.code, "service_message": error.message}
        return replace(call.context, http_status=error.status, **said)
    if isinstance(error, WebPageResponse):
        return replace(call.context, http_status=error.status)
    return call.context


# Responses that tell of an error


def _client_error(error: Any, call: CallContext) -> ServiceError:
    response = error.response if isinstance(error.response, dict) else {}
    metadata = response.get("ResponseMetadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    status = metadata.get("HTTPStatusCode")
    code, message = told_error(response)
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
    return from_code(code, call, context)


def _operation(error: Any, call: CallContext) -> str:
    name = str(error.operation_name)
    if call.operation.endswith(f":{name}"):
        return call.operation
    # Fetching credentials sends calls of its own.
    service = {"GetRoleCredentials": "sso", "CreateToken": "sso-oauth"}.get(name, "sts")
    return f"{service}:{name}"


# Changes of which no response tells


def may_have_happened(error: BaseException) -> bool:
    """Whether a change that ended so may have been carried out, and must not be sent again."""
    if isinstance(error, _NO_CONNECTION_MADE):
        return False
    if isinstance(error, boto.ProxyConnectionError):
        return not nothing_passed(error)
    if isinstance(error, boto.SSLError):
        # It may also break in the middle of a response.
        return not any(words in str(error) for words in _TLS_NEVER_BEGAN)
    lost = boto.HTTPClientError | boto.ConnectionError
    foreign = WebPageResponse | UnclearAnswer | UnreadableResponse
    return isinstance(error, lost | foreign) or _is_parse_error(error)


def _unreported(what: str, call: CallContext, context: ErrorContext) -> UnreportedOutcomeError:
    look = _WHERE_IT_SHOWS.get(context.operation, _ON_THE_KEY)
    if call.in_command:
        look = _WITHOUT_KEYS
    return UnreportedOutcomeError(f"{what}{OPEN_OUTCOME}", f"{look} before you repeat it.", context)


_WITHOUT_KEYS = "Read what is there now"


_ON_THE_KEY = "Read the key again (r)"
_WHERE_IT_SHOWS = {
    "kms:CreateKey": "Press r and look for a new key",
    "kms:ReplicateKey": "Look in the other Region (R) for the replica",
    "kms:CreateAlias": "Press r and look for the alias",
    "kms:UpdateAlias": "Press r and look where the alias points",
    "kms:DeleteAlias": "Press r and look for the alias",
    "iam:PutRolePolicy": "Open the role's policy again (i)",
}
"""What a person does to see whether a change happened."""


def _what_happened(error: BaseException, call: CallContext) -> str:
    where = with_proxy(call.endpoint_url)
    if isinstance(error, boto.ReadTimeoutError):
        return f"it was sent and {where} did not answer in time"
    if isinstance(error, UnclearAnswer):
        return f"it was sent and {where} {error.what}"
    if isinstance(error, WebPageResponse):
        return f"it was sent and {where} answered with a web page (HTTP {error.status})"
    if isinstance(error, UnreadableResponse) or _is_parse_error(error):
        return f"it was sent and the response from {where} cannot be read"
    return f"it was sent and the connection to {where} broke"


# Responses that are none


def _bad_response(error: BaseException) -> Explanation | None:
    if _wants_password(error):
        return ASKS_FOR_PASSWORD
    if isinstance(error, WebPageResponse):
        return Explanation(
            EndpointError,
            "{url} answered with a web page (HTTP {status}), so it is not AWS that answered",
            "A sign-in page, proxy or firewall on the way may do that. {who_answers}",
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


def _wants_password(error: BaseException) -> bool:
    return isinstance(error, WebPageResponse | UnclearAnswer) and error.status == 407


def _is_parse_error(error: BaseException) -> bool:
    # botocore's parsers trust the shape of a response and stumble over others in their own ways.
    return isinstance(error, ResponseParserError) or (
        isinstance(
            error, AttributeError | TypeError | KeyError | IndexError | ValueError | RecursionError
        )
        and not isinstance(error, boto.BotoCoreError)
    )
