"""From what a person asked for to a connection: profile, Region, credentials, MFA, the route."""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3.session
from botocore import exceptions as boto
from botocore.session import Session
from botocore.utils import IMDSRegionProvider

from kmstui import __version__
from kmstui.aws.api import AwsGateway
from kmstui.aws.calls import (
    NO_CREDENTIALS,
    NO_REGION,
    PATIENCE,
    CallContext,
    Calls,
    Clients,
    Explanation,
    Turns,
    addresses_of,
    ask_for_mfa_codes_with,
    explain_source,
    translate,
)
from kmstui.aws.session.assumed_roles import RoleProvider
from kmstui.aws.session.config_faults import (
    refuse_what_is_no_url,
    unreadable_file,
    unusable_section,
)
from kmstui.aws.session.instance_metadata import fault_of_metadata
from kmstui.aws.session.sign_in import sign_in_command
from kmstui.model import ConnectionInfo, Route
from kmstui.service.errors import MfaError, ProfileError, ServiceError
from kmstui.service.ports import CallObserver, MfaPrompt, Target

if TYPE_CHECKING:
    from botocore.credentials import Credentials

_CODE = re.compile(r"[0-9]{6}")
"""Source: STS API Reference, AssumeRole, TokenCode."""

_NO_CODE = Explanation(
    MfaError,
    "no code was entered",
    "{Press r to be asked again, or choose another profile (P)|Repeat the command and enter it}.",
)
_NO_SUCH_CODE = Explanation(
    MfaError, "an MFA code has six digits", "{Press r|Repeat the command} and enter it."
)

_OF_PROFILES = frozenset(
    {"assume-role", "sso", "login", "custom-process", "shared-credentials-file", "config-file"}
)
"""botocore's names of credential sources that a profile describes."""

_RESOLVE_SECONDS = 0.2

_KMS = re.compile(r"^(?P<service>kms|kms-fips)\.[a-z0-9-]+\.(?P<suffix>.+)$")
"""Hosts of KMS itself. Source: botocore's endpoint rules of KMS."""

_VPCE = re.compile(r"^vpce-[a-z0-9-]+\.kms(-fips)?\.[a-z0-9-]+\.vpce\.")
"""Source: KMS Developer Guide, "Connecting to AWS KMS through a VPC endpoint"."""

Resolve = Callable[[str], tuple[str, ...]]
_addresses = partial(addresses_of, seconds=_RESOLVE_SECONDS)


