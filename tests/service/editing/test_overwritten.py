"""A put of somebody else's that one's own replaced unseen is told once CloudTrail tells of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kmstui.model import KeyEvent
from kmstui.service.editing.overwritten import BETWEEN_LOOKS, overwritten, watch_puts
from kmstui.service.errors import AccessDeniedError, ThrottledError
from kmstui.service.inventory.store import Store
from kmstui.service.ports import ChangeRecord, Target
from kmstui.service.session import Session
from tests.fakes import CALLER, IMPORTED, FakeConnector, MemoryJournal, arn_of
from tests.service.editing.conftest import HERE, MINE, OLD, THEIRS, Service, Time, policy

AT = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
OTHERS = policy("root", "others")


def _record(*, seconds: float = 0.5) -> ChangeRecord:
    return ChangeRecord(
        id=1,
        time=AT,
        scope=HERE,
        caller=CALLER.arn,
        batch="",
        operation="kms:PutKeyPolicy",
        subject=IMPORTED,
        before=json.dumps({"policy": OLD}),
        after=json.dumps({"policy": MINE}),
        outcome="done",
        ended=AT + timedelta(seconds=seconds),
    )


def _put(seconds: float, text: str, error: str = "") -> KeyEvent:
    time = AT + timedelta(seconds=seconds)
    return KeyEvent(f"at {seconds}", time, "PutKeyPolicy", "alice", policy=text, error_code=error)


@pytest.mark.parametrize(
    ("puts", "lost"),
    [
        ([], None),
        ([_put(0, MINE)], None),
        ([_put(-1, THEIRS)], None),
        ([_put(-30, OLD), _put(0, MINE)], None),
        ([_put(-30, OLD), _put(-1, THEIRS), _put(0, MINE)], "at -1"),
        ([_put(-1, OTHERS), _put(0, THEIRS), _put(0, MINE)], "at 0"),
        ([_put(-9, THEIRS), _put(-5, OLD), _put(0, MINE)], None),
        ([_put(-5, OLD), _put(-5, THEIRS), _put(0, MINE)], None),
        ([_put(-1, THEIRS, "AccessDenied"), _put(0, MINE)], None),
        ([_put(-1, MINE.replace("\n", "")), _put(0, MINE)], None),
        ([_put(-3600, THEIRS), _put(0, MINE)], None),
        ([_put(0, MINE), _put(1, THEIRS)], None),
        # This computer's clock is two minutes slow.
        ([_put(119, THEIRS), _put(120, MINE)], "at 119"),
        # It was late, so that the read did not show it.
        ([_put(-240, THEIRS), _put(0, MINE)], "at -240"),
        ([KeyEvent("at ?", None, "PutKeyPolicy", "x", policy=THEIRS), _put(0, MINE)], None),
    ],
)
def test_what_stood_there_before_ours_must_be_what_was_read(
    puts: Iterable[KeyEvent], lost: str | None
) -> None:
    for events in (list(puts), list(puts)[::-1]):
        found = overwritten(_record(), events)
        assert (None if found is None else found.id) == lost


class Watched:
    """A session whose journal knows of one put, and what is told while it is watched."""

    def __init__(self, service: Service, journal: MemoryJournal, time: Time) -> None:
        self.store = Store(lambda _, call: asyncio.get_running_loop().call_soon(call))
        self.session = Session(self.store, FakeConnector(service), journal, time)
        self.told: list[str] = []
        self.time = time
        self.session.notify = lambda text, severity="": self.told.append(text)  # type: ignore[method-assign]

    async def watch(self, looks: int) -> None:
        """Let so many looks be made."""
        pauses = 0

        async def sleep(seconds: float) -> None:
            nonlocal pauses
            pauses += 1
            assert seconds == BETWEEN_LOOKS
            self.time.now += timedelta(seconds=seconds)
            await asyncio.sleep(0)
            if pauses == looks:
                self.session.close()

        await watch_puts(self.session, sleep)


@pytest.fixture
async def watched(service: Service, journal: MemoryJournal, time: Time) -> Watched:
    made = Watched(service, journal, time)
    await made.session.open(Target())
    (record,) = await journal.begin([replace(_record(), time=time.now)])
    await journal.end(record.id, "done", "accepted")
    service.calls.clear()
    made.told.clear()
    return made


async def test_it_is_told_once_when_cloudtrail_comes_to_tell(
    watched: Watched, service: Service
) -> None:
    events = service.world.events
    events[arn_of(IMPORTED)] = (_put(0, MINE),)
    await_event = service.policy_puts

    async def later(since: datetime, until: datetime) -> tuple[tuple[str, KeyEvent], ...]:
        found = await await_event(since, until)
        events[arn_of(IMPORTED)] = (_put(0, MINE), _put(-1, THEIRS))
        return found

    service.policy_puts = later  # type: ignore[method-assign]
    await watched.watch(4)
    (sentence,) = watched.told
    assert sentence.startswith("Overwritten unseen: alice put a policy on ")
    assert "(alias/ImportedCMK) at 06:59:59 UTC" in sentence
    assert "History" in sentence


async def test_a_throttled_look_is_made_again_and_a_denied_one_is_not(
    watched: Watched, service: Service
) -> None:
    service.world.events[arn_of(IMPORTED)] = (_put(0, MINE), _put(-1, THEIRS))
    service.fail("cloudtrail:LookupEvents", ThrottledError("not now"), times=1)
    await watched.watch(2)
    assert len(watched.told) == 1


async def test_who_may_not_ask_cloudtrail_asks_once(watched: Watched, service: Service) -> None:
    service.fail("cloudtrail:LookupEvents", AccessDeniedError("no"))
    await watched.watch(5)
    assert service.count("cloudtrail:LookupEvents") == 1
    assert watched.told == []


async def test_after_a_while_and_without_a_put_cloudtrail_is_not_asked(
    watched: Watched, service: Service
) -> None:
    watched.time.now += timedelta(minutes=21)
    await watched.watch(3)
    assert service.count("cloudtrail:LookupEvents") == 0
