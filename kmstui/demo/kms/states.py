"""Which operation which key state allows, and KMS's words when it does not.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html (the table and its notes).
"""

from __future__ import annotations

from kmstui.demo.errors import ServiceError, invalid_state
from kmstui.demo.kms.keys import EmbeddedKey

_PENDING_DELETION = frozenset({"PendingDeletion", "PendingReplicaDeletion"})

_CRYPTOGRAPHIC = frozenset(
    {"Decrypt", "Encrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
     "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "Sign", "Verify",
     "GenerateMac", "VerifyMac", "DeriveSharedSecret", "GetPublicKey", "Encapsulate",
     "Decapsulate"}
)  # fmt: skip
CRYPTOGRAPHIC = _CRYPTOGRAPHIC

# Note 1: DisabledException.
_NEEDS_ENABLED = _CRYPTOGRAPHIC | {
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
_NOT_PENDING_IMPORT = _CRYPTOGRAPHIC | {"CreateGrant", "DisableKey", "EnableKey", "ReplicateKey"}


def require_state(operation: str, key: EmbeddedKey) -> None:
    """Raise KMSInvalidStateException or DisabledException when the state forbids ``operation``."""
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
        raise ServiceError("DisabledException", f"{key.arn} is disabled.")
    if state in {"Creating", "Updating"} and operation in _NOT_PENDING_DELETION:
        raise invalid_state(f"{key.arn} is {state.lower()}.")
    if state == "Unavailable" and operation in _CRYPTOGRAPHIC:
        raise ServiceError("KeyUnavailableException", f"{key.arn} is unavailable.", 500)
