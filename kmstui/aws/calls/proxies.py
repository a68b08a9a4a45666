"""The proxy on the way to an endpoint, and what it means that it does not connect.

botocore takes proxies from the environment alone, one for each scheme. Source: botocore's
`get_environ_proxies`; AWS CLI User Guide, "Using an HTTP proxy for the AWS CLI".
"""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore import exceptions as boto
from botocore.utils import get_environ_proxies
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from kmstui.aws.calls.call_context import CallContext, Explanation
from kmstui.service.errors import NetworkError


class Proxy(NamedTuple):
    """A proxy that is asked for an endpoint."""

    url: str
    """Without user name and password; empty where it is no address of an HTTP proxy."""
    variable: str
    """The environment variable that names it."""
    has_password: bool

    def __str__(self) -> str:
        return f"{self.url} ({self.variable})"


def proxy_for(url: str) -> Proxy | None:
    """The proxy of a URL; None where none is asked for it."""
    scheme = urlsplit(url).scheme
    named: Any = get_environ_proxies(url).get(scheme) if scheme else None
    if not named:
        return None
    name = f"{scheme}_proxy"
    # The lower-case one counts where there are several (`urllib.request.getproxies_environment`).
    spelled = sorted(each for each in os.environ if each.lower() == name)
    variable = spelled[-1] if spelled else "the system's settings"
    try:
        parts = urlsplit(named if "//" in named else f"//{named}", scheme="http")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return Proxy("", variable, has_password=False)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return Proxy("", variable, has_password=False)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Proxy(f"{parts.scheme}://{host}{port}", variable, bool(parts.password))


def with_proxy(url: str) -> str:
    """A URL for a sentence, with the proxy that is asked for it."""
    proxy = proxy_for(url)
    return f"{url} by way of the proxy {proxy}" if proxy else url


def known_of_proxy(url: str) -> dict[str, object]:
    """What sentences say of the proxy of a URL, and of who answers in place of an endpoint."""
    proxy = proxy_for(url)
    host = urlsplit(url).hostname or url
    return {
        "host": host,
        "proxy": proxy or "on the way",
        "variable": proxy.variable if proxy else "",
        "refused": "refuses the user name and password that it gets"
        if proxy and proxy.has_password
        else "wants a user name and a password",
        "who_answers": f"Ask whoever runs the proxy to let {host} through; {_WITHOUT}"
        if proxy
        else CHECK_ENDPOINT,
    }


def nothing_passed(error: boto.ProxyConnectionError) -> bool:
    """Whether a request cannot have gone through the proxy.

    A proxy that was reached takes a request for an http endpoint as it is, and urllib3 calls what
    becomes of it an error of the proxy.
    """
    fault: Any = error.kwargs.get("error")
    cause = getattr(fault, "original_error", None)
    return isinstance(cause, NewConnectionError | ConnectTimeoutError) or bool(
        _TUNNEL.search(str(fault))
    )


CHECK_ENDPOINT = "Check --endpoint-url, AWS_ENDPOINT_URL and the profile's endpoint_url."
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_WITHOUT = "NO_PROXY names hosts that are reached without it."
_NO_PROXY_ADDRESS = Explanation(
    NetworkError,
    "what stands in {variable} is no address of an HTTP proxy",
    "Write it as http://HOST:PORT; SOCKS proxies cannot be used.",
)
ASKS_FOR_PASSWORD = Explanation(
    NetworkError,
    "the proxy {proxy} {refused} (HTTP 407)",
    "Write both into its address, as in http://USER:PASSWORD@HOST:PORT, with %40 for an @.",
)


def explain_lost(_: BaseException, call: CallContext) -> Explanation:
    """What it means that a connection broke; a proxy's address that is none is found then."""
    proxy = proxy_for(call.endpoint_url)
    if proxy and not proxy.url:
        return _NO_PROXY_ADDRESS
    return Explanation(NetworkError, "the connection to {url} broke", "Try again.")


def explain_proxy(error: Any, call: CallContext) -> Explanation:
    """What it means that a proxy does not connect (botocore's ProxyConnectionError)."""
    proxy = proxy_for(call.endpoint_url)
    detail = str(error.kwargs.get("error", ""))
    if proxy and not proxy.url:
        return _NO_PROXY_ADDRESS
    if status := _TUNNEL.search(detail):
        return _of_status(int(status[1]))
    if not nothing_passed(error):
        return Explanation(
            NetworkError,
            "the connection to the proxy {proxy} broke, or it did not answer in time",
            "See whether it runs, and whether its address must begin with http:// or https://; "
            + _WITHOUT,
        )
    if "resolve" in detail:
        return Explanation(
            NetworkError,
            "the name of the proxy {proxy} cannot be resolved",
            f"Correct its address, or check DNS; {_WITHOUT}",
        )
    return Explanation(
        NetworkError,
        "the proxy {proxy} refuses connections or cannot be reached",
        f"Correct its address, or see whether it runs; {_WITHOUT}",
    )


def _of_status(status: int) -> Explanation:
    if status == 407:
        return ASKS_FOR_PASSWORD
    if status in {401, 403}:
        return Explanation(
            NetworkError,
            f"the proxy {{proxy}} does not let this computer reach {{host}} (HTTP {status})",
            f"Ask whoever runs it to allow that host, or use a VPC endpoint; {_WITHOUT}",
        )
    if status >= 500:
        return Explanation(
            NetworkError,
            f"the proxy {{proxy}} cannot reach {{host}} (HTTP {status})",
            f"Check the endpoint URL; else the fault is on the proxy's side. {_WITHOUT}",
        )
    return Explanation(
        NetworkError,
        f"the proxy {{proxy}} does not connect to {{host}} (HTTP {status})",
        f"See whether it is a proxy that knows CONNECT; {_WITHOUT}",
    )
