"""Errors as AWS services send them."""

from __future__ import annotations


class AwsError(Exception):
    """A refusal that becomes an AWS error response.

    ``code`` is the exception's name in the service's API reference, ``status`` the HTTP status
    (KMS sends 400 for nearly everything, throttling included).
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def validation(value: object, member: str, constraint: str) -> AwsError:
    """The sentence with which AWS's request validation names a member that breaks a constraint."""
    return AwsError(
        "ValidationException",
        f"1 validation error detected: Value '{str(value)[:256]}' at '{member}' failed to satisfy "
        f"constraint: {constraint}",
    )


def not_found(message: str) -> AwsError:
    """KMS's NotFoundException."""
    return AwsError("NotFoundException", message)


def invalid_state(message: str) -> AwsError:
    """KMS's KMSInvalidStateException."""
    return AwsError("KMSInvalidStateException", message)


def dry_run_over() -> AwsError:
    """KMS's DryRunOperationException: nothing stood in the way of the request.

    https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html
    """
    return AwsError(
        "DryRunOperationException",
        "The request would have succeeded, but the DryRun option is set.",
    )


def unsupported(message: str) -> AwsError:
    """KMS's UnsupportedOperationException."""
    return AwsError("UnsupportedOperationException", message)
