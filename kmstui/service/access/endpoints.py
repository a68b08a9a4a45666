"""The Region's VPC endpoints of KMS, and whether the connection in use goes through one."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from kmstui.model import Route, VpcEndpoint
from kmstui.service.access.chain_reader import endpoint_of
from kmstui.service.errors import FailedError
from kmstui.service.ports import Gateway


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the Region has, and which of it the connection takes."""

    listed: tuple[VpcEndpoint, ...]
    in_use: str
    """The ID of the endpoint that requests go through; empty where it is none, or not known."""
    way: str
    """How it is known which way they go, or why it is not; a sentence."""
    problem: str = ""
    """Why they could not be listed, as a sentence."""


async def read_endpoints(gateway: Gateway) -> Endpoints:
    """List them, and find out by names and addresses which one the connection goes through.

    An endpoint's own names resolve everywhere, to the addresses of its network interfaces, so
    that those need no permission of their own
    (https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html).

    Raises:
        CancelledByPersonError: the connection is gone.
    """
    try:
        listed, problem = await gateway.vpc_endpoints(), ""
    except FailedError as error:
        listed, problem = (), error.sentence
    in_use, way = await _way(gateway, listed, known=not problem)
    return Endpoints(
        tuple(sorted(listed, key=lambda each: each.id != in_use)), in_use, way, problem
    )


async def _way(gateway: Gateway, listed: Sequence[VpcEndpoint], *, known: bool) -> tuple[str, str]:
    """The ID of the endpoint in use, if it is one of those, and how that is known."""
    info = gateway.info
    host = urlsplit(info.endpoint_url).hostname or info.endpoint_url
    named = endpoint_of(info)
    if named:
        strange = known and all(each.id != named for each in listed)
        whose = ", which is none of this account's and Region's" if strange else ""
        return named, f"Requests go through {named}: its name is in the URL in use{whose}."
    if info.route is Route.CUSTOM:
        return "", f"Requests go to {host}: what is behind it cannot be known here."
    found = await gateway.addresses(host)
    where = " and ".join(found)
    if not found:
        return "", f"{host} does not resolve here: which way requests go cannot be known."
    if not all(map(_is_private, found)):
        return "", f"Requests go to the public endpoint, through none of these: {host} is {where}."
    for each in listed:
        if each.dns_names and set(found) & set(await gateway.addresses(each.dns_names[0])):
            return each.id, f"Requests go through {each.id}: its own name and {host} are {where}."
    which = (
        "none of these, perhaps another account's: their own names have other addresses, or do not"
        " resolve here"
        if known
        else "which one cannot be known without the list"
    )
    return "", f"Requests go through a VPC endpoint, {which}. {host} is {where}."


def _is_private(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_private
