"""A key whose policy is edited, with a service that answers late, wrongly or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeGuard

import pytest

from kmstui.service.changes.runner import ChangeScope
from kmstui.service.editing.edit import PolicyEditing
from kmstui.service.editing.location import KeyPolicyLocation
from kmstui.service.editing.results import SaveEnd, SaveOutcome, SaveResult
from kmstui.service.ports import Scope
from tests.fakes import ACCOUNT, CALLER, IMPORTED, REGION, FakeGateway, MemoryJournal

HERE = Scope(ACCOUNT, REGION)


def policy(*sids: str, action: str = "kms:*") -> str:
    statements = [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{sid}"},
            "Action": action,
            "Resource": "*",
        }
        for sid in sids
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def ended(result: SaveOutcome, end: SaveEnd) -> TypeGuard[SaveResult]:
    """Whether a save ended so."""
    return isinstance(result, SaveResult) and result.end is end


OLD = policy("root")
MINE = policy("root", "mine")
THEIRS = policy("root", "theirs")


class Service(FakeGateway):
    """FakeGateway whose reads can be stale and whose puts can be answered wrongly.

    Attributes:
        stale: What the next reads return, before the truth.
        put_error: What put_policy raises, after storing where `stores`.
        puts: Texts and bypass flags that were put.
        at_put: Called as the put arrives.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stale: list[str | Exception] = []
        self.put_error: Exception | None = None
        self.stores = True
        self.puts: list[tuple[str, bool]] = []
        self.at_put: Callable[[], None] = lambda: None
        self.stored = OLD

    @property
    def stored(self) -> str:
        return self.world.policies[IMPORTED]["default"]

    @stored.setter
    def stored(self, text: str) -> None:
        self.world.policies[IMPORTED]["default"] = text

    async def get_policy(self, key_id: str, name: str = "default") -> str:
        text = await super().get_policy(key_id, name)
        answer = self.stale.pop(0) if self.stale else text
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def put_policy(
        self, key_id: str, text: str, *, bypass_lockout_check: bool = False
    ) -> None:
        self.at_put()
        self.puts.append((text, bypass_lockout_check))
        if self.put_error is None or self.stores:
            await super().put_policy(key_id, text)
        if self.put_error is not None:
            raise self.put_error


class Time:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def journal(time: Time) -> MemoryJournal:
    return MemoryJournal(time)


@pytest.fixture
def scope(journal: MemoryJournal, time: Time) -> ChangeScope:
    return ChangeScope(journal, HERE, CALLER.arn, time)


@pytest.fixture
def editing(service: Service, scope: ChangeScope, time: Time) -> PolicyEditing:
    place = KeyPolicyLocation(service, IMPORTED, ("alias/ImportedCMK", "alias/second"))
    return PolicyEditing(place, scope, time.sleep)
