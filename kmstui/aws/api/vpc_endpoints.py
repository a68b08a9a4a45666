"""VPC endpoints of KMS, and what leads to them."""

from __future__ import annotations

import asyncio

from kmstui.aws.api.base import ApiBase, Listing, Paging
from kmstui.aws.calls import Response, addresses_of
from kmstui.aws.calls import operations as op
from kmstui.model import ConnectionInfo, ControlPolicy, VpcEndpoint
from kmstui.service.errors import NotFoundError

_PAGING = Paging("NextToken", "NextToken")
_SERVICES = ("com.amazonaws.{}.kms", "com.amazonaws.{}.kms-fips", "cn.com.amazonaws.{}.kms")
"""https://docs.aws.amazon.com/kms/latest/developerguide/kms-vpc-endpoint.html"""

RESOLVE_SECONDS = 2.0
"""So long the machine's resolver has for a name; it takes no limit itself."""


class VpcEndpointApi(ApiBase):
    """Reads of endpoints and of host names."""

    info: ConnectionInfo

    async def vpc_endpoints(self) -> tuple[VpcEndpoint, ...]:
        services = [name.format(self.info.region) for name in _SERVICES]
        listing = Listing(
            op.DESCRIBE_VPC_ENDPOINTS,
            {"Filters": [{"Name": "service-name", "Values": services}], "MaxResults": 1000},
            _PAGING,
            lambda response: response.readable("VpcEndpoints", _endpoint),
        )
        return await listing.everything(self._calls)

    async def endpoint_policy(self, endpoint_id: str) -> ControlPolicy:
        params = {"VpcEndpointIds": [endpoint_id]}
        found = await self._calls.send(op.DESCRIBE_VPC_ENDPOINTS, params, _policies)
        if not found:
            raise NotFoundError(f"{endpoint_id} is no VPC endpoint of this account and Region")
        return ControlPolicy(endpoint_id, found[0])

    async def addresses(self, host: str) -> tuple[str, ...]:
        return await asyncio.to_thread(addresses_of, host, RESOLVE_SECONDS)


def _endpoint(response: Response) -> VpcEndpoint:
    names = response.optional_each("DnsEntries", lambda each: each.optional_text("DnsName"))
    return VpcEndpoint(
        id=response.text("VpcEndpointId"),
        vpc=response.optional_text("VpcId"),
        service=response.optional_text("ServiceName"),
        state=response.optional_text("State"),
        private_dns=response.flag("PrivateDnsEnabled"),
        dns_names=tuple(name for name in names if name.startswith("vpce-")),
        policy=response.optional_text("PolicyDocument"),
    )


def _policies(response: Response) -> tuple[str, ...]:
    return response.each("VpcEndpoints", lambda each: each.text("PolicyDocument"))
