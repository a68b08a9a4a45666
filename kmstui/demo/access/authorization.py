"""May this call go on? Key policy, IAM policies and grants together, and AWS's words for no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.iam.models import iam_backends

from kmstui.demo.access.context import (
    Call,
    Caller,
    global_context,
    key_context,
    parameter_context,
)
from kmstui.demo.access.evaluation import (
    AccessDecision,
    AccessRequest,
    IdentityPolicies,
    decide,
    decide_by_identity,
)
from kmstui.demo.errors import AwsError
from kmstui.demo.kms.keys import EmbeddedKey
from kmstui.demo.kms.records import GrantRecord


def identity_policies(caller: Caller) -> IdentityPolicies:
    """Every IAM policy of ``caller``: inline, attached, by group, boundary, session."""
    holder = find_holder(caller.principal_arn)
    if holder is None:
        return IdentityPolicies(session=caller.session_policies)
    texts = _own_policies(holder)
    if caller.kind == "User":
        for group in iam_backends[caller.account]["aws"].get_groups_for_user(holder.name):
            texts.extend(_own_policies(group))
    boundary_arn = getattr(holder, "permissions_boundary_arn", None)
    return IdentityPolicies(
        policies=tuple(texts),
        boundary=_managed_document(caller.account, boundary_arn) if boundary_arn else None,
        session=caller.session_policies,
    )


def _own_policies(holder: Any) -> list[str]:
    texts = [str(text) for text in holder.policies.values()]
    texts.extend(_default_version(policy) for policy in holder.managed_policies.values())
    return [text for text in texts if text]


def _default_version(policy: Any) -> str:
    for version in policy.versions:
        if version.is_default:
            return str(version.document)
    return ""


def _managed_document(account: str, arn: str) -> str | None:
    policy = iam_backends[account]["aws"].managed_policies.get(arn)
    return _default_version(policy) if policy else None


def find_holder(arn: str) -> Any:
    """The role or user with this ARN, path included, in whichever account; None when gone."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "iam" or parts[4] not in iam_backends:
        return None
    backend = iam_backends[parts[4]]["aws"]
    kind, _, path_and_name = parts[5].partition("/")
    name = path_and_name.rsplit("/", 1)[-1]
    found: Any
    if kind == "role":
        found = next((role for role in backend.roles.values() if role.name == name), None)
    elif kind == "user":
        found = backend.users.get(name)
    else:
        return None
    return found if found is not None and found.arn == arn else None


def require_on_key(call: Call, key: EmbeddedKey, action: str | None = None) -> None:
    """Raise AccessDeniedException unless the caller may do ``action`` (``kms:…``) on ``key``."""
    action = action or f"kms:{call.operation}"
    verdict = decision_on_key(call, key, action)
    if verdict is AccessDecision.ALLOWED or (not verdict.explicit and _granted(call, key, action)):
        return
    if call.account != key.account_id:
        raise hidden_key(call, action)
    raise denied(call.caller, action, key.arn, verdict)


def hidden_key(call: Call, action: str) -> AwsError:
    """AccessDeniedException of somebody of another account, who is not told whether it exists."""
    return AwsError(
        "AccessDeniedException",
        f"User: {call.caller.arn} is not authorized to perform: {action} on this resource "
        "because the resource does not exist in this Region, no resource-based policies "
        "allow access, or a resource-based policy explicitly denies access",
    )


def decision_on_key(
    call: Call, key: EmbeddedKey, action: str, *, policy: str | None = None
) -> AccessDecision:
    """The evaluator's verdict for ``action`` on ``key``, grants left out.

    ``policy`` stands in for the key's own when a new one is being judged.
    """
    operation = action.partition(":")[2]
    context = {**global_context(call), **key_context(call, operation, key)}
    question = AccessRequest(action, key.arn, key.account_id, call.caller, context)
    return decide(question, policy or key.policy, identity_policies(call.caller))


def require_by_identity(call: Call, action: str, resource: str = "*") -> None:
    """Raise AccessDeniedException unless IAM policies allow what no key policy governs."""
    context = {
        **global_context(call),
        "kms:calleraccount": (call.account,),
        **parameter_context(call.operation, call.parameters),
    }
    question = AccessRequest(action, resource, call.account, call.caller, context)
    verdict = decide_by_identity(question, identity_policies(call.caller))
    if verdict is not AccessDecision.ALLOWED:
        raise denied(call.caller, action, resource, verdict)


def denied(caller: Caller, action: str, resource: str, verdict: AccessDecision) -> AwsError:
    """AccessDeniedException with AWS's sentence.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    on = f" on resource: {resource}" if resource != "*" else " on resource: *"
    return AwsError(
        "AccessDeniedException",
        f"User: {caller.arn} is not authorized to perform: {action}{on} "
        f"{verdict.value.format(action=action)}",
    )


def _granted(call: Call, key: EmbeddedKey, action: str) -> bool:
    if not key.grants:
        return False
    operation = action.partition(":")[2]
    names = (*call.caller.identities, call.account)
    return any(
        grant.grantee in names
        and operation in grant.operations
        and _constraints_hold(grant, call.parameters)
        for grant in list(key.grants.values())
    )


def _constraints_hold(grant: GrantRecord, parameters: Mapping[str, Any]) -> bool:
    if "SourceArn" in grant.constraints:
        # Only services ask on behalf of a resource, and none of them asks here.
        return False
    given = parameters.get("EncryptionContext") or {}
    equals = grant.constraints.get("EncryptionContextEquals")
    subset = grant.constraints.get("EncryptionContextSubset")
    if equals is not None and equals != given:
        return False
    return subset is None or all(given.get(name) == value for name, value in subset.items())


PREFIXES = {
    "iam": "iam",
    "tagging": "tag",
    "cloudtrail": "cloudtrail",
    "access-analyzer": "access-analyzer",
    "organizations": "organizations",
    "ec2": "ec2",
    "rds": "rds",
    "s3": "s3",
    "secretsmanager": "secretsmanager",
    "lambda": "lambda",
    "sns": "sns",
    "sqs": "sqs",
    "logs": "logs",
    "dynamodb": "dynamodb",
    "elasticfilesystem": "elasticfilesystem",
    "config": "config",
    "account": "account",
    "resource-explorer-2": "resource-explorer-2",
}
"""The prefix of the actions, by the name under which requests are signed."""

_OTHER_NAMES = {
    "ListBuckets": "ListAllMyBuckets",
    "GetBucketEncryption": "GetEncryptionConfiguration",
}
"""Operations whose action has another name (Service Authorization Reference, S3)."""


def action_of(service: str, operation: str) -> str:
    """The action that decides about an operation of a service by its signing name."""
    return f"{PREFIXES.get(service, service)}:{_OTHER_NAMES.get(operation, operation)}"
