"""CreateKey.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
"""

from __future__ import annotations

import time
from typing import Any

from kmstui.demo.access.authorization import Call, require_by_identity
from kmstui.demo.errors import unsupported, validation
from kmstui.demo.kms.keys import EmbeddedKey, new_key_id
from kmstui.demo.kms.lifecycle import checked_description
from kmstui.demo.kms.policy_putting import accepted_policy
from kmstui.demo.kms.policy_text import spelled
from kmstui.demo.kms.specs import SPECS, SYMMETRIC, USAGES, allowed_usages
from kmstui.demo.kms.store import Stores
from kmstui.demo.kms.tagging import checked_tags


def default_policy(account: str) -> str:
    """The policy that KMS gives a key made without one, spelled as KMS spells it."""
    document = {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    return spelled(document)


def create_key(call: Call, stores: Stores) -> dict[str, Any]:
    """CreateKey."""
    require_by_identity(call, "kms:CreateKey")
    parameters = call.parameters
    if parameters.get("Tags"):
        require_by_identity(call, "kms:TagResource")
    key = EmbeddedKey(
        key_id=new_key_id(multi_region=bool(parameters.get("MultiRegion"))),
        account=call.account,
        region=call.region,
        policy=default_policy(call.account),
        created=time.time(),
        spec=_spec(call),
        usage=_usage(call),
        description=checked_description(parameters.get("Description", "")),
        origin=_origin(call),
        multi_region=bool(parameters.get("MultiRegion")),
    )
    if key.multi_region:
        key.primary_region = call.region
    if parameters.get("Tags"):
        key.tags = checked_tags(parameters["Tags"])
    if parameters.get("Policy") is not None:
        key.policy = str(accepted_policy(call, key, parameters["Policy"]))
    stores.of(call.account, call.region).add([key])
    return {"KeyMetadata": key.metadata()}


def _spec(call: Call) -> str:
    spec = call.parameters.get("KeySpec") or call.parameters.get("CustomerMasterKeySpec")
    spec = spec or SYMMETRIC
    if spec not in SPECS:
        raise validation(
            spec, "keySpec", f"Member must satisfy enum value set: [{', '.join(SPECS)}]"
        )
    if spec == "SM2":
        raise unsupported("KeySpec SM2 is available in China Regions only.")
    return str(spec)


def _usage(call: Call) -> str:
    spec = _spec(call)
    allowed = allowed_usages(spec)
    usage = call.parameters.get("KeyUsage")
    if usage is None:
        if spec == SYMMETRIC:
            return "ENCRYPT_DECRYPT"
        raise validation("null", "keyUsage", f"Member must not be null for KeySpec {spec}")
    if usage not in USAGES:
        raise validation(
            usage, "keyUsage", f"Member must satisfy enum value set: [{', '.join(USAGES)}]"
        )
    if usage not in allowed:
        raise validation(
            usage, "keyUsage", f"KeyUsage {usage} is not compatible with KeySpec {spec}"
        )
    return str(usage)


def _origin(call: Call) -> str:
    origin = call.parameters.get("Origin", "AWS_KMS")
    if origin in {"AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"}:
        raise unsupported("There are no custom key stores in this account.")
    if origin not in {"AWS_KMS", "EXTERNAL"}:
        raise validation(
            origin,
            "origin",
            "Member must satisfy enum value set: [AWS_KMS, EXTERNAL, AWS_CLOUDHSM, "
            "EXTERNAL_KEY_STORE]",
        )
    return str(origin)
