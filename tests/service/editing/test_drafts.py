"""What is typed is kept, and offered when the policy is opened again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kmstui.service.changes import age_in_words
from kmstui.service.changes.runner import ChangeScope
from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.edit import PolicyEditing
from kmstui.service.errors import InvalidInputError, JournalError, NetworkError
from kmstui.service.inventory.store import Store
from kmstui.service.ports import Target
from kmstui.service.session import Session
from tests.fakes import CALLER, IMPORTED, FakeConnector, FakeGateway, MemoryJournal
from tests.service.editing.conftest import HERE, MINE, OLD, THEIRS, Service, Time, policy


async def test_the_fetched_text_is_in_the_journal_before_anything_is_typed(
    editing: PolicyEditing, journal: MemoryJournal
) -> None:
    assert await editing.open() == OLD
    (version,) = await journal.versions(HERE, IMPORTED)
    assert (version.text, version.kind, version.caller) == (OLD, "fetched", CALLER.arn)
    assert editing.draft is None
    assert editing.warning == ""


async def test_a_draft_is_offered_with_its_age_and_its_base_unchanged(
    editing: PolicyEditing, scope: ChangeScope, time: Time, service: Service
) -> None:
    await editing.open()
    await editing.keep_draft("{ half a pol")
    time.now += timedelta(hours=3)
    service.stored = OLD.replace("\n", "")  # KMS gives it back in another layout

    again = PolicyEditing(editing.location, scope, time.sleep)
    await again.open()

    assert again.draft is not None
    assert again.draft.text == "{ half a pol"
    assert again.draft.age == timedelta(hours=3)
    assert again.draft.sentence == (
        "There is an unsaved draft, 3 hours old; the stored policy has not changed since."
    )


async def test_a_draft_whose_base_was_changed_meanwhile_is_merged_and_not_put_over_it(
    editing: PolicyEditing, scope: ChangeScope, time: Time, service: Service
) -> None:
    await editing.open()
    await editing.keep_draft(MINE)
    service.stored = THEIRS

    again = PolicyEditing(editing.location, scope, time.sleep)
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
    scope: ChangeScope,
    time: Time,
    service: Service,
    journal: MemoryJournal,
    stored_as: str,
) -> None:
    await editing.open()
    await editing.keep_draft(MINE)
    service.stored = stored_as

    again = PolicyEditing(editing.location, scope, time.sleep)
    await again.open()
    assert again.draft is None
    assert MINE in [v.text for v in await journal.versions(HERE, IMPORTED)]


async def killed_while_reading_back(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    """The put was accepted, and the program ended before any read showed it."""
    await editing.open()
    await editing.keep_draft(MINE)
    service.stale = [OLD for _ in range(7)]
    await editing.save(editing.review(MINE))
    service.stale = []
    draft = await journal.draft(HERE, IMPORTED)
    assert draft is not None
    assert [each.outcome for each in await journal.changes()] == ["done"]


async def test_an_accepted_text_that_reads_do_not_show_yet_is_no_unsaved_draft(
    editing: PolicyEditing, scope: ChangeScope, time: Time, service: Service, journal: MemoryJournal
) -> None:
    await killed_while_reading_back(editing, service, journal)
    service.stale = [OLD] * 4

    again = PolicyEditing(editing.location, scope, time.sleep)
    assert await again.open() == MINE
    assert again.draft is None
    assert "Your last save (07:00 UTC) was accepted, and reads show the policy" in again.warning

    # What reads show still may be nobody's change; nothing is saved over it before it is told.
    service.stale = [OLD]
    unsure = await again.save(again.review(policy("root", "mine", "more")))
    assert isinstance(unsure, Conflict)
    assert "or somebody has put that policy back" in unsure.sentence
    assert [text for text, _ in service.puts] == [MINE]


async def test_an_accepted_text_that_shows_on_a_second_look_is_stored(
    editing: PolicyEditing, scope: ChangeScope, time: Time, service: Service, journal: MemoryJournal
) -> None:
    await killed_while_reading_back(editing, service, journal)
    service.stale = [OLD, OLD]
    again = PolicyEditing(editing.location, scope, time.sleep)
    assert await again.open() == MINE
    assert (again.draft, again.warning) == (None, "")
    assert await again.stored_draft() is None


async def test_what_is_typed_on_an_accepted_text_is_no_conflict_with_a_late_read(
    editing: PolicyEditing, scope: ChangeScope, time: Time, service: Service, journal: MemoryJournal
) -> None:
    await killed_while_reading_back(editing, service, journal)
    service.stale = [OLD] * 4
    again = PolicyEditing(editing.location, scope, time.sleep)
    await again.open()
    more = policy("root", "mine", "more")
    await again.keep_draft(more)

    service.stale = [OLD] * 4
    third = PolicyEditing(editing.location, scope, time.sleep)
    await third.open()
    assert third.draft is not None
    assert not third.draft.stored_changed
    third.take_draft()
    assert await third.check_conflict(more) is None


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (THEIRS, "another policy is stored now: somebody else has changed it since"),
        (OLD, "the policy from before it is stored"),
    ],
)
async def test_an_accepted_text_that_is_not_what_is_stored_is_offered_with_both_said(
    editing: PolicyEditing,
    scope: ChangeScope,
    time: Time,
    service: Service,
    journal: MemoryJournal,
    stored: str,
    words: str,
) -> None:
    await killed_while_reading_back(editing, service, journal)
    service.stored = stored
    time.now += timedelta(minutes=6)
    again = PolicyEditing(editing.location, scope, time.sleep)
    assert await again.open() == stored
    assert again.draft is not None
    assert "Your text was saved 6 minutes ago and accepted, but" in again.draft.sentence
    assert words in again.draft.sentence
    assert again.draft.stored_changed == (stored == THEIRS)


async def test_the_same_text_typed_again_over_somebody_elses_policy_is_a_draft(
    editing: PolicyEditing, scope: ChangeScope, time: Time, service: Service
) -> None:
    await editing.open()
    await editing.save(editing.review(MINE))
    service.stored = THEIRS
    again = PolicyEditing(editing.location, scope, time.sleep)
    await again.open()
    await again.keep_draft(MINE)
    third = PolicyEditing(editing.location, scope, time.sleep)
    await third.open()
    assert third.draft is not None
    assert third.draft.accepted is None


async def test_a_draft_that_was_not_taken_is_history_once_something_else_is_typed(
    editing: PolicyEditing, scope: ChangeScope, time: Time, journal: MemoryJournal
) -> None:
    """“Look at the stored policy; the draft stays”: the next key pressed replaced it for good."""
    await editing.open()
    await editing.keep_draft(MINE)
    again = PolicyEditing(editing.location, scope, time.sleep)
    await again.open()
    await again.keep_draft(OLD)
    assert [each.text for each in await journal.drafts(HERE)] == [MINE]
    await again.keep_draft(THEIRS)
    assert [each.text for each in await journal.drafts(HERE)] == [THEIRS]
    assert MINE in [each.text for each in await journal.versions(HERE, IMPORTED)]


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
    editing: PolicyEditing, scope: ChangeScope, time: Time, service: Service
) -> None:
    await editing.open()
    await editing.keep_draft(MINE)
    service.fail("kms:GetKeyPolicy", NetworkError("nothing answered"))
    again = PolicyEditing(editing.location, scope, time.sleep)
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


async def test_a_session_whose_account_is_not_known_has_no_scope_of_changes() -> None:
    session = Session(
        Store(lambda _, __: None), FakeConnector(FakeGateway()), MemoryJournal(), Time()
    )
    with pytest.raises(JournalError, match="the account is not known"):
        session.change_scope()


async def test_the_scope_of_changes_of_a_session_writes_under_its_account_and_caller() -> None:
    session = Session(
        Store(lambda _, __: None), FakeConnector(FakeGateway()), MemoryJournal(), Time()
    )
    await session.open(Target())
    scope = session.change_scope("b1")
    assert (scope.where, scope.caller, scope.batch) == (HERE, CALLER.arn, "b1")
    session.close()
