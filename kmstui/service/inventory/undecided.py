"""Why nobody can say of some keys whether a filter means them."""

from __future__ import annotations

from kmstui.model import Key, LastUsage
from kmstui.service.inventory.filter import Filter


def why_undecided(wanted: Filter, key: Key) -> str:
    """What of this key is missing for the filter, as a sentence."""
    for fact in wanted.facts:
        if problem := key.facts.problem(fact):
            return problem
    usage = key.facts.last_use
    if isinstance(usage, LastUsage) and usage.at is None and usage.tracking_since:
        return (
            f"KMS has seen no use of it since {usage.tracking_since:%Y-%m-%d}, when it began to"
            " track that, and does not know of the time before."
        )
    if key.sharer:
        return f"The key {key.fixed}: KMS tells this there alone."
    return key.problem or key.tags_problem or "It is not read; r goes on with that."
