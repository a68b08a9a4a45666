"""Pairs of policies and the requests around everything that they ask, to try the access diff on.

The diff says who gains and who loses; brute force asks the evaluator about request after request:
the first and the last address of each network and their neighbours, numbers and dates a little
less and more, texts with one letter more or another case, several patterns met at once. Where an
answer differs the diff must have said so, and where it said so the answer must differ.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from kmstui.policy.iam import (
    NOTHING_KNOWN,
    Context,
    Principal,
    Request,
    absent_keys,
    lookup_for,
)
from tests.policy.asking import ACCOUNT, OTHER

_THIRD = "777788889999"
_KINDS = (
    "role/app", "role/ci-build", "role/x/app2", "user/anna", "user/ops/anna", "root",
    "assumed-role/app/one", "assumed-role/deploy/two",
)  # fmt: skip
_STRINGS = ("a", "ab", "abc", "b", "a*", "*b", "a?c", "*", "A*", "vpce-1")
_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "text": (
        "StringEquals", "StringNotEquals", "StringLike", "StringNotLike",
        "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringEqualsIfExists",
        "StringNotLikeIfExists", "ForAnyValue:StringLike", "ForAllValues:StringEquals",
    ),
    "several": (
        "ForAnyValue:StringEquals", "ForAllValues:StringEquals", "ForAnyValue:StringLike",
        "ForAllValues:StringLike", "ForAnyValue:StringNotEquals", "ForAllValues:StringNotLike",
        "ForAnyValue:StringEqualsIfExists", "StringLike", "StringNotEquals",
    ),
    "number": (
        "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
        "NumericGreaterThanEquals", "NumericEquals", "NumericNotEquals",
    ),
    "date": ("DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"),
    "address": ("IpAddress", "NotIpAddress", "IpAddressIfExists"),
    "arn": ("ArnLike", "ArnEquals", "ArnNotLike", "StringLike", "StringNotEquals"),
    "flag": ("Bool", "BoolIfExists"),
    "unknown": (
        "StringEquals", "StringLike", "NumericLessThan", "NumericEquals", "IpAddress",
        "DateGreaterThan", "Bool", "ArnLike", "ForAnyValue:NumericLessThan", "BinaryEquals",
    ),
}  # fmt: skip
_KEYS: Mapping[str, tuple[str, ...]] = {
    "text": ("aws:SourceVpce", "aws:PrincipalTag/t", "kms:EncryptionContext:c", "kms:ViaService"),
    "several": ("kms:EncryptionContextKeys", "aws:CalledVia"),
    "number": ("aws:MultiFactorAuthAge",),
    "date": ("aws:CurrentTime",),
    "address": ("aws:SourceIp",),
    "arn": ("aws:PrincipalArn",),
    "flag": ("aws:MultiFactorAuthPresent", "aws:ViaAWSService"),
    "unknown": ("aws:NoSuchKey",),
}
_VALUES: Mapping[str, tuple[str, ...]] = {
    "text": _STRINGS,
    "several": ("a", "b", "a*", "*b"),
    "number": ("5", "6", "7", "14", "300"),
    "date": ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2027-06-01T12:00:00Z"),
    "address": ("10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "10.0.0.7/32", "fd00::/8", "fd00::/16"),
    "arn": (
        f"arn:aws:iam::{ACCOUNT}:role/*", f"arn:aws:iam::{ACCOUNT}:role/app",
        "arn:aws:iam::*:role/ci-*", "arn:aws:iam::*:user/*", f"arn:aws:iam::{OTHER}:*",
        f"arn:aws:iam::{ACCOUNT}:user/?nna", "*app*",
    ),
    "flag": ("true", "false"),
    "unknown": ("5", "7", "a", "10.0.0.0/8", "2026-01-01T00:00:00Z", "YQ==", "a*", "true"),
}  # fmt: skip
_WHO = {
    "aws:PrincipalAccount": (ACCOUNT, OTHER, "*6666", "1111*"),
    "kms:CallerAccount": (ACCOUNT, OTHER),
    "aws:PrincipalType": ("User", "AssumedRole", "Account"),
    "aws:username": ("anna", "an*", "bob"),
    "aws:PrincipalServiceName": ("s3.amazonaws.com", "s*"),
}
_TAG = "${aws:PrincipalTag/t}"
_TIED: Mapping[str, tuple[str, ...]] = {
    "aws:PrincipalArn": (
        f"arn:aws:iam::{ACCOUNT}:role/{_TAG}", f"arn:aws:iam::*:role/{_TAG}-*",
        "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::${aws:PrincipalAccount}:role/*",
        f"arn:aws:iam::{ACCOUNT}:user/{_TAG}", "arn:aws:iam::*:user/*/${aws:username}",
    ),
    "kms:EncryptionContext:c": (
        "${aws:username}/*", f"a{_TAG}", f"{_TAG}*", f"x/{_TAG}/*", "x/${aws:username}/b", "x/a*",
        _TAG, "${aws:PrincipalArn}",
    ),
    "aws:username": (_TAG, f"{_TAG}na"),
    "aws:PrincipalAccount": ("${aws:ResourceAccount}", _TAG),
    "aws:PrincipalTag/t": ("a", "a*", "app", "${aws:username}"),
}  # fmt: skip
_TIED_OPERATORS = ("StringLike", "StringNotLike", "StringLike", "StringEqualsIfExists")
_UNREADABLE = {"address": "10.0.0.0/33", "number": "soon", "date": "2026-02-30", "flag": "yes"}
_OVERLAPPING = tuple(f"*x{n}y*" for n in range(12))
OWN = "${own}"
"""Stands, in the values of a request, for the end of the caller's own name."""
_ACTIONS = ("kms:Decrypt", "kms:*", "kms:Re*", "kms:PutKeyPolicy")
ASKED = ("kms:Decrypt", "kms:PutKeyPolicy", "kms:ReEncryptFrom")


