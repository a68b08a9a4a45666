"""Every exception of botocore, and of reading an answer, as one typed error per cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from botocore import __version__ as botocore_version
from botocore import exceptions as boto

from kmstui.aws.calls.answer import UnreadableAnswer
from kmstui.aws.calls.context import Situation
from kmstui.aws.calls.error_codes import REJECTED_5XX, from_code
from kmstui.aws.calls.signin_errors import signin_error
from kmstui.service.errors import (
    EndpointError,
    ErrorContext,
    InvalidInputError,
    MalformedAnswerError,
    NetworkError,
    RegionMissingError,
    ServiceError,
    ServiceFailureError,
    UnreportedOutcomeError,
    UnsupportedError,
)

_ENDPOINT_STEP = "Check --endpoint-url, AWS_ENDPOINT_URL and the profile's endpoint_url."

_NO_CONNECTION_MADE = (
    boto.EndpointConnectionError,
    boto.ConnectTimeoutError,
    boto.ProxyConnectionError,
)


class WebPageAnswer(Exception):  # noqa: N818 - it becomes an EndpointError
    """A web page came where KMS answers JSON."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status} with a web page")
        self.status = status


_TLS_NEVER_BEGAN = (
    "CERTIFICATE_VERIFY_FAILED",
    "WRONG_VERSION_NUMBER",
    "No such file",
    "X509",
    "match",
)
"""OpenSSL's words for connections that failed before a request could leave."""


def translate(error: BaseException, situation: Situation, *, sent: bool = True) -> ServiceError:
    """The typed error for whatever was raised while calling or reading the answer.

    Args:
        error: What was raised.
        situation: Where and on whose behalf.
        sent: Whether the request was on its way by then.
    """
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, boto.ClientError):
        return _client_error(error, situation)
    if situation.mutating and sent and _may_have_happened(error):
        return _unreported(_what_happened(error, situation), situation.context)
    return (
        _no_connection(error, situation)
        or signin_error(error, situation)
        or _bad_request(error, situation)
        or (_bad_answer(error, situation) if sent else None)
        or _unexpected(error, situation)
    )


def outcome_is_open(error: BaseException | None, status: int, code: str) -> bool:
    """Whether a write that ended so may have been carried out, and must not be repeated.

    Args:
        error: What was raised instead of an answer, or None.
        status: The answer's HTTP status; 0 where none came.
        code: The answer's error code, or empty.
    """
    if error is not None:
        return _may_have_happened(error)
    return status >= 500 and code not in REJECTED_5XX


def _may_have_happened(error: BaseException) -> bool:
    if isinstance(error, _NO_CONNECTION_MADE):
        return False
    if isinstance(error, boto.SSLError):
        # It may also break in the middle of an answer.
        return not any(words in str(error) for words in _TLS_NEVER_BEGAN)
    if isinstance(error, WebPageAnswer):
        # A page of a load balancer behind which the request may have been carried out.
        return error.status >= 500
    return isinstance(
        error, boto.HTTPClientError | boto.ConnectionError | UnreadableAnswer
    ) or _is_parse_error(error)


def _unreported(what: str, context: ErrorContext) -> UnreportedOutcomeError:
    return UnreportedOutcomeError(
        f"{what}, so the change may or may not have happened",
        "Read the key again (r) before you repeat it.",
        context,
    )


def _what_happened(error: BaseException, situation: Situation) -> str:
    where = situation.endpoint_url
    if isinstance(error, boto.ReadTimeoutError):
        return f"it was sent and {where} did not answer in time"
    if isinstance(error, UnreadableAnswer | WebPageAnswer) or _is_parse_error(error):
        return f"it was sent and the answer of {where} cannot be read"
    return f"it was sent and the connection to {where} broke"


