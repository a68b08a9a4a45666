"""An account whose roles and users may use a key by IAM policies, for tests of access."""

from __future__ import annotations

import json
from typing import Any

from kmstui.model import Grant, Identity, IdentityPolicy
from tests.fakes import ACCOUNT, IMPORTED, ROLE_ARN, World, arn_of, workshop_world

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
APP = f"arn:aws:iam::{ACCOUNT}:role/service/app"
ANNA = f"arn:aws:iam::{ACCOUNT}:user/anna"
GONE = f"arn:aws:iam::{ACCOUNT}:role/gone"


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    """An Allow on everything."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def identity(arn: str, *statements: dict[str, Any], problem: str = "") -> Identity:
    """A role or user with one inline policy called `own`."""
    kind = arn.rsplit(":", maxsplit=1)[-1].split("/", maxsplit=1)[0]
    policies = (IdentityPolicy("own", policy(*statements), inline=True),) if statements else ()
    return Identity(arn, arn.rsplit("/", 1)[-1], kind, policies, problem=problem)


def access_world() -> World:
    """The workshop's account: the caller's role may encrypt and not decrypt."""
    world = workshop_world()
    world.identities = {
        each.arn: each
        for each in (
            identity(ROLE_ARN, allow("kms:Encrypt", "kms:DescribeKey", "s3:GetObject")),
            identity(
                APP, allow("kms:Decrypt", Condition={"Bool": {"aws:SecureTransport": "true"}})
            ),
            identity(ANNA, allow("s3:*")),
        )
    }
    inside = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
    world.policies[IMPORTED]["default"] = policy(
        {"Sid": "Account", "Principal": {"AWS": ROOT}, **allow("kms:*")},
        {
            "Sid": "Inside",
            "Principal": {"AWS": ANNA},
            **allow("kms:Decrypt"),
            "Condition": inside,
        },
    )
    world.grants[IMPORTED] = (Grant("grant-1", arn_of(IMPORTED), GONE, ("Decrypt",)),)
    return world
