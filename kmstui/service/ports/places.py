"""Which accounts and Regions there are, and which of them hold keys, as AWS's own indexes tell."""

from __future__ import annotations

from typing import Protocol

from kmstui.model import KeyPlaces, ResourceIndexes


class PlaceGateway(Protocol):
    """Accounts, Regions, and where keys are."""

    async def account_ids(self) -> tuple[str, ...]:
        """The organization's active accounts, sorted; told to its management account alone."""
        ...

    async def enabled_regions(self) -> tuple[str, ...]:
        """The Regions that are enabled in the account, sorted (account:ListRegions)."""
        ...

    async def usable_regions(self) -> tuple[str, ...]:
        """The same as EC2 tells it (ec2:DescribeRegions), for who may not ask the account."""
        ...

    async def resource_indexes(self) -> ResourceIndexes:
        """Where Resource Explorer keeps an index (resource-explorer-2:ListIndexes)."""
        ...

    async def indexed_key_regions(self, account: str) -> tuple[str, ...] | None:
        """Regions where the index of this Region knows keys of an account, sorted.

        By resource-explorer-2:Search with the default view. None where it knows too many keys to
        tell all of their Regions.
        """
        ...

    async def recorded_key_places(self) -> KeyPlaces | None:
        """What a Config aggregator of this Region knows; None where there is none.

        config:DescribeConfigurationAggregators and config:SelectAggregateResourceConfig.
        """
        ...
