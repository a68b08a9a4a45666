"""AWS KMS: which operation is served by what, and what is checked before it.

The order of the checks is KMS's: the key must be found, the caller allowed, the state right.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature

from botocore import xform_name

from kmstui.demo.access.authorization import hidden_key, require_on_key
from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError, dry_run_over
from kmstui.demo.kms import (
    cryptography,
    custom_key_stores,
    grants,
    key_material,
    lifecycle,
    policies,
    tags_and_aliases,
)
from kmstui.demo.kms.importing import ImportOffers
from kmstui.demo.kms.keys import EmbeddedKey, require_usage, wrong_usage
from kmstui.demo.kms.members import check_members, is_dry_run, operations
from kmstui.demo.kms.records import LastUse
from kmstui.demo.kms.states import CRYPTOGRAPHIC, require_state
from kmstui.demo.kms.store import Stores, find_key

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
class Served:
    """What an operation returns, and the key it was about."""

    result: Result
    key: EmbeddedKey | None


class KmsService:
    """KMS in every Region of the embedded world."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self._changing = threading.Lock()
        self._handlers = _handlers_in(
            lifecycle,
            tags_and_aliases,
            policies,
            grants,
            key_material,
            cryptography,
            custom_key_stores,
            ImportOffers(),
        )
        self._without_key = {
            operation
            for operation, handler in self._handlers.items()
            if "key" not in signature(handler).parameters
        }
        """Operations whose handler finds the key itself, if there is one."""

    def answer(self, call: Call) -> Served:
        """Serve one call; raises ``AwsError`` in KMS's words.

        Changes are made one after the other, each with its checks, so that none is lost.
        """
        dry_run = is_dry_run(call.operation, call.parameters)
        handler = self._handlers.get(call.operation, _nothing_besides if dry_run else None)
        if handler is None:
            raise AwsError(
                "UnknownOperationException",
                f"The embedded KMS does not serve {call.operation}.",
            )
        check_members(call.operation, call.parameters)
        if dry_run:
            with self._changing:
                self._answer(call, handler)
            raise dry_run_over()
        if call.operation in _UNLOCKED or call.operation.startswith(_READING):
            return self._answer(call, handler)
        with self._changing:
            return self._answer(call, handler)

    def _answer(self, call: Call, handler: Callable[..., Result]) -> Served:
        for token in call.parameters.get("GrantTokens") or ():
            # Every grant works at once here, so that a token need only be one.
            grants.grant_of(self.stores, str(token))
        if call.operation in self._without_key:
            result = handler(call, self.stores)
            return Served(result, self._key_in(call, result))
        custom_key_stores.settle(self.stores.of(call.account, call.region))
        key = find_key(
            self.stores,
            call.account,
            call.region,
            call.parameters.get("KeyId"),
            alias_allowed=call.operation in _TAKES_ALIAS,
        )
        if key.account_id != call.account and call.operation not in _CROSS_ACCOUNT:
            raise hidden_key(call, f"kms:{call.operation}")
        require_on_key(call, key)
        require_state(call.operation, key)
        require_usage(call.operation, key)
        result = handler(call, self.stores, key)
        _note_use(call, key)
        return Served(result, key)

    def _key_in(self, call: Call, result: Result) -> EmbeddedKey | None:
        key_id = str(result.get("KeyId", "")) or result.get("KeyMetadata", {}).get("KeyId")
        if not key_id:
            return None
        key = self.stores.of(call.account, call.region).keys.get(key_id.rpartition("/")[2])
        if key is not None:
            _note_use(call, key)
        return key


def _nothing_besides(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """For dry runs of what is not served: the permission, state and usage are all there is."""
    if call.operation.startswith("GenerateDataKeyPair") and not key.symmetric:
        raise wrong_usage(call.operation, key)
    return {}


def _handlers_in(*places: object) -> dict[str, Callable[..., Result]]:
    """By operation: the functions that bear its name in snake case, such as ``get_key_policy``."""
    handlers = {}
    for operation in operations():
        name = xform_name(operation)
        for place in places:
            if hasattr(place, name):
                handlers[operation] = getattr(place, name)
    return handlers


def _note_use(call: Call, key: EmbeddedKey) -> None:
    if is_dry_run(call.operation, call.parameters):
        return
    if call.operation in CRYPTOGRAPHIC and call.operation != "GetPublicKey":
        key.last_use = LastUse(call.operation, time.time(), call.request_id, call.request_id)
