"""Requests that two policies may tell apart, drawn from the values that the policies name.

What shows itself only for other values is not drawn: Access Analyzer proves, and this tries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import product
from typing import Any, TypeVar

from kmstui.demo.access.conditions import (
    Context,
    as_list,
    conditions_hold,
    split_operator,
    wildcard_match,
)
from kmstui.demo.access.context import Caller, session_caller
from kmstui.demo.access.evaluation import AccessRequest, parsed, principal_names
from kmstui.demo.kms.members import operations

MOST_REQUESTS = 10_000

_STRANGERS = "999999999999"
"""An account that policies seldom name."""
_OWNER = "000000000000"
"""Whose the resource is; a check of policies alone is told no account."""
_KEY = f"arn:aws:kms:us-east-1:{_OWNER}:key/any"
_OF_CALLER = frozenset(
    {"aws:principalarn", "aws:principalaccount", "aws:principaltype", "kms:calleraccount",
     "aws:principalisawsservice"}
)  # fmt: skip
"""Condition keys whose values follow from who asks."""

T = TypeVar("T")
_Block = tuple[str, str, Any, str]
"""Operator, key in lower case, values as written, and the policy's version."""


class TooManyRequestsError(Exception):
    """The policies tell more requests apart than can be tried."""


def drawn_requests(texts: Iterable[str], actions: Sequence[str] = ()) -> Iterator[AccessRequest]:
    """Requests for these policies, about actions that match one of `actions`, or about any.

    Raises:
        ValueError: a text is no policy.
        TooManyRequestsError: there would be more than `MOST_REQUESTS`.
    """
    policies = [parsed(text) for text in texts]
    statements = [each for _, found in policies for each in found]
    blocks = [
        (operator, key.lower(), wanted, version)
        for version, found in policies
        for statement in found
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, wanted in keys.items()
    ]
    callers = tuple(_callers(statements, blocks))
    asked = _actions(statements, actions)
    resources = _classes(
        [_KEY, *map(_instance, _named(statements, "Resource"))], _named(statements, "Resource")
    )
    contexts = [_contexts(caller, blocks) for caller in callers]
    number = sum(map(len, contexts)) * len(asked) * len(resources)
    if number > MOST_REQUESTS:
        raise TooManyRequestsError(f"{number} requests")
    for caller, found in zip(callers, contexts, strict=True):
        for action, resource, context in product(asked, resources, found):
            yield AccessRequest(action, resource, _OWNER, caller, context)


def _named(statements: Iterable[Mapping[str, Any]], element: str) -> list[str]:
    """The values of an element and of its Not-form."""
    return [
        str(value)
        for statement in statements
        for name in (element, f"Not{element}")
        for value in as_list(statement.get(name, []))
    ]


def _instance(pattern: str) -> str:
    """A value that a pattern describes."""
    return pattern.replace("*", "x").replace("?", "x")


def _classes(
    candidates: Iterable[str], patterns: Sequence[str], *, fold: bool = False
) -> list[str]:
    """One candidate for each set of the patterns that match it."""
    found: dict[tuple[bool, ...], str] = {}
    for each in candidates:
        key = tuple(wildcard_match(pattern, each, ignore_case=fold) for pattern in patterns)
        found.setdefault(key, each)
    return list(found.values())


def _actions(statements: Sequence[Mapping[str, Any]], asked: Sequence[str]) -> list[str]:
    patterns = [*_named(statements, "Action"), *asked]
    candidates = [
        *(f"kms:{name}" for name in operations() if name != "ReEncrypt"),
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
        *map(_instance, patterns),
    ]
    about = [
        each
        for each in candidates
        if not asked or any(wildcard_match(name, each, ignore_case=True) for name in asked)
    ]
    return _classes(about, patterns, fold=True)


