"""Which keys KMS creates, and what of a person's wish it would refuse."""

from __future__ import annotations

from collections.abc import Mapping

from kmstui.model import KeyCreation
from kmstui.service.inventory import Store
from kmstui.service.keys.aliases import alias_problem, full_name
from kmstui.service.keys.allowed import description_problem
from kmstui.service.tags import MOST_TAGS, tag_problems

POLICY_BYTES = 32_768
"""Source: KMS Developer Guide, "Resource quotas": key policy document size."""

_RSA = ("RSA_2048", "RSA_3072", "RSA_4096")
_NIST = ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521")

SPECS: Mapping[str, tuple[str, ...]] = {
    "ENCRYPT_DECRYPT": ("SYMMETRIC_DEFAULT", *_RSA),
    "SIGN_VERIFY": (
        *_RSA, *_NIST, "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519",
        "ML_DSA_44", "ML_DSA_65", "ML_DSA_87",
    ),
    "GENERATE_VERIFY_MAC": ("HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512"),
    "KEY_AGREEMENT": _NIST,
    "ENCAPSULATE_DECAPSULATE": ("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"),
}  # fmt: skip
"""Key specs by key usage, the usual one first. Source: KMS API Reference, CreateKey: KeySpec."""

_SM2_USAGES = ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT")


def specs_for(usage: str, partition: str = "aws") -> tuple[str, ...]:
    """The key specs of a key usage in a partition.

    SM2 exists in the China Regions only, ML-KEM everywhere else (KMS API Reference, CreateKey).
    """
    specs = SPECS.get(usage, ())
    if partition != "aws-cn":
        return specs
    if usage == "ENCAPSULATE_DECAPSULATE":
        return ()
    return (*specs, "SM2") if usage in _SM2_USAGES else specs


def key_creation_problem(store: Store, creation: KeyCreation, alias: str) -> str:
    """Why the key or its alias would be refused, as a sentence; empty when neither would."""
    partition = store.info.partition if store.info else "aws"
    if creation.spec not in specs_for(creation.usage, partition):
        return f"KMS does not create keys of spec {creation.spec} for {creation.usage}."
    if problem := description_problem(creation.description):
        return problem
    if alias and (problem := alias_problem(alias)):
        return problem
    if alias and (existing := store.aliases.get(full_name(alias))) is not None:
        return f"{existing.name} exists already and names {store.name_of(existing.key_id)}."
    if len(creation.tags) > MOST_TAGS:
        return f"A key can have {MOST_TAGS} tags, not {len(creation.tags)}."
    for tag in creation.tags:
        for problem in tag_problems(tag):
            return problem
    size = len((creation.policy or "").encode())
    if size > POLICY_BYTES:
        return f"The policy has {size:,} bytes, and a key policy can have {POLICY_BYTES:,}."
    return ""
