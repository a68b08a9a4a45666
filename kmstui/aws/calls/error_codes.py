"""The services' error codes: what each means for a person.

Sources: the errors of each operation in the KMS API Reference, its "Common Errors", and those of
STS, IAM, the tagging API, CloudTrail, Access Analyzer, Organizations and EC2.
"""

from __future__ import annotations

from collections.abc import Callable

from kmstui.aws.calls.access_denied import explain_denial
from kmstui.aws.calls.call_context import CallContext, Explanation
from kmstui.aws.calls.material_codes import MATERIAL_CODES
from kmstui.aws.calls.proxies import (
    ASKS_FOR_PASSWORD,
    CHECK_ENDPOINT,
    known_of_proxy,
    with_proxy,
)
from kmstui.aws.calls.throttling import is_throttled
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


def from_code(code: str, call: CallContext, context: ErrorContext) -> ServiceError:
    """The error for an error code; the service's words are in its context."""
    status = context.http_status or 0
    explanation = _EXPLANATIONS.get(code)
    if explanation is None:
        if code.isdigit() or not code:
            # botocore puts the HTTP status in the place of a code that did not come.
            explanation = _FAILURE_WITHOUT_CODE if status >= 500 else _NOT_AWS
            if status == 407:
                explanation = ASKS_FOR_PASSWORD
        elif is_throttled(code, status):
            explanation = _THROTTLED
        else:
            explanation = _FAILURE if status >= 500 else _UNKNOWN_CODE
    if not isinstance(explanation, Explanation):
        explanation = explanation(context.service_message, call)
    return explanation.error(
        call,
        context,
        code=code,
        status=status,
        url=with_proxy(call.endpoint_url),
        **known_of_proxy(call.endpoint_url),
    )


_FAILURE_WITHOUT_CODE = Explanation(
    ServiceFailureError,
    "{url} answered HTTP {status} without an AWS error",
    "Try again; if it happens again, the endpoint or a proxy in front of it is failing.",
)
_NOT_AWS = Explanation(
    EndpointError,
    "{url} answered HTTP {status} without an AWS error, which AWS never does",
    "{who_answers}",
)
_UNKNOWN_CODE = Explanation(
    InvalidInputError,
    "the service refused it with {code}: {said}",
    "{Press ! for the call; where that|Where that} does not explain it, please report it.",
)
_THROTTLED = Explanation(
    ThrottledError,
    "the account's request quota in this Region is used up, also after retries",
    "kmstui now sends {operation} more slowly; try again soon.",
)
_FAILURE = Explanation(ServiceFailureError, "{said}", "The fault is on AWS's side; try again.")
_MFA_REFUSED = Explanation(
    MfaError,
    "AWS refused the MFA code",
    "{Press r|Repeat the command} and enter the next code of the device.",
)
_CLOCK = Explanation(
    CredentialsExpiredError,
    "this computer's clock differs too much from AWS's",
    "Set the clock (timedatectl, chronyc tracking), then try again.",
)


def _denied(message: str, call: CallContext) -> Explanation:
    if call.operation == "sts:AssumeRole" and "MultiFactorAuthentication failed" in message:
        return _MFA_REFUSED
    # Names may hold braces, which stand for themselves.
    reason, step = (
        text.replace("{", "{{").replace("}", "}}")
        for text in explain_denial(message, call.operation)
    )
    return Explanation(AccessDeniedError, reason, step)


def _unauthorized(message: str, call: CallContext) -> Explanation:
    if not call.operation.startswith("resource-explorer-2:"):
        return _denied(message, call)
    # "If the Region either doesn't have a default view or if you don't have permission to use the
    # default view, then the operation fails" (Resource Explorer API Reference, Search).
    return Explanation(
        AccessDeniedError,
        "Resource Explorer has no default view in {region}, or you may not use it",
        "Its administrator sets one in the Region of the aggregator index.",
    )


def _unknown_credentials(_message: str, call: CallContext) -> Explanation:
    return Explanation(
        CredentialsExpiredError,
        "AWS does not know these credentials" + (" in {region}" if call.region else ""),
        "Check the access key ID, that a session token belongs to it, and that the Region is "
        "enabled for the account.",
    )


def _signature(message: str, _call_context: CallContext) -> Explanation:
    if "expired" in message.lower() or "not yet current" in message.lower():
        return _CLOCK
    return Explanation(
        CredentialsExpiredError,
        "the signature does not match",
        "Check that secret access key and access key ID belong together; a proxy that changes "
        "requests does this too.",
    )


_STATE_STEPS = {
    "pending deletion": "Cancel the deletion first{ (x)|}.",
    "pending import": "Import key material first.",
    "pending replica deletion": "Wait until its replicas are deleted, or cancel the "
    "deletion{ (x)|}.",
    "is disabled": "Enable the key first{ (x)|}.",
    "creating": "Wait until the key is created.",
    "updating": "Wait until the change is done.",
}


def _state(message: str, _call_context: CallContext) -> Explanation:
    words = message.lower()
    step = next((step for state, step in _STATE_STEPS.items() if state in words), "")
    return Explanation(
        InvalidStateError, "{said}", step or "See the key's state and usage in its details."
    )


def _unsupported(message: str, _call_context: CallContext) -> Explanation:
    said = message.strip().rstrip(".")
    return Explanation(
        UnsupportedError,
        "{said}" if said else "this kind of key does not support it",
        "The key's details say of which kind it is; there is nothing to repeat.",
    )


def _unknown_operation(_message: str, call: CallContext) -> Explanation:
    if call.operation in {"kms:ListKeys", "kms:ListAliases", "kms:DescribeKey"}:
        return Explanation(EndpointError, "what answers at {url} is not KMS", CHECK_ENDPOINT)
    return Explanation(
        UnsupportedError,
        "{url} does not know this operation",
        "Another Region{ (R)|}, or AWS's own endpoint, may offer it.",
    )