def conditions(draw: random.Random) -> dict[str, Any]:
    """A Condition element of one to three conditions."""
    found: dict[str, dict[str, Any]] = {}
    for _ in range(draw.choice((1, 1, 2, 3))):
        rare = draw.random()
        if rare < 0.12:
            key = draw.choice(tuple(_TIED))
            value = draw.sample(_TIED[key], draw.choice((1, 1, 2)))
            found.setdefault(draw.choice(_TIED_OPERATORS), {})[key] = value
            continue
        if rare < 0.15:
            key = draw.choice(("aws:PrincipalArn", "aws:PrincipalTag/t"))
            count = draw.choice((11, 12))
            found.setdefault("StringLike", {})[key] = draw.sample(_OVERLAPPING, count)
            continue
        if draw.random() < 0.25:
            key = draw.choice(tuple(_WHO))
            operator, values = (
                draw.choice(("StringEquals", "StringLike", "StringNotLike")),
                _WHO[key],
            )
        else:
            kind = draw.choice(tuple(_KEYS))
            key, operator, values = (
                draw.choice(_KEYS[kind]),
                draw.choice(_OPERATORS[kind]),
                _VALUES[kind],
            )
        if draw.random() < 0.08:
            operator, values = "Null", ("true", "false")
        elif draw.random() < 0.3 and key == "kms:EncryptionContext:c":
            operator = draw.choice(("StringEquals", "StringNotEquals", "StringEqualsIfExists"))
            values = ("${aws:PrincipalTag/t}", "a", "${aws:username}", "ab")
        chosen = draw.sample(values, min(len(values), draw.choice((1, 1, 1, 2))))
        if rare > 0.97 and key not in _WHO and operator != "Null":
            chosen.append(_UNREADABLE.get(_kind_of(key), "z"))
        found.setdefault(operator, {})[key] = chosen
    return found


def principals(draw: random.Random) -> object:
    """A Principal element."""
    if draw.random() < 0.35:
        return "*"
    if draw.random() < 0.15:
        return {"Service": draw.choice(("s3.amazonaws.com", "sns.amazonaws.com"))}
    return {
        "AWS": [
            f"arn:aws:{'sts' if 'assumed' in name else 'iam'}::"
            f"{draw.choice((ACCOUNT, ACCOUNT, OTHER))}:{name}"
            for name in draw.choices(_KINDS, k=draw.choice((1, 1, 2)))
        ]
    }


def statement(draw: random.Random) -> dict[str, Any]:
    """One statement."""
    deny = draw.random() < 0.35
    listed = principals(draw)
    spare = deny and isinstance(listed, dict) and draw.random() < 0.2
    return {
        "Effect": "Deny" if deny else "Allow",
        "NotPrincipal" if spare else "Principal": listed,
        "NotAction" if draw.random() < 0.08 else "Action": draw.choice(_ACTIONS),
        "Resource": "*",
        **({"Condition": conditions(draw)} if draw.random() < 0.8 else {}),
    }


