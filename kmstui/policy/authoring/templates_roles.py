"""What an inline policy of a role can begin with: what the role may do with one key.

Source: KMS Developer Guide, "Examples of IAM policies": the key is named in Resource, and no
principal stands in the policy, since the role is that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from kmstui.policy.authoring.templates import use_actions


@dataclass(frozen=True, slots=True)
class RoleTemplate:
    """One beginning."""

    id: str
    title: str
    """A few words for a list."""
    actions: tuple[str, ...]
    """With their prefix; empty: no statement."""

    def text(self, key_arn: str) -> str:
        """The policy for one key."""
        statement = {
            "Sid": self.id,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": key_arn,
        }
        statements = [statement] if self.actions else []
        return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


_PARTS: Mapping[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "ENCRYPT_DECRYPT": (
        ("EncryptOnly", "Encrypt with the key, and not decrypt", ("Encrypt", "DescribeKey")),
        ("DecryptOnly", "Decrypt with the key, and not encrypt", ("Decrypt", "DescribeKey")),
    ),
    "SIGN_VERIFY": (
        ("SignOnly", "Sign with the key", ("Sign", "GetPublicKey", "DescribeKey")),
        ("VerifyOnly", "Verify with the key, and not sign", ("Verify", "GetPublicKey")),
    ),
    "GENERATE_VERIFY_MAC": (
        ("VerifyOnly", "Verify MACs with the key, and not make them", ("VerifyMac", "DescribeKey")),
    ),
}
"""Parts of the use of a key that are often wanted alone, by its KeyUsage."""

NOTHING = RoleTemplate("Nothing", "No statement yet", ())


def role_templates(usage: str, spec: str) -> tuple[RoleTemplate, ...]:
    """What an inline policy can begin with for a key of this usage and spec, as far as known."""
    parts = _PARTS.get(usage or "ENCRYPT_DECRYPT", ())
    return (
        RoleTemplate("UseKey", "Use the key for all it is made for", use_actions(usage, spec)),
        *(
            RoleTemplate(name, title, tuple(f"kms:{action}" for action in actions))
            for name, title, actions in parts
        ),
        NOTHING,
    )