def _policy(message: str, _call_context: CallContext) -> Explanation:
    words = message.lower()
    if "will not allow you to update the key policy" in words:
        step = (
            "Add a statement that lets your own identity, or the account root, call "
            "kms:PutKeyPolicy."
        )
    elif "invalid principal" in words:
        step = (
            "Correct or remove the principal that does not exist; AIDA… and AROA… stand for "
            "deleted ones."
        )
    else:
        step = "Correct the policy; nothing was changed."
    return Explanation(PolicyRefusedError, "{said}", step)


def _input(message: str, call: CallContext) -> Explanation:
    if call.operation == "sts:AssumeRole" and "tokenCode" in message:
        return _MFA_REFUSED
    return Explanation(
        InvalidInputError,
        "{said}",
        "Correct what you have typed{; where it is nothing of yours, press ! for the call|}.",
    )


_CODES: tuple[
    tuple[Explanation | Callable[[str, CallContext], Explanation], tuple[str, ...]], ...
] = (
    (_denied, ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized")),
    (
        Explanation(
            CredentialsExpiredError,
            "the credentials have expired",
            "{renew}",
        ),
        ("ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired"),
    ),
    (
        _unknown_credentials,
        (
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidToken",
            "InvalidAccessKeyId",
            "AuthFailure",
        ),
    ),
    (_signature, ("InvalidSignatureException", "SignatureDoesNotMatch")),
    (_CLOCK, ("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture")),
    (
        Explanation(
            CredentialsMissingError,
            "the request came without a usable signature",
            "A proxy may remove the Authorization header; otherwise sign in again.",
        ),
        (
            "MissingAuthenticationTokenException",
            "MissingAuthenticationToken",
            "IncompleteSignatureException",
            "IncompleteSignature",
        ),
    ),
    (
        Explanation(
            AccessDeniedError,
            "the account may not use this service in {region}",
            "Enable the Region or service for the account, or switch the Region with {R|--region}.",
        ),
        ("OptInRequired", "SubscriptionRequiredException", "RegionDisabledException"),
    ),
    (_unauthorized, ("UnauthorizedException",)),
    (
        Explanation(
            NotFoundError,
            "{said}",
            "Check account and Region{ in the header, or press r to refresh|}.",
        ),
        (
            "NotFoundException",
            "NoSuchEntity",
            "NoSuchEntityException",
            "ResourceNotFoundException",
            "InvalidVpcEndpointId.NotFound",
            "ChildNotFoundException",
            "PolicyNotFoundException",
            "TargetNotFoundException",
        ),
    ),
    (
        Explanation(
            NotFoundError,
            "{said}",
            "The account is in no organization, so no control policy binds it.",
        ),
        ("AWSOrganizationsNotInUseException",),
    ),
    (
        _state,
        (
            "KMSInvalidStateException",
            "DisabledException",
            "KeyUnavailableException",
            "InvalidKeyUsageException",
        ),
    ),
    (_unsupported, ("UnsupportedOperationException",)),
    (
        _unknown_operation,
        (
            "UnknownOperationException",
            "UnknownOperation",
            "InvalidAction",
            "UnrecognizedTargetException",
        ),
    ),
    (_policy, ("MalformedPolicyDocumentException", "MalformedPolicyDocument")),
    (
        Explanation(
            LimitError,
            "{said}",
            "Nothing was changed: remove what is not needed, or ask AWS whether the quota can be "
            "raised.",
        ),
        ("LimitExceededException", "LimitExceeded", "ServiceQuotaExceededException"),
    ),
    (
        Explanation(
            LimitError,
            "{said}",
            "Nothing was changed: a key has 50 tags at most, and none that begins with aws:.",
        ),
        ("TagException",),
    ),
    (
        Explanation(
            LimitError,
            "{said}",
            "Nothing was changed: tag it as the organization's tag policy asks.",
        ),
        ("TagPolicyException",),
    ),
    (
        _input,
        (
            "ValidationException",
            "ValidationError",
            "InvalidArnException",
            "InvalidAliasNameException",
            "InvalidParameterException",
            "InvalidParameterCombination",
            "InvalidParameterValue",
            "InvalidInput",
            "InvalidGrantIdException",
            "InvalidGrantTokenException",
            "SerializationException",
        ),
    ),
    (
        Explanation(
            InvalidInputError,
            "IAM Access Analyzer cannot work on this policy: {said}",
            "Correct what it names; what kmstui says of the policy does not hang on it.",
        ),
        ("UnprocessableEntityException",),
    ),
    (
        Explanation(
            ConflictError,
            "the list changed while it was read",
            "{Press r to read it again|Repeat the command}.",
        ),
        (
            "InvalidMarkerException",
            "InvalidNextTokenException",
            "PaginationTokenExpiredException",
        ),
    ),
    (
        Explanation(ConflictError, "{said}", "{Press r|Read it again} to see what is there now."),
        (
            "AlreadyExistsException",
            "EntityAlreadyExists",
            "ConflictException",
            "ConcurrentModification",
            "ConcurrentModificationException",
        ),
    ),
    (
        _FAILURE,
        (
            "KMSInternalException",
            "DependencyTimeoutException",
            "InternalFailure",
            "InternalError",
            "InternalServiceError",
            "InternalServiceException",
            "InternalServerException",
            "ServiceException",
            "ServiceFailure",
            "ServiceUnavailable",
            "ServiceUnavailableException",
        ),
    ),
)

_EXPLANATIONS = {
    code: explanation for explanation, codes in (*_CODES, *MATERIAL_CODES) for code in codes
}