def changed(draw: random.Random, statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The statements after a slip of the hand."""
    found = [dict(each) for each in statements]
    at = draw.randrange(len(found))
    match draw.randrange(5):
        case 0:
            found.append(statement(draw))
        case 1 if len(found) > 1:
            del found[at]
        case 2:
            found[at]["Effect"] = "Allow" if found[at]["Effect"] == "Deny" else "Deny"
        case 3:
            found[at].pop("NotPrincipal", None)
            found[at]["Principal"] = principals(draw)
        case _:
            found[at]["Condition"] = conditions(draw)
    return found


def near(value: str) -> Iterator[str]:
    """Values on both sides of one of a policy's."""
    yield value
    if "/" in value and ":role" not in value and ":user" not in value:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return
        for address in (network[0], network[-1]):
            yield str(address)
            for step in (-1, 1):
                try:
                    yield str(address + step)
                except (ValueError, ipaddress.AddressValueError):
                    continue
        return
    if value.isascii() and value.isdigit():
        yield from (str(int(value) - 1), str(int(value) + 1))
        return
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        filled = value.replace("*", "").replace("?", "x")
        yield from (
            filled, f"{filled}b", f"a{filled}", f"{filled}x", filled.swapcase(), f"{filled}ab",
            filled[:-1] or "z",
        )  # fmt: skip
        return
    yield from ((moment + timedelta(seconds=step)).isoformat() for step in (-1, 1))


_FIXED_TYPES = {"number": str.isdigit, "flag": ("true", "false").__contains__}


def _kind_of(key: str) -> str:
    return next(kind for kind, keys in _KEYS.items() if key in keys)


def _fits(kind: str, value: str) -> bool:
    """Whether AWS could send the value for a key of this kind."""
    if kind == "address":
        try:
            ipaddress.ip_address(value)
        except ValueError:
            return False
    if kind == "date":
        # A day that no calendar has stands in policies, and AWS never sends it.
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return False
    return bool(value) and _FIXED_TYPES.get(kind, bool)(value)


def contexts(
    draw: random.Random, policies: Iterable[list[dict[str, Any]]], count: int
) -> list[Context]:
    """Requests' contexts around what the policies ask."""
    values: dict[str, dict[str, None]] = {}
    for policy in policies:
        for each in policy:
            for block in each.get("Condition", {}).values():
                for key, listed in block.items():
                    if key in _WHO or key == "aws:PrincipalArn":
                        continue
                    kind = _kind_of(key)
                    base = [v for v in listed if v not in ("true", "false") and "${" not in v]
                    base = base or list(_VALUES[kind])[:2]
                    found = (n for value in (*base, *_VALUES[kind][:1]) for n in near(value))
                    values.setdefault(key, {}).update(
                        dict.fromkeys(v for v in found if _fits(kind, v) and "${" not in v)
                    )
                    if kind == "flag":
                        values[key].update(dict.fromkeys(("true", "false")))
    if "${" in str(policies):
        own = (OWN, f"{OWN}b", f"a{OWN}", f"{OWN}/x", f"x/{OWN}/b", "x/a/b", "app", "ci", "an")
        for key in ("kms:EncryptionContext:c", "aws:PrincipalTag/t"):
            values.setdefault(key, {}).update(dict.fromkeys(own))
    if "kms:EncryptionContext:c" in values:
        for text in values["kms:EncryptionContext:c"]:
            values.setdefault("aws:PrincipalTag/t", {})[text] = None
    made = []
    for _ in range(count):
        known: dict[str, str | tuple[str, ...]] = {"aws:CurrentTime": "2026-01-01T12:00:00Z"}
        known["aws:ViaAWSService"] = "false"
        for key, choices in values.items():
            listed = tuple(choices)
            always = key in ("aws:CurrentTime", "aws:ViaAWSService")
            if draw.random() < 0.2 and not always:
                continue
            if _kind_of(key) == "several":
                known[key] = tuple(draw.sample(listed, min(len(listed), draw.choice((1, 1, 2, 3)))))
            else:
                known[key] = draw.choice(listed)
        made.append(Context.of(known, complete=True))
    return made


def strangers() -> list[Principal]:
    """Callers beside those of the policies: one letter more, another path, another account."""
    names = (
        "role/app", "role/app2", "role/ap", "role/App", "role/ci-", "role/ci-build", "role/y/app3",
        "user/anna", "user/annab", "user/Anna", "user/enna", "user/q/bob", "user/an", "role/an",
        "user/xappx",
    )  # fmt: skip
    found = [
        Principal.parse(f"arn:aws:iam::{account}:{name}")
        for account in (ACCOUNT, OTHER, _THIRD, "111100006666")
        for name in names
    ]
    found += [Principal.parse(f"arn:aws:iam::{a}:root") for a in (ACCOUNT, OTHER, _THIRD)]
    found += map(Principal.parse, ("s3.amazonaws.com", "sns.amazonaws.com", "ec2.amazonaws.com"))
    found += [
        Principal.parse(f"arn:aws:sts::{ACCOUNT}:{name}")
        for name in ("federated-user/anna", "federated-user/zoe", "assumed-role/app/one")
    ]
    found.append(Principal.parse(f"arn:aws:sts::{OTHER}:assumed-role/app/three"))
    return found


def sent(request: Request) -> Request:
    """The request without the keys that AWS would not send with it."""
    follows = lookup_for(replace(request, context=NOTHING_KNOWN), absent_keys(request.action))
    own = request.principal.name.rpartition("/")[2]
    known = {
        key: tuple(value.replace(OWN, own) for value in each)
        for key, each in request.context.values.items()
        if follows(key) is None
    }
    return replace(request, context=Context(known, complete=True))
