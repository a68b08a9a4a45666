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

    def __init_subclass__(cls, *, title: str, retryable: bool = False) -> None:
        cls.title, cls.retryable = title, retryable

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


class CancelledByPersonError(ServiceError, title="Cancelled"):
    """The person cancelled, or the connection was switched."""


class FailedError(ServiceError, title="failed"):
    """Whatever is not a cancellation: it was refused or lost, or could not be sent."""


class AccessDeniedError(FailedError, title="AccessDenied"):
    """IAM, the key policy or another policy refused the call."""


class ThrottledError(FailedError, title="Throttled", retryable=True):
    """The request quota is used up, retries included."""


class CredentialsMissingError(FailedError, title="No credentials"):
    """No credentials were found."""


class CredentialsExpiredError(FailedError, title="Credentials refused"):
    """The credentials were valid once, or are not known to AWS."""


class CallerChangedError(CredentialsExpiredError, title="Another caller"):
    """The credentials have expired, and those that are there now are another's."""


class CredentialsRenewedError(CredentialsExpiredError, title="Credentials refused"):
    """A change was refused for its credentials, and those that are in use now are new."""


class MfaError(FailedError, title="MFA"):
    """A code was needed and not given, or was refused."""


class ProfileError(FailedError, title="Profile"):
    """The profile does not exist or its configuration cannot be read."""


class RegionMissingError(FailedError, title="No Region"):
    """No Region is named by flag, environment, profile or instance metadata."""


class EndpointError(FailedError, title="Wrong endpoint"):
    """The endpoint URL is malformed, or what answers there is not KMS."""


class NetworkError(FailedError, title="No connection", retryable=True):
    """Nothing answered in time, or the connection failed."""


class NotFoundError(FailedError, title="Not found"):
    """The key, alias, grant, role or policy does not exist."""


class InvalidStateError(FailedError, title="Not in this state"):
    """The key's state forbids the operation (KMSInvalidStateException)."""


class UnsupportedError(FailedError, title="Not supported"):
    """The operation does not apply to this kind of key."""


class PolicyRefusedError(FailedError, title="Policy refused"):
    """KMS refused a policy document (MalformedPolicyDocumentException)."""


class LimitError(FailedError, title="Limit"):
    """A limit of the service is reached (LimitExceededException, TagException …)."""


class InvalidInputError(FailedError, title="Not valid"):
    """The service, or we before it, found a value unacceptable."""


class ConflictError(FailedError, title="Conflict"):
    """It exists already, or was changed by someone else meanwhile."""


class MalformedAnswerError(FailedError, title="Unreadable answer"):
    """What came back cannot be read as the operation's answer."""


class IncompleteListError(MalformedAnswerError, title="Incomplete list"):
    """Of a list, some items cannot be read; those that can came before this."""


class ServiceFailureError(FailedError, title="Service failure", retryable=True):
    """The service failed inside (5xx), retries included."""


class ReadOnlyError(FailedError, title="Read-only"):
    """Read-only mode refused the call before it left the program."""


OPEN_OUTCOME = ", so the change may or may not have happened"
"""How the reason of a change without an answer ends, until reading back tells."""


class UnreportedOutcomeError(FailedError, title="Outcome unknown"):
    """A write was sent and no answer came: it may or may not have happened."""


class JournalError(FailedError, title="Journal"):
    """The journal cannot be read or written, so nothing was sent."""


CREDENTIALS_REFUSED = (CredentialsExpiredError, CredentialsMissingError, MfaError)
"""Errors after which nothing was carried out, and other credentials may be what helps."""

UNCERTAIN = (UnreportedOutcomeError, MalformedAnswerError, ServiceFailureError)
"""Errors after which only reading back tells whether a change happened.

After any other it did not: the gateway tells a connection that was never made (NetworkError), a
call that was never sent (CancelledByPersonError) and a refusal, which is an error of AWS's own of a
code that says so, from all else that can come to a change (UnreportedOutcomeError). A failure
inside the service is documented as a rejection (KMSInternalException); a look is cheap.
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
    except FailedError as error:
        return instead(error)
