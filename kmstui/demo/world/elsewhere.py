"""Keys in other Regions and in other accounts of the organization: what several at once are for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.iam.models import iam_backends

from kmstui.demo.access.context import Caller, CallerRegistry, Credentials, session_caller
from kmstui.demo.kms.keys import EmbeddedKey
from kmstui.demo.kms.lifecycle import set_regions
from kmstui.demo.kms.store import Stores
from kmstui.demo.world.building import Builder
from kmstui.demo.world.people import new_credentials

ANALYTICS, SANDBOX = "530184227963", "648201735590"
"""Two more accounts of the organization."""

REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-southeast-2")

ENABLED_REGIONS = (*REGIONS, "eu-west-3", "us-east-2", "ca-central-1")
"""Those that are enabled; in the last ones nobody has a key."""

UNINDEXED_REGION = "ap-southeast-2"
"""Where neither Resource Explorer nor Config is turned on."""

DENIED_REGION = "ap-southeast-2"
"""Where the sandbox may use no KMS, as many organizations have it."""

AUDIT_ROLE = "KmsAudit"
"""In both accounts, trusted by the first one; it reads."""

_ADMIN_ROLE = "KeyAdministrator"
_INSTANCE_ROLE = "KMSWorkshop-InstanceInitRole"
_ADMINISTERS = (
    "kms:*", "tag:GetResources", "iam:Get*", "iam:List*", "cloudtrail:LookupEvents",
    "account:ListRegions", "ec2:DescribeVpcEndpoints",
)  # fmt: skip
_INDEXES = ("resource-explorer-2:ListIndexes", "resource-explorer-2:Search", "config:Describe*",
            "config:SelectAggregateResourceConfig")  # fmt: skip
"""What the sandbox's administrators may not ask."""
_AUDITS = ("kms:Describe*", "kms:Get*", "kms:List*", "tag:GetResources", "account:ListRegions")

_KEYS = {
    "app": "Data of the application",
    "logs": "Log groups",
    "backups": "Vaults of AWS Backup",
    "secrets": "Secrets Manager",
}


def add_keys_elsewhere(stores: Stores, account: str, region: str, now: float) -> None:
    """Add them to each account and Region but the one of the instance."""
    for owner in (account, ANALYTICS, SANDBOX):
        places = [place for place in REGIONS if (owner, place) != (account, region)]
        sets = [_add_keys(Builder(stores, owner, place, now)) for place in places]
        for replica in sets[1:]:
            replica.share_material_of(sets[0])
        set_regions(stores, sets[0], places[0], tuple(places[1:]))


def _add_keys(build: Builder) -> EmbeddedKey:
    """Returns the one of them that is related to those of the other Regions."""
    for age, (name, words) in enumerate(_KEYS.items(), 1):
        build.key(
            f"{build.region}/{name}",
            aliases=[name],
            description=words,
            age_days=90 * age,
            tags={"project": name, "env": "prod" if build.account == ANALYTICS else "dev"},
        )
    return build.key("sessions", multi_region=True, description="Sessions, in each Region")


def build_others(
    account: str, callers: CallerRegistry, held: Mapping[str, Credentials]
) -> dict[str, Credentials]:
    """Who administers the other accounts; those in ``held`` keep their credentials.

    Returns the credentials of ``analytics`` and ``sandbox``.
    """
    instance = iam_backends[account]["aws"].get_role(_INSTANCE_ROLE)
    instance.put_policy("regions", _document([_allow(("account:ListRegions", *_INDEXES))]))
    credentials = {}
    for who, owner in (("analytics", ANALYTICS), ("sandbox", SANDBOX)):
        caller = _people_of(owner, account)
        credentials[who] = held.get(who) or new_credentials(long_term=False)
        callers.register(credentials[who].access_key_id, caller)
    return credentials


def _people_of(owner: str, trusted: str) -> Caller:
    statements: list[dict[str, object]] = [_allow(_ADMINISTERS)]
    if owner == SANDBOX:
        condition = {"StringEquals": {"aws:RequestedRegion": DENIED_REGION}}
        statements.append({**_allow(("kms:*",)), "Effect": "Deny", "Condition": condition})
    else:
        statements.append(_allow(_INDEXES))
    admin = _role(owner, _ADMIN_ROLE, trusted, statements)
    _role(owner, AUDIT_ROLE, trusted, [_allow(_AUDITS)])
    return session_caller(owner, admin.arn, admin.id, "alice.ops")


def _allow(actions: tuple[str, ...]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def _role(owner: str, name: str, trusted: str, statements: list[dict[str, object]]) -> Any:
    trust: dict[str, object] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{trusted}:root"},
        "Action": "sts:AssumeRole",
    }
    backend = iam_backends[owner]["aws"]
    role = backend.create_role(name, _document([trust]), "/", None, "", [], "3600")
    role.put_policy("access", _document(statements))
    return role


def _document(statements: list[dict[str, object]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)
