"""The VPC endpoints through which KMS can be reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """One interface endpoint of KMS. Source: EC2 API Reference, VpcEndpoint."""

    id: str
    vpc: str
    service: str
    """ServiceName, such as `com.amazonaws.eu-west-1.kms` or `….kms-fips`."""
    state: str
    """`available`, `pending`, `deleting` … as EC2 spells it."""
    private_dns: bool
    """Whether the usual name of KMS leads to it, inside its VPC."""
    dns_names: tuple[str, ...]
    """Its own names, the one that covers all of its zones first."""
    policy: str
    """The text of its policy; empty where EC2 did not tell."""

    @property
    def url(self) -> str:
        """What `--endpoint-url` takes to go through it; empty where it has no name yet."""
        return f"https://{self.dns_names[0]}" if self.dns_names else ""

    @property
    def is_available(self) -> bool:
        """Whether it passes requests on."""
        return self.state.lower() == "available"
