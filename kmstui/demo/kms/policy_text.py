"""The text of a stored policy: members may come back in another order than they were put.

KMS parses a policy and writes it anew; a list of one element may come back as that element.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1024)
def rewritten(text: str) -> str:
    """The policy as a GetKeyPolicy answer may spell it: same meaning, other text."""
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


def _statement(statement: dict[str, Any]) -> dict[str, Any]:
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
