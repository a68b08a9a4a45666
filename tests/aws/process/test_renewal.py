"""Credentials that AWS refuses are looked up anew, once for all calls that wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

from kmstui.aws.process.connector import Opened, ProcessGateway
from kmstui.model import Caller, ConnectionInfo, Route
from kmstui.service.errors import (
    AccessDeniedError,
    CallerChangedError,
    CredentialsExpiredError,
    CredentialsRenewedError,
    MfaError,
    ProfileError,
    ServiceError,
)

INFO = ConnectionInfo(region="eu-west-1", endpoint_url="https://kms", route=Route.PUBLIC)
ME = Caller("111122223333", "arn:aws:sts::111122223333:assumed-role/app/one", "AROAEXAMPLE:one")
ME_AGAIN = Caller("111122223333", "arn:aws:sts::111122223333:assumed-role/app/2", "AROAEXAMPLE:2")
OTHER = Caller("111122223333", "arn:aws:iam::111122223333:user/ann", "AIDAEXAMPLE")


class Line:
    """Answers by connection: what each raises or returns."""

    ended = False

    def __init__(self) -> None:
        self.refusing: dict[int, ServiceError] = {}
        self.callers = {1: ME, 2: ME_AGAIN, 3: ME_AGAIN}
        self.asked: list[tuple[int, str]] = []
        self.closed: list[int] = []

    async def ask(
        self,
        connection: int,
        method: str,
        arguments: Sequence[Any],
        named: Mapping[str, Any],
        *,
        changes: bool = False,
    ) -> Any:
        self.asked.append((connection, method))
        await asyncio.sleep(0)
        if connection in self.refusing:
            raise self.refusing[connection]
        return self.callers[connection] if method == "caller" else f"by {connection}"

    async def stream(
        self, connection: int, method: str, arguments: Sequence[Any], named: Mapping[str, Any]
    ) -> AsyncIterator[str]:
        yield await self.ask(connection, method, arguments, named)

    def tell(self, _receiver: int, _method: str, number: int) -> None:
        self.closed.append(number)


class World:
    """A gateway whose connections are opened as a test says."""

    def __init__(self) -> None:
        self.line = Line()
        self.opened = 0
        self.wrong: ServiceError | None = None
        self.info = INFO
        opened = Opened(self.line, 1, INFO)  # type: ignore[arg-type]
        self.gateway: Any = ProcessGateway(opened, self.open_again)

    async def open_again(self) -> Opened:
        self.opened += 1
        await asyncio.sleep(0)
        if self.wrong is not None:
            raise self.wrong
        return Opened(self.line, 1 + self.opened, self.info)  # type: ignore[arg-type]

    def expire(self, connection: int = 1) -> None:
        self.line.refusing[connection] = CredentialsExpiredError("expired", "Sign in.")


@pytest.fixture
async def world() -> World:
    made = World()
    assert await made.gateway.caller() == ME
    return made


async def test_calls_that_were_refused_together_look_once_and_are_repeated(world: World) -> None:
    world.expire()
    read = [world.gateway.get_policy("key"), world.gateway.list_tags("key")]
    assert await asyncio.gather(*read) == ["by 2", "by 2"]
    assert await world.gateway.put_policy("key", "{}") == "by 2"
    assert (world.opened, world.line.closed) == (1, [1])


async def test_pages_are_read_from_the_start_with_the_new_ones(world: World) -> None:
    world.expire()
    assert [page async for page in world.gateway.key_pages()] == ["by 2"]


async def test_credentials_that_are_still_refused_are_told_and_looked_up_by_the_next_call(
    world: World,
) -> None:
    world.expire()
    world.expire(2)
    with pytest.raises(CredentialsExpiredError, match="expired"):
        await world.gateway.get_policy("key")
    assert await world.gateway.get_policy("key") == "by 3"


async def test_what_is_wrong_with_their_source_is_told_of_the_call(world: World) -> None:
    world.expire()
    world.wrong = ProfileError("line 3 is no setting")
    for _ in range(2):
        with pytest.raises(ProfileError, match="line 3"):
            await world.gateway.get_policy("key")
    assert world.opened == 2


async def test_whoever_gave_no_code_is_asked_again_only_when_everything_is_read(
    world: World,
) -> None:
    world.line.refusing[1] = MfaError("the session has ended")
    world.wrong = MfaError("no code was entered")
    for _ in range(3):
        with pytest.raises(MfaError, match="no code"):
            await world.gateway.get_policy("key")
    assert world.opened == 1
    world.wrong = None
    assert [page async for page in world.gateway.key_pages()] == ["by 3"]


async def test_another_caller_is_not_taken(world: World) -> None:
    world.expire()
    world.line.callers[2] = OTHER
    with pytest.raises(CallerChangedError, match="user/ann"):
        await world.gateway.put_policy("key", "{}")
    assert (2, "put_policy") not in world.line.asked
    assert world.line.closed == [2]


async def test_another_region_is_not_taken(world: World) -> None:
    world.expire()
    world.info = ConnectionInfo("us-east-1", "https://kms.us-east-1", Route.PUBLIC)
    with pytest.raises(CallerChangedError, match=r"now lead to https://kms\.us-east-1"):
        await world.gateway.get_policy("key")


async def test_credentials_of_which_sts_does_not_say_whose_they_are_are_not_taken() -> None:
    world = World()
    await world.gateway.get_policy("key")
    world.expire()
    with pytest.raises(CallerChangedError, match="STS does not say"):
        await world.gateway.get_policy("key")


async def test_before_anything_was_read_any_caller_will_do() -> None:
    world = World()
    world.expire()
    assert await world.gateway.get_policy("key") == "by 2"


async def test_a_change_is_left_to_whoever_looks_again_before(world: World) -> None:
    world.expire()
    with pytest.raises(CredentialsRenewedError) as caught:
        await world.gateway.put_policy("key", "{}")
    assert "try again" in caught.value.next_step
    assert (2, "put_policy") not in world.line.asked
    assert await world.gateway.put_policy("key", "{}") == "by 2"


async def test_another_refusal_looks_up_nothing(world: World) -> None:
    world.line.refusing[1] = AccessDeniedError("no")
    with pytest.raises(AccessDeniedError):
        await world.gateway.get_policy("key")
    assert world.opened == 0
