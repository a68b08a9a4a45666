"""Key policies: put, read, listed, and spelled as KMS spells them.

https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html and
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
"""

from __future__ import annotations

import json
from typing import Any

from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import not_found
from kmstui.demo.kms import paging
from kmstui.demo.kms.keys import EmbeddedKey
from kmstui.demo.kms.policy_validation import accepted_policy
from kmstui.demo.kms.store import Stores


def put_key_policy(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    if call.parameters.get("PolicyName", "default") != "default":
        raise not_found("No such policy exists")
    key.policy = accepted_policy(call, key, call.parameters["Policy"])
    return {}


def list_key_policies(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    """ListKeyPolicies: ``default``, and ``AWS_RAM`` where Resource Access Manager shares."""
    names = ["AWS_RAM", "default"] if key.shared_policy else ["default"]
    page, end = paging.cut(
        f"policies/{key.id}", names, call.parameters, paging.LIST_KEY_POLICIES, str
    )
    return {"PolicyNames": list(page), **end}


def get_key_policy(call: Call, stores: Stores, key: EmbeddedKey) -> Result:
    name = call.parameters.get("PolicyName", "default")
    if name == "AWS_RAM" and key.shared_policy:
        return {"Policy": key.shared_policy, "PolicyName": "AWS_RAM"}
    if name != "default":
        raise not_found("No such policy exists")
    return {"Policy": key.policy, "PolicyName": "default"}


def spelled(value: object, indent: str = "") -> str:
    """``value`` as JSON the way KMS itself prints policies: ``"Key" : value``, lists in line."""
    inner = indent + "  "
    if isinstance(value, dict):
        if not value:
            return "{ }"
        members = [
            f"{inner}{json.dumps(name, ensure_ascii=False)} : {spelled(member, inner)}"
            for name, member in value.items()
        ]
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list):
        return "[ " + ", ".join(spelled(item, indent) for item in value) + " ]" if value else "[ ]"
    return json.dumps(value, ensure_ascii=False)


def root_statement(account: str) -> dict[str, Any]:
    """The statement by which IAM policies count at all."""
    return {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


def default_policy(account: str) -> str:
    """The policy that KMS gives a key made without one, spelled as KMS spells it."""
    statements = [root_statement(account)]
    return spelled({"Version": "2012-10-17", "Id": "key-default-1", "Statement": statements})
