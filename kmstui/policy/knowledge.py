"""What is known of KMS's vocabulary: actions, condition keys, operators and services.

The tables come from the generated `kms_model.json`, in union with the operations of the
installed botocore, so that an action newer than the file is never called unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionInfo:
    """One permission of the `kms` namespace."""

    name: str
    """With its prefix and in AWS's own case: `kms:Decrypt`."""
    access_level: str
    """`List`, `Read`, `Write`, `Permissions management`, `Tagging`."""
    description: str
    iam_only: bool
    """It names no key as its resource, so it does nothing in a key policy."""
    cross_account: bool
    """It can be used by a principal of another account."""
    condition_keys: frozenset[str]
    """Condition keys (lower case) that requests for it may carry, global ones not included."""
    usages: frozenset[str]
    """KeyUsage values it works with; empty where it works with any key."""
    symmetric_only: bool = False
    asymmetric_only: bool = False


@dataclass(frozen=True, slots=True)
class ConditionKeyInfo:
    """One condition key, `kms:` or global."""

    name: str
    """In AWS's own case; a key with a name in it ends in a colon: `kms:EncryptionContext:`."""
    type: str
    """`String`, `Bool`, `Numeric`, `Date`, `ARN`, `IPAddress`."""
    multivalued: bool
    iam_only: bool = False
    deprecated_for: str = ""
    """The key that replaces it, or empty."""
    values: tuple[str, ...] = ()
    """Its enumeration, where it has one."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The vocabulary at hand."""

    date: str
    """When the generated file was made, YYYY-MM-DD."""
    actions: Mapping[str, ActionInfo]
    """By lower-case name with prefix."""
    condition_keys: Mapping[str, ConditionKeyInfo]
    """By lower-case name."""
    via_services: frozenset[str]
    """The SERVICE part of kms:ViaService values."""
    service_principals: frozenset[str]
    """Known service principals without their `.amazonaws.com`."""
