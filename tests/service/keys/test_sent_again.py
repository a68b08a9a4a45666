"""A change that KMS turned away is sent again only where nobody is overwritten by that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from kmstui.aws.calls.operations import RESENDING
from kmstui.model import Rotation
from kmstui.service.changes.waiting import FOR_QUOTA
from kmstui.service.errors import (
    AccessDeniedError,
    ConflictError,
    CredentialsRenewedError,
    ErrorContext,
    ServiceFailureError,
    ThrottledError,
)
from tests.fakes import DISABLED, IMPORTED, NAMELESS

Change = tuple[Callable[[Any], Awaitable[str]], Callable[[Any], None], Callable[[Any], object]]


def _describe(bench: Any, key_id: str, **values: object) -> None:
    bench.world.metadata[key_id] = replace(bench.world.metadata[key_id], **values)


_NAME = "alias/ImportedCMK"
_LOOKED_AT: dict[str, Change] = {
    "UpdateAlias": (
        lambda bench: bench.aliases.move(_NAME, NAMELESS),
        lambda bench: bench.world.aliases.update({_NAME: DISABLED}),
        lambda bench: bench.world.aliases[_NAME],
    ),
    "DeleteAlias": (
        lambda bench: bench.aliases.delete(_NAME),
        lambda bench: bench.world.aliases.update({_NAME: DISABLED}),
        lambda bench: bench.world.aliases[_NAME],
    ),
    "UpdateKeyDescription": (
        lambda bench: bench.keys.set_description(NAMELESS, "mine"),
        lambda bench: _describe(bench, NAMELESS, description="theirs"),
        lambda bench: bench.world.metadata[NAMELESS].description,
    ),
    "DisableKey": (
        lambda bench: bench.keys.disable(NAMELESS),
        lambda bench: _describe(bench, NAMELESS, state="PendingDeletion"),
        lambda bench: bench.world.metadata[NAMELESS].state,
    ),
    "EnableKey": (
        lambda bench: bench.keys.enable(DISABLED),
        lambda bench: _describe(bench, DISABLED, state="PendingDeletion"),
        lambda bench: bench.world.metadata[DISABLED].state,
    ),
    "ScheduleKeyDeletion": (
        lambda bench: bench.keys.schedule_deletion(NAMELESS, 7),
        lambda bench: _describe(bench, NAMELESS, state="Disabled"),
        lambda bench: bench.world.metadata[NAMELESS].state,
    ),
}
"""By operation: it, what somebody else does meanwhile, and what both are about."""


@pytest.mark.parametrize("error", [ThrottledError, ServiceFailureError])
@pytest.mark.parametrize("operation", _LOOKED_AT)
async def test_what_somebody_did_while_a_change_waited_is_left_and_told(
    bench: Any, operation: str, error: type[ThrottledError]
) -> None:
    change, theirs, held = _LOOKED_AT[operation]
    context = ErrorContext(f"kms:{operation}", NAMELESS)
    bench.gateway.fail(f"kms:{operation}", error("not now", "", context), times=1)
    held_then: list[object] = []

    def during_pause() -> None:
        theirs(bench)
        held_then.append(held(bench))

    bench.during_pause = during_pause
    with pytest.raises(ConflictError, match="somebody else changed it while kmstui waited") as told:
        await change(bench)
    assert held_then == [held(bench)]
    assert bench.gateway.count(f"kms:{operation}") == 1
    assert told.value.context == context
    assert (await bench.newest()).outcome == "failed"


async def test_what_somebody_did_while_credentials_were_renewed_is_left(bench: Any) -> None:
    renewed = CredentialsRenewedError("expired")
    bench.gateway.fail("kms:UpdateKeyDescription", renewed, times=1)
    send = bench.gateway.update_description

    async def overtaken(key_id: str, text: str) -> None:
        try:
            await send(key_id, text)
        finally:
            _describe(bench, NAMELESS, description="theirs")

    bench.gateway.update_description = overtaken
    with pytest.raises(ConflictError):
        await bench.keys.set_description(NAMELESS, "mine")
    assert bench.world.metadata[NAMELESS].description == "theirs"
    assert bench.pauses == []


async def test_a_change_that_waited_for_credentials_is_made_with_the_new_ones(bench: Any) -> None:
    renewed = CredentialsRenewedError("expired")
    for operation in ("kms:UpdateKeyDescription", "kms:CreateAlias"):
        bench.gateway.fail(operation, renewed, times=1)
    await bench.keys.set_description(NAMELESS, "mine")
    await bench.aliases.create("new", IMPORTED)
    assert bench.world.metadata[NAMELESS].description == "mine"
    assert bench.world.aliases["alias/new"] == IMPORTED
    assert [each[-1] for each in await bench.entries()] == ["done", "done"]


@pytest.mark.parametrize("operation", _LOOKED_AT)
async def test_a_change_that_was_turned_away_is_looked_at_and_sent_again(
    bench: Any, operation: str
) -> None:
    change, _, _ = _LOOKED_AT[operation]
    bench.gateway.fail(f"kms:{operation}", ThrottledError("not now"), times=3)
    assert not RESENDING[operation].harmless
    await change(bench)
    assert bench.gateway.count(f"kms:{operation}") == 4
    assert bench.pauses[:3] == list(FOR_QUOTA[:3])
    assert (await bench.newest()).outcome == "done"


async def test_rotation_that_somebody_turned_on_meanwhile_is_not_turned_off(bench: Any) -> None:
    bench.gateway.fail("kms:EnableKeyRotation", ThrottledError("not now"), times=1)
    bench.during_pause = lambda: bench.world.rotations.update(
        {NAMELESS: Rotation(enabled=True, period_days=90)}
    )
    bench.store.know(NAMELESS, rotation=Rotation(enabled=False))
    with pytest.raises(ConflictError):
        await bench.keys.set_rotation(NAMELESS, 180)
    assert bench.world.rotations[NAMELESS].period_days == 90


async def test_where_nobody_can_look_it_is_not_sent_again(bench: Any) -> None:
    bench.gateway.fail("kms:DisableKey", ThrottledError("not now"))
    bench.during_pause = lambda: bench.gateway.fail("kms:DescribeKey", AccessDeniedError("no"))
    with pytest.raises(ThrottledError):
        await bench.keys.disable(NAMELESS)
    assert bench.gateway.count("kms:DisableKey") == 1


async def test_a_creation_is_left_to_the_gateway(bench: Any) -> None:
    assert RESENDING["CreateAlias"].harmless
    bench.gateway.fail("kms:CreateAlias", ThrottledError("not now"))
    with pytest.raises(ThrottledError):
        await bench.aliases.create("new", IMPORTED)
    assert bench.world.aliases.get("alias/new") is None
