"""The context of a request: the condition keys that AWS and KMS fill in.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
https://docs.aws.amazon.com/kms/latest/developerguide/policy-conditions.html. A key that a real
request would not carry is absent, never empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kmstui.demo.access.callers import Caller
from kmstui.demo.kms.keys import EmbeddedKey


@dataclass(frozen=True, slots=True)
class Network:
    """Where requests come from."""

    source_ip: str = "54.217.83.140"
    vpc_endpoint: str | None = None
    vpc: str | None = None


def global_context(
    caller: Caller, network: Network, region: str, user_agent: str, now: float
) -> dict[str, Sequence[str]]:
    """The ``aws:`` keys of any request of this caller."""
    context: dict[str, Sequence[str]] = {
        "aws:principalarn": (caller.principal_arn,),
        "aws:principalaccount": (caller.account,),
        "aws:principaltype": (caller.kind,),
        "aws:principalisawsservice": ("false",),
        "aws:userid": (caller.user_id,),
        "aws:requestedregion": (region,),
        "aws:viaawsservice": ("false",),
        "aws:securetransport": ("true",),
        "aws:currenttime": (datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(now)),),
    }
    if user_agent:
        context["aws:useragent"] = (user_agent,)
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


def key_context(
    operation: str, parameters: Mapping[str, Any], caller: Caller, key: EmbeddedKey
) -> dict[str, Sequence[str]]:
    """The ``kms:`` keys and resource tags of a request on ``key``."""
    context: dict[str, Sequence[str]] = {
        "kms:calleraccount": (caller.account,),
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
    context.update(parameter_context(operation, parameters))
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
    if parameters.get("GranteePrincipal"):
        context["kms:granteeprincipal"] = (str(parameters["GranteePrincipal"]),)
    if parameters.get("RetiringPrincipal"):
        context["kms:retiringprincipal"] = (str(parameters["RetiringPrincipal"]),)
    context["kms:grantoperations"] = tuple(str(o) for o in parameters.get("Operations") or ())
    constraints = parameters.get("Constraints") or {}
    if constraints:
        context["kms:grantconstrainttype"] = tuple(constraints)
