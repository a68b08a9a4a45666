"""Who calls, and the context of a request: the condition keys that AWS and KMS fill in.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
https://docs.aws.amazon.com/kms/latest/developerguide/policy-conditions.html. A key that a real
request would not carry is absent, never empty.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kmstui.demo.kms.keys import EmbeddedKey


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal as it signs requests."""

    arn: str
    """Session ARN of a role, ARN of a user, or ``…:root``."""
    principal_arn: str
    """``aws:PrincipalArn``: the role's ARN for a session, else ``arn``."""
    account: str
    user_id: str
    kind: str
    """AssumedRole, User or Account (``aws:PrincipalType``)."""
    session_policies: tuple[str, ...] = ()
    mfa_at: float | None = None
    """When this session passed MFA (seconds since the epoch); None when it never did."""
    expires: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The role's or user's own name, without its path."""
        return self.principal_arn.rsplit("/", 1)[-1]

    @property
    def is_root(self) -> bool:
        """Whether this is the account's root user, to whom IAM policies do not apply."""
        return self.arn.endswith(":root")

    @property
    def identities(self) -> tuple[str, ...]:
        """Every ARN by which a policy can name this caller directly."""
        return (self.arn,) if self.arn == self.principal_arn else (self.arn, self.principal_arn)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs to sign as a caller."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""
    expiration: float | None = None


class CallerRegistry:
    """Access keys and the callers behind them. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callers: dict[str, Caller] = {}

    def register(self, access_key_id: str, caller: Caller) -> None:
        """Let ``access_key_id`` sign as ``caller``."""
        with self._lock:
            self._callers[access_key_id] = caller

    def find(self, access_key_id: str) -> Caller | None:
        """The caller behind an access key, or None when nobody has it."""
        return self._callers.get(access_key_id)

    def expired(self, caller: Caller) -> bool:
        """Whether the caller's session has ended."""
        return caller.expires is not None and caller.expires < time.time()


def session_caller(
    account: str,
    role_arn: str,
    role_id: str,
    session: str,
    **extra: Any,
) -> Caller:
    """The caller of a role session, with the ARN that STS gives it (the role's path left out)."""
    role_name = role_arn.rsplit("/", 1)[-1]
    return Caller(
        arn=f"arn:aws:sts::{account}:assumed-role/{role_name}/{session}",
        principal_arn=role_arn,
        account=account,
        user_id=f"{role_id}:{session}",
        kind="AssumedRole",
        **extra,
    )


@dataclass(frozen=True, slots=True)
class Network:
    """Where requests come from."""

    source_ip: str = "54.217.83.140"
    vpc_endpoint: str | None = None
    vpc: str | None = None


Result = dict[str, Any]
"""The members of an answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to KMS with everything an operation and its authorization need."""

    operation: str
    parameters: Mapping[str, Any]
    caller: Caller
    region: str
    request_id: str
    user_agent: str = ""
    network: Network = field(default_factory=Network)

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.caller.account

    def blob(self, member: str) -> bytes:
        """The bytes of a member that is base64."""
        return base64.b64decode(self.parameters.get(member) or "")


def global_context(call: Call) -> dict[str, Sequence[str]]:
    """The ``aws:`` keys of any request of this caller."""
    caller, network, now = call.caller, call.network, time.time()
    context: dict[str, Sequence[str]] = {
        "aws:principalarn": (caller.principal_arn,),
        "aws:principalaccount": (caller.account,),
        "aws:principaltype": (caller.kind,),
        "aws:principalisawsservice": ("false",),
        "aws:userid": (caller.user_id,),
        "aws:requestedregion": (call.region,),
        "aws:viaawsservice": ("false",),
        "aws:securetransport": ("true",),
        "aws:currenttime": (datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(now)),),
    }
    if call.user_agent:
        context["aws:useragent"] = (call.user_agent,)
    if caller.kind == "User":
        context["aws:username"] = (caller.name,)
    for name, value in caller.tags.items():
        context[f"aws:principaltag/{name.lower()}"] = (value,)
    if caller.mfa_at is not None:
        context["aws:multifactorauthpresent"] = ("true",)
        context["aws:multifactorauthage"] = (str(max(0, int(now - caller.mfa_at))),)
    if network.vpc_endpoint is None:
        context["aws:sourceip"] = (network.source_ip,)
    else:
        # Through an endpoint AWS gives aws:VpcSourceIp and no aws:SourceIp.
        context["aws:sourcevpce"] = (network.vpc_endpoint,)
        context["aws:vpcsourceip"] = (network.source_ip,)
        if network.vpc is not None:
            context["aws:sourcevpc"] = (network.vpc,)
    return context


