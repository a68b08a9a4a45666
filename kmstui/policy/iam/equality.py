"""When do two policy texts mean the same? KMS may give a policy back written differently.

KMS neither keeps the order of members nor says whether a list of one comes back as a scalar, so
policies are compared by a canonical form. What is taken to be the same, with its source:

- white space, order of members, and the order of statements (IAM User Guide, "Policy evaluation
  logic": every statement is considered, whichever comes first);
- a scalar and a list of one; order and repetition within Action, Resource, the principals of one
  type and the values of one condition key (they are alternatives);
- `"Statement": {…}` and `"Statement": [{…}]`; an absent Version and 2008-10-17 (IAM User Guide,
  "Version");
- upper and lower case of actions and of condition keys (IAM User Guide, "Action", "Condition");
- `"*"` and `{"AWS": "*"}`; a bare account ID and `arn:aws:iam::ID:root` (IAM User Guide,
  "Principal");
- `true` and `"true"`, `5` and `"5"` as condition values; an absent and an empty Condition.

Limits: only spelling is compared, not effect. A wildcard and the actions it stands for differ; a
statement that is written twice differs from the same one written once; so do `Id` and `Sid`
under another name, condition operators and values in another case, and an account ID and its
root ARN outside the `aws` partition. Where a principal was deleted, KMS shows its unique ID
(`AIDA…`, `AROA…`) in place of the ARN: that is a difference, and a true one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from kmstui.model import late_pattern

_ACCOUNT_ROOT = late_pattern(r"arn:aws:iam::(\d{12}):root")

Canonical = tuple[Any, ...]
"""Nested tuples; equal for texts of the same meaning, and of no use otherwise."""


def read_json(text: str) -> Any:
    """The value of a strict JSON text.

    Raises:
        ValueError: it is not JSON, names a member twice (readers disagree about which counts),
            or nests deeper than can be read.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def canonical(text: str) -> object:
    """The canonical form of a policy text: equal for texts that mean the same.

    Raises:
        ValueError: as `read_json`.
    """
    document = read_json(text)
    try:
        return _document(document)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def same_meaning(a: str, b: str) -> bool:
    """Whether two policy texts mean the same; what is not valid JSON equals only itself."""
    if a == b:
        return True
    try:
        return canonical(a) == canonical(b)
    except ValueError:
        return False


def canonical_statement(statement: object) -> Canonical:
    """The canonical form of one statement, as `read_json` gives it."""
    if not isinstance(statement, dict):
        return _plain(statement)
    elements = ((name, canonical_element(name, value)) for name, value in statement.items())
    return ("statement", *sorted((pair for pair in elements if pair[1]), key=repr))


def canonical_element(name: str, value: object) -> Canonical:
    """The canonical form of one element of a statement; empty where it says nothing."""
    reader = _ELEMENTS.get(name)
    return _plain(value) if reader is None else reader(value)


def comparable_action(value: object) -> Canonical:
    """One action; case does not count."""
    return _plain(value.lower() if isinstance(value, str) else value)


def canonical_principal(value: object) -> Canonical:
    """One principal of type `AWS`."""
    if isinstance(value, str) and (root := _ACCOUNT_ROOT.fullmatch(value)):
        return _plain(root[1])
    return _plain(value)


def canonical_value(value: object) -> Canonical:
    """One value of a condition key."""
    if isinstance(value, bool):
        return _plain("true" if value else "false")
    if isinstance(value, int | float):
        return _plain(repr(value))
    return _plain(value)


def members_of(value: object) -> list[object]:
    """A list's members, or the scalar as the only one."""
    return value if isinstance(value, list) else [value]


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice in one object")
    return members


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _document(document: object) -> Canonical:
    if not isinstance(document, dict):
        return _plain(document)
    members = {"Version": "2008-10-17", **document}
    statements = members_of(members.pop("Statement", []))
    return (
        "document",
        _plain(members),
        # A multiset: a statement written twice is not the statement written once.
        tuple(sorted((canonical_statement(each) for each in statements), key=repr)),
    )


def _plain(value: object) -> Canonical:
    """Any JSON value; lists keep their order. The type stands beside it: Python's 1 == True."""
    if isinstance(value, dict):
        return ("object", *sorted(((name, _plain(each)) for name, each in value.items()), key=repr))
    if isinstance(value, list):
        return ("list", *map(_plain, value))
    return (type(value).__name__, value)


def _set(value: object, reader: Callable[[object], Canonical]) -> Canonical:
    return ("set", *sorted(set(map(reader, members_of(value))), key=repr))


def _principals(value: object) -> Canonical:
    if value == "*":
        value = {"AWS": "*"}
    if not isinstance(value, dict):
        return _plain(value)
    types = (
        (kind, _set(each, canonical_principal if kind == "AWS" else _plain))
        for kind, each in value.items()
    )
    return ("principals", *sorted(types, key=repr))


def _conditions(value: object) -> Canonical:
    if not isinstance(value, dict):
        return _plain(value)
    entries = [
        (operator, key.lower(), _set(values, canonical_value))
        if isinstance(block, dict)
        else (operator, "", _plain(block))
        for operator, block in value.items()
        for key, values in (block.items() if isinstance(block, dict) else [("", None)])
    ]
    return ("conditions", *sorted(entries, key=repr)) if entries else ()


_ELEMENTS: dict[str, Callable[[object], Canonical]] = {
    "Action": partial(_set, reader=comparable_action),
    "NotAction": partial(_set, reader=comparable_action),
    "Resource": partial(_set, reader=_plain),
    "NotResource": partial(_set, reader=_plain),
    "Principal": _principals,
    "NotPrincipal": _principals,
    "Condition": _conditions,
}
