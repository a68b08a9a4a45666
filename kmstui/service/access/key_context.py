"""What the linter is told about a key. Light: the first frame waits for what this imports."""

from __future__ import annotations

from kmstui.model import Arn, Caller, Key
from kmstui.policy.lint import KeyContext


def lint_context(key: Key, caller: Caller | None) -> KeyContext:
    """What the linter knows of a key."""
    metadata = key.metadata
    return KeyContext(
        arn=Arn.maybe(key.arn),
        usage=metadata.usage if metadata else "",
        spec=metadata.spec if metadata else "",
        multi_region=bool(metadata.multi_region) if metadata else None,
        caller=Arn.maybe(caller.arn) if caller else None,
    )
