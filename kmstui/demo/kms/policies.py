"""Key policies: put, read, listed, and spelled as KMS spells them.

KMS parses a policy and writes it anew: members may come back in another order than they were put,
a list of one element as that element.
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html and
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
"""

from __future__ import annotations

import json
from functools import lru_cache
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
    policy = accepted_policy(call, key, call.parameters["Policy"])
    stores.consistency.changing(key.arn, "policy", key.policy)
    key.policy = policy
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
    policy = stores.consistency.seen(key.arn, "policy", key.policy)
    text = rewritten(policy) if stores.rewrites_policies else policy
    return {"Policy": text, "PolicyName": "default"}


@lru_cache(maxsize=1024)
def rewritten(text: str) -> str:
    """The policy as GetKeyPolicy may spell it: same meaning, other text."""
    document = json.loads(text)
    statements = document.get("Statement", [])
    if isinstance(statements, dict):
        statements = [statements]
    document["Statement"] = [_statement(statement) for statement in statements]
    ordered = {name: document[name] for name in ("Version", "Id", "Statement") if name in document}
    return spelled(ordered)


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


def _statement(statement: dict[str, Any]) -> Result:
    order = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
             "NotResource", "Condition")  # fmt: skip
    return {name: _lone(statement[name]) for name in order if name in statement}


def _lone(value: Any) -> Any:
    if isinstance(value, list):
        items = sorted(value, key=str)
        return items[0] if len(items) == 1 else items
    if isinstance(value, dict):
        return {name: _lone(member) for name, member in value.items()}
    return value


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
