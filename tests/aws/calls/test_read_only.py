"""Read-only mode: nothing that changes anything leaves, whatever asks for it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest

from kmstui.aws.api.base import nothing
from kmstui.aws.calls import operations
from kmstui.aws.calls.call import Calls
from kmstui.aws.calls.operations import READ_NAMES, Operation
from kmstui.model import DryRun, Grant, KeyCreation, MaterialImport, ResourceKind, Tag
from kmstui.service.errors import (
    MalformedAnswerError,
    ReadOnlyError,
)
from kmstui.service.ports import Gateway, is_change

Connect = Callable[..., Awaitable[Any]]

_METHODS = {
    name: method
    for name, method in inspect.getmembers(Gateway, inspect.isfunction)
    if not name.startswith("_") and name not in {"close", "hold_background", "addresses"}
}
_CHANGES = [name for name, method in _METHODS.items() if is_change(method)]
_READS = [name for name in _METHODS if name not in _CHANGES]

_EXAMPLES: dict[object, object] = {
    datetime: datetime(2026, 12, 1, tzinfo=UTC),
    str: "arn:aws:iam::111122223333:role/r",
    int: 7,
    DryRun: DryRun("Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/k"),
    Grant: Grant("", "", "arn:aws:iam::111122223333:role/r", ("Decrypt",)),
    KeyCreation: KeyCreation(),
    MaterialImport: MaterialImport(b"token", b"wrapped"),
    ResourceKind: ResourceKind.SECRETS,
    Sequence[str]: ["a"],
    Sequence[Tag]: [Tag("a", "b")],
}


def _arguments(name: str) -> list[object]:
    """One for each parameter of a port's method that has no default."""
    types = get_type_hints(_METHODS[name])
    _, *parameters = inspect.signature(_METHODS[name]).parameters.values()
    return [_EXAMPLES[types[each.name]] for each in parameters if each.default is each.empty]


@pytest.mark.parametrize("method", _CHANGES)
async def test_a_change_is_refused_before_anything_leaves(
    method: str, scripted: Any, connect: Connect
) -> None:
    gateway = await connect(read_only=True)
    with pytest.raises(ReadOnlyError, match="started read-only, so nothing was sent"):
        await getattr(gateway, method)(*_arguments(method))
    assert scripted.targets == []


@pytest.mark.parametrize("method", _CHANGES)
async def test_the_second_guard_holds_when_the_first_one_fails(
    method: str, scripted: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Calls, "_refuse_what_may_not_leave", lambda *_: None)
    gateway = await connect(read_only=True)
    with pytest.raises(ReadOnlyError, match="would change something"):
        await getattr(gateway, method)(*_arguments(method))
    assert scripted.targets == []


@pytest.mark.parametrize("method", _READS)
async def test_what_the_port_does_not_mark_as_a_change_is_none(
    method: str, scripted: Any, connect: Connect
) -> None:
    asked = getattr(await connect(read_only=True), method)(*_arguments(method))
    with suppress(MalformedAnswerError):
        if inspect.isasyncgen(asked):
            await anext(asked)
        else:
            await asked
    assert scripted.targets


async def test_a_client_that_is_used_past_the_gateway_sends_nothing_either(
    scripted: Any, connect: Connect
) -> None:
    gateway = await connect()
    kms = gateway._calls._clients.client("kms")
    with pytest.raises(ReadOnlyError, match="was not announced"):
        kms.disable_key(KeyId="k")
    assert scripted.targets == []


async def test_an_operation_nobody_has_thought_about_counts_as_a_change(
    scripted: Any, connect: Connect
) -> None:
    gateway = await connect(read_only=True)
    with pytest.raises(ReadOnlyError):
        await gateway._calls.send(Operation("kms", "Decrypt", 10), {"KeyId": "k"}, nothing)
    assert scripted.targets == []


async def test_reads_go_through(embedded: Any, aws_environment: Any, connect: Connect) -> None:
    gateway = await connect(read_only=True)
    key, _ = await gateway.describe("alias/ImportedCMK")
    assert await gateway.get_policy(key.id)
    assert (await gateway.caller()).account == embedded.account


def test_what_counts_as_reading_is_named_so_by_the_api() -> None:
    every = [value for _, value in inspect.getmembers(operations) if isinstance(value, Operation)]
    assert len(every) == len(set(every))
    for operation in every:
        reads = operation.name.startswith(
            ("List", "Get", "Describe", "Lookup", "Validate", "Check", "Select", "Search")
        )
        assert operation.mutating is not reads
        assert ((operation.service, operation.name) in READ_NAMES) is reads
