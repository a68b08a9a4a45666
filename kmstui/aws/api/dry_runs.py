"""Dry runs: KMS judges a request, and does not carry it out.

https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html, and the page of
each operation in the KMS API Reference: a dry run always fails, with DryRunOperationException where
the request "would have succeeded".
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable

from kmstui.aws.api.base import ApiBase, nothing
from kmstui.aws.calls import Params
from kmstui.aws.calls import operations as op
from kmstui.model import DryRun
from kmstui.service.errors import ErrorContext, InvalidInputError, MalformedAnswerError

WOULD_SUCCEED = "DryRunOperationException"

_MESSAGE = b"kmstui asks whether this is allowed"
"""Stands in the place of data: 190 bytes fit in the smallest RSA key (API_Encrypt)."""
_MADE_UP = bytes(64)
"""In the place of a signature or MAC."""
_CIPHERTEXT_BYTES = {"ML_KEM_512": 768, "ML_KEM_768": 1088, "ML_KEM_1024": 1568}
"""FIPS 203, table 3: of another length it is refused, of this one never (API_Decapsulate)."""
_PUBLIC_KEYS = {
    "ECC_NIST_P256": (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/"
        "m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q=="
    ),
    "ECC_NIST_P384": (
        "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEqofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpU"
        "Xjhydgq3NhfeSpYmLG9dnpi/kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"
    ),
    "ECC_NIST_P521": (
        "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAxoWOBrcEBOnNnj7LZiOVtEKcZIE5BT+1Ifgor2BrTT26oUted+/n"
        "WSj+HcEnov+o3jNIs8GFakKb+X5+McLlvWYBGDkpaniaO8AEXIpftCx9G9mY9URJV5tEaBevvRcnPmYsl+5ymV70"
        "JkDFULkBP60HYTU8cIaicsJAiL6Udp/RZlA="
    ),
}
"""The generator of each curve (SEC 2) as a public key in DER: well-formed, and nobody's secret."""


class DryRunApi(ApiBase):
    """What KMS would answer."""

    async def dry_run(self, request: DryRun) -> None:
        operation = op.DRY_RUNS[request.operation]
        given = {**_members(request), "GrantTokens": list(request.grant_tokens)}
        members = {name: value for name, value in given.items() if value}
        try:
            await self._calls.send(
                operation, {"DryRun": True, **members}, nothing, key=request.key_arn
            )
        except InvalidInputError as error:
            if error.context.code == WOULD_SUCCEED:
                return
            raise
        raise MalformedAnswerError(
            "the endpoint does not know DryRun, and has carried the request out",
            "Nothing more is asked of it.",
            ErrorContext(operation.permission, request.key_arn),
        )


def _members(request: DryRun) -> Params:
    shared = {"KeyId": request.key_arn, "EncryptionContext": dict(request.encryption_context)}
    return _MEMBERS[request.operation](request, shared)


def _re_encrypt(request: DryRun, shared: Params) -> Params:
    # To the same key: "you can also use it to reencrypt ciphertext under the same KMS key"
    # (API_ReEncrypt), and who may do that may both decrypt from it and encrypt to it.
    found: dict[str, object] = {"DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    for side in ("Source", "Destination"):
        found[f"{side}KeyId"] = shared["KeyId"]
        found[f"{side}EncryptionContext"] = shared["EncryptionContext"]
        found[f"{side}EncryptionAlgorithm"] = request.algorithm
    return found


def _sign(request: DryRun, shared: Params) -> Params:
    return {
        "KeyId": shared["KeyId"],
        "Message": _MESSAGE,
        "MessageType": "RAW",
        "SigningAlgorithm": request.algorithm,
    }


def _mac(request: DryRun, shared: Params) -> Params:
    return {"KeyId": shared["KeyId"], "Message": _MESSAGE, "MacAlgorithm": request.algorithm}


def _data_key(request: DryRun, shared: Params) -> Params:
    return {**shared, "KeySpec": "AES_256"}


def _data_key_pair(request: DryRun, shared: Params) -> Params:
    return {**shared, "KeyPairSpec": request.algorithm}


def _encapsulated(request: DryRun, shared: Params) -> Params:
    return {"KeyId": shared["KeyId"], "EncapsulationAlgorithm": request.algorithm}


_MEMBERS: dict[str, Callable[[DryRun, Params], Params]] = {
    "Encrypt": lambda request, shared: {
        **shared,
        "Plaintext": _MESSAGE,
        "EncryptionAlgorithm": request.algorithm,
    },
    # "KMS performs only authorization validation without ciphertext validation" (API_Decrypt).
    "Decrypt": lambda request, shared: {
        **shared,
        "EncryptionAlgorithm": request.algorithm,
        "DryRunModifiers": ["IGNORE_CIPHERTEXT"],
    },
    "ReEncrypt": _re_encrypt,
    "GenerateDataKey": _data_key,
    "GenerateDataKeyWithoutPlaintext": _data_key,
    "GenerateDataKeyPair": _data_key_pair,
    "GenerateDataKeyPairWithoutPlaintext": _data_key_pair,
    "Sign": _sign,
    "Verify": lambda request, shared: {**_sign(request, shared), "Signature": _MADE_UP},
    "GenerateMac": _mac,
    "VerifyMac": lambda request, shared: {**_mac(request, shared), "Mac": _MADE_UP},
    "DeriveSharedSecret": lambda request, shared: {
        "KeyId": shared["KeyId"],
        "KeyAgreementAlgorithm": request.algorithm,
        "PublicKey": b64decode(_PUBLIC_KEYS.get(request.key_spec, "")) or _MADE_UP,
    },
    "Encapsulate": _encapsulated,
    "Decapsulate": lambda request, shared: {
        **_encapsulated(request, shared),
        "SharedSecretCiphertextBlob": bytes(_CIPHERTEXT_BYTES.get(request.key_spec, 768)),
    },
    # It would give nothing that the grantee, who asks, is not likely to have.
    "CreateGrant": lambda request, shared: {
        "KeyId": shared["KeyId"],
        "GranteePrincipal": request.grantee,
        "Operations": ["DescribeKey"],
    },
}
