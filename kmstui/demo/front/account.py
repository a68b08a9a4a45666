"""AWS Account Management: which Regions are enabled.

https://docs.aws.amazon.com/accounts/latest/reference/API_ListRegions.html
"""

from __future__ import annotations

from kmstui.demo.access.context import Call, Result
from kmstui.demo.errors import AwsError
from kmstui.demo.world.elsewhere import ENABLED_REGIONS


def regions_of(call: Call) -> Result:
    """ListRegions: those that are enabled in each account; raises ``AwsError`` for others."""
    if call.operation != "ListRegions":
        raise AwsError(
            "UnknownOperationException", f"The embedded AWS does not serve {call.operation}."
        )
    return {
        "Regions": [
            {"RegionName": each, "RegionOptStatus": "ENABLED_BY_DEFAULT"}
            for each in ENABLED_REGIONS
        ]
    }