class Opener:
    """Opens connections. Made and used on threads of its own, never on the event loop."""

    def __init__(
        self,
        observer: CallObserver,
        mfa_prompt: MfaPrompt,
        *,
        read_only: bool,
        in_command: bool = False,
    ) -> None:
        self._observer = observer
        self._mfa_prompt = mfa_prompt
        self._read_only = read_only
        self._asking = CallContext(in_command=in_command)
        # Kept between connections: service models need not be read again, and a role that was
        # assumed with an MFA code need not ask for another one when only the Region changes.
        self._loader: Any = None
        self._role_cache: dict[str, Any] = {}
        # While fifteen connections with turns of their own read, a key press took 375 ms, not 27.
        self._turns = Turns()
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def open(self, target: Target) -> AwsGateway:
        """Resolve profile, Region and credentials, and make the KMS client.

        Raises:
            ServiceError: one type per cause.
        """
        call_context = replace(self._asking, profile=target.profile, region=target.region)
        try:
            return self._open(target, call_context)
        except ServiceError:
            raise
        except boto.ConfigParseError as error:
            raise _then_again(unreadable_file(error), call_context) from None
        except boto.ProfileNotFound as error:
            unusable = unusable_section(error)
            raise (
                _then_again(unusable, call_context) if unusable else translate(error, call_context)
            ) from None
        except OSError as error:
            if not error.filename:
                raise translate(error, call_context, sent=False) from None
            raise ProfileError(
                f"{error.filename} cannot be read ({error.strerror})",
                "Check its permissions; it is named by a profile or by an AWS_… variable.",
            ) from None
        except Exception as error:
            raise translate(error, call_context, sent=False) from None

    def profiles(self) -> tuple[str, ...]:
        try:
            return tuple(self._session("").available_profiles)
        except (boto.BotoCoreError, OSError):
            # Connecting tells what is wrong with the files; here nothing can be offered.
            return ()

    def regions(self, partition: str) -> tuple[str, ...]:
        return tuple(sorted(self._session("").get_available_regions("kms", partition)))

    def sign_in_command(self, target: Target) -> tuple[str, ...]:
        try:
            return sign_in_command(self._session(target.profile))
        except (boto.BotoCoreError, OSError):
            # Connecting tells what is wrong with the files.
            return ()

    def forget_roles(self) -> None:
        self._role_cache.clear()

    def _open(self, target: Target, call_context: CallContext) -> AwsGateway:
        session = self._session(target.profile)
        session.get_scoped_config()
        profile = str(session.get_config_variable("profile") or "default")
        call_context = replace(
            call_context, profile=profile, sign_in=shlex.join(sign_in_command(session))
        )
        region, region_from = _region(session, target)
        if not region:
            raise NO_REGION.error(call_context)
        session.set_config_variable("region", region)
        refuse_what_is_no_url(session, target.endpoint_url)
        ask_for_mfa_codes_with(self._ask_for_code, session, self._role_cache)
        if target.role:
            session = self._with_role(session, target, region)
        call_context = replace(
            call_context, region=region, knows_region=partial(_is_known, session)
        )
        with self._lock_of(profile):
            # Several connections of one profile ask for one code, not each for its own.
            source = _credential_source(session, call_context)
        call_context = replace(call_context, source=source)
        clients = Clients(
            boto3.session.Session(botocore_session=session),
            f"{session.user_agent()} kmstui/{__version__}",
            region,
            target.endpoint_url,
            read_only=self._read_only,
            turns=self._turns,
        )
        kms = clients.client("kms")
        info = ConnectionInfo(
            region=str(kms.meta.region_name),
            endpoint_url=str(kms.meta.endpoint_url),
            route=route_of(str(kms.meta.endpoint_url), self._dns_suffixes()),
            profile=profile if source in _OF_PROFILES else "",
            credential_source=source,
            partition=str(kms.meta.partition),
            region_from=region_from,
        )
        return AwsGateway(info, Calls(clients, self._observer, call_context))

    def _with_role(self, source: Session, target: Target, region: str) -> Session:
        session = self._session(target.profile)
        session.set_config_variable("region", region)
        provider = RoleProvider(source, target.role, self._role_cache)
        session.get_component("credential_provider").providers.insert(0, provider)
        return session

    def _lock_of(self, profile: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(profile, threading.Lock())

    def _dns_suffixes(self) -> frozenset[str]:
        partitions: Any = self._loader.load_data("partitions")
        return frozenset(
            partition["outputs"][name]
            for partition in partitions["partitions"]
            for name in ("dnsSuffix", "dualStackDnsSuffix")
        )

    def _session(self, profile: str) -> Session:
        session = Session(profile=profile or None)
        session.set_default_client_config(PATIENCE)
        if self._loader is None:
            self._loader = session.get_component("data_loader")
        else:
            session.register_component("data_loader", self._loader)
        return session

    def _ask_for_code(self, prompt: str) -> str:
        serial = prompt.removeprefix("Enter MFA code for ").rstrip().removesuffix(":")
        code = self._mfa_prompt(serial).strip()
        if not code:
            raise _NO_CODE.error(self._asking)
        if not _CODE.fullmatch(code):
            raise _NO_SUCH_CODE.error(self._asking)
        return code


def _then_again(error: ProfileError, call: CallContext) -> ProfileError:
    if call.in_command:
        return error
    return ProfileError(error.reason, f"{error.next_step} Then press r.")


def _region(session: Session, target: Target) -> tuple[str, str]:
    """The Region of flag, AWS_REGION, AWS_DEFAULT_REGION, profile or instance metadata; and which.

    boto3 alone looks neither at AWS_REGION, which every other AWS SDK and the CLI do, nor at the
    instance metadata service.
    """
    if target.region:
        return target.region, target.region_from
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if os.environ.get(name):
            return os.environ[name], name
    if of_profile := session.get_config_variable("region"):
        return str(of_profile), "profile"
    return IMDSRegionProvider(session).provide() or "", "IMDS"


def _is_known(session: Session, region: str) -> bool:
    return any(
        region in session.get_available_regions("kms", partition)
        for partition in session.get_available_partitions()
    )


def _credential_source(session: Session, call_context: CallContext) -> str:
    try:
        credentials: Credentials | None = session.get_credentials()
        if credentials is not None:
            # Fetches what is fetched later otherwise: MFA and expired sessions show up now.
            credentials.get_frozen_credentials()
    except Exception as error:
        if fault := explain_source(error, call_context):
            raise fault from None
        if isinstance(error, boto.BotoCoreError | boto.ClientError):
            raise translate(error, call_context, sent=False) from None
        raise
    if credentials is None:
        raise NO_CREDENTIALS.error(call_context, metadata=fault_of_metadata(session))
    return str(credentials.method)


def route_of(endpoint_url: str, suffixes: Collection[str], resolve: Resolve | None = None) -> Route:
    """The route; a name that does not resolve within 0.2 s counts as public.

    A public name with only private addresses is a VPC endpoint with private DNS.

    Args:
        endpoint_url: Of the client in use.
        suffixes: The DNS suffixes of AWS's partitions.
        resolve: The addresses of a host name.
    """
    host = urlsplit(endpoint_url).hostname or ""
    if _VPCE.match(host):
        return Route.VPC_ENDPOINT
    known = _KMS.match(host)
    if known is None or known["suffix"] not in suffixes:
        return Route.CUSTOM
    addresses = (resolve or _addresses)(host)
    if addresses and all(_is_private(address) for address in addresses):
        return Route.VPC_ENDPOINT
    return Route.FIPS if known["service"] == "kms-fips" else Route.PUBLIC


def _is_private(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return parsed.is_private and not parsed.is_loopback