_PLAIN_PARAMETERS = {
    "EncryptionAlgorithm": "kms:encryptionalgorithm",
    "SigningAlgorithm": "kms:signingalgorithm",
    "MacAlgorithm": "kms:macalgorithm",
    "MessageType": "kms:messagetype",
    "KeyAgreementAlgorithm": "kms:keyagreementalgorithm",
    "KeyPairSpec": "kms:datakeypairspec",
    "WrappingAlgorithm": "kms:wrappingalgorithm",
    "WrappingKeySpec": "kms:wrappingkeyspec",
    "ExpirationModel": "kms:expirationmodel",
    "ReplicaRegion": "kms:replicaregion",
    "PrimaryRegion": "kms:primaryregion",
    "RotationPeriodInDays": "kms:rotationperiodindays",
    "PendingWindowInDays": "kms:schedulekeydeletionpendingwindowindays",
    "ValidTo": "kms:validto",
}


def key_context(call: Call, operation: str, key: EmbeddedKey) -> dict[str, Sequence[str]]:
    """The ``kms:`` keys and resource tags of a request on ``key``."""
    context: dict[str, Sequence[str]] = {
        "kms:calleraccount": (call.account,),
        "kms:keyspec": (key.key_spec,),
        "kms:customermasterkeyspec": (key.key_spec,),
        "kms:keyusage": (key.key_usage,),
        "kms:customermasterkeyusage": (key.key_usage,),
        "kms:keyorigin": (key.origin,),
        "kms:multiregion": (str(key.multi_region).lower(),),
        "aws:resourceaccount": (key.account_id,),
    }
    if key.multi_region:
        kind = "PRIMARY" if key.region == key.primary_region else "REPLICA"
        context["kms:multiregionkeytype"] = (kind,)
        context["kms:primaryregion"] = (key.primary_region,)
    if key.alias_names:
        context["kms:resourcealiases"] = key.alias_names
    for name, value in key.tags.items():
        context[f"aws:resourcetag/{name.lower()}"] = (value,)
    context.update(parameter_context(operation, call.parameters))
    return context


def parameter_context(operation: str, parameters: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The keys that come out of the request's own members."""
    context: dict[str, Sequence[str]] = {}
    for member, name in _PLAIN_PARAMETERS.items():
        if parameters.get(member) is not None:
            context[name] = (str(parameters[member]),)
    if operation in {"PutKeyPolicy", "CreateKey", "ReplicateKey"}:
        bypass = bool(parameters.get("BypassPolicyLockoutSafetyCheck", False))
        context["kms:bypasspolicylockoutsafetycheck"] = (str(bypass).lower(),)
    identifier = str(parameters.get("KeyId") or "")
    if "alias/" in identifier:
        context["kms:requestalias"] = (identifier[identifier.index("alias/") :],)
    _add_encryption_context(context, operation, parameters)
    _add_tags(context, parameters)
    if operation == "CreateGrant":
        _add_grant(context, parameters)
    return context


def _add_encryption_context(
    context: dict[str, Sequence[str]], operation: str, parameters: Mapping[str, Any]
) -> None:
    given = parameters.get("EncryptionContext")
    if operation == "ReEncryptFrom":
        given = parameters.get("SourceEncryptionContext")
    elif operation == "ReEncryptTo":
        given = parameters.get("DestinationEncryptionContext")
    if given:
        context["kms:encryptioncontextkeys"] = tuple(given)
        for name, value in given.items():
            context[f"kms:encryptioncontext:{name.lower()}"] = (str(value),)


def _add_tags(context: dict[str, Sequence[str]], parameters: Mapping[str, Any]) -> None:
    tags = parameters.get("Tags") or []
    names = [str(tag.get("TagKey", "")) for tag in tags] or parameters.get("TagKeys") or []
    if names:
        context["aws:tagkeys"] = tuple(str(name) for name in names)
    for tag in tags:
        name = str(tag.get("TagKey", "")).lower()
        context[f"aws:requesttag/{name}"] = (str(tag.get("TagValue", "")),)


def _add_grant(context: dict[str, Sequence[str]], parameters: Mapping[str, Any]) -> None:
    context["kms:grantisforawsresource"] = ("false",)
    for member in (
        "GranteePrincipal",
        "GranteeServicePrincipal",
        "RetiringPrincipal",
        "RetiringServicePrincipal",
    ):
        if parameters.get(member):
            context[f"kms:{member.lower()}"] = (str(parameters[member]),)
    context["kms:grantoperations"] = tuple(str(o) for o in parameters.get("Operations") or ())
    constraints = parameters.get("Constraints") or {}
    if constraints:
        context["kms:grantconstrainttype"] = tuple(constraints)
    if constraints.get("SourceArn"):
        context["kms:grantconstraintsourcearn"] = (str(constraints["SourceArn"]),)
