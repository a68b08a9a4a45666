"""How the connection in use reaches KMS, judged by its URL and by what its name resolves to."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from kmstui.model.caller import Route

_RESOLVE_SECONDS = 0.2

_KMS = re.compile(r"^(?P<service>kms|kms-fips)\.[a-z0-9-]+\.(?P<suffix>.+)$")
"""Hosts of KMS itself. Source: botocore's endpoint rules of KMS."""

_VPCE = re.compile(r"^vpce-[a-z0-9-]+\.kms(-fips)?\.[a-z0-9-]+\.vpce\.")
"""Source: KMS Developer Guide, "Connecting to AWS KMS through a VPC endpoint"."""

Resolve = Callable[[str], tuple[str, ...]]


def route_of(endpoint_url: str, suffixes: Collection[str], resolve: Resolve | None = None) -> Route:
    """The route; a name that does not resolve within 0.2 s counts as public.

    A public name with only private addresses is a VPC endpoint with private DNS.

    Args:
        endpoint_url: Of the client in use.
        suffixes: The DNS suffixes of AWS's partitions.
        resolve: The addresses of a host name.
    """
    host = urlsplit(endpoint_url).hostname or ""
    if _VPCE.match(host):
        return Route.VPC_ENDPOINT
    known = _KMS.match(host)
    if known is None or known["suffix"] not in suffixes:
        return Route.CUSTOM
    addresses = (resolve or _resolve)(host)
    if addresses and all(_is_private(address) for address in addresses):
        return Route.VPC_ENDPOINT
    return Route.FIPS if known["service"] == "kms-fips" else Route.PUBLIC


def _is_private(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return parsed.is_private and not parsed.is_loopback


def _resolve(host: str) -> tuple[str, ...]:
    # The resolver takes no time limit: it may finish in its own thread, unheard.
    found: list[str] = []

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        except OSError:
            # What hinders the connection itself is told by the first call.
            return
        found.extend(str(entry[4][0]) for entry in entries)

    thread = threading.Thread(target=look_up, name="kmstui-resolve", daemon=True)
    thread.start()
    thread.join(_RESOLVE_SECONDS)
    return tuple(found)
