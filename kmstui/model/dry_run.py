"""A request that KMS judges and does not carry out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DryRun:
    """What is sent with `DryRun`; whatever else the operation wants is made up for it.

    https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html
    """

    operation: str
    """The operation's name, such as `Decrypt`."""
    key_arn: str
    key_spec: str = ""
    """The key's KeySpec: it tells which made-up ciphertexts and public keys are well-formed."""
    algorithm: str = ""
    """Of the key, as the operation names it; for data key pairs the KeyPairSpec."""
    encryption_context: tuple[tuple[str, str], ...] = ()
    grantee: str = ""
    """Who would get the grant of CreateGrant."""
    grant_tokens: tuple[str, ...] = ()
    """Of grants that may not be known everywhere yet. They are no secrets: "nonsecret" (KMS
    Developer Guide, "Grant token")."""
