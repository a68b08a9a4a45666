"""The VPC endpoints of the embedded account: one in use, one as made without a policy, one new."""

from __future__ import annotations

from kmstui.demo.front.ec2 import EVERYTHING, WorldEndpoint

IN_USE = "vpce-0f4d2b7a91c6e8350"
"""Through which half of the events in CloudTrail came."""


def vpc_endpoints(account: str) -> tuple[WorldEndpoint, ...]:
    """Them."""
    return (
        WorldEndpoint(
            IN_USE,
            "vpc-0c51d8f3a7e42b961",
            "kms",
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "OnlyOurOwn",
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "kms:*",
                        "Resource": "*",
                        "Condition": {"StringEquals": {"aws:PrincipalAccount": account}},
                    }
                ],
            },
        ),
        WorldEndpoint("vpce-07a1c9e2b4d6f8035", "vpc-09be27d4f1c3a5068", "kms", EVERYTHING),
        WorldEndpoint(
            "vpce-0b6e4d2c8a0f91357",
            "vpc-09be27d4f1c3a5068",
            "kms-fips",
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "UseOnly",
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{account}:role/orders-api"},
                        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                        "Resource": "*",
                    }
                ],
            },
            private_dns=False,
            state="pendingAcceptance",
        ),
    )
