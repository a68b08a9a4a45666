"""May this call go on? Key policy, IAM policies and grants together, and AWS's words for no."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kmstui.demo.access.callers import Caller
from kmstui.demo.access.context import Network, global_context, key_context, parameter_context
from kmstui.demo.access.evaluation import Question, Verdict, decide, decide_by_identity
from kmstui.demo.access.identities import identity_policies
from kmstui.demo.errors import ServiceError
from kmstui.demo.kms.keys import EmbeddedKey, GrantRecord


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


def require_on_key(
    call: Call,
    key: EmbeddedKey,
    action: str | None = None,
    *,
    policy: str | None = None,
    key_id: object = None,
) -> None:
    """Raise AccessDeniedException unless the caller may do ``action`` (``kms:…``) on ``key``."""
    action = action or f"kms:{call.operation}"
    verdict = decision_on_key(call, key, action, policy=policy)
    if verdict is Verdict.ALLOWED or (not verdict.explicit and _granted(call, key, action)):
        return
    if call.account != key.account_id:
        raise ServiceError(
            "AccessDeniedException",
            f"User: {call.caller.arn} is not authorized to perform: {action} on this resource "
            "because the resource does not exist in this Region, no resource-based policies "
            "allow access, or a resource-based policy explicitly denies access",
        )
    raise denied(call.caller, action, key.arn, verdict)


def decision_on_key(
    call: Call, key: EmbeddedKey, action: str, *, policy: str | None = None
) -> Verdict:
    """The evaluator's answer for ``action`` on ``key``, grants left out.

    ``policy`` stands in for the key's own when a new one is being judged.
    """
    now = time.time()
    operation = action.partition(":")[2]
    context = {
        **global_context(call.caller, call.network, call.region, call.user_agent, now),
        **key_context(operation, call.parameters, call.caller, key),
    }
    question = Question(action, key.arn, key.account_id, call.caller, context)
    return decide(question, policy or key.policy, identity_policies(call.caller))


def require_by_identity(call: Call, action: str, resource: str = "*") -> None:
    """Raise AccessDeniedException unless IAM policies allow what no key policy governs."""
    context = {
        **global_context(call.caller, call.network, call.region, call.user_agent, time.time()),
        "kms:calleraccount": (call.account,),
        **parameter_context(call.operation, call.parameters),
    }
    question = Question(action, resource, call.account, call.caller, context)
    verdict = decide_by_identity(question, identity_policies(call.caller))
    if verdict is not Verdict.ALLOWED:
        raise denied(call.caller, action, resource, verdict)


def denied(caller: Caller, action: str, resource: str, verdict: Verdict) -> ServiceError:
    """AccessDeniedException with AWS's sentence.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    on = f" on resource: {resource}" if resource != "*" else " on resource: *"
    return ServiceError(
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
    given = parameters.get("EncryptionContext") or {}
    equals = grant.constraints.get("EncryptionContextEquals")
    subset = grant.constraints.get("EncryptionContextSubset")
    if equals is not None and equals != given:
        return False
    return subset is None or all(given.get(name) == value for name, value in subset.items())
