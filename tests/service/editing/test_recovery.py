"""Puts that an earlier program left unfinished."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from kmstui.service.changes.reading_back import Shown
from kmstui.service.changes.runner import ChangeScope
from kmstui.service.changes.waiting import FOR_A_POLICY
from kmstui.service.editing.location import KeyPolicyLocation, PolicyLocation, policy_of
from kmstui.service.editing.put import SettledPut, examine_puts
from kmstui.service.errors import NetworkError
from kmstui.service.ports import ChangeRecord
from tests.fakes import IMPORTED, MemoryJournal
from tests.service.editing.conftest import HERE, MINE, OLD, THEIRS, Service, Time


async def left_over(scope: ChangeScope, operation: str = "kms:PutKeyPolicy") -> None:
    journal = scope.journal
    await journal.save_draft(HERE, IMPORTED, MINE, base=OLD)
    await journal.begin(
        [
            ChangeRecord(
                0,
                scope.clock(),
                HERE,
                "me",
                "",
                operation,
                IMPORTED,
                json.dumps({"policy": OLD}),
                json.dumps({"policy": MINE}),
                "pending",
            )
        ]
    )


async def examine(scope: ChangeScope, service: Service, time: Time) -> tuple[SettledPut, ...]:
    def place(subject: str) -> PolicyLocation:
        return KeyPolicyLocation(service, subject, ("alias/ImportedCMK",))

    return await examine_puts(scope, place, time.sleep)


async def test_one_that_was_stored_is_told_and_its_draft_is_history(
    scope: ChangeScope, service: Service, time: Time, journal: MemoryJournal
) -> None:
    await left_over(scope)
    service.stored = MINE.replace("\n", "")
    (found,) = await examine(scope, service, time)
    assert found.found.read.shown is Shown.OURS
    assert found.sentence == (
        f"kmstui ended while it saved the policy of key {IMPORTED} (alias/ImportedCMK)"
        " (2026-11-24 07:00 UTC): it was stored."
    )
    assert [c.outcome for c in await journal.changes()] == ["done"]
    assert await journal.draft(HERE, IMPORTED) is None
    assert await examine(scope, service, time) == ()


async def test_what_was_typed_after_the_put_stays_a_draft(
    scope: ChangeScope, service: Service, time: Time, journal: MemoryJournal
) -> None:
    await left_over(scope)
    await journal.save_draft(HERE, IMPORTED, THEIRS, base=MINE)
    service.stored = MINE
    (found,) = await examine(scope, service, time)
    assert found.found.read.shown is Shown.OURS
    draft = await journal.draft(HERE, IMPORTED)
    assert draft is not None
    assert draft.text == THEIRS


async def test_one_that_was_not_stored_is_told_once_time_has_passed(
    scope: ChangeScope, service: Service, time: Time, journal: MemoryJournal
) -> None:
    await left_over(scope)
    (found,) = await examine(scope, service, time)
    assert found.found.read.shown is Shown.OLD
    assert not found.settled
    assert "may still show up within 5 minutes" in found.sentence
    assert sum(time.slept) == sum(FOR_A_POLICY)
    assert [c.outcome for c in await journal.changes()] == ["pending"]

    time.now += timedelta(minutes=6)
    time.slept.clear()
    (found,) = await examine(scope, service, time)
    assert found.settled
    assert "it was not stored. Your text is kept as a draft." in found.sentence
    assert time.slept == []
    assert [c.outcome for c in await journal.changes()] == ["failed"]
    assert await journal.draft(HERE, IMPORTED) is not None


async def test_somebody_elses_policy_leaves_it_unknown(
    scope: ChangeScope, service: Service, time: Time, journal: MemoryJournal
) -> None:
    await left_over(scope)
    service.stored = THEIRS
    (found,) = await examine(scope, service, time)
    assert found.found.read.shown is Shown.OTHER
    assert "neither your policy nor the one before" in found.sentence
    assert [c.outcome for c in await journal.changes()] == ["unknown"]


async def test_one_that_cannot_be_read_is_looked_at_again_at_the_next_start(
    scope: ChangeScope, service: Service, time: Time, journal: MemoryJournal
) -> None:
    await left_over(scope)
    time.now += timedelta(hours=1)
    service.fail("kms:GetKeyPolicy", NetworkError("nothing answered"))
    (found,) = await examine(scope, service, time)
    assert not found.settled
    assert "cannot be read now. No connection: nothing answered." in found.sentence
    assert [c.outcome for c in await journal.changes()] == ["pending"]


async def test_other_changes_are_left_to_their_services(
    scope: ChangeScope, service: Service, time: Time
) -> None:
    await left_over(scope, "kms:TagResource")
    assert await examine(scope, service, time) == ()
    assert service.calls == []


@pytest.mark.parametrize("record", ["", "{}", "[]", '{"policy": 1}', '"x"'])
def test_a_record_that_holds_no_policy_gives_none(record: str) -> None:
    assert policy_of(record) == ""
