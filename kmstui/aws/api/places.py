"""Accounts and Regions, and where Resource Explorer and Config aggregators know keys.

https://docs.aws.amazon.com/accounts/latest/reference/API_ListRegions.html,
https://docs.aws.amazon.com/resource-explorer/latest/apireference/API_Search.html,
https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html
"""

from __future__ import annotations

import json
from functools import partial

from kmstui.aws.api.base import ApiBase, Listing, Paging
from kmstui.aws.calls import Operation, Response
from kmstui.aws.calls import operations as op
from kmstui.model import ConnectionInfo, KeyPlaces, Place, ResourceIndexes
from kmstui.service.errors import MalformedAnswerError

_NEXT_TOKEN = Paging("NextToken", "NextToken")

_MOST_SEARCHES = 20
"""A search tells 1,000 keys; the next one leaves out the Regions that are known by then."""

_RECORDED_KEYS = (
    "SELECT accountId, awsRegion, COUNT(*) WHERE resourceType = 'AWS::KMS::Key'"
    " GROUP BY accountId, awsRegion"
)
_RECORDED = "SELECT accountId, awsRegion, COUNT(*) GROUP BY accountId, awsRegion"
"""Where anything at all is recorded: of other places the aggregator knows nothing."""

_CONFIG_MISSES = (
    "It has what each account's recorder has told it, minutes to hours ago, and no key where"
    " recording leaves keys out."
)


class PlaceApi(ApiBase):
    """Reads of accounts, Regions and indexes."""

    info: ConnectionInfo

    async def account_ids(self) -> tuple[str, ...]:
        listing = Listing(op.LIST_ACCOUNTS, {}, _NEXT_TOKEN, _active_accounts)
        return tuple(sorted(await listing.everything(self._calls)))

    async def enabled_regions(self) -> tuple[str, ...]:
        wanted = {"RegionOptStatusContains": ["ENABLED", "ENABLED_BY_DEFAULT"], "MaxResults": 50}
        listing = Listing(op.LIST_REGIONS, wanted, _NEXT_TOKEN, _region_names)
        return tuple(sorted(await listing.everything(self._calls)))

    async def usable_regions(self) -> tuple[str, ...]:
        # Without AllRegions it tells those that are enabled (EC2 API Reference, DescribeRegions).
        return tuple(sorted(await self._calls.send(op.DESCRIBE_REGIONS, {}, _region_names)))

    async def resource_indexes(self) -> ResourceIndexes:
        listing = Listing(op.LIST_INDEXES, {"MaxResults": 100}, _NEXT_TOKEN, _indexes)
        found = await listing.everything(self._calls)
        aggregators = [region for region, kind in found if kind == "AGGREGATOR"]
        regions = tuple(sorted(region for region, _ in found))
        return ResourceIndexes(regions, next(iter(aggregators), ""))

    async def indexed_key_regions(self, account: str) -> tuple[str, ...] | None:
        known: set[str] = set()
        for _ in range(_MOST_SEARCHES):
            left_out = "".join(f" -region:{region}" for region in sorted(known))
            asked = {"QueryString": f"resourcetype:kms:key{left_out}", "MaxResults": 1000}
            listing = Listing(op.SEARCH, asked, _NEXT_TOKEN, _found_keys)
            found = await listing.everything(self._calls)
            more = {region for owner, region, _ in found if owner == account} - known
            known |= more
            # "the search reached the limit of 1,000 matching results, and stopped counting"
            # (ResourceCount): a view of the organization may show those of others alone.
            if all(is_all for *_, is_all in found):
                return tuple(sorted(known))
            if not more:
                break
        return None

    async def recorded_key_places(self) -> KeyPlaces | None:
        listing = Listing(op.DESCRIBE_CONFIGURATION_AGGREGATORS, {}, _NEXT_TOKEN, _aggregators)
        names = await listing.everything(self._calls)
        if not names:
            return None
        name = names[0]
        held = await self._recorded(name, _RECORDED_KEYS)
        covered = await self._recorded(name, _RECORDED)
        return KeyPlaces(
            f"the Config aggregator {name} in {self.info.region}",
            _CONFIG_MISSES,
            covered | held,
            held,
        )

    async def _recorded(self, aggregator: str, expression: str) -> frozenset[Place]:
        listing = Listing(
            op.SELECT_AGGREGATE_RESOURCE_CONFIG,
            {
                "ConfigurationAggregatorName": aggregator,
                "Expression": expression,
                "Limit": 100,
            },
            _NEXT_TOKEN,
            partial(Response.optional_texts, name="Results"),
        )
        return frozenset(
            _place(each, op.SELECT_AGGREGATE_RESOURCE_CONFIG)
            for each in await listing.everything(self._calls)
        )


def _place(text: str, operation: Operation) -> Place:
    """The account and Region of one result of a query."""
    try:
        told = json.loads(text)
        return str(told["accountId"]), str(told["awsRegion"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise MalformedAnswerError(
            f"a result of {operation.permission} names no account and Region"
        ) from None


def _active_accounts(response: Response) -> tuple[str, ...]:
    accounts = response.each(
        "Accounts",
        lambda each: (each.text("Id"), each.optional_text("State") or each.optional_text("Status")),
    )
    # Status is to be replaced by State in 2026, says the API Reference of Account.
    return tuple(name for name, state in accounts if state in ("ACTIVE", ""))


def _region_names(response: Response) -> tuple[str, ...]:
    return response.each("Regions", lambda each: each.text("RegionName"))


def _indexes(response: Response) -> tuple[tuple[str, str], ...]:
    return response.optional_each(
        "Indexes", lambda each: (each.text("Region"), each.optional_text("Type"))
    )


def _found_keys(response: Response) -> tuple[tuple[str, str, bool], ...]:
    """Owner and Region of each key, and whether these are all that match."""
    count = response.optional_structure("Count")
    is_all = count is None or count.raw("Complete") is not False
    return response.optional_each(
        "Resources", lambda each: (each.text("OwningAccountId"), each.text("Region"), is_all)
    )


def _aggregators(response: Response) -> tuple[str, ...]:
    return response.optional_each(
        "ConfigurationAggregators", lambda each: each.text("ConfigurationAggregatorName")
    )
