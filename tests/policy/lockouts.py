"""Key policies that shut somebody out: the caller, or everybody.

Each is text that KMS itself would accept as JSON and grammar. They are functions of the account
and the role, so that a test against an embedded KMS can use them with what exists there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kmstui.policy.evaluation.lockout import CanPut

Statement = Mapping[str, Any]

YES, NO = CanPut.YES, CanPut.NO
IAM, CONDITIONS = CanPut.ONLY_IF_IAM_ALLOWS, CanPut.ONLY_UNDER_CONDITIONS


@dataclass(frozen=True)
class Lockout:
    """One policy, and what comes of it for the caller and for the key."""

    name: str
    text: str
    caller: CanPut
    """For a session of the role, its IAM policies unread."""
    anybody: CanPut
    """For the best of all principals of the account."""


def policy_text(*statements: Statement, version: str | None = "2012-10-17") -> str:
    """A policy of these statements."""
    head = {} if version is None else {"Version": version}
    return json.dumps({**head, "Statement": list(statements)})


def allow(principal: object, action: object = "kms:*", **more: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}


def deny(principal: object, action: object = "kms:*", **more: object) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": principal, "Action": action, "Resource": "*", **more}


def without(statement: Statement, *elements: str) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name not in elements}


def lockouts(
    account: str,
    role_name: str,
    key_arn: str,
    *,
    other_role: str = "SomebodyElse",
    other_account: str = "999999999999",
) -> tuple[Lockout, ...]:
    """All of them, for a session of `role_name` in `account`."""
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    role = {"AWS": f"arn:aws:iam::{account}:role/{role_name}"}
    other = {"AWS": f"arn:aws:iam::{account}:role/{other_role}"}
    foreign = {"AWS": f"arn:aws:iam::{other_account}:root"}
    root_all = allow(root)
    everybody = {"AWS": "*"}
    made: Sequence[tuple[str, str, CanPut, CanPut]] = (
        ("no statement is about PutKeyPolicy", policy_text(allow(role, "kms:Decrypt")), NO, NO),
        ("use only, no root statement", policy_text(allow(role, "kms:Encrypt")), NO, NO),
        ("the other role administers", policy_text(allow(other)), NO, YES),
        ("root of another account", policy_text(allow(foreign)), NO, NO),
        (
            "the root statement lost PutKeyPolicy",
            policy_text(allow(root, ["kms:Describe*", "kms:Get*", "kms:List*"])),
            NO,
            NO,
        ),
        ("put misspelled", policy_text(allow(root, "kms:PutKeysPolicy")), NO, NO),
        ("the root statement has no Action", policy_text(without(root_all, "Action")), NO, NO),
        ("the root statement has no Resource", policy_text(without(root_all, "Resource")), NO, NO),
        (
            "NotAction leaves out PutKeyPolicy",
            policy_text({**without(root_all, "Action"), "NotAction": "kms:Put*"}),
            NO,
            NO,
        ),
        (
            "another key's ARN as Resource",
            policy_text({**root_all, "Resource": key_arn[:-4] + "ffff"}),
            NO,
            NO,
        ),
        (
            "NotResource is this key",
            policy_text({**without(root_all, "Resource"), "NotResource": key_arn}),
            NO,
            NO,
        ),
        ("deny everybody", policy_text(root_all, deny("*")), NO, NO),
        ("deny everybody to put", policy_text(root_all, deny(everybody, "kms:Put*")), NO, NO),
        ("deny the account", policy_text(root_all, deny(root, "kms:PutKeyPolicy")), NO, NO),
        (
            "deny the account by number",
            policy_text(root_all, deny({"AWS": account}, "kms:PutKeyPolicy")),
            NO,
            NO,
        ),
        ("deny the caller's role", policy_text(root_all, deny(role)), NO, YES),
        (
            "deny the caller's role although it is allowed",
            policy_text(root_all, allow(role), deny(role, "kms:PUTKEYPOLICY")),
            NO,
            YES,
        ),
        (
            "NotPrincipal spares only somebody else",
            policy_text(
                root_all,
                {
                    **without(deny("*", "kms:PutKeyPolicy"), "Principal"),
                    "NotPrincipal": {"AWS": [other["AWS"], root["AWS"]]},
                },
            ),
            NO,
            YES,
        ),
        (
            "NotPrincipal forgets the account",
            policy_text(root_all, {**without(deny("*"), "Principal"), "NotPrincipal": other}),
            NO,
            NO,
        ),
        (
            "NotPrincipal names the role and the account, not the session",
            policy_text(
                root_all,
                {
                    **without(deny("*"), "Principal"),
                    "NotPrincipal": {"AWS": [role["AWS"], root["AWS"]]},
                },
            ),
            NO,
            YES,
        ),
        (
            "deny all but another ARN",
            policy_text(
                root_all,
                deny(
                    everybody,
                    "kms:*",
                    Condition={"ArnNotEquals": {"aws:PrincipalArn": other["AWS"]}},
                ),
            ),
            NO,
            IAM,
        ),
        (
            "the root statement asks for another account",
            policy_text(
                {**root_all, "Condition": {"StringEquals": {"kms:CallerAccount": "999999999999"}}}
            ),
            NO,
            NO,
        ),
        (
            "the root statement asks for a service in between",
            policy_text(
                {
                    **root_all,
                    "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
                }
            ),
            NO,
            NO,
        ),
        (
            "the root statement asks for the account behind a service",
            policy_text(
                {**root_all, "Condition": {"StringEquals": {"aws:SourceAccount": account}}}
            ),
            NO,
            NO,
        ),
        (
            "the root statement asks for a grant's key",
            policy_text({**root_all, "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}}),
            NO,
            NO,
        ),
        (
            "the root statement asks for MFA",
            policy_text(
                {**root_all, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
            ),
            CONDITIONS,
            CONDITIONS,
        ),
        (
            "deny outside an endpoint",
            policy_text(
                root_all,
                allow(role),
                deny(
                    everybody,
                    "kms:*",
                    Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f67890"}},
                ),
            ),
            CONDITIONS,
            CONDITIONS,
        ),
        ("only an AWS service", policy_text(allow({"Service": "s3.amazonaws.com"})), NO, NO),
        (
            "user/root instead of the account",
            policy_text(allow({"AWS": f"arn:aws:iam::{account}:user/root"})),
            NO,
            YES,
        ),
        (
            "the element's name in lower case",
            policy_text({**without(root_all, "Principal"), "principal": root}),
            NO,
            NO,
        ),
        ("the effect in lower case", policy_text({**root_all, "Effect": "allow"}), NO, NO),
        ("no statements", policy_text(), NO, NO),
        (
            "a variable for the role in an old version",
            policy_text(
                allow(
                    everybody,
                    "kms:*",
                    Condition={
                        "ArnEquals": {
                            "aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:role/x"
                        }
                    },
                ),
                version=None,
            ),
            NO,
            NO,
        ),
    )
    return tuple(Lockout(*each) for each in made)
