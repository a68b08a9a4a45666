"""A KMS whose reads lag behind its changes, and that spells policies in its own way.

KMS parses a policy and writes it anew: members may come back in another order than they were put,
a list of one element as that element.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from kmstui.demo.access.context import Call, Result
from kmstui.demo.kms.keys import tag_list
from kmstui.demo.kms.policies import spelled
from kmstui.demo.kms.service import KmsService, Served
from kmstui.demo.kms.store import Stores

_CHANGED = {
    "PutKeyPolicy": "policy",
    "TagResource": "tags",
    "UntagResource": "tags",
    "UpdateKeyDescription": "description",
}
"""By operation, the attribute of a key that it changes."""

_READ: dict[str, tuple[str, Callable[[Result, Any], Result]]] = {
    "GetKeyPolicy": ("policy", lambda result, old: {**result, "Policy": old}),
    "ListResourceTags": (
        "tags", lambda result, old: {**result, "Tags": tag_list(sorted(old.items()))}
    ),
    "DescribeKey": (
        "description",
        lambda result, old: {"KeyMetadata": {**result["KeyMetadata"], "Description": old}},
    ),
}  # fmt: skip
"""By operation, the attribute that it reads, and its result with an older value of that."""


class LateKms(KmsService):
    """KMS as it is at its worst; without its switches it is as any."""

    def __init__(self, stores: Stores) -> None:
        super().__init__(stores)
        self.lag = 0.0
        """Seconds for which reads return what was before a change."""
        self.rewrites_policies = False
        """Whether GetKeyPolicy returns another spelling than was put, as KMS may."""
        self._before: dict[tuple[str, str], tuple[float, object]] = {}

    def reset(self) -> None:
        """Show every change at once again, and as it was put."""
        self.lag, self.rewrites_policies = 0.0, False
        self._before.clear()

    def _answer(self, call: Call, handler: Callable[..., Result]) -> Served:
        changed = _CHANGED.get(call.operation, "")
        key_id = str(call.parameters.get("KeyId")).rpartition("/")[2]
        key = self.stores.of(call.account, call.region).keys.get(key_id)
        before = getattr(key, changed, None)
        served = super()._answer(call, handler)
        if served.key is None:
            return served
        now, held = time.monotonic(), self._before.get((served.key.arn, changed))
        if changed and self.lag and (held is None or held[0] <= now):
            self._before[served.key.arn, changed] = (now + self.lag, before)
        return replace(served, result=self._seen(call, served.key.arn, served.result))

    def _seen(self, call: Call, arn: str, result: Result) -> Result:
        """What a read returns: while the lag lasts, what was before."""
        if call.operation in _READ:
            name, with_older = _READ[call.operation]
            until, before = self._before.get((arn, name), (0.0, None))
            if until > time.monotonic():
                result = with_older(result, before)
        if call.operation == "GetKeyPolicy" and self.rewrites_policies:
            result = {**result, "Policy": rewritten(result["Policy"])}
        return result


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
