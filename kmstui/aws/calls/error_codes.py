"""The services' error codes: what each means for a person.

Sources: the errors of each operation in the KMS API Reference, its "Common Errors", and those of
STS, IAM, the tagging API, CloudTrail and Access Analyzer.
"""

from __future__ import annotations

from collections.abc import Callable

from kmstui.aws.calls.access_denied import explain
from kmstui.aws.calls.context import Situation
from kmstui.service.errors import (
    AccessDeniedError,
    ConflictError,
    CredentialsExpiredError,
    CredentialsMissingError,
    EndpointError,
    ErrorContext,
    InvalidInputError,
    InvalidStateError,
    LimitError,
    MfaError,
    NotFoundError,
    PolicyRefusedError,
    ServiceError,
    ServiceFailureError,
    ThrottledError,
    UnsupportedError,
)

Maker = Callable[[str, Situation, ErrorContext], ServiceError]

_CHECK_ENDPOINT = "Check --endpoint-url, AWS_ENDPOINT_URL and the profile's endpoint_url."

THROTTLES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "SlowDown",
        "PriorRequestNotComplete",
    }
)
"""As botocore's standard retries count them (botocore.retries.standard)."""

REJECTED_5XX = frozenset({"KMSInternalException"}) | THROTTLES
"""Codes of 5xx answers that say nothing was done: KMSInternalException reads "The request was
rejected because an internal exception occurred. The request can be retried.\""""


def from_code(code: str, message: str, situation: Situation, context: ErrorContext) -> ServiceError:
    """The error for an error code, with the service's words in its context."""
    maker = _MAKERS.get(code)
    if maker is not None:
        return maker(message, situation, context)
    status = context.http_status or 0
    if code.isdigit() or not code:
        # botocore puts the HTTP status in the place of a code that did not come.
        return _no_code(status, situation, context)
    if code in THROTTLES or status == 429:
        return _throttled(message, situation, context)
    if status >= 500:
        return _failure(message, situation, context)
    return InvalidInputError(
        f"the service refused it with {code}: {_clause(message)}",
        "Press ! for the call.",
        context,
    )


def _clause(message: str) -> str:
    return message.strip().rstrip(".") or "it gave no reason"


def _no_code(status: int, situation: Situation, context: ErrorContext) -> ServiceError:
    if status >= 500:
        return ServiceFailureError(
            f"{situation.endpoint_url} answered HTTP {status} without an AWS error",
            "Try again; if it stays, the endpoint or a proxy before it is ill.",
            context,
        )
    return EndpointError(
        f"{situation.endpoint_url} answered HTTP {status} without an AWS error, as AWS never does",
        _CHECK_ENDPOINT,
        context,
    )


def _denied(message: str, situation: Situation, context: ErrorContext) -> ServiceError:
    if context.operation == "sts:AssumeRole" and "MultiFactorAuthentication failed" in message:
        return _mfa(context)
    reason, step = explain(message, situation)
    return AccessDeniedError(reason, step, context)


def _mfa(context: ErrorContext) -> ServiceError:
    return MfaError(
        "AWS refused the MFA code", "Connect again and enter the next code of the device.", context
    )


def _throttled(_message: str, situation: Situation, context: ErrorContext) -> ServiceError:
    return ThrottledError(
        "the account's request quota in this Region is used up, retries included",
        f"kmstui now sends {situation.operation or 'such calls'} more slowly; try again soon.",
        context,
    )


def _expired(_message: str, situation: Situation, context: ErrorContext) -> ServiceError:
    return CredentialsExpiredError(
        "the credentials have expired",
        f"Sign in again (aws sso login{situation.for_profile}, or new temporary credentials), "
        "then connect again.",
        context,
    )


def _unknown_credentials(
    _message: str, situation: Situation, context: ErrorContext
) -> ServiceError:
    where = f" in {situation.region}" if situation.region else ""
    return CredentialsExpiredError(
        f"AWS does not know these credentials{where}",
        "Check the access key ID, that a session token belongs to it, and that the Region is "
        "enabled for the account.",
        context,
    )


def _signature(message: str, situation: Situation, context: ErrorContext) -> ServiceError:
    if "expired" in message.lower() or "not yet current" in message.lower():
        return _clock(message, situation, context)
    return CredentialsExpiredError(
        "the signature does not match",
        "The secret access key does not belong to the access key ID, or a proxy changes requests.",
        context,
    )


