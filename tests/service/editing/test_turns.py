"""Two edits of one policy at the same moment: the second sees what the first has put."""

from __future__ import annotations

import asyncio

import pytest

from kmstui.policy.iam.equality import same_meaning
from kmstui.service.changes.runner import ChangeScope, ChangeStep
from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.edit import PolicyEditing
from kmstui.service.editing.results import SaveEnd
from kmstui.service.errors import CancelledByPersonError, JournalError, ThrottledError
from tests.fakes import IMPORTED, MemoryJournal
from tests.service.editing.conftest import HERE, MINE, OLD, THEIRS, Service, Time, ended, policy


@pytest.fixture
async def pair(
    editing: PolicyEditing, scope: ChangeScope, time: Time
) -> tuple[PolicyEditing, PolicyEditing]:
    """Two edits, both opened."""
    other = PolicyEditing(editing.location, scope, time.sleep)
    await editing.open()
    await other.open()
    return editing, other


async def test_the_second_waits_says_so_and_is_shown_what_the_first_has_put(
    pair: tuple[PolicyEditing, PolicyEditing], service: Service
) -> None:
    first, second = pair
    steps: list[ChangeStep] = []
    saved, conflict = await asyncio.gather(
        first.save(first.review(MINE)), second.save(second.review(THEIRS), observe=steps.append)
    )
    assert ended(saved, SaveEnd.SAVED)
    assert isinstance(conflict, Conflict)
    assert steps[0] is ChangeStep.TURN
    assert (conflict.theirs, service.stored) == (MINE, MINE)
    assert conflict.merge is not None
    second.rebase(conflict)
    assert ended(await second.save(second.review(conflict.merge.text)), SaveEnd.SAVED)
    assert same_meaning(service.stored, policy("root", "mine", "theirs"))


async def test_a_put_that_is_turned_away_keeps_its_turn(
    pair: tuple[PolicyEditing, PolicyEditing], service: Service
) -> None:
    first, second = pair
    service.fail("kms:PutKeyPolicy", ThrottledError("not now"), times=3)
    saved, conflict = await asyncio.gather(
        first.save(first.review(MINE)), second.save(second.review(THEIRS))
    )
    assert ended(saved, SaveEnd.SAVED)
    assert isinstance(conflict, Conflict)


async def test_what_the_other_put_counts_though_reads_do_not_show_it_yet(
    pair: tuple[PolicyEditing, PolicyEditing], service: Service
) -> None:
    first, second = pair
    service.stale = [OLD] * 100
    assert ended(await first.save(first.review(MINE)), SaveEnd.PROPAGATING)
    conflict = await second.save(second.review(THEIRS))
    assert isinstance(conflict, Conflict)
    assert conflict.theirs == MINE
    assert len(service.puts) == 1
    assert conflict.merge is not None
    second.rebase(conflict)
    service.stale = [OLD]
    assert ended(await second.save(second.review(conflict.merge.text)), SaveEnd.SAVED)
    assert same_meaning(service.stored, policy("root", "mine", "theirs"))


async def test_who_waits_can_leave_and_nothing_was_sent(
    editing: PolicyEditing, journal: MemoryJournal, service: Service
) -> None:
    await editing.open()
    journal.turns.add((HERE, IMPORTED))
    with pytest.raises(CancelledByPersonError, match="another kmstui is saving key") as told:
        await editing.save(editing.review(MINE), observe=lambda _: editing.stop_waiting())
    assert "nothing was sent" in told.value.reason
    assert service.puts == []
    draft = await editing.stored_draft()
    assert draft is not None
    assert draft.text == MINE
    journal.turns.clear()
    assert ended(await editing.save(editing.review(MINE)), SaveEnd.SAVED)
    assert journal.turns == set()


async def test_a_save_that_fails_gives_its_turn_back(
    editing: PolicyEditing, journal: MemoryJournal, service: Service
) -> None:
    await editing.open()
    service.stale = [ThrottledError("no read")]
    with pytest.raises(ThrottledError):
        await editing.save(editing.review(MINE))
    assert journal.turns == set()
    service.at_put = lambda: setattr(journal, "error", JournalError("the disk is full"))
    await editing.save(editing.review(MINE))
    assert journal.turns == set()
