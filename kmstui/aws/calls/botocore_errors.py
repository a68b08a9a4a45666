"""What botocore raises: the error and the next step for each of its exceptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from botocore import __version__ as botocore_version
from botocore import exceptions as boto

from kmstui.aws.calls.call_context import CallContext, Explanation
from kmstui.aws.calls.proxies import (
    CHECK_ENDPOINT,
    explain_lost,
    explain_proxy,
    known_of_proxy,
    with_proxy,
)
from kmstui.service.errors import (
    AccessDeniedError,
    CredentialsExpiredError,
    CredentialsMissingError,
    EndpointError,
    InvalidInputError,
    MfaError,
    NetworkError,
    ProfileError,
    RegionMissingError,
    UnsupportedError,
)

_SHOWN = 200
"""Characters shown of what a credential process or provider said."""


def explain_exception(error: BaseException, call: CallContext) -> Explanation | None:
    """What one of botocore's exceptions means; None for any other."""
    for name, explanation in _EXPLANATIONS.items():
        kind = getattr(boto, name, None)
        if kind is not None and isinstance(error, kind):
            if isinstance(explanation, Explanation):
                return explanation
            return explanation(error, call)
    return None


def known_of(error: BaseException, call: CallContext) -> dict[str, object]:
    """What an exception tells, for the places in its explanation."""
    members: dict[str, Any] = getattr(error, "kwargs", {})
    url = str(members.get("endpoint_url") or call.endpoint_url)
    parts = urlsplit(url)
    if parts.hostname:
        # Query API requests and proxies may carry more in the URL than belongs on a screen.
        url = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
    return {
        "url": with_proxy(url),
        **known_of_proxy(url),
        "detail": " ".join(str(error).split())[:_SHOWN],
        "metadata": "the instance metadata service gives none",
        "source": members.get("provider") or "the metadata service",
        "said": " ".join(str(members.get("error_msg", "")).split())[:_SHOWN],
        "report": "; ".join(str(members.get("report", "")).split("\n")),
        "status": getattr(error, "status", ""),
        **{
            name: members.get(name, "")
            for name in ("cred_var", "path", "profile", "provider", "region_name")
        },
    }


def _tls(error: Any, _: CallContext) -> Explanation:
    detail = str(error.kwargs.get("error", ""))
    if "No such file" in detail or "X509" in detail:
        return Explanation(
            NetworkError,
            "the file of trusted certificates does not exist or contains none",
            "Correct AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE or the profile's ca_bundle.",
        )
    if "CERTIFICATE_VERIFY_FAILED" in detail:
        return Explanation(
            NetworkError,
            "the certificate of {url} is not trusted",
            "Where a proxy inspects TLS, set AWS_CA_BUNDLE to its CA file; also check the clock.",
        )
    if "match" in detail:
        return Explanation(
            NetworkError,
            "the certificate of {url} belongs to another host",
            "Check the endpoint URL; a proxy or a wrong DNS entry may lead elsewhere.",
        )
    return Explanation(
        NetworkError,
        "no secure connection to {url} could be made",
        "Check that the endpoint speaks https, and proxies on the way.",
    )


def _unreachable(error: Any, call: CallContext) -> Explanation:
    detail = str(error.kwargs.get("error", "")).lower()
    if "resolve" not in detail and "name or service" not in detail and "getaddrinfo" not in detail:
        return Explanation(
            NetworkError,
            "{url} refuses connections or cannot be reached",
            "Check the endpoint URL and the network.",
        )
    if not call.knows_region(call.region):
        return Explanation(
            NetworkError,
            "{url} does not exist, and botocore knows no Region “{region}”",
            "Choose another Region with {R or |}--region.",
        )
    return Explanation(
        NetworkError,
        "the name of {url} cannot be resolved",
        "Check the network and DNS; in a VPC, also the endpoint's private DNS.",
    )


