"""A save, and every way in which it can end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from kmstui.model import Identity, IdentityPolicy
from kmstui.policy.iam.equality import same_meaning
from kmstui.service.changes.reading_back import Shown
from kmstui.service.changes.runner import ChangeScope, ChangeStep
from kmstui.service.changes.waiting import FOR_A_POLICY
from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.edit import PolicyEditing
from kmstui.service.editing.location import RolePolicyLocation, location_of, policy_of
from kmstui.service.editing.results import SaveEnd, SaveOutcome
from kmstui.service.errors import (
    AccessDeniedError,
    CancelledByPersonError,
    ErrorContext,
    InvalidInputError,
    JournalError,
    MalformedAnswerError,
    NetworkError,
    PolicyRefusedError,
    ServiceError,
    ServiceFailureError,
    UnreportedOutcomeError,
)
from tests.fakes import CALLER, IMPORTED, ROLE_ARN, MemoryJournal
from tests.service.editing.conftest import HERE, MINE, OLD, THEIRS, Service, Time, ended, policy

SILENCE = UnreportedOutcomeError("no answer in 10 s")


async def save(editing: PolicyEditing, text: str = MINE) -> SaveOutcome:
    if not editing.base:
        await editing.open()
    return await editing.save(editing.review(text))


async def kinds(journal: MemoryJournal) -> list[tuple[str, str]]:
    return [(v.kind, v.text) for v in reversed(await journal.versions(HERE, IMPORTED))]


async def test_a_save_is_written_down_before_it_is_sent_and_read_back(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    at_put: list[object] = []

    def look() -> None:
        at_put.append([v.kind for v in journal._versions])
        at_put.append([(c.outcome, policy_of(c.after)) for c in journal._changes.values()])
        at_put.append([d.text for d in journal._drafts.values()])

    service.at_put = look
    result = await save(editing)

    assert at_put == [["fetched", "sent"], [("pending", MINE)], [MINE]]
    assert ended(result, SaveEnd.SAVED)
    assert "(alias/ImportedCMK) holds your policy, read back" in result.sentence
    assert service.puts == [(MINE, False)]
    assert [kind for kind, _ in await kinds(journal)] == ["fetched", "sent", "stored", "draft"]
    (change,) = await journal.changes()
    assert (change.operation, change.subject, change.outcome) == (
        "kms:PutKeyPolicy",
        IMPORTED,
        "done",
    )
    assert (policy_of(change.before), policy_of(change.after)) == (OLD, MINE)
    assert change.caller == CALLER.arn
    assert await editing.stored_draft() is None
    assert editing.base == MINE


async def test_the_steps_are_told(editing: PolicyEditing, service: Service) -> None:
    await editing.open()
    service.stale = [OLD, OLD]
    steps: list[ChangeStep] = []
    await editing.save(editing.review(MINE), observe=steps.append)
    assert steps == [
        ChangeStep.CHECKING,
        ChangeStep.SENDING,
        ChangeStep.READING_BACK,
        ChangeStep.WAITING,
    ]


async def test_what_is_stored_already_is_not_sent(editing: PolicyEditing, service: Service) -> None:
    result = await save(editing, OLD)
    assert ended(result, SaveEnd.UNCHANGED)
    assert "nothing was sent" in result.sentence
    assert service.puts == []


async def test_the_second_of_two_people_is_stopped_shown_the_difference_and_can_merge(
    editing: PolicyEditing, scope: ChangeScope, time: Time, service: Service
) -> None:
    other = PolicyEditing(editing.location, scope, time.sleep)
    await editing.open()
    await other.open()
    assert ended(await save(other, THEIRS), SaveEnd.SAVED)

    conflict = await save(editing)

    assert isinstance(conflict, Conflict)
    assert "changed by someone else since you opened it; nothing was sent" in conflict.sentence
    assert len(service.puts) == 1
    assert (conflict.base, conflict.theirs) == (OLD, THEIRS)
    assert conflict.merge is not None
    draft = await editing.stored_draft()
    assert draft is not None
    assert draft.text == MINE

    review_of_before = editing.review(MINE)
    editing.rebase(conflict)
    with pytest.raises(InvalidInputError, match="Review the text again"):
        await editing.save(review_of_before)
    assert ended(await save(editing, conflict.merge.text), SaveEnd.SAVED)
    assert same_meaning(service.stored, policy("root", "mine", "theirs"))


async def test_another_layout_of_the_same_policy_is_no_conflict(
    editing: PolicyEditing, service: Service
) -> None:
    await editing.open()
    service.stored = OLD.replace("\n", "").replace('"kms:*"', '["kms:*"]')
    assert ended(await save(editing), SaveEnd.SAVED)


async def test_a_text_that_kms_gives_back_in_another_layout_is_saved(
    editing: PolicyEditing, service: Service
) -> None:
    await editing.open()
    service.stale = [OLD, MINE.replace("\n", "")]
    result = await save(editing)
    assert ended(result, SaveEnd.SAVED)
    assert result.stored == MINE.replace("\n", "")


async def test_a_put_that_does_not_show_yet_is_waited_for(
    editing: PolicyEditing, service: Service, time: Time
) -> None:
    await editing.open()
    service.stale = [OLD, OLD, OLD]
    assert ended(await save(editing), SaveEnd.SAVED)
    assert time.slept == [0.5, 1.0]


async def test_a_put_that_does_not_show_in_time_is_saved_and_still_propagating(
    editing: PolicyEditing, service: Service, time: Time, journal: MemoryJournal
) -> None:
    await editing.open()
    service.stale = [OLD] * 7
    result = await save(editing)
    assert ended(result, SaveEnd.PROPAGATING)
    assert result.sentence.startswith("Saved, still propagating:")
    assert time.slept == list(FOR_A_POLICY)
    (change,) = await journal.changes()
    assert (change.outcome, change.detail) == ("done", "accepted, not visible yet")

    # A read that still shows the policy before may be late, or somebody has put that back.
    service.stale = [OLD]
    unsure = await save(editing, THEIRS)
    assert isinstance(unsure, Conflict)
    assert unsure.awaited_since is not None
    assert len(service.puts) == 1
    assert ended(await save(editing, THEIRS), SaveEnd.SAVED)

    time.now += timedelta(minutes=6)
    service.stored = OLD
    assert isinstance(await save(editing, MINE), Conflict)


async def test_a_person_who_waits_no_longer_gets_what_is_known(
    editing: PolicyEditing, service: Service, time: Time
) -> None:
    await editing.open()
    service.stale = [OLD] * 7

    def observe(step: ChangeStep) -> None:
        if step is ChangeStep.WAITING:
            editing.stop_waiting()

    result = await editing.save(editing.review(MINE), observe=observe)
    assert ended(result, SaveEnd.PROPAGATING)
    assert sum(time.slept) < 1


async def test_somebody_elses_put_in_between_is_shown(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    await editing.open()
    service.stale = [OLD, THEIRS, THEIRS, THEIRS]
    result = await save(editing)
    assert ended(result, SaveEnd.DIFFERS)
    assert (result.sent, result.stored) == (MINE, THEIRS)
    assert "holds another policy than yours" in result.sentence
    assert await editing.stored_draft() is not None
    assert ("fetched", THEIRS) in await kinds(journal)


async def test_a_stale_third_text_is_not_taken_for_somebody_elses(
    editing: PolicyEditing, service: Service
) -> None:
    await editing.open()
    service.stale = [OLD, policy("older still"), OLD]
    assert ended(await save(editing), SaveEnd.SAVED)


async def test_a_policy_that_hides_itself_is_accepted_and_unread(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    await editing.open()
    service.stale = [OLD, AccessDeniedError("your role may not read it any more")]
    result = await save(editing)
    assert ended(result, SaveEnd.UNREAD)
    assert "could not be read back" in result.sentence
    assert "may not read it any more" in result.sentence
    (change,) = await journal.changes()
    assert change.outcome == "done"


async def test_a_refusal_keeps_the_text_and_says_what_kms_said(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    context = ErrorContext(
        "kms:PutKeyPolicy",
        IMPORTED,
        "MalformedPolicyDocumentException",
        "Policy contains a statement with one or more invalid principals.",
    )
    service.put_error, service.stores = PolicyRefusedError("KMS refused it", "", context), False
    result = await save(editing)
    assert ended(result, SaveEnd.REFUSED)
    assert "KMS refused it" in result.sentence
    assert "Your text is kept." in result.sentence
    (place,) = result.parts
    assert MINE[place.span.start : place.span.end].strip('"').endswith("role/mine")
    assert not place.certain
    assert not result.locks_out
    draft = await editing.stored_draft()
    assert draft is not None
    assert draft.text == MINE
    (change,) = await journal.changes()
    assert change.outcome == "failed"
    assert service.stored == OLD


@pytest.mark.parametrize("error", [NetworkError("no route"), CancelledByPersonError("switched")])
async def test_a_put_that_was_never_sent_failed_for_sure(
    editing: PolicyEditing, service: Service, journal: MemoryJournal, error: ServiceError
) -> None:
    service.put_error, service.stores = error, False
    result = await save(editing)
    assert ended(result, SaveEnd.REFUSED)
    assert result.sentence == f"{error.sentence} Your text is kept."
    assert result.parts == ()
    assert [c.outcome for c in await journal.changes()] == ["failed"]
    assert await editing.stored_draft() is not None


async def test_no_answer_but_stored_is_saved_and_says_so(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    service.put_error = SILENCE
    result = await save(editing)
    assert ended(result, SaveEnd.SAVED)
    label = f"key {IMPORTED} (alias/ImportedCMK)"
    assert result.sentence == (
        f"Saved: {label} holds your policy, read back."
        " The put got no clear answer: no answer in 10 s."
    )
    assert [c.outcome for c in await journal.changes()] == ["done"]
    assert await editing.stored_draft() is None


@pytest.mark.parametrize(
    "error", [SILENCE, MalformedAnswerError("unreadable"), ServiceFailureError("failed inside")]
)
async def test_no_answer_and_not_stored_is_told_as_likely_and_no_more(
    editing: PolicyEditing, service: Service, journal: MemoryJournal, error: ServiceError
) -> None:
    service.put_error, service.stores = error, False
    result = await save(editing)
    assert ended(result, SaveEnd.UNKNOWN)
    assert result.shown is Shown.OLD
    assert "yours was most likely not stored; it may still show up" in result.sentence
    assert [c.outcome for c in await journal.changes()] == ["unknown"]
    assert await editing.stored_draft() is not None


async def test_ones_own_put_that_arrives_late_is_not_somebody_elses(
    editing: PolicyEditing, service: Service
) -> None:
    service.put_error, service.stores = SILENCE, False
    await save(editing)
    service.put_error, service.stored = None, MINE.replace("\n", "")

    assert await editing.check_conflict(MINE) is None
    assert ended(await save(editing, MINE), SaveEnd.UNCHANGED)
    assert len(service.puts) == 1


async def test_typing_goes_on_over_ones_own_put_that_arrived_late(
    editing: PolicyEditing, service: Service
) -> None:
    service.put_error, service.stores = SILENCE, False
    await save(editing)
    service.put_error, service.stored = None, MINE
    further = policy("root", "mine", "more")
    assert ended(await save(editing, further), SaveEnd.SAVED)
    assert service.stored == further


async def test_the_same_change_made_by_somebody_else_is_no_conflict(
    editing: PolicyEditing, service: Service
) -> None:
    await editing.open()
    service.stored = MINE.replace("\n", "")
    assert ended(await save(editing, MINE), SaveEnd.UNCHANGED)
    assert service.puts == []


async def test_no_answer_and_somebody_elses_policy_is_told(
    editing: PolicyEditing, service: Service
) -> None:
    service.put_error, service.stores = SILENCE, False
    service.at_put = lambda: setattr(service, "stored", THEIRS)
    result = await save(editing)
    assert ended(result, SaveEnd.UNKNOWN)
    assert (result.shown, result.stored) == (Shown.OTHER, THEIRS)
    assert "neither your policy nor the one before" in result.sentence


async def test_no_answer_and_no_reading_back_is_unknown(
    editing: PolicyEditing, service: Service, journal: MemoryJournal, time: Time
) -> None:
    await editing.open()
    service.put_error, service.stores = SILENCE, False
    service.stale = [OLD, *[NetworkError("nothing answered")] * (len(FOR_A_POLICY) + 1)]
    result = await save(editing)
    assert ended(result, SaveEnd.UNKNOWN)
    assert result.shown is Shown.UNREADABLE
    assert "cannot be read back now. No connection: nothing answered." in result.sentence
    assert sum(time.slept) == sum(FOR_A_POLICY)
    (change,) = await journal.changes()
    assert change.outcome == "unknown"


async def test_a_save_whose_waiter_is_gone_finds_out_what_became_of_it(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    await editing.open()
    gate = service.hold("kms:PutKeyPolicy")
    sent = asyncio.Event()
    service.at_put = sent.set
    waiter = asyncio.ensure_future(editing.save(editing.review(MINE)))
    await sent.wait()
    with pytest.raises(InvalidInputError, match="under way"):
        await editing.save(editing.review(THEIRS))
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert editing.is_saving
    gate.set()
    await editing.settled()
    assert not editing.is_saving
    assert [c.outcome for c in await journal.changes()] == ["done"]
    assert service.stored == MINE


@pytest.mark.parametrize("typed", ["ImportedCMK", "alias/ImportedCMK", " second "])
async def test_the_lockout_check_is_turned_off_by_the_typed_alias_alone(
    editing: PolicyEditing, service: Service, journal: MemoryJournal, typed: str
) -> None:
    await editing.open()
    await editing.save(editing.review(MINE), bypass_alias=typed)
    assert service.puts == [(MINE, True)]
    assert ("sent", "lock-out check bypassed") in [
        (v.kind, v.note) for v in await journal.versions(HERE, IMPORTED)
    ]


@pytest.mark.parametrize("typed", ["yes", "importedcmk", IMPORTED, " "])
async def test_another_word_than_the_alias_sends_nothing(
    editing: PolicyEditing, service: Service, typed: str
) -> None:
    await editing.open()
    with pytest.raises(InvalidInputError, match="lock-out check .* stays on"):
        await editing.save(editing.review(MINE), bypass_alias=typed)
    assert service.puts == []


async def test_without_a_durable_journal_nothing_is_sent(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    await editing.open()
    journal.durable = False
    journal.warning = "The home directory is read-only."
    with pytest.raises(JournalError, match="nothing was sent. The home directory is read-only."):
        await editing.save(editing.review(MINE))
    assert service.puts == []


async def test_a_journal_that_fails_before_the_put_stops_it(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    await editing.open()
    journal.error = JournalError("there is no space left")
    with pytest.raises(JournalError):
        await editing.save(editing.review(MINE))
    assert service.puts == []


async def test_a_journal_that_fails_after_the_put_does_not_hide_that_it_is_saved(
    editing: PolicyEditing, service: Service, journal: MemoryJournal
) -> None:
    await editing.open()
    full = JournalError("there is no space left", "Free some space.")
    service.at_put = lambda: setattr(journal, "error", full)
    result = await save(editing)
    assert ended(result, SaveEnd.SAVED)
    assert result.sentence.endswith(
        "could not be written to the journal: there is no space left. Free some space."
    )
    assert service.stored == MINE


async def test_a_key_that_cannot_be_read_before_the_put_is_not_put(
    editing: PolicyEditing, service: Service
) -> None:
    await editing.open()
    service.stale = [NetworkError("nothing answered")]
    with pytest.raises(NetworkError):
        await save(editing)
    assert service.puts == []
    assert await editing.stored_draft() is not None


async def test_a_roles_inline_policy_is_saved_the_same_way(
    service: Service, scope: ChangeScope, time: Time, journal: MemoryJournal
) -> None:
    role = "KMSWorkshop-InstanceInitRole"
    service.world.identities[ROLE_ARN] = Identity(
        ROLE_ARN, role, "role", (IdentityPolicy("KMS", OLD, inline=True),)
    )
    place = location_of(service, f"role/{role}/KMS")
    assert isinstance(place, RolePolicyLocation)
    editing = PolicyEditing(place, scope, time.sleep)
    result = await save(editing)

    assert ended(result, SaveEnd.SAVED)
    assert f"inline policy KMS of role {role}" in result.sentence
    assert (await service.get_role_policy(role, "KMS")).text == MINE
    (change,) = await journal.changes()
    assert (change.operation, change.subject) == ("iam:PutRolePolicy", f"role/{role}/KMS")
    assert len(await journal.versions(HERE, f"role/{role}/KMS")) == 4
    with pytest.raises(InvalidInputError, match="no lock-out check"):
        await editing.save(editing.review(THEIRS), bypass_alias=role)
