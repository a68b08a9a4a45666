"""AWS KMS: which operation is served by what, and what is checked before it.

The order of the checks is KMS's: the key must be found, the caller allowed, the state right.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from kmstui.demo.access.authorization import require_on_key
from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import ServiceError
from kmstui.demo.kms import aliases, cryptography, grants, key_material, lifecycle, policies, tags
from kmstui.demo.kms.key_material import ImportOffers
from kmstui.demo.kms.keys import CRYPTOGRAPHIC, EmbeddedKey, LastUse, require_state, require_usage
from kmstui.demo.kms.members import check_members
from kmstui.demo.kms.store import Stores, find_key

KeyHandler = Callable[[Call, Stores, EmbeddedKey], Result]
FreeHandler = Callable[[Call, Stores], Result]

_TAKES_ALIAS = frozenset(
    {"DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
     "GetPublicKey", "Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret"}
)  # fmt: skip

# Administrative operations never reach a key of another account (API reference, "Cross-account
# use: No").
_CROSS_ACCOUNT = CRYPTOGRAPHIC | {
    "DescribeKey",
    "GetKeyRotationStatus",
    "CreateGrant",
    "ListGrants",
    "RetireGrant",
    "RevokeGrant",
}

_READING = ("Get", "List", "Describe")
_UNLOCKED = CRYPTOGRAPHIC | {"GenerateRandom"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation answered, and the key it was about."""

    result: Result
    key: EmbeddedKey | None


class KmsService:
    """KMS in every Region of the embedded world."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self._changing = threading.Lock()
        offers = ImportOffers()
        self._free: dict[str, FreeHandler] = {
            "ListKeys": lifecycle.list_keys,
            "ListAliases": aliases.list_aliases,
            "CreateKey": lifecycle.create_key,
            "CreateAlias": aliases.create_alias,
            "UpdateAlias": aliases.update_alias,
            "DeleteAlias": aliases.delete_alias,
            "ListRetirableGrants": grants.list_retirable_grants,
            "RetireGrant": grants.retire_grant,
            "Decrypt": cryptography.decrypt,
            "ReEncrypt": cryptography.re_encrypt,
            "GenerateRandom": cryptography.generate_random,
        }
        self._on_key: dict[str, KeyHandler] = {
            "DescribeKey": lifecycle.describe_key,
            "ListResourceTags": tags.list_resource_tags,
            "ListKeyPolicies": policies.list_key_policies,
            "GetKeyPolicy": policies.get_key_policy,
            "GetKeyLastUsage": lifecycle.get_key_last_usage,
            "PutKeyPolicy": policies.put_key_policy,
            "TagResource": tags.tag_resource,
            "UntagResource": tags.untag_resource,
            "EnableKey": lifecycle.enable_key,
            "DisableKey": lifecycle.disable_key,
            "UpdateKeyDescription": lifecycle.update_key_description,
            "ScheduleKeyDeletion": lifecycle.schedule_key_deletion,
            "CancelKeyDeletion": lifecycle.cancel_key_deletion,
            "EnableKeyRotation": key_material.enable_key_rotation,
            "DisableKeyRotation": key_material.disable_key_rotation,
            "GetKeyRotationStatus": key_material.get_key_rotation_status,
            "ListKeyRotations": key_material.list_key_rotations,
            "RotateKeyOnDemand": key_material.rotate_key_on_demand,
            "CreateGrant": grants.create_grant,
            "ListGrants": grants.list_grants,
            "RevokeGrant": grants.revoke_grant,
            "ReplicateKey": lifecycle.replicate_key,
            "UpdatePrimaryRegion": lifecycle.update_primary_region,
            "GetParametersForImport": offers.parameters,
            "ImportKeyMaterial": offers.take_in,
            "DeleteImportedKeyMaterial": offers.delete,
            "Encrypt": cryptography.encrypt,
            "GenerateDataKey": cryptography.generate_data_key,
            "GenerateDataKeyWithoutPlaintext": cryptography.generate_data_key,
            "Sign": cryptography.sign,
            "Verify": cryptography.verify,
            "GenerateMac": cryptography.generate_mac,
            "VerifyMac": cryptography.verify_mac,
            "GetPublicKey": cryptography.get_public_key,
            "DeriveSharedSecret": cryptography.derive_shared_secret,
        }

    def answer(self, call: Call) -> Outcome:
        """Serve one call; raises ``ServiceError`` in KMS's words.

        Changes are made one after the other, each with its checks, so that none is lost.
        """
        check_members(call.operation, call.parameters)
        if call.operation in _UNLOCKED or call.operation.startswith(_READING):
            return self._answer(call)
        with self._changing:
            return self._answer(call)

    def _answer(self, call: Call) -> Outcome:
        free = self._free.get(call.operation)
        if free is not None:
            result = free(call, self.stores)
            return Outcome(result, self._key_in(call, result))
        handler = self._on_key.get(call.operation)
        if handler is None:
            raise ServiceError(
                "UnknownOperationException",
                f"The embedded KMS does not serve {call.operation}.",
            )
        key = find_key(
            self.stores,
            call.account,
            call.region,
            call.parameters.get("KeyId"),
            alias_allowed=call.operation in _TAKES_ALIAS,
        )
        _require_account(call, key)
        require_on_key(call, key)
        require_state(call.operation, key)
        require_usage(call.operation, key)
        result = handler(call, self.stores, key)
        _note_use(call, key)
        return Outcome(result, key)

    def _key_in(self, call: Call, result: Result) -> EmbeddedKey | None:
        key_id = str(result.get("KeyId", "")) or result.get("KeyMetadata", {}).get("KeyId")
        if not key_id:
            return None
        key = self.stores.of(call.account, call.region).keys.get(key_id.rpartition("/")[2])
        if key is not None:
            _note_use(call, key)
        return key


def _require_account(call: Call, key: EmbeddedKey) -> None:
    if key.account_id != call.account and call.operation not in _CROSS_ACCOUNT:
        raise ServiceError(
            "AccessDeniedException",
            f"User: {call.caller.arn} is not authorized to perform: kms:{call.operation} on this "
            "resource because the resource does not exist in this Region, no resource-based "
            "policies allow access, or a resource-based policy explicitly denies access",
        )


def _note_use(call: Call, key: EmbeddedKey) -> None:
    if call.operation in CRYPTOGRAPHIC and call.operation != "GetPublicKey":
        key.last_use = LastUse(call.operation, time.time(), call.request_id, call.request_id)