NO_REGION = Explanation(
    RegionMissingError,
    "no Region is set, and the instance metadata service gives none",
    "Use --region, set AWS_REGION, or write `region = …` in the profile (aws configure set region "
    "…).",
)
NO_CREDENTIALS = Explanation(
    CredentialsMissingError,
    "no credentials in the environment or profile, and {metadata}",
    "Set AWS_PROFILE or --profile, run aws configure, aws sso login or aws login, or attach an "
    "instance role, then {press r or repeat it|repeat the command}.",
)
OLD_BOTOCORE = Explanation(
    UnsupportedError,
    f"the installed botocore {botocore_version} does not know it",
    "Update botocore (pip install -U boto3).",
)
_SSO = Explanation(
    CredentialsExpiredError,
    "the SSO session has expired, or was never started",
    "{renew}",
)
_RETRIEVAL = Explanation(
    CredentialsMissingError,
    "{source} gave no credentials: {said}",
    "Check what the profile names as their source.",
)
_BAD_CONFIG = Explanation(
    ProfileError, "the profile is not valid: {detail}", "Correct it in the AWS config file."
)
_NO_ENDPOINT = Explanation(
    EndpointError, "there is no endpoint for this Region: {detail}", CHECK_ENDPOINT
)

_EXPLANATIONS: dict[str, Explanation | Callable[[Any, CallContext], Explanation]] = {
    # Connections
    "ProxyConnectionError": explain_proxy,
    "SSLError": _tls,
    "ConnectTimeoutError": Explanation(
        NetworkError,
        "{url} did not accept a connection in time",
        "Check the route, security group and network ACL; without internet, KMS needs a VPC "
        "endpoint.",
    ),
    "ReadTimeoutError": Explanation(NetworkError, "{url} did not answer in time", "Try again."),
    "EndpointConnectionError": _unreachable,
    "HTTPClientError": explain_lost,
    "ConnectionError": explain_lost,
    # Profiles and credentials
    "NoCredentialsError": NO_CREDENTIALS,
    "PartialCredentialsError": Explanation(
        CredentialsMissingError,
        "the credentials of {provider} lack {cred_var}",
        "Complete them, or remove them so that others are found.",
    ),
    "RefreshWithMFAUnsupportedError": Explanation(
        MfaError,
        "the session that was started with an MFA code has ended",
        "{Press r|Repeat the command} and enter a new code.",
    ),
    "UnauthorizedSSOTokenError": _SSO,
    "SSOError": _SSO,
    "TokenRetrievalError": _SSO,
    "NoAuthTokenError": _SSO,
    "MissingDependencyException": Explanation(
        UnsupportedError,
        "what the profile asks for needs the AWS Common Runtime, which is not installed",
        "Install it beside kmstui: pipx inject kmstui 'botocore[crt]' (or pip install "
        "'kmstui[login]').",
    ),
    "LoginInsufficientPermissions": Explanation(
        AccessDeniedError,
        "the sign-in may not be renewed: signin:CreateOAuth2Token is not allowed",
        "Ask for that permission, or choose another profile with {P|--profile}.",
    ),
    "LoginError": Explanation(
        CredentialsExpiredError,
        "the login session has expired",
        "{renew}",
    ),
    "ProfileNotFound": Explanation(
        ProfileError,
        "there is no profile “{profile}” in the AWS config files",
        "Choose another with {P or |}--profile, or add it with aws configure --profile.",
    ),
    "CredentialRetrievalError": _RETRIEVAL,
    "MetadataRetrievalError": _RETRIEVAL,
    "UnknownCredentialError": _BAD_CONFIG,
    "InvalidConfigError": _BAD_CONFIG,
    "InvalidIMDSEndpointError": _BAD_CONFIG,
    "InvalidIMDSEndpointModeError": _BAD_CONFIG,
    "InvalidDefaultsMode": _BAD_CONFIG,
    "InvalidRetryConfigurationError": _BAD_CONFIG,
    # Requests
    "NoRegionError": NO_REGION,
    "InvalidRegionError": Explanation(
        RegionMissingError,
        "“{region_name}” is not the name of a Region",
        "Name one like eu-central-1 with --region{ or R|}.",
    ),
    "ParamValidationError": Explanation(
        InvalidInputError,
        "a value does not have the form that the operation takes: {report}",
        "Correct it; nothing was sent.",
    ),
    "UnknownServiceError": OLD_BOTOCORE,
    "DataNotFoundError": OLD_BOTOCORE,
    "OperationNotPageableError": OLD_BOTOCORE,
    "EndpointProviderError": _NO_ENDPOINT,
    "EndpointVariantError": _NO_ENDPOINT,
}
"""By botocore's names, since an older one lacks some; the first that fits counts."""
