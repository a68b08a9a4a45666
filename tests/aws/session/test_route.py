"""How KMS is reached is judged by the connection in use."""

from __future__ import annotations

import pytest

from kmstui.aws.session.open import route_of
from kmstui.model import Route

_SUFFIXES = frozenset({"amazonaws.com", "amazonaws.com.cn", "api.aws", "amazonaws.eu"})


@pytest.mark.parametrize(
    ("url", "addresses", "route"),
    [
        ("https://kms.eu-west-1.amazonaws.com", ("52.1.2.3", "10.0.0.1"), Route.PUBLIC),
        ("https://kms.eu-west-1.amazonaws.com", (), Route.PUBLIC),
        ("https://kms.eu-west-1.amazonaws.com", ("10.0.3.4", "10.0.7.8"), Route.VPC_ENDPOINT),
        ("https://kms.eu-west-1.api.aws", ("fd00:ec2::1",), Route.VPC_ENDPOINT),
        ("https://kms.eu-west-1.amazonaws.com", ("no address",), Route.PUBLIC),
        ("https://kms.cn-north-1.amazonaws.com.cn", ("54.1.2.3",), Route.PUBLIC),
        ("https://kms.eusc-de-east-1.amazonaws.eu", ("54.1.2.3",), Route.PUBLIC),
        ("https://kms-fips.us-east-1.amazonaws.com", ("54.1.2.3",), Route.FIPS),
        (
            "https://vpce-0a1b-c2d3.kms.us-east-1.vpce.amazonaws.com",
            ("54.1.2.3",),
            Route.VPC_ENDPOINT,
        ),
        ("https://kms.eu-west-1.amazonaws.com.example.org", ("10.0.0.1",), Route.CUSTOM),
        ("http://127.0.0.1:4566", ("127.0.0.1",), Route.CUSTOM),
        ("nonsense", (), Route.CUSTOM),
    ],
)
def test_the_route_follows_the_host_and_its_addresses(
    url: str, addresses: tuple[str, ...], route: Route
) -> None:
    assert route_of(url, _SUFFIXES, lambda _: addresses) is route
