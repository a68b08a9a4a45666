"""Grants: CreateGrant, ListGrants, ListRetirableGrants, RevokeGrant, RetireGrant.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from kmstui.demo.access.authorization import find_holder, require_by_identity
from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, dry_run_over, not_found, validation
from kmstui.demo.kms import paging
from kmstui.demo.kms.keys import EmbeddedKey, require_customer_key
from kmstui.demo.kms.members import is_dry_run
from kmstui.demo.kms.records import GrantRecord
from kmstui.demo.kms.store import Stores, find_key


def create_grant(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    require_customer_key("CreateGrant", key)
    parameters = call.parameters
    _check_principals(parameters)
    _stop_dry_run(call)
    grant = GrantRecord(
        grant_id=secrets.token_hex(32),
        token=secrets.token_urlsafe(96),
        key_arn=key.arn,
        name=str(parameters.get("Name") or ""),
        created=time.time(),
        issuing_account=f"arn:aws:iam::{call.account}:root",
        operations=tuple(parameters["Operations"]),
        **{field: str(parameters.get(member) or "") for member, field in _PRINCIPALS.items()},
        constraints=dict(parameters.get("Constraints") or {}),
    )
    key.grants[grant.grant_id] = grant
    return {"GrantId": grant.grant_id, "GrantToken": grant.token}


_PRINCIPALS = {
    "GranteePrincipal": "grantee",
    "GranteeServicePrincipal": "grantee_service",
    "RetiringPrincipal": "retiring",
    "RetiringServicePrincipal": "retiring_service",
}
"""The members that name somebody, and where a record has them."""


def _check_principals(parameters: Mapping[str, Any]) -> None:
    """Raise ValidationException or InvalidArnException for whoever a grant cannot name.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
    """
    for role in ("Grantee", "Retiring"):
        both = [name for name in _PRINCIPALS if name.startswith(role) and parameters.get(name)]
        if len(both) > 1:
            raise AwsError("ValidationException", f"Specify either {both[0]} or {both[1]}.")
        if role == "Grantee" and not both:
            raise validation("null", "granteePrincipal", "Member must not be null")
    if parameters.get("GranteeServicePrincipal") and not (
        (parameters.get("Constraints") or {}).get("SourceArn")
        and (parameters.get("RetiringPrincipal") or parameters.get("RetiringServicePrincipal"))
    ):
        raise AwsError(
            "ValidationException",
            "A GranteeServicePrincipal needs a SourceArn constraint and a RetiringPrincipal or "
            "RetiringServicePrincipal.",
        )
    for member in ("GranteePrincipal", "RetiringPrincipal"):
        name = str(parameters.get(member) or "")
        if (
            name.startswith("arn:aws:iam::")
            and not name.endswith(":root")
            and not find_holder(name)
        ):
            raise AwsError(
                "InvalidArnException", f"ARN does not refer to a valid principal: {name}"
            )


def list_grants(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """ListGrants, all or by grant and grantee."""
    wanted = call.parameters.get("GrantId")
    grantee = call.parameters.get("GranteePrincipal")
    if call.parameters.get("GranteeServicePrincipal"):
        raise AwsError(
            "ValidationException", "Only services may filter by GranteeServicePrincipal."
        )
    chosen = [
        grant
        for grant in sorted(key.grants.values(), key=lambda grant: grant.grant_id)
        if wanted in (None, grant.grant_id) and grantee in (None, grant.grantee)
    ]
    return _page(call, f"grants/{key.id}", chosen)


def list_retirable_grants(call: Call, stores: Stores) -> Result:
    """ListRetirableGrants: of every key in the Region, for one retiring principal."""
    require_by_identity(call, "kms:ListRetirableGrants")
    principal = call.parameters["RetiringPrincipal"]
    store = stores.of(call.account, call.region)
    chosen = sorted(
        (
            grant
            for key in list(store.keys.values())
            for grant in list(key.grants.values())
            if grant.retiring == principal
        ),
        key=lambda grant: grant.grant_id,
    )
    return _page(call, f"retirable/{principal}", chosen)


def _page(call: Call, listing: str, grants: list[GrantRecord]) -> Result:
    page, end = paging.cut(
        listing, grants, call.parameters, paging.LIST_GRANTS, lambda grant: grant.grant_id
    )
    return {"Grants": [grant_members(grant) for grant in page], **end}


def grant_members(grant: GrantRecord) -> Result:
    """A GrantListEntry."""
    members: dict[str, Any] = {
        "KeyId": grant.key_arn,
        "GrantId": grant.grant_id,
        "Name": grant.name,
        "CreationDate": round(grant.created, 3),
        **{member: getattr(grant, field) for member, field in _PRINCIPALS.items()},
        "IssuingAccount": grant.issuing_account,
        "Operations": list(grant.operations),
        "Constraints": grant.constraints,
    }
    return {name: value for name, value in members.items() if value}


def revoke_grant(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    grant_id = str(call.parameters.get("GrantId") or "")
    if grant_id not in key.grants:
        raise not_found(f"Grant ID {grant_id} not found")
    _stop_dry_run(call)
    key.grants.pop(grant_id, None)
    return {}


def retire_grant(call: Call, stores: Stores) -> Result:
    """RetireGrant, by token or by key ARN and grant ID: for its retiring principal or grantee."""
    token = call.parameters.get("GrantToken")
    if token:
        key, grant = grant_of(stores, str(token))
    else:
        identifier = call.parameters.get("KeyId")
        key = find_key(stores, call.account, call.region, identifier, alias_allowed=False)
        held = key.grants.get(str(call.parameters.get("GrantId") or ""))
        if held is None:
            raise not_found(f"Grant ID {call.parameters.get('GrantId')} not found")
        grant = held
    retirers = {grant.retiring, grant.issuing_account}
    if "RetireGrant" in grant.operations:
        retirers.add(grant.grantee)
    if not retirers.intersection(call.caller.identities):
        require_by_identity(call, "kms:RetireGrant", key.arn)
    _stop_dry_run(call)
    del key.grants[grant.grant_id]
    return {}


def _stop_dry_run(call: Call) -> None:
    if is_dry_run(call.operation, call.parameters):
        raise dry_run_over()


def grant_of(stores: Stores, token: str) -> tuple[EmbeddedKey, GrantRecord]:
    """The grant that a token stands for, and its key; raises ``InvalidGrantTokenException``."""
    for store in stores.all():
        for key in list(store.keys.values()):
            for grant in list(key.grants.values()):
                if grant.token == token:
                    return key, grant
    raise AwsError("InvalidGrantTokenException", "The grant token is not valid.")