def _client_error(error: Any, situation: Situation) -> ServiceError:
    answer = error.response if isinstance(error.response, dict) else {}
    told = answer.get("Error")
    told = told if isinstance(told, dict) else {}
    metadata = answer.get("ResponseMetadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    status = metadata.get("HTTPStatusCode")
    code = str(told.get("Code") or "").rsplit("#", 1)[-1]
    message = str(told.get("Message") or told.get("message") or "")
    if code.isdigit() or code == "Unknown":
        # Not an AWS error: what stands in the message is whatever the server printed.
        code, message = "", ""
    context = ErrorContext(
        operation=_operation(error, situation),
        key=situation.key,
        code=code,
        service_message=message,
        request_id=str(metadata.get("RequestId") or ""),
        http_status=status if isinstance(status, int) else None,
    )
    if context.operation != situation.operation:
        # Fetching credentials failed; the call itself was never made.
        situation = replace(situation, operation=context.operation, mutating=False)
    if situation.mutating and outcome_is_open(None, context.http_status or 0, code):
        return _unreported(
            f"the service failed with {code or context.http_status} while it was under way", context
        )
    return from_code(code, message, situation, context)


def _operation(error: Any, situation: Situation) -> str:
    name = str(error.operation_name)
    if situation.operation.endswith(f":{name}"):
        return situation.operation
    # Fetching credentials sends calls of its own.
    service = {"GetRoleCredentials": "sso", "CreateToken": "sso-oauth"}.get(name, "sts")
    return f"{service}:{name}"


def _no_connection(error: BaseException, situation: Situation) -> ServiceError | None:
    url = _url_of(error, situation)
    for kind, make in _NO_CONNECTION:
        if isinstance(error, kind):
            return make(error, url, situation)
    return None


def _url_of(error: BaseException, situation: Situation) -> str:
    members = getattr(error, "kwargs", {})
    url = str(members.get("endpoint_url") or situation.endpoint_url)
    parts = urlsplit(url)
    # Query API requests and proxies may carry more in the URL than belongs on a screen.
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"


def _proxy(error: Any, _url: str, situation: Situation) -> ServiceError:
    return NetworkError(
        f"the proxy {error.kwargs.get('proxy_url', '')} did not connect",
        "Check HTTPS_PROXY; NO_PROXY names hosts that are reached without it.",
        situation.context,
    )


def _tls(error: Any, url: str, situation: Situation) -> ServiceError:
    detail = str(error.kwargs.get("error", ""))
    if "No such file" in detail or "X509" in detail:
        return NetworkError(
            "the file of trusted certificates does not exist or holds none",
            "Correct AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE or the profile's ca_bundle.",
            situation.context,
        )
    if "CERTIFICATE_VERIFY_FAILED" in detail:
        return NetworkError(
            f"the certificate of {url} is not trusted",
            "Where a proxy inspects TLS, set AWS_CA_BUNDLE to its CA file; also check the clock.",
            situation.context,
        )
    if "match" in detail:
        return NetworkError(
            f"the certificate of {url} is another host's",
            "Check the endpoint URL; a proxy or a wrong DNS entry may stand in its place.",
            situation.context,
        )
    return NetworkError(
        f"no secure connection to {url} came about",
        "Check that the endpoint speaks https, and proxies on the way.",
        situation.context,
    )


def _connect_timeout(_error: Any, url: str, situation: Situation) -> ServiceError:
    return NetworkError(
        f"{url} did not accept a connection in time",
        "Check the route, security group and network ACL; without internet, KMS needs a VPC "
        "endpoint.",
        situation.context,
    )


def _read_timeout(_error: Any, url: str, situation: Situation) -> ServiceError:
    return NetworkError(f"{url} did not answer in time", "Try again.", situation.context)


def _unreachable(error: Any, url: str, situation: Situation) -> ServiceError:
    detail = str(error.kwargs.get("error", "")).lower()
    if "resolve" in detail or "name or service" in detail or "getaddrinfo" in detail:
        if not situation.knows_region(situation.region):
            return NetworkError(
                f"{url} does not exist, and botocore knows no Region “{situation.region}”",
                "Choose another Region with R or --region.",
                situation.context,
            )
        return NetworkError(
            f"the name of {url} cannot be resolved",
            "Check the network and DNS; in a VPC, also the endpoint's private DNS.",
            situation.context,
        )
    return NetworkError(
        f"{url} refuses connections or cannot be reached",
        "Check the endpoint URL and the network.",
        situation.context,
    )


def _broken(_error: Any, url: str, situation: Situation) -> ServiceError:
    return NetworkError(f"the connection to {url} broke", "Try again.", situation.context)


_NO_CONNECTION: tuple[tuple[type[BaseException], Callable[..., ServiceError]], ...] = (
    (boto.ProxyConnectionError, _proxy),
    (boto.SSLError, _tls),
    (boto.ConnectTimeoutError, _connect_timeout),
    (boto.ReadTimeoutError, _read_timeout),
    (boto.EndpointConnectionError, _unreachable),
    (boto.HTTPClientError, _broken),
    (boto.ConnectionError, _broken),
)


def _bad_answer(error: BaseException, situation: Situation) -> ServiceError | None:
    where = situation.endpoint_url
    if isinstance(error, WebPageAnswer):
        return EndpointError(
            f"{where} answered with a web page (HTTP {error.status}), so it is not KMS",
            _ENDPOINT_STEP,
            replace(situation.context, http_status=error.status),
        )
    if isinstance(error, UnreadableAnswer):
        return MalformedAnswerError(
            f"in the answer of {where} {error}",
            "If the endpoint is not AWS's own, check it; otherwise try again.",
            situation.context,
        )
    if _is_parse_error(error):
        return MalformedAnswerError(
            f"the answer of {where} is not what AWS sends", _ENDPOINT_STEP, situation.context
        )
    return None


def _is_parse_error(error: BaseException) -> bool:
    # botocore's parsers trust the shape of an answer and stumble over others in their own ways.
    return type(error).__name__ == "ResponseParserError" or (
        isinstance(
            error, AttributeError | TypeError | KeyError | IndexError | ValueError | RecursionError
        )
        and not isinstance(error, boto.BotoCoreError)
    )


def _bad_request(error: BaseException, situation: Situation) -> ServiceError | None:
    if isinstance(error, boto.NoRegionError):
        return no_region(situation)
    if isinstance(error, boto.InvalidRegionError):
        return RegionMissingError(
            f"“{error.kwargs.get('region_name', '')}” is no Region's name",
            "Name one like eu-central-1 with --region or R.",
            situation.context,
        )
    if isinstance(error, boto.ParamValidationError):
        return InvalidInputError(
            "a value has not the form that the operation takes: "
            + "; ".join(str(error.kwargs.get("report", "")).split("\n")),
            "Correct it; nothing was sent.",
            situation.context,
        )
    if isinstance(
        error, boto.UnknownServiceError | boto.DataNotFoundError | boto.OperationNotPageableError
    ):
        return unsupported(situation)
    if isinstance(error, boto.EndpointProviderError | boto.EndpointVariantError):
        return EndpointError(
            f"no endpoint can be made for this Region: {error}", _ENDPOINT_STEP, situation.context
        )
    return None


def no_region(situation: Situation) -> RegionMissingError:
    """The error for a connection without a Region."""
    return RegionMissingError(
        "no Region is named, and the instance metadata service names none",
        "Use --region, set AWS_REGION, or write `region = …` in the profile "
        "(aws configure set region …).",
        situation.context,
    )


def unsupported(situation: Situation) -> UnsupportedError:
    """The error for an operation that the installed botocore is too old for."""
    return UnsupportedError(
        f"the installed botocore {botocore_version} does not know it",
        "Update botocore (pip install -U boto3).",
        situation.context,
    )


def _unexpected(error: BaseException, situation: Situation) -> ServiceError:
    # The text is left out: it may quote a request, and requests carry credentials.
    return ServiceFailureError(
        f"{type(error).__name__} inside botocore {botocore_version}",
        "Try again; if it stays, please report it.",
        situation.context,
    )
