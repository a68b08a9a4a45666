"""What is told and written down of puts that end badly, or that reads show late."""

from __future__ import annotations

import pytest

from kmstui.service.changes.runner import ChangeScope
from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.edit import PolicyEditing, Review
from kmstui.service.editing.results import SaveEnd, SaveResult
from kmstui.service.errors import (
    AccessDeniedError,
    InvalidInputError,
    JournalError,
    ServiceError,
    UnreportedOutcomeError,
)
from tests.fakes import IMPORTED, SIGNING, MemoryJournal
from tests.service.editing.conftest import HERE, MINE, OLD, THEIRS, Service, Time, ended

SILENCE = UnreportedOutcomeError("no answer in 10 s")
REFUSAL = AccessDeniedError("your role may not")


async def save(editing: PolicyEditing) -> SaveResult:
    await editing.open()
    result = await editing.save(editing.review(MINE))
    assert isinstance(result, SaveResult)
    return result


async def test_somebody_elses_policy_that_silence_hid_is_kept(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    service.put_error, service.stores = SILENCE, False
    service.at_put = lambda: setattr(service, "stored", THEIRS)
    assert ended(await save(editing), SaveEnd.UNKNOWN)
    newest = (await journal.versions(HERE, IMPORTED))[0]
    assert (newest.text, newest.kind, newest.note) == (THEIRS, "fetched", "somebody else's")


@pytest.mark.parametrize("error", [REFUSAL, SILENCE, None])
async def test_an_end_that_cannot_be_written_down_is_told_beside_the_end(
    editing: PolicyEditing, service: Service, journal: MemoryJournal, error: ServiceError | None
) -> None:
    service.put_error, service.stores = error, error is None
    service.at_put = lambda: setattr(journal, "error", JournalError("the disk is full"))
    result = await save(editing)
    assert "How it ended could not be written to the journal: the disk is full." in result.sentence
    assert result.what in result.sentence


async def test_what_somebody_else_put_is_kept_before_the_person_decides(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    await editing.open()
    service.stored = THEIRS
    assert isinstance(await editing.save(editing.review(MINE)), Conflict)
    newest = (await journal.versions(HERE, IMPORTED))[0]
    assert (newest.text, newest.kind) == (THEIRS, "fetched")


async def test_a_review_of_another_key_s_policy_sends_nothing(
    editing: PolicyEditing, service: Service
) -> None:
    await editing.open()
    with pytest.raises(InvalidInputError, match="nothing was sent"):
        await editing.save(Review(SIGNING, MINE, editing.base))
    assert service.puts == []


async def test_a_late_read_in_another_spelling_is_not_somebody_elses_policy(
    editing: PolicyEditing, service: Service
) -> None:
    spelled = OLD.replace("\n", "").replace('"kms:*"', '["kms:*"]')
    service.at_put = lambda: setattr(service, "stale", [spelled] * 10)
    assert ended(await save(editing), SaveEnd.PROPAGATING)


async def test_a_draft_into_which_nothing_was_typed_is_not_offered_over_a_new_policy(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    await journal.save_draft(HERE, IMPORTED, OLD, base=OLD)
    service.stored = THEIRS
    await editing.open()
    assert editing.draft is None


async def test_what_was_accepted_stays_a_draft_until_a_read_shows_it(
    editing: PolicyEditing, service: Service, scope: ChangeScope, time: Time
) -> None:
    service.at_put = lambda: setattr(service, "stale", [OLD] * 20)
    assert ended(await save(editing), SaveEnd.PROPAGATING)
    again = PolicyEditing(editing.location, scope, time.sleep)
    assert await again.open() == MINE
    assert again.draft is None
    assert await again.stored_draft() is not None


async def test_a_save_that_was_seen_and_put_back_by_somebody_is_not_awaited_again(
    editing: PolicyEditing, service: Service, scope: ChangeScope, time: Time
) -> None:
    assert ended(await save(editing), SaveEnd.SAVED)
    service.stored = OLD
    again = PolicyEditing(editing.location, scope, time.sleep)
    assert await again.open() == OLD
    assert again.warning == ""
