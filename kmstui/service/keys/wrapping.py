"""How key material is wrapped before it leaves: what KMS takes, and doing it here or outside.

Sources: KMS Developer Guide, "Select a wrapping algorithm" (importing-keys-get-public-key-and-
token.html), "Encrypt the key material" (importing-keys-encrypt-key-material.html) and "Requirements
for imported key material" (importing-keys-conceptual.html).
"""

from __future__ import annotations

import importlib.util
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path

PUBLIC_KEY_FILE = "WrappingPublicKey.bin"
TOKEN_FILE = "ImportToken.bin"  # noqa: S105 - a file's name, as the console has it
WRAPPED_FILE = "EncryptedKeyMaterial.bin"

_DIRECT = ("RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1")
_HYBRID = ("RSA_AES_KEY_WRAP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1")
_RSA = ("RSA_4096", "RSA_3072", "RSA_2048")
"""Wrapping keys, the one that AWS prefers first."""

_SECRET_BYTES = {"SYMMETRIC_DEFAULT": 32, "HMAC_224": 28, "HMAC_256": 32, "HMAC_384": 48,
                 "HMAC_512": 64}  # fmt: skip
_CHINESE_BYTES = 16
"""Of a symmetric encryption key in the China Regions, which is an SM4 key."""


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What GetParametersForImport is asked for."""

    algorithm: str
    key_spec: str
    """Of the wrapping key."""

    @property
    def is_hybrid(self) -> bool:
        """Whether an AES key wraps the material, and the wrapping key that AES key."""
        return self.algorithm.startswith("RSA_AES")

    @property
    def digest(self) -> str:
        """The hash function of its OAEP, as OpenSSL names it."""
        return "sha1" if self.algorithm.endswith("SHA_1") else "sha256"


def algorithms_for(spec: str, partition: str = "aws") -> tuple[str, ...]:
    """The wrapping algorithms for material of a key spec, the one that AWS prefers first.

    Empty where KMS imports none of that kind.
    """
    if spec.startswith("ML_"):
        return ()
    chinese = partition == "aws-cn"
    if spec.startswith("RSA"):
        # There it takes SM2PKE alone, which kmstui does not offer.
        return () if chinese else _HYBRID
    if spec.startswith("ECC") and not chinese:
        return (*_HYBRID, *_DIRECT)
    return _DIRECT


def wrapping_keys_for(spec: str, algorithm: str) -> tuple[str, ...]:
    """The specs of wrapping keys for material of a key spec, the longest first."""
    if spec == "ECC_NIST_P521" and algorithm in _DIRECT:
        return _RSA[:2]
    return _RSA


def material_problem(spec: str, material: bytes, partition: str = "aws") -> str:
    """Why KMS would refuse the plain material of a key, as a sentence; "" where it may take it.

    Says nothing of the material but its length and how it is encoded.
    """
    wanted = _SECRET_BYTES.get(spec)
    if wanted is not None:
        if spec == "SYMMETRIC_DEFAULT" and partition == "aws-cn":
            wanted = _CHINESE_BYTES
        if len(material) == wanted:
            return ""
        text = material.strip()
        encoded = bool(text) and text.isascii() and text.decode("ascii").isprintable()
        more = " It looks like text, as base64 or hexadecimal: decode it first." if encoded else ""
        return f"The file has {len(material)} bytes, and {spec} needs {wanted} of binary.{more}"
    if material.lstrip().startswith(b"-----BEGIN"):
        return (
            "The file is PEM, and KMS takes DER: openssl pkcs8 -topk8 -nocrypt -outform der -in "
            "key.pem -out key.der makes it."
        )
    if not material.startswith(b"\x30"):
        return f"The file is no private key of {spec} in PKCS #8 and DER, which KMS takes."
    return ""


def can_wrap() -> bool:
    """Whether kmstui can wrap material itself: `cryptography` is installed (extra `import`)."""
    return importlib.util.find_spec("cryptography") is not None


def wrap(wrapping: Wrapping, public_key: bytes, material: bytes) -> bytes:
    """Wrap material with the wrapping key of KMS, in DER: RSAES-OAEP, or AES-KWP and that.

    Raises:
        ValueError: the wrapping key cannot be read, or is too short for the material.
    """
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

    public = serialization.load_der_public_key(public_key)
    if not isinstance(public, rsa.RSAPublicKey):
        raise ValueError("the wrapping key is no RSA key")  # noqa: TRY004 - of what KMS sent
    sha1 = wrapping.digest == "sha1"
    digest = hashes.SHA1() if sha1 else hashes.SHA256()  # noqa: S303 - what OAEP_SHA_1 names
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    if not wrapping.is_hybrid:
        return public.encrypt(material, oaep)
    key = secrets.token_bytes(32)
    return public.encrypt(key, oaep) + aes_key_wrap_with_padding(key, material)


def openssl_commands(wrapping: Wrapping, folder: Path, material: str = "material.bin") -> str:
    """Shell commands that wrap a file in a folder with what was fetched into it.

    `openssl enc` takes the AES key of a hybrid wrapping as an argument alone, so that whoever lists
    the machine's processes at that moment sees it.
    """
    direct = not wrapping.is_hybrid
    source, target = (material, WRAPPED_FILE) if direct else ("aes-key.bin", "aes-key-wrapped.bin")
    oaep = (
        f"openssl pkeyutl -encrypt -in {shlex.quote(source)} -out {target} -inkey"
        f" {PUBLIC_KEY_FILE} -keyform DER -pubin -pkeyopt rsa_padding_mode:oaep -pkeyopt"
        f" rsa_oaep_md:{wrapping.digest} -pkeyopt rsa_mgf1_md:{wrapping.digest}"
    )
    lines = [f"cd {shlex.quote(str(folder))}", "umask 077", oaep]
    if not direct:
        lines[2:] = [
            "openssl rand -out aes-key.bin 32",
            "openssl enc -id-aes256-wrap-pad -K \"$(od -An -vtx1 aes-key.bin | tr -d ' \\n')\" -iv"
            f" A65959A6 -in {shlex.quote(material)} -out material-wrapped.bin",
            oaep,
            f"cat aes-key-wrapped.bin material-wrapped.bin > {WRAPPED_FILE}",
            "rm aes-key.bin aes-key-wrapped.bin material-wrapped.bin",
        ]
    return "\n".join(lines)
