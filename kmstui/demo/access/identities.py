"""The people and roles of the embedded account, read from moto's IAM."""

from __future__ import annotations

from typing import Any

from moto.iam.models import iam_backends

from kmstui.demo.access.callers import Caller
from kmstui.demo.access.evaluation import IdentityPolicies


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
