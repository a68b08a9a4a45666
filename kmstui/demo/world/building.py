"""How the world's keys are made: stable IDs, so that every start shows the same account."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kmstui.demo.kms.keys import (
    DAY,
    SYMMETRIC,
    EmbeddedKey,
    allowed_usages,
)
from kmstui.demo.kms.policies import default_policy, root_statement
from kmstui.demo.kms.records import GrantRecord, Material, material_id
from kmstui.demo.kms.store import AliasEntry, Stores

_NAMESPACE = uuid.UUID("6f1c1c1e-4b64-4f0e-9a53-7d3b2f7c9a10")
Statement = dict[str, Any]


@dataclass(slots=True)
class Builder:
    """Adds keys to one account and Region."""

    stores: Stores
    account: str
    region: str
    now: float

    def arn(self, kind_and_name: str) -> str:
        """ARN of a principal of this account: ``root``, ``role/x``, ``user/y``."""
        return f"arn:aws:iam::{self.account}:{kind_and_name}"

    @property
    def administrator(self) -> dict[str, str]:
        """The principal of AWS's "key administrators" statement."""
        return {"AWS": self.arn("role/KeyAdministrator")}

    def with_root(self, *statements: Statement, id_: str = "key-default-1") -> str:
        """A policy that lets IAM policies count, and says ``statements`` besides."""
        return policy(root_statement(self.account), *statements, id_=id_)

    def key(
        self,
        name: str,
        *,
        aliases: Sequence[str] | None = None,
        description: str = "",
        policy: str | None = None,
        age_days: float = 400,
        spec: str = SYMMETRIC,
        usage: str | None = None,
        tags: Mapping[str, str] | None = None,
        state: str | None = None,
        origin: str = "AWS_KMS",
        manager: str = "CUSTOMER",
        multi_region: bool = False,
    ) -> EmbeddedKey:
        """Add a key; its alias is ``alias/`` and ``name`` unless ``aliases`` says other."""
        key_id = stable_id(f"{self.account}/{name}", multi_region=multi_region)
        created = self.now - age_days * DAY
        key = EmbeddedKey(
            id=key_id,
            account_id=self.account,
            region=self.region,
            policy=policy or default_policy(self.account),
            creation_date=created,
            key_spec=spec,
            key_usage=usage or allowed_usages(spec)[0],
            description=description,
            origin=origin,
            key_manager=manager,
            multi_region=multi_region,
        )
        if multi_region:
            key.primary_region = self.region
        if state is not None:
            key.key_state = state
        key.tags = dict(tags or {})
        names = [name] if aliases is None else aliases
        entries = [AliasEntry(f"alias/{n}", key_id, created + 60, created + 60) for n in names]
        self.stores.of(self.account, self.region).add([key], entries)
        return key

    def rotate(self, key: EmbeddedKey, *, period_days: int = 365) -> None:
        """Automatic rotation since the key was made, with the rotations that were due by now."""
        plan = key.rotation
        plan.enabled, plan.period_days, plan.since = True, period_days, key.creation_date
        due = key.creation_date + period_days * DAY
        while due < self.now:
            key.history.append(Material(material_id(f"{key.arn}/{len(key.history)}"), due))
            due += period_days * DAY

    def import_material(
        self, key: EmbeddedKey, description: str, *, expires: float | None = None
    ) -> None:
        """Import one more material: the first is in use, another waits for its rotation."""
        made = material_id(f"{key.arn}/{len(key.history)}")
        material = Material(made, None, description=description, pending=bool(key.history))
        material.imported, material.expires = True, expires
        key.history.append(material)

    def grant(
        self,
        key: EmbeddedKey,
        name: str,
        grantee: str,
        operations: Sequence[str],
        *,
        retiring: str = "",
        context: Mapping[str, str] | None = None,
        source_arn: str = "",
        age_days: float = 30,
    ) -> None:
        """Add a grant of the account's root; one for a resource is a service's."""
        grant_id = material_id(f"{key.arn}/grant/{name}/{grantee}/{context}")
        constraints: dict[str, object] = {}
        if context:
            constraints["EncryptionContextSubset"] = dict(context)
        suffix = "_service" if source_arn else ""
        if source_arn:
            constraints["SourceArn"] = source_arn
        key.grants[grant_id] = GrantRecord(
            grant_id=grant_id,
            token=material_id(f"token/{grant_id}") * 2,
            key_arn=key.arn,
            name=name,
            created=self.now - age_days * DAY,
            **{f"grantee{suffix}": grantee, f"retiring{suffix}": retiring},
            issuing_account=self.arn("root"),
            operations=tuple(operations),
            constraints=constraints,
        )


def stable_id(name: str, *, multi_region: bool = False) -> str:
    """A key ID that is the same at every start."""
    made = uuid.uuid5(_NAMESPACE, name)
    # KMS key IDs are version 4 UUIDs.
    made = uuid.UUID(bytes=made.bytes, version=4)
    return f"mrk-{made.hex}" if multi_region else str(made)


def policy(*statements: Statement, id_: str = "key-default-1", version: str = "2012-10-17") -> str:
    """A policy document of these statements."""
    document = {"Version": version, "Id": id_, "Statement": list(statements)}
    return json.dumps(document, indent=2, ensure_ascii=False)


def allow(
    sid: str,
    principal: object,
    actions: Sequence[str] | str,
    condition: Mapping[str, Any] | None = None,
    *,
    effect: str = "Allow",
) -> Statement:
    """A statement on this key."""
    statement: Statement = {
        "Sid": sid,
        "Effect": effect,
        "Principal": principal,
        "Action": list(actions) if not isinstance(actions, str) else actions,
        "Resource": "*",
    }
    if condition:
        statement["Condition"] = dict(condition)
    return statement


USE = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
    "kms:DescribeKey",
)
"""The actions of AWS's "key users" statement."""

ADMINISTER = (
    "kms:Create*",
    "kms:Describe*",
    "kms:Enable*",
    "kms:List*",
    "kms:Put*",
    "kms:Update*",
    "kms:Revoke*",
    "kms:Disable*",
    "kms:Get*",
    "kms:Delete*",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
    "kms:RotateKeyOnDemand",
)
"""The actions of AWS's "key administrators" statement."""
