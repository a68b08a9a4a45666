"""EC2 as far as KMS is reached through it: DescribeVpcEndpoints, DescribeRegions.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html. moto has it
too, and takes seconds to begin.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from xml.sax.saxutils import escape

from kmstui.demo.access.context import Call
from kmstui.demo.errors import AwsError
from kmstui.demo.front.wire import Response
from kmstui.demo.world.elsewhere import ENABLED_REGIONS

_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
_CREATED = "2025-02-03T09:12:44.000Z"


@dataclass(frozen=True, slots=True)
class WorldEndpoint:
    """A VPC endpoint of the embedded account."""

    id: str
    vpc: str
    service: str
    """What stands behind `com.amazonaws.REGION.`."""
    policy: Mapping[str, Any]
    private_dns: bool = True
    state: str = "available"


EVERYTHING = {
    "Version": "2008-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
"""The policy of an endpoint that was made without one."""


class Ec2Service:
    """The endpoints of one account in one Region."""

    def __init__(self, account: str, region: str, endpoints: Sequence[WorldEndpoint]) -> None:
        self._account, self._region = account, region
        self._endpoints = endpoints

    def answer(self, call: Call) -> Response:
        """Serve one call; raises ``AwsError``."""
        if call.operation == "DescribeRegions":
            return self._regions(call)
        if call.operation != "DescribeVpcEndpoints":
            raise AwsError("InvalidAction", f"The action {call.operation} is not valid here.")
        here = (call.account, call.region) == (self._account, self._region)
        found = self._endpoints if here else ()
        named = _numbered(call.parameters, "VpcEndpointId.")
        for unknown in set(named) - {each.id for each in found}:
            raise AwsError(
                "InvalidVpcEndpointId.NotFound", f"The vpcEndpoint ID '{unknown}' does not exist"
            )
        services = _services(call.parameters)
        items = "".join(
            f"<item>{_xml(self._members(each))}</item>"
            for each in found
            if (not named or each.id in named)
            and any(fnmatchcase(self._service(each), wanted) for wanted in services or ("*",))
        )
        body = (
            f'<DescribeVpcEndpointsResponse xmlns="{_NAMESPACE}"><requestId>{call.request_id}'
            f"</requestId><vpcEndpointSet>{items}</vpcEndpointSet></DescribeVpcEndpointsResponse>"
        )
        return Response(200, "text/xml;charset=UTF-8", body.encode())

    def _regions(self, call: Call) -> Response:
        told = [
            {
                "regionName": each,
                "regionEndpoint": f"ec2.{each}.amazonaws.com",
                "optInStatus": "opt-in-not-required",
            }
            for each in ENABLED_REGIONS
        ]
        body = (
            f'<DescribeRegionsResponse xmlns="{_NAMESPACE}"><requestId>{call.request_id}'
            f"</requestId>{_xml({'regionInfo': told})}</DescribeRegionsResponse>"
        )
        return Response(200, "text/xml;charset=UTF-8", body.encode())

    def _service(self, endpoint: WorldEndpoint) -> str:
        return f"com.amazonaws.{self._region}.{endpoint.service}"

    def _members(self, endpoint: WorldEndpoint) -> dict[str, Any]:
        suffix = f"{endpoint.service}.{self._region}.vpce.amazonaws.com"
        return {
            "vpcEndpointId": endpoint.id,
            "vpcEndpointType": "Interface",
            "vpcId": endpoint.vpc,
            "serviceName": self._service(endpoint),
            "state": endpoint.state,
            "policyDocument": json.dumps(endpoint.policy),
            "routeTableIdSet": [],
            "subnetIdSet": [f"subnet-{endpoint.id[5:13]}"],
            "groupSet": [{"groupId": f"sg-{endpoint.id[5:13]}", "groupName": "kms"}],
            "ipAddressType": "ipv4",
            "privateDnsEnabled": endpoint.private_dns,
            "requesterManaged": False,
            "networkInterfaceIdSet": [f"eni-{endpoint.id[5:13]}"],
            "dnsEntrySet": [
                {"dnsName": f"{endpoint.id}-{endpoint.id[-8:]}.{suffix}", "hostedZoneId": "Z38GZ7"}
            ],
            "creationTimestamp": _CREATED,
            "ownerId": self._account,
        }


def _numbered(parameters: Mapping[str, Any], prefix: str) -> list[str]:
    """The values of a list in the query protocol, numbered behind their `prefix`."""
    return [str(value) for name, value in parameters.items() if name.startswith(prefix)]


def _services(parameters: Mapping[str, Any]) -> list[str]:
    """What the filter `service-name` asks for; raises for other filters."""
    wanted: list[str] = []
    for name, value in parameters.items():
        if name.startswith("Filter.") and name.endswith(".Name"):
            if value != "service-name":
                raise AwsError("InvalidParameterValue", f"The filter '{value}' is invalid")
            wanted += _numbered(parameters, f"{name.removesuffix('Name')}Value.")
    return wanted


def _xml(members: Mapping[str, Any]) -> str:
    return "".join(f"<{name}>{_content(value)}</{name}>" for name, value in members.items())


def _content(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return _xml(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "".join(f"<item>{_content(each)}</item>" for each in value)
    return escape(str(value))