def _callers(statements: Iterable[Mapping[str, Any]], blocks: Iterable[_Block]) -> Iterator[Caller]:
    names = {
        name
        for statement in statements
        for element in ("Principal", "NotPrincipal")
        for name in principal_names(statement.get(element))
    }
    wanted = {
        _instance(str(value))
        for _, key, values, _ in blocks
        if key in _OF_CALLER
        for value in as_list(values)
    }
    accounts = {_STRANGERS}
    for name in sorted((names | wanted) - {"*"}):
        parts = name.split(":", 5)
        account = parts[4] if len(parts) == 6 else name
        if account.isdigit():
            accounts.add(account)
        if len(parts) == 6:
            yield _caller(name, account, parts[5])
        elif name.endswith(".amazonaws.com"):
            yield Caller(name, name, "", name, "AWSService")
    for account in sorted(accounts):
        for resource in ("root", "user/anybody", "role/anybody"):
            yield _caller(f"arn:aws:iam::{account}:{resource}", account, resource)


def _caller(arn: str, account: str, resource: str) -> Caller:
    kind, _, name = resource.partition("/")
    if kind == "assumed-role":
        role, _, session = name.partition("/")
        return session_caller(account, f"arn:aws:iam::{account}:role/{role}", "AROAX", session)
    if kind == "role":
        return session_caller(account, arn, "AROAX", "any-session")
    return Caller(arn, arn, account, "AIDAX", "Account" if resource == "root" else "User")


def _contexts(caller: Caller, blocks: Sequence[_Block]) -> list[Context]:
    """What else a caller's request may carry, one of each kind that conditions tell apart."""
    service = caller.kind == "AWSService"
    known: dict[str, Sequence[str]] = {"aws:principalisawsservice": (str(service).lower(),)}
    if not service:
        known |= {
            "aws:principalarn": (caller.principal_arn,),
            "aws:principalaccount": (caller.account,),
            "aws:principaltype": (caller.kind,),
            "kms:calleraccount": (caller.account,),
        }
    keys = dict.fromkeys(key for _, key, _, _ in blocks if key not in _OF_CALLER)
    kinds = [_kinds(key, [each for each in blocks if each[1] == key], known) for key in keys]
    return [
        {**known, **{key: values for key, values in zip(keys, chosen, strict=True) if values}}
        for chosen in product(*kinds)
    ]


def _kinds(key: str, blocks: Sequence[_Block], known: Context) -> list[tuple[str, ...]]:
    """Values of a key, none among them, one for each way in which its conditions can come out."""
    candidates: list[tuple[str, ...]] = [()]
    for operator, _, wanted, _ in blocks:
        for value in as_list(wanted):
            candidates += [(each,) for each in _around(split_operator(operator)[1], str(value))]
    candidates.append(("another",))
    found: dict[tuple[bool, ...], tuple[str, ...]] = {}
    for values in candidates:
        context = {**known, **({key: values} if values else {})}
        outcome = tuple(
            conditions_hold({operator: {key: wanted}}, context, version)
            for operator, _, wanted, version in blocks
        )
        found.setdefault(outcome, values)
    return list(found.values())


def _around(operator: str, value: str) -> Iterator[str]:
    """A value that a condition names, and its next neighbours."""
    near = next((draw for name, draw in _NEIGHBOURS.items() if name in operator), _of_text)
    try:
        yield from near(value)
    except ValueError:
        yield value


def _of_number(value: str) -> list[str]:
    return [str(float(value) + step) for step in (-1, 0, 1)]


def _of_moment(value: str) -> list[str]:
    moment = (
        datetime.fromtimestamp(float(value), UTC)
        if value.isdigit()
        else datetime.fromisoformat(value)
    )
    return [(moment + timedelta(seconds=step)).isoformat() for step in (-1, 0, 1)]


def _of_net(value: str) -> list[str]:
    net = ip_network(value, strict=False)
    return [str(net[0]), str(net[-1])]


def _of_text(value: str) -> list[str]:
    one = _instance(value)
    return [one, one.swapcase(), f"{one}x", value.replace("*", "").replace("?", "y")]


_NEIGHBOURS: Mapping[str, Callable[[str], list[str]]] = {
    "numeric": _of_number,
    "date": _of_moment,
    "ipaddress": _of_net,
    "bool": lambda _: ["true", "false"],
    "null": lambda _: [],
}
