"""Which operations the state of a key allows.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html (the table and its notes)
"""

from __future__ import annotations

import time

from kmstui.demo.errors import AwsError, invalid_state
from kmstui.demo.kms.keys import EmbeddedKey

_PENDING_DELETION = frozenset({"PendingDeletion", "PendingReplicaDeletion"})

CRYPTOGRAPHIC = frozenset(
    {"Decrypt", "Encrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
     "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "Sign", "Verify",
     "GenerateMac", "VerifyMac", "DeriveSharedSecret", "GetPublicKey", "Encapsulate",
     "Decapsulate"}
)  # fmt: skip
# Note 1: DisabledException.
_NEEDS_ENABLED = CRYPTOGRAPHIC | {
    "CreateGrant",
    "DisableKeyRotation",
    "EnableKeyRotation",
    "ReplicateKey",
    "RotateKeyOnDemand",
    "UpdatePrimaryRegion",
}
# Notes 2 and 3: pending deletion.
_NOT_PENDING_DELETION = _NEEDS_ENABLED | {
    "CreateAlias",
    "UpdateAlias",
    "DisableKey",
    "EnableKey",
    "GetKeyRotationStatus",
    "GetParametersForImport",
    "ImportKeyMaterial",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
}
# Note 5: pending import.
_NOT_PENDING_IMPORT = CRYPTOGRAPHIC | {"CreateGrant", "DisableKey", "EnableKey", "ReplicateKey"}

_NOT_UPDATING = (_NEEDS_ENABLED - CRYPTOGRAPHIC - {"CreateGrant"}) | {
    "DisableKey",
    "EnableKey",
    "ScheduleKeyDeletion",
}


def require_state(operation: str, key: EmbeddedKey) -> None:
    """Raise KMSInvalidStateException or DisabledException when the state forbids ``operation``."""
    key.follow_materials()
    if key.key_state == "Updating" and key.updating_until <= time.time():
        key.key_state = "Enabled"
    state = key.key_state
    if operation == "CancelKeyDeletion":
        if state not in _PENDING_DELETION:
            raise invalid_state(f"{key.arn} is not pending deletion.")
        return
    if state in _PENDING_DELETION and operation in _NOT_PENDING_DELETION:
        words = "pending deletion" if state == "PendingDeletion" else "pending replica deletion"
        raise invalid_state(f"{key.arn} is {words}.")
    if state == "PendingImport" and operation in _NOT_PENDING_IMPORT:
        raise invalid_state(f"{key.arn} is pending import.")
    if state == "Disabled" and operation in _NEEDS_ENABLED:
        raise AwsError("DisabledException", f"{key.arn} is disabled.")
    if (state == "Creating" and operation in CRYPTOGRAPHIC) or (
        state == "Updating" and operation in _NOT_UPDATING
    ):
        raise invalid_state(f"{key.arn} is {state.lower()}.")
    if state == "Unavailable" and operation in CRYPTOGRAPHIC:
        raise AwsError("KeyUnavailableException", f"{key.arn} is unavailable.", 500)
