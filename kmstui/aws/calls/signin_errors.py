"""Errors of profiles and credentials, each with the way to sign in that fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore import exceptions as boto

from kmstui.aws.calls.context import Situation
from kmstui.service.errors import (
    CredentialsExpiredError,
    CredentialsMissingError,
    MfaError,
    ProfileError,
    ServiceError,
)

_WAYS = (
    "Set AWS_PROFILE or --profile, run aws configure, aws sso login or aws login, or attach an "
    "instance role."
)

_SHOWN = 200
"""Characters shown of what a credential process or provider said."""


def signin_error(error: BaseException, situation: Situation) -> ServiceError | None:
    """The typed error for one of botocore's on profiles or credentials; None for any other."""
    for name, make in _MAKERS.items():
        kind = getattr(boto, name, None)
        if kind is not None and isinstance(error, kind):
            return make(error, situation)
    return None


def no_credentials(situation: Situation) -> CredentialsMissingError:
    """The error for a connection without credentials."""
    return CredentialsMissingError(
        "no credentials in the environment, profile or instance metadata",
        _WAYS,
        situation.context,
    )


def _no_credentials(_error: Any, situation: Situation) -> ServiceError:
    return no_credentials(situation)


def _partial(error: Any, situation: Situation) -> ServiceError:
    return CredentialsMissingError(
        f"the credentials of {_member(error, 'provider')} lack {_member(error, 'cred_var')}",
        "Complete them, or remove them so that others are found.",
        situation.context,
    )


def _sso_expired(_error: Any, situation: Situation) -> ServiceError:
    return CredentialsExpiredError(
        "the SSO session has expired, or was never begun",
        f"Run aws sso login{situation.for_profile}, then connect again.",
        situation.context,
    )


def _token(error: Any, situation: Situation) -> ServiceError:
    return _sso_expired(error, situation)


def _login_expired(_error: Any, situation: Situation) -> ServiceError:
    return CredentialsExpiredError(
        "the login session has expired",
        f"Run aws login{situation.for_profile}, then connect again.",
        situation.context,
    )


def _retrieval(error: Any, situation: Situation) -> ServiceError:
    detail = " ".join(_member(error, "error_msg").split())[:_SHOWN]
    return CredentialsMissingError(
        f"{_member(error, 'provider') or 'the metadata service'} gave no credentials: {detail}",
        "Check what the profile names as their source.",
        situation.context,
    )


def _mfa_again(_error: Any, situation: Situation) -> ServiceError:
    return MfaError(
        "the session that was begun with an MFA code has ended",
        "Connect again with P and enter a new code.",
        situation.context,
    )


def _no_profile(error: Any, situation: Situation) -> ServiceError:
    return ProfileError(
        f"there is no profile “{_member(error, 'profile')}” in the AWS config files",
        "Choose another with P or --profile, or add it with aws configure --profile.",
        situation.context,
    )


def _broken_config(error: Any, situation: Situation) -> ServiceError:
    return ProfileError(
        f"the AWS config file {_member(error, 'path')} cannot be read",
        "Correct its syntax: sections in brackets, then lines of `name = value`.",
        situation.context,
    )


def _bad_config(error: Any, situation: Situation) -> ServiceError:
    detail = " ".join(str(error).split())[:_SHOWN]
    return ProfileError(
        f"the profile is not valid: {detail}",
        "Correct it in the AWS config file.",
        situation.context,
    )


def _member(error: Any, name: str) -> str:
    return str(getattr(error, "kwargs", {}).get(name, ""))


_MAKERS: dict[str, Callable[[Any, Situation], ServiceError]] = {
    "NoCredentialsError": _no_credentials,
    "PartialCredentialsError": _partial,
    "RefreshWithMFAUnsupportedError": _mfa_again,
    "UnauthorizedSSOTokenError": _sso_expired,
    "SSOError": _sso_expired,
    "TokenRetrievalError": _token,
    "NoAuthTokenError": _token,
    "LoginError": _login_expired,
    "ProfileNotFound": _no_profile,
    "ConfigParseError": _broken_config,
    "ConfigNotFound": _broken_config,
    "CredentialRetrievalError": _retrieval,
    "MetadataRetrievalError": _retrieval,
    "UnknownCredentialError": _bad_config,
    "InvalidConfigError": _bad_config,
    "InvalidIMDSEndpointError": _bad_config,
    "InvalidIMDSEndpointModeError": _bad_config,
}
"""By name, since an older botocore lacks some; the first that fits counts."""
