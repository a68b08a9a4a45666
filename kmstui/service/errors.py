"""One typed error per cause, each a sentence that a person can act on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """What was attempted when an error arose."""

    operation: str = ""
    """The permission-style name, such as `kms:PutKeyPolicy`."""
    key: str = ""
    """The key as a person knows it: ID, followed by an alias where one is known."""
    code: str = ""
    """The service's error code, such as `AccessDeniedException`."""
    service_message: str = ""
    """The service's own words: data, never markup."""
    request_id: str = ""
    http_status: int | None = None


class ServiceError(Exception):
    """A call did not do what was asked of it.

    Attributes:
        reason: What happened, in one clause, without the operation and the key.
        next_step: What the person can do now; one sentence.
        context: Operation, key, and the service's own words.
    """

    title = "failed"
    """Names the cause in a message: `AccessDenied`, `Throttled` …"""
    retryable = False
    """Whether the same call may succeed later without a change."""

    def __init__(
        self, reason: str, next_step: str = "", context: ErrorContext | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step
        self.context = context or ErrorContext()

    @property
    def sentence(self) -> str:
        """What happened, to which key, why, and what to do next."""
        head = self.title
        if self.context.operation:
            head += f" on {self.context.operation}"
        if self.context.key:
            head += f" for key {self.context.key}"
        text = f"{head}: {self.reason.rstrip('.')}."
        return f"{text} {self.next_step}" if self.next_step else text

    def __str__(self) -> str:
        return self.sentence


class AccessDeniedError(ServiceError):
    """IAM, the key policy or another policy refused the call."""

    title = "AccessDenied"


class ThrottledError(ServiceError):
    """The request quota is used up, retries included."""

    title = "Throttled"
    retryable = True


class CredentialsMissingError(ServiceError):
    """No credentials were found."""

    title = "No credentials"


class CredentialsExpiredError(ServiceError):
    """The credentials were valid once, or are not known to AWS."""

    title = "Credentials refused"


class MfaError(ServiceError):
    """A code was needed and not given, or was refused."""

    title = "MFA"


class ProfileError(ServiceError):
    """The profile does not exist or its configuration cannot be read."""

    title = "Profile"


class RegionMissingError(ServiceError):
    """No Region is named by flag, environment, profile or instance metadata."""

    title = "No Region"


class EndpointError(ServiceError):
    """The endpoint URL is malformed, or what answers there is not KMS."""

    title = "Wrong endpoint"


class NetworkError(ServiceError):
    """Nothing answered in time, or the connection failed."""

    title = "No connection"
    retryable = True


class NotFoundError(ServiceError):
    """The key, alias, grant, role or policy does not exist."""

    title = "Not found"


class InvalidStateError(ServiceError):
    """The key's state forbids the operation (KMSInvalidStateException)."""

    title = "Not in this state"


class UnsupportedError(ServiceError):
    """The operation does not apply to this kind of key."""

    title = "Not supported"


class PolicyRefusedError(ServiceError):
    """KMS refused a policy document (MalformedPolicyDocumentException)."""

    title = "Policy refused"


class LimitError(ServiceError):
    """A limit of the service is reached (LimitExceededException, TagException …)."""

    title = "Limit"


class InvalidInputError(ServiceError):
    """The service, or we before it, found a value unacceptable."""

    title = "Not valid"


class ConflictError(ServiceError):
    """It exists already, or was changed by someone else meanwhile."""

    title = "Conflict"


class MalformedAnswerError(ServiceError):
    """What came back cannot be read as the operation's answer."""

    title = "Unreadable answer"


class ServiceFailureError(ServiceError):
    """The service failed inside (5xx), retries included."""

    title = "Service failure"
    retryable = True


class ReadOnlyError(ServiceError):
    """Read-only mode refused the call before it left the program."""

    title = "Read-only"


class UnreportedOutcomeError(ServiceError):
    """A write was sent and no answer came: it may or may not have happened."""

    title = "Outcome unknown"


class JournalError(ServiceError):
    """The journal cannot be read or written, so nothing was sent."""

    title = "Journal"


class CancelledByPersonError(ServiceError):
    """The person cancelled, or the connection was switched."""

    title = "Cancelled"


UNCERTAIN = (UnreportedOutcomeError, MalformedAnswerError, ServiceFailureError)
"""Errors after which only reading back tells whether a write happened.

After any other it did not: the gateway tells a connection that was never made (NetworkError), a
call that was never sent (CancelledByPersonError) and a refusal from a write without an answer.
A failure inside the service is documented as a rejection (KMSInternalException); a look is cheap.
"""


async def unless_refused(
    read: Callable[[], Awaitable[T]], instead: Callable[[ServiceError], T]
) -> T:
    """What was read, or what stands instead of it where that was refused or failed.

    It takes what makes the coroutine: one that was made beforehand would be left behind, never
    awaited, by whoever is cancelled before this begins.

    Raises:
        CancelledByPersonError: nobody waits for it any more.
    """
    try:
        return await read()
    except CancelledByPersonError:
        raise
    except ServiceError as error:
        return instead(error)
