"""What a key costs its owner a month, by AWS's list price: data, and the sum.

Requests, CloudHSM clusters and external key managers are billed besides, and discounts of an
account are nobody else's business.
"""

from __future__ import annotations

from datetime import date

from kmstui.model import Arn, Key
from kmstui.service.inventory.key_facts import PENDING_DELETION, may_have_rotated

KEY_MONTH = 1.0
"""US dollars for a key, whatever its spec, origin or key store; for each replica too."""
ROTATION_MONTH = 1.0
"""US dollars more for each rotation that is priced."""
PRICED_ROTATIONS = 2
"""The first and the second rotation add to the price; later ones do not."""
PRICE_PAGE = "https://aws.amazon.com/kms/pricing/"
PRICE_DATE = date(2026, 3, 14)
"""When the page was read for these numbers."""

_PRICED_PARTITION = "aws"
"""The China Regions have a price list of their own, in yuan, and GovCloud's was not read."""


def monthly_cost(key: Key) -> float | None:
    """US dollars a month; None where it is not known.

    Keys that AWS manages and keys that are scheduled for deletion cost nothing; a key of another
    account costs its owner (AWS KMS pricing, "Key storage").
    """
    metadata = key.metadata
    if key.fixed:
        return 0.0
    arn = Arn.maybe(key.arn)
    if metadata is None or (arn is not None and arn.partition != _PRICED_PARTITION):
        return None
    if metadata.state in PENDING_DELETION:
        return 0.0
    rotations = key.facts.rotations if may_have_rotated(key) else 0
    if not isinstance(rotations, int):
        return None
    return KEY_MONTH + ROTATION_MONTH * min(rotations, PRICED_ROTATIONS)


def cost_words(key: Key) -> str:
    """What the key costs a month and why, with the source of the price."""
    cost = monthly_cost(key)
    if cost is None:
        return key.facts.rotations if isinstance(key.facts.rotations, str) else ""
    if key.sharer:
        return f"nothing here: account {key.sharer} pays for it"
    if not cost:
        return "nothing, as " + (
            "AWS manages it" if key.is_aws_managed else "its deletion is scheduled"
        )
    priced = round((cost - KEY_MONTH) / ROTATION_MONTH)
    why = ("the key", "the key and one rotation", "the key and two rotations")[priced]
    store = key.metadata.custom_key_store_id if key.metadata else ""
    besides = "requests" + (" and what its key store runs on" if store else "")
    return (
        f"${cost:.2f} by AWS's list price of {PRICE_DATE}: {why}; {besides} not included"
        f" ({PRICE_PAGE})"
    )
