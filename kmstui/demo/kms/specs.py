"""Key specs: which usages and algorithms each has.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

from __future__ import annotations

from dataclasses import dataclass

_RSA_SIGNING = (
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
)
_ECC_SIGNING = {
    "ECC_NIST_P256": ("ECDSA_SHA_256",),
    "ECC_SECG_P256K1": ("ECDSA_SHA_256",),
    "ECC_NIST_P384": ("ECDSA_SHA_384",),
    "ECC_NIST_P521": ("ECDSA_SHA_512",),
    "ECC_NIST_EDWARDS25519": ("ED25519_SHA_512", "ED25519_PH_SHA_512"),
}
_RSA = ("RSA_2048", "RSA_3072", "RSA_4096")
_ECC_AGREEMENT = frozenset({"ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "SM2"})
_HMAC = ("HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512")
_ML_DSA = ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87")
_ML_KEM = ("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024")

SYMMETRIC = "SYMMETRIC_DEFAULT"
SPECS = (SYMMETRIC, *_RSA, *_ECC_SIGNING, *_HMAC, "SM2", *_ML_DSA, *_ML_KEM)
USAGES = (
    "ENCRYPT_DECRYPT",
    "SIGN_VERIFY",
    "GENERATE_VERIFY_MAC",
    "KEY_AGREEMENT",
    "ENCAPSULATE_DECAPSULATE",
)


@dataclass(frozen=True, slots=True)
class Algorithms:
    """What DescribeKey lists for a key; at most one of these is not empty."""

    encryption: tuple[str, ...] = ()
    signing: tuple[str, ...] = ()
    mac: tuple[str, ...] = ()
    agreement: tuple[str, ...] = ()
    encapsulation: tuple[str, ...] = ()


def allowed_usages(spec: str) -> tuple[str, ...]:
    """The usages a key of this spec can be made for, the default first."""
    if spec == SYMMETRIC:
        return ("ENCRYPT_DECRYPT",)
    if spec in _HMAC:
        return ("GENERATE_VERIFY_MAC",)
    if spec in _ML_DSA:
        return ("SIGN_VERIFY",)
    if spec in _ML_KEM:
        return ("ENCAPSULATE_DECAPSULATE",)
    if spec in _RSA or spec == "SM2":
        return (
            ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT")
            if spec == "SM2"
            else ("ENCRYPT_DECRYPT", "SIGN_VERIFY")
        )
    return ("SIGN_VERIFY", "KEY_AGREEMENT") if spec in _ECC_AGREEMENT else ("SIGN_VERIFY",)


def algorithms(spec: str, usage: str) -> Algorithms:
    """The algorithms of a key of this spec and usage."""
    if usage == "ENCRYPT_DECRYPT":
        return Algorithms(encryption=_encryption(spec))
    if usage == "SIGN_VERIFY":
        return Algorithms(signing=_signing(spec))
    if usage == "GENERATE_VERIFY_MAC":
        return Algorithms(mac=(f"HMAC_SHA_{spec.removeprefix('HMAC_')}",))
    if usage == "KEY_AGREEMENT":
        return Algorithms(agreement=("ECDH",))
    return Algorithms(encapsulation=("ML_KEM",))


def _encryption(spec: str) -> tuple[str, ...]:
    if spec == SYMMETRIC:
        return (SYMMETRIC,)
    return ("SM2PKE",) if spec == "SM2" else ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")


def _signing(spec: str) -> tuple[str, ...]:
    if spec in _RSA:
        return _RSA_SIGNING
    if spec in _ML_DSA:
        return ("ML_DSA_SHAKE_256",)
    return ("SM2DSA",) if spec == "SM2" else _ECC_SIGNING[spec]
