"""From what a person asked for to boto3's session: profile, Region, credentials, MFA."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3.session
from botocore import exceptions as boto
from botocore.session import Session
from botocore.utils import IMDSRegionProvider

from kmstui import __version__
from kmstui.aws.api.gateway import AwsGateway
from kmstui.aws.calls.botocore_errors import NO_CREDENTIALS, NO_REGION
from kmstui.aws.calls.botocore_internals import ask_for_mfa_codes_with
from kmstui.aws.calls.call import Calls
from kmstui.aws.calls.clients import Clients
from kmstui.aws.calls.dispatcher import Dispatcher
from kmstui.aws.calls.errors import translate
from kmstui.aws.calls.situation import Situation
from kmstui.aws.calls.throttling import Pacing
from kmstui.aws.calls.turns import Turns
from kmstui.aws.session.endpoint import route_of
from kmstui.model.caller import ConnectionInfo
from kmstui.service.errors import EndpointError, MfaError, ProfileError, ServiceError
from kmstui.service.ports import CallObserver, MfaPrompt, Target

if TYPE_CHECKING:
    from botocore.credentials import Credentials

_CODE = re.compile(r"[0-9]{6}")
"""Source: STS API Reference, AssumeRole, TokenCode."""

_OF_PROFILES = frozenset(
    {"assume-role", "sso", "login", "custom-process", "shared-credentials-file", "config-file"}
)
"""botocore's names of credential sources that a profile describes."""


class Opener:
    """Opens connections. Made and used on threads of its own, never on the event loop."""

    def __init__(self, observer: CallObserver, mfa_prompt: MfaPrompt, *, read_only: bool) -> None:
        self._observer = observer
        self._mfa_prompt = mfa_prompt
        self._read_only = read_only
        # Kept between connections: service models need not be read again, and a role that was
        # assumed with an MFA code need not ask for another one when only the Region changes.
        self._loader: Any = None
        self._role_cache: dict[str, Any] = {}

    def open(self, target: Target) -> AwsGateway:
        """Resolve profile, Region and credentials, and make the KMS client.

        Raises:
            ServiceError: one type per cause.
        """
        situation = Situation(profile=target.profile, region=target.region)
        try:
            return self._open(target, situation)
        except ServiceError:
            raise
        except OSError as error:
            if not error.filename:
                raise translate(error, situation, sent=False) from None
            raise ProfileError(
                f"{error.filename} cannot be read ({error.strerror})",
                "Check its permissions; it is named by a profile or by an AWS_… variable.",
            ) from None
        except Exception as error:
            # The name is boto's for "Invalid endpoint: …", which it raises as a bare ValueError.
            if isinstance(error, ValueError) and "endpoint" in str(error).lower():
                url = target.endpoint_url or os.environ.get("AWS_ENDPOINT_URL", "")
                raise EndpointError(
                    f"“{url}” is not a URL",
                    "Give one like https://kms.eu-central-1.amazonaws.com.",
                ) from None
            raise translate(error, situation, sent=False) from None

    def profiles(self) -> tuple[str, ...]:
        """See `Connector`."""
        try:
            return tuple(self._session("").available_profiles)
        except (boto.BotoCoreError, OSError):
            # Connecting tells what is wrong with the files; here nothing can be offered.
            return ()

    def regions(self, partition: str) -> tuple[str, ...]:
        """See `Connector`."""
        return tuple(sorted(self._session("").get_available_regions("kms", partition)))

    def _open(self, target: Target, situation: Situation) -> AwsGateway:
        session = self._session(target.profile)
        session.get_scoped_config()
        profile = str(session.get_config_variable("profile") or "default")
        situation = replace(situation, profile=profile)
        region = _region(session, target)
        if not region:
            raise NO_REGION.error(situation)
        session.set_config_variable("region", region)
        ask_for_mfa_codes_with(self._ask_for_code, session, self._role_cache)
        situation = replace(situation, region=region, knows_region=partial(_is_known, session))
        source = _credential_source(session, situation)
        pacing, turns = Pacing(), Turns()
        clients = Clients(
            boto3.session.Session(botocore_session=session),
            f"{session.user_agent()} kmstui/{__version__}",
            region,
            target.endpoint_url,
            pacing=pacing,
            turns=turns,
            read_only=self._read_only,
        )
        kms = clients.client("kms")
        info = ConnectionInfo(
            region=str(kms.meta.region_name),
            endpoint_url=str(kms.meta.endpoint_url),
            route=route_of(str(kms.meta.endpoint_url), self._dns_suffixes()),
            profile=profile if source in _OF_PROFILES else "",
            credential_source=source,
            partition=str(kms.meta.partition),
        )
        calls = Calls(
            clients,
            Dispatcher(self._observer, turns),
            pacing=pacing,
            turns=turns,
            situation=situation,
            read_only=self._read_only,
        )
        return AwsGateway(info, calls)

    def _dns_suffixes(self) -> frozenset[str]:
        partitions: Any = self._loader.load_data("partitions")
        return frozenset(
            partition["outputs"][name]
            for partition in partitions["partitions"]
            for name in ("dnsSuffix", "dualStackDnsSuffix")
        )

    def _session(self, profile: str) -> Session:
        session = Session(profile=profile or None)
        if self._loader is None:
            self._loader = session.get_component("data_loader")
        else:
            session.register_component("data_loader", self._loader)
        return session

    def _ask_for_code(self, prompt: str) -> str:
        serial = prompt.removeprefix("Enter MFA code for ").rstrip().removesuffix(":")
        code = self._mfa_prompt(serial).strip()
        if not code:
            raise MfaError(
                "no code was entered", "Connect again to be asked again, or choose another profile."
            )
        if not _CODE.fullmatch(code):
            raise MfaError("an MFA code has six digits", "Connect again and enter it.")
        return code


def _region(session: Session, target: Target) -> str:
    """The Region of flag, AWS_REGION, AWS_DEFAULT_REGION, profile or instance metadata.

    boto3 alone looks neither at AWS_REGION, which every other AWS SDK and the CLI do, nor at the
    instance metadata service.
    """
    return (
        target.region
        or os.environ.get("AWS_REGION", "")
        or session.get_config_variable("region")
        or IMDSRegionProvider(session).provide()
        or ""
    )


def _is_known(session: Session, region: str) -> bool:
    return any(
        region in session.get_available_regions("kms", partition)
        for partition in session.get_available_partitions()
    )


def _credential_source(session: Session, situation: Situation) -> str:
    credentials: Credentials | None = session.get_credentials()
    if credentials is None:
        raise NO_CREDENTIALS.error(situation)
    # Fetches what is fetched later otherwise: MFA and expired sessions show up now.
    credentials.get_frozen_credentials()
    return str(credentials.method)
