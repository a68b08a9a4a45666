"""What is known of the requests that the caller sends over the connection in use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from kmstui.model import Caller, ConnectionInfo
from kmstui.policy.evaluation import DIRECT_CALL, Chain
from kmstui.policy.iam import Context, time_keys
from kmstui.service.access.chain_reader import endpoint_of


def own_request(
    caller: Caller | None,
    info: ConnectionInfo | None,
    clock: Callable[[], datetime],
    chain: Chain,
) -> Context:
    """The condition keys of a request that the caller would send now.

    What the endpoint, STS, Organizations and the clock tell; the address and the VPC that a request
    comes from, and whether MFA was used, AWS alone knows.
    Source: IAM User Guide, "AWS global condition context keys".
    """
    known: dict[str, str | Sequence[str]] = {**time_keys(clock())}
    if caller is not None:
        known["aws:userid"] = caller.user_id
        controls = chain.organizations.get(caller.account)
        if controls is not None and controls.organization:
            known["aws:PrincipalOrgID"] = controls.organization
            if controls.path:
                known["aws:PrincipalOrgPaths"] = controls.path
    if info is not None:
        known["aws:RequestedRegion"] = info.region
        if urlsplit(info.endpoint_url).scheme == "https":
            # Without TLS something stands between, which may speak TLS to AWS.
            known["aws:SecureTransport"] = "true"
        if endpoint := endpoint_of(info):
            known["aws:SourceVpce"] = endpoint
            # A request through an endpoint carries aws:VpcSourceIp in its place.
            known["aws:SourceIp"] = ()
    return DIRECT_CALL.beside(known)