def _clock(_message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    return CredentialsExpiredError(
        "this computer's clock differs too much from AWS's",
        "Set the clock (timedatectl, chronyc tracking), then try again.",
        context,
    )


def _no_token(_message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    return CredentialsMissingError(
        "the request came without a usable signature",
        "A proxy may remove the Authorization header; otherwise sign in again.",
        context,
    )


def _not_subscribed(_message: str, situation: Situation, context: ErrorContext) -> ServiceError:
    return AccessDeniedError(
        f"the account may not use this service in {situation.region or 'this Region'}",
        "Enable the Region or service for the account, or switch the Region with R.",
        context,
    )


def _not_found(message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    return NotFoundError(
        _clause(message), "Check account and Region in the header, or press r to refresh.", context
    )


_STATE_STEPS = {
    "pending deletion": "Cancel the deletion first (x).",
    "pending import": "Import key material first.",
    "pending replica deletion": "Wait until its replicas are deleted, or cancel the deletion (x).",
    "is disabled": "Enable the key first (x).",
    "creating": "Wait until the key is created.",
    "updating": "Wait until the change is done.",
}


def _state(message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    words = message.lower()
    step = next((step for state, step in _STATE_STEPS.items() if state in words), "")
    return InvalidStateError(
        _clause(message), step or "See the key's state in its details.", context
    )


def _unsupported(message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    reason = message.strip().rstrip(".") or "this kind of key does not support it"
    return UnsupportedError(reason, "", context)


def _unknown_operation(_message: str, situation: Situation, context: ErrorContext) -> ServiceError:
    if situation.operation in {"kms:ListKeys", "kms:ListAliases", "kms:DescribeKey"}:
        return EndpointError(
            f"what answers at {situation.endpoint_url} is not KMS",
            _CHECK_ENDPOINT,
            context,
        )
    return UnsupportedError(
        f"{situation.endpoint_url} does not know this operation",
        "It may not be offered in this Region or by this endpoint.",
        context,
    )


def _policy(message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    words = message.lower()
    if "will not allow you to update the key policy" in words:
        step = "Let your own identity, or the account root, call kms:PutKeyPolicy."
    elif "invalid principal" in words:
        step = "Correct or remove the principal that does not exist; AIDA… and AROA… are deleted."
    else:
        step = "Correct the policy; nothing was changed."
    return PolicyRefusedError(_clause(message), step, context)


def _limit(message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    return LimitError(_clause(message), "Nothing was changed.", context)


def _input(message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    if context.operation == "sts:AssumeRole" and "tokenCode" in message:
        return _mfa(context)
    return InvalidInputError(_clause(message), "", context)


def _marker(_message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    return ConflictError("the list changed while it was read", "Press r to read it again.", context)


def _conflict(message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    return ConflictError(_clause(message), "Press r to see what is there now.", context)


def _failure(message: str, _situation: Situation, context: ErrorContext) -> ServiceError:
    return ServiceFailureError(_clause(message), "It is on AWS's side; try again.", context)


_BY_MAKER: dict[Maker, tuple[str, ...]] = {
    _denied: ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized"),
    _expired: ("ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired"),
    _unknown_credentials: (
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidToken",
        "InvalidAccessKeyId",
        "AuthFailure",
    ),
    _signature: ("InvalidSignatureException", "SignatureDoesNotMatch"),
    _clock: ("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"),
    _no_token: (
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
        "IncompleteSignatureException",
        "IncompleteSignature",
    ),
    _not_subscribed: ("OptInRequired", "SubscriptionRequiredException", "RegionDisabledException"),
    _not_found: (
        "NotFoundException",
        "NoSuchEntity",
        "NoSuchEntityException",
        "ResourceNotFoundException",
    ),
    _state: (
        "KMSInvalidStateException",
        "DisabledException",
        "KeyUnavailableException",
        "InvalidKeyUsageException",
    ),
    _unsupported: ("UnsupportedOperationException",),
    _unknown_operation: (
        "UnknownOperationException",
        "UnknownOperation",
        "InvalidAction",
        "UnrecognizedTargetException",
    ),
    _policy: ("MalformedPolicyDocumentException", "MalformedPolicyDocument"),
    _limit: (
        "LimitExceededException",
        "LimitExceeded",
        "TagException",
        "TagPolicyException",
        "ServiceQuotaExceededException",
    ),
    _input: (
        "ValidationException",
        "ValidationError",
        "InvalidArnException",
        "InvalidAliasNameException",
        "InvalidParameterException",
        "InvalidParameterCombination",
        "InvalidParameterValue",
        "InvalidInput",
        "InvalidGrantIdException",
        "SerializationException",
    ),
    _marker: (
        "InvalidMarkerException",
        "InvalidNextTokenException",
        "PaginationTokenExpiredException",
    ),
    _conflict: (
        "AlreadyExistsException",
        "EntityAlreadyExists",
        "ConflictException",
        "ConcurrentModification",
    ),
    _failure: (
        "KMSInternalException",
        "DependencyTimeoutException",
        "InternalFailure",
        "InternalError",
        "InternalServiceError",
        "InternalServiceException",
        "InternalServerException",
        "ServiceFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    ),
}

_MAKERS = {code: maker for maker, codes in _BY_MAKER.items() for code in codes}
