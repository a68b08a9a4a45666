"""Resource Explorer and a Config aggregator, as far as they tell which Regions hold keys.

The first account has an aggregator index of Resource Explorer, and with the analytics account a
Config aggregator each, all in the first Region; none knows of `UNINDEXED_REGION`.
https://docs.aws.amazon.com/resource-explorer/latest/apireference/API_Search.html,
https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError
from kmstui.demo.kms.store import Stores
from kmstui.demo.world.elsewhere import ANALYTICS, ENABLED_REGIONS, SANDBOX, UNINDEXED_REGION

AGGREGATOR = "organization"
"""The name of the Config aggregator."""

_HOME = ENABLED_REGIONS[0]
_INDEXED = tuple(each for each in ENABLED_REGIONS if each != UNINDEXED_REGION)
_MOST_FOUND = 1000
"""Matches that Search tells at most."""


def told_by_index(call: Call, stores: Stores) -> Result:
    """Serve one call; raises ``AwsError``."""
    return _ANSWERS[call.operation](call, stores)


def _keys(stores: Stores, account: str) -> Iterator[tuple[str, str]]:
    """The Region and ARN of each key that the indexes know."""
    for store in stores.all():
        if store.account == account and store.region in _INDEXED:
            for key in store.keys.values():
                yield store.region, key.arn


def _indexes(call: Call, stores: Stores) -> Result:
    has_some = call.account not in (ANALYTICS, SANDBOX)
    return {
        "Indexes": [
            {
                "Arn": f"arn:aws:resource-explorer-2:{each}:{call.account}:index/{each}",
                "Region": each,
                "Type": "AGGREGATOR" if each == _HOME else "LOCAL",
            }
            for each in (_INDEXED if has_some else ())
        ]
    }


def _search(call: Call, stores: Stores) -> Result:
    if call.account in (ANALYTICS, SANDBOX) or call.region not in _INDEXED:
        raise AwsError("UnauthorizedException", "No default view is set in this Region.", 401)
    words = str(call.parameters.get("QueryString", "")).split()
    left_out = {each.removeprefix("-region:") for each in words if each.startswith("-region:")}
    matching = [
        (region, arn)
        for region, arn in _keys(stores, call.account)
        if region not in left_out and call.region in (_HOME, region)
    ]
    return {
        "Resources": [
            {
                "Arn": arn,
                "OwningAccountId": call.account,
                "Region": region,
                "ResourceType": "kms:key",
                "Service": "kms",
            }
            for region, arn in matching[:_MOST_FOUND]
        ],
        "Count": {
            "TotalResources": min(len(matching), _MOST_FOUND),
            "Complete": len(matching) <= _MOST_FOUND,
        },
    }


def _aggregators(call: Call, stores: Stores) -> Result:
    here = call.account != SANDBOX and call.region == _HOME
    found = [{"ConfigurationAggregatorName": AGGREGATOR}] if here else []
    return {"ConfigurationAggregators": found}


def _selected(call: Call, stores: Stores) -> Result:
    if call.parameters.get("ConfigurationAggregatorName") != AGGREGATOR:
        raise AwsError(
            "NoSuchConfigurationAggregatorException", "The configuration aggregator does not exist."
        )
    # Config records something in each of its Regions, be it the recorder's own role.
    regions = [*_INDEXED]
    if "AWS::KMS::Key" in str(call.parameters.get("Expression", "")):
        regions = [region for region, _ in _keys(stores, call.account)]
    return {
        "Results": [
            json.dumps(
                {"accountId": call.account, "awsRegion": each, "COUNT(*)": regions.count(each)}
            )
            for each in dict.fromkeys(regions)
        ]
    }


_ANSWERS = {
    "ListIndexes": _indexes,
    "Search": _search,
    "DescribeConfigurationAggregators": _aggregators,
    "SelectAggregateResourceConfig": _selected,
}

INDEX_OPERATIONS = frozenset(_ANSWERS)
"""What is served here."""
