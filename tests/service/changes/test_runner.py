"""One change, from the journal to its end, whatever is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from kmstui.service.changes.reading_back import Check, Shown, read_back
from kmstui.service.changes.runner import Change, ChangeScope, ChangeStep, run_change
from kmstui.service.changes.waiting import SURE_AFTER, Waiting
from kmstui.service.errors import (
    AccessDeniedError,
    JournalError,
    NetworkError,
    ServiceError,
    ThrottledError,
    UnreportedOutcomeError,
)
from kmstui.service.ports import Scope
from tests.fakes import ACCOUNT, NOW, REGION, MemoryJournal

SILENCE = UnreportedOutcomeError("no answer came")


class Thing:
    """Something that holds a word, and what reads show of it before the truth."""

    def __init__(self) -> None:
        self.word = "old"
        self.stale: list[str | ServiceError] = []
        self.error: ServiceError | None = None

    async def put(self) -> str:
        self.word = "new"
        if self.error is not None:
            raise self.error
        return "version 2"

    async def read(self) -> str:
        found = self.stale.pop(0) if self.stale else self.word
        if isinstance(found, ServiceError):
            raise found
        return found

    @property
    def check(self) -> Check[str]:
        shown = {"new": Shown.OURS, "old": Shown.OLD}
        return Check(self.read, lambda word: shown.get(word, Shown.OTHER))


async def no_pause(seconds: float) -> None:
    await asyncio.sleep(0)


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal(lambda: NOW)


@pytest.fixture
def scope(journal: MemoryJournal) -> ChangeScope:
    return ChangeScope(journal, Scope(ACCOUNT, REGION), "me", lambda: NOW)


def change_of(thing: Thing, send: Callable[[], Awaitable[str | None]] | None = None) -> Change[str]:
    before, after = {"word": "old"}, {"word": "new"}
    return Change("kms:Put", "thing", before, after, send or thing.put, thing.check)


async def ends(journal: MemoryJournal) -> list[tuple[str, str]]:
    return [(each.outcome, each.detail) for each in await journal.changes()]


@pytest.mark.parametrize(
    ("error", "stale", "shown", "end"),
    [
        (None, [], Shown.OURS, ("done", "version 2")),
        (None, ["old"], Shown.OLD, ("done", "version 2, not visible yet")),
        (None, ["theirs"], Shown.OTHER, ("done", "version 2, and replaced by somebody else's")),
        (
            None,
            [AccessDeniedError("no")],
            Shown.UNREADABLE,
            ("done", "version 2, but not read back: AccessDenied: no."),
        ),
        (
            SILENCE,
            [],
            Shown.OURS,
            ("done", f"{SILENCE.sentence} Read back afterwards: it was done."),
        ),
        (
            SILENCE,
            ["old"],
            Shown.OLD,
            ("unknown", f"{SILENCE.sentence} Read back afterwards, it did not show."),
        ),
    ],
)
async def test_how_it_ended_is_written_down(
    thing: Thing,
    scope: ChangeScope,
    journal: MemoryJournal,
    error: ServiceError | None,
    stale: list[str | ServiceError],
    shown: Shown,
    end: tuple[str, str],
) -> None:
    thing.error, thing.stale = error, stale
    result = await run_change(scope, change_of(thing), Waiting((), no_pause))
    assert (result.read.shown, result.error, result.refused) == (shown, error, False)
    assert await ends(journal) == [end]


async def test_a_refusal_is_written_down_and_nothing_is_read(
    thing: Thing, scope: ChangeScope, journal: MemoryJournal
) -> None:
    thing.error = AccessDeniedError("your role may not")
    steps: list[ChangeStep] = []
    result = await run_change(scope, change_of(thing), Waiting((), no_pause), steps.append)
    assert result.refused
    assert steps == [ChangeStep.SENDING]
    assert await ends(journal) == [("failed", thing.error.sentence)]


@pytest.mark.parametrize(("settled_later", "outcome"), [(True, "pending"), (False, "unknown")])
async def test_a_program_that_ends_meanwhile_leaves_what_the_next_start_needs(
    thing: Thing, scope: ChangeScope, journal: MemoryJournal, *, settled_later: bool, outcome: str
) -> None:
    sent = asyncio.Event()

    async def hang() -> str:
        sent.set()
        await asyncio.Event().wait()
        return ""

    change = replace(change_of(thing, hang), settled_later=settled_later)
    task = asyncio.create_task(run_change(scope, change, Waiting((), no_pause)))
    await sent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [each for each, _ in await ends(journal)] == [outcome]


async def test_a_journal_that_fails_once_it_was_sent_is_part_of_the_result(
    thing: Thing, scope: ChangeScope, journal: MemoryJournal
) -> None:
    async def send() -> None:
        journal.error = JournalError("the disk is full")

    result = await run_change(scope, change_of(thing, send), Waiting((), no_pause))
    assert "could not be written to the journal: the disk is full." in result.journal_problem


async def test_a_third_value_is_believed_after_so_many_reads(thing: Thing) -> None:
    thing.stale = ["old", *["theirs"] * 9]
    read = await read_back(thing.check, Waiting((0.1,) * 8, no_pause))
    assert read.shown is Shown.OTHER
    assert len(thing.stale) == 9 - SURE_AFTER


async def test_what_cannot_be_read_for_a_moment_is_read_again(thing: Thing) -> None:
    thing.word = "new"
    thing.stale = [NetworkError("no route"), NetworkError("no route")]
    read = await read_back(thing.check, Waiting((0.1,) * 3, no_pause))
    assert (read.shown, read.value) == (Shown.OURS, "new")


async def test_a_person_who_waits_no_longer_hears_that_it_was_turned_away(
    thing: Thing, scope: ChangeScope, journal: MemoryJournal
) -> None:
    tries: list[int] = []

    async def busy() -> str:
        tries.append(1)
        raise ThrottledError("too many")

    waiting = Waiting(())

    def observe(step: ChangeStep) -> None:
        if step is ChangeStep.BUSY:
            waiting.stop()

    change = replace(change_of(thing, busy), stands=lambda word: word == "old")
    result = await run_change(scope, change, waiting, observe)
    assert (result.refused, len(tries)) == (True, 1)
    assert isinstance(result.error, ThrottledError)
    assert await ends(journal) == [("failed", "Throttled: too many.")]


async def test_a_person_can_stop_waiting(thing: Thing) -> None:
    waiting = Waiting((60.0, 60.0))
    read = await read_back(thing.check, waiting, told=waiting.stop)
    assert read.shown is Shown.OLD
