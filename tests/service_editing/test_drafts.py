"""What is typed is kept, and offered when the policy is opened again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kmstui.service.editing import PolicyEditing, age_in_words
from kmstui.service.errors import InvalidInputError, JournalError, NetworkError
from kmstui.service.ports import Target
from kmstui.service.putting import Desk, desk_of
from kmstui.service.session import Session
from kmstui.service.store import Store
from tests.fakes import CALLER, IMPORTED, FakeConnector, FakeGateway, MemoryJournal
from tests.service_editing.conftest import HERE, MINE, OLD, THEIRS, Service, Time


async def test_the_fetched_text_is_in_the_journal_before_anything_is_typed(
    editing: PolicyEditing, journal: MemoryJournal
) -> None:
    assert await editing.open() == OLD
    (version,) = await journal.versions(HERE, IMPORTED)
    assert (version.text, version.kind, version.caller) == (OLD, "fetched", CALLER.arn)
    assert editing.draft is None
    assert editing.warning == ""


async def test_a_draft_is_offered_with_its_age_and_its_base_unchanged(
    editing: PolicyEditing, desk: Desk, time: Time, service: Service
) -> None:
    await editing.open()
    await editing.keep_draft("{ half a pol")
    time.now += timedelta(hours=3)
    service.stored = OLD.replace("\n", "")  # KMS gives it back in another layout

    again = PolicyEditing(editing.place, desk, time.sleep)
    await again.open()

    assert again.draft is not None
    assert again.draft.text == "{ half a pol"
    assert again.draft.age == timedelta(hours=3)
    assert again.draft.sentence == (
        "There is an unsaved draft, 3 hours old; the stored policy has not changed since."
    )


async def test_a_draft_whose_base_was_changed_meanwhile_is_merged_and_not_put_over_it(
    editing: PolicyEditing, desk: Desk, time: Time, service: Service
) -> None:
    await editing.open()
    await editing.keep_draft(MINE)
    service.stored = THEIRS

    again = PolicyEditing(editing.place, desk, time.sleep)
    await again.open()
    assert again.draft is not None
    assert again.draft.stored_changed
    assert "will ask you to merge" in again.draft.sentence

    text = again.take_draft()
    conflict = await again.check_conflict(text)
    assert conflict is not None
    assert (conflict.base, conflict.mine, conflict.theirs) == (OLD, MINE, THEIRS)
    with pytest.raises(InvalidInputError, match="there is no draft"):
        again.take_draft()


@pytest.mark.parametrize("stored_as", [MINE, MINE.replace("\n", " ")])
async def test_a_draft_that_was_stored_after_all_is_not_offered(
    editing: PolicyEditing,
    desk: Desk,
    time: Time,
    service: Service,
    journal: MemoryJournal,
    stored_as: str,
) -> None:
    await editing.open()
    await editing.keep_draft(MINE)
    service.stored = stored_as

    again = PolicyEditing(editing.place, desk, time.sleep)
    await again.open()
    assert again.draft is None
    assert MINE in [v.text for v in await journal.versions(HERE, IMPORTED)]


async def test_a_discarded_draft_is_found_in_the_history(
    editing: PolicyEditing, journal: MemoryJournal
) -> None:
    await editing.open()
    await editing.keep_draft(MINE)
    await editing.discard_draft()
    assert await editing.stored_draft() is None
    assert MINE in [v.text for v in await journal.versions(HERE, IMPORTED)]
    await editing.keep_draft(MINE)
    assert await editing.stored_draft() is not None


async def test_a_pause_without_a_change_writes_nothing(
    editing: PolicyEditing, journal: MemoryJournal
) -> None:
    await editing.open()
    await editing.keep_draft(OLD)
    assert await editing.stored_draft() is None
    await editing.keep_draft(MINE)
    journal.error = JournalError("written twice")
    await editing.keep_draft(MINE)
    with pytest.raises(JournalError):
        await editing.keep_draft(MINE + " ")


async def test_with_a_broken_journal_the_policy_can_be_looked_at_and_the_person_is_told(
    editing: PolicyEditing, journal: MemoryJournal
) -> None:
    journal.error = JournalError("there is no space left")
    assert await editing.open() == OLD
    assert editing.warning == "Journal: there is no space left."


async def test_a_draft_is_found_though_the_policy_cannot_be_read(
    editing: PolicyEditing, desk: Desk, time: Time, service: Service
) -> None:
    await editing.open()
    await editing.keep_draft(MINE)
    service.fail("kms:GetKeyPolicy", NetworkError("nothing answered"))
    again = PolicyEditing(editing.place, desk, time.sleep)
    with pytest.raises(NetworkError):
        await again.open()
    draft = await again.stored_draft()
    assert draft is not None
    assert draft.text == MINE


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(hours=25), "1 day"),
        (timedelta(days=20), "20 days"),
    ],
)
def test_ages_are_words(age: timedelta, words: str) -> None:
    assert age_in_words(age) == words


async def test_a_session_whose_account_is_not_known_has_no_desk() -> None:
    session = Session(
        Store(lambda _, __: None), FakeConnector(FakeGateway()), MemoryJournal(), Time()
    )
    with pytest.raises(JournalError, match="the account is not known"):
        desk_of(session)


async def test_the_desk_of_a_session_writes_under_its_account_and_caller() -> None:
    session = Session(
        Store(lambda _, __: None), FakeConnector(FakeGateway()), MemoryJournal(), Time()
    )
    await session.open(Target())
    desk = desk_of(session, "b1")
    assert (desk.scope, desk.caller, desk.batch) == (HERE, CALLER.arn, "b1")
    session.close()
