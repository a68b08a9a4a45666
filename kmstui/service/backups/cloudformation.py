"""Keys as a CloudFormation template, and what `ResourcesToImport` has to say of them.

Sources: CloudFormation Template Reference, AWS::KMS::Key, AWS::KMS::ReplicaKey, AWS::KMS::Alias;
User Guide, "Import AWS resources into a CloudFormation stack": each needs a DeletionPolicy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kmstui.service.backups.record import KeyRecord
from kmstui.service.backups.terraform import unique_names


def not_importable(record: KeyRecord) -> str:
    """Why CloudFormation has no such key, as a sentence; "" where it has."""
    if record.custom_key_store_id:
        return "CloudFormation has no keys of custom key stores."
    return ""


def cloudformation(records: Sequence[KeyRecord]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The template with these keys and their aliases, and the resources to import."""
    resources: dict[str, Any] = {}
    to_import: list[dict[str, Any]] = []

    def add(name: str, kind: str, properties: dict[str, Any], identifier: dict[str, str]) -> None:
        resources[name] = {
            "Type": kind,
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": properties,
        }
        to_import.append(
            {"ResourceType": kind, "LogicalResourceId": name, "ResourceIdentifier": identifier}
        )

    # Logical IDs are letters and digits alone.
    words = [name for each in records for name in (each.name, *each.aliases)]
    names = iter(unique_names((f"{word.title()}" for word in words), "a-zA-Z0-9", ""))
    for record in records:
        name = next(names)
        add(name, kind_of(record), _properties(record), {"KeyId": record.id})
        for alias in record.aliases:
            properties = {"AliasName": alias, "TargetKeyId": {"Ref": name}}
            add(next(names), "AWS::KMS::Alias", properties, {"AliasName": alias})
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}, to_import


def kind_of(record: KeyRecord) -> str:
    """Of which type a key is."""
    return "AWS::KMS::ReplicaKey" if record.multi_region == "REPLICA" else "AWS::KMS::Key"


def _properties(record: KeyRecord) -> dict[str, Any]:
    found: dict[str, Any] = {"Description": record.description}
    if record.multi_region == "REPLICA":
        arn = record.arn.split(":")
        primary = record.regions[0] if record.regions else record.region
        found["PrimaryKeyArn"] = ":".join((*arn[:3], primary, *arn[4:]))
    else:
        found |= {"KeySpec": record.spec, "KeyUsage": record.usage, "Origin": record.origin}
        if record.multi_region:
            found["MultiRegion"] = True
        if record.rotation is not None:
            found["EnableKeyRotation"] = record.rotation.enabled
            if record.rotation.period_days:
                found["RotationPeriodInDays"] = record.rotation.period_days
    if record.state in ("Enabled", "Disabled"):
        found["Enabled"] = record.state == "Enabled"
    found["KeyPolicy"] = json.loads(record.policy)
    tags = [tag for tag in record.tags if not tag.key.startswith("aws:")]
    if tags:
        found["Tags"] = [{"Key": tag.key, "Value": tag.value} for tag in tags]
    return found
