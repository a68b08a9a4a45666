"""A save that was accepted and that no read has shown: late reads, or somebody's revert?

Nobody can tell the two apart for five minutes, so the person is asked instead of kept waiting.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kmstui.service.changes.runner import ChangeScope
from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.edit import PolicyEditing
from kmstui.service.editing.put import AcceptedPut, last_accepted
from kmstui.service.editing.results import SaveEnd
from kmstui.service.ports import PolicyVersion
from tests.fakes import CALLER, IMPORTED, MemoryJournal
from tests.service.editing.conftest import HERE, MINE, OLD, THEIRS, Service, Time, ended, policy

MORE = policy("root", "mine", "more")


@pytest.fixture
async def unshown(editing: PolicyEditing, service: Service) -> PolicyEditing:
    """MINE was put in place of OLD and accepted; no read has shown it."""
    await editing.open()
    service.stale = [OLD] * 7
    assert ended(await editing.save(editing.review(MINE)), SaveEnd.PROPAGATING)
    assert service.stale == []
    return editing


async def unsure(editing: PolicyEditing, text: str) -> Conflict:
    found = await editing.check_conflict(text)
    assert found is not None
    assert found.awaited_since is not None
    return found


async def test_a_revert_within_five_minutes_is_told_at_once_with_a_choice(
    unshown: PolicyEditing, service: Service, time: Time
) -> None:
    service.stored = OLD
    slept = len(time.slept)
    found = await unsure(unshown, MORE)
    assert found.sentence == (
        "Your last save (07:00 UTC) was accepted, and reads show the policy from before it: either"
        " they do not show the save yet, which can take up to 5 minutes, or somebody has put that"
        " policy back. Nothing was sent. Wait and review again, or decide now."
    )
    assert len(time.slept) == slept
    # Going on from what reads show: what was typed since, on the policy from before the save.
    assert found.merge is not None
    assert found.merge.text == policy("root", "more")


async def test_who_decides_can_save_whichever_of_the_two_is_stored(
    unshown: PolicyEditing, service: Service
) -> None:
    service.stored = OLD
    unshown.rebase(await unsure(unshown, MORE))
    assert await unshown.check_conflict(MORE) is None
    assert ended(await unshown.save(unshown.review(MORE)), SaveEnd.SAVED)
    assert service.stored == MORE


async def test_the_save_that_shows_after_the_decision_is_nobodys_change(
    unshown: PolicyEditing, service: Service
) -> None:
    service.stale = [OLD]
    unshown.rebase(await unsure(unshown, MORE))
    assert service.stored == MINE
    assert ended(await unshown.save(unshown.review(MORE)), SaveEnd.SAVED)
    assert service.stored == MORE


async def test_the_decision_is_not_about_a_third_policy(
    unshown: PolicyEditing, service: Service
) -> None:
    service.stale = [OLD]
    unshown.rebase(await unsure(unshown, MORE))
    service.stored = THEIRS
    found = await unshown.save(unshown.review(MORE))
    assert isinstance(found, Conflict)
    assert found.awaited_since is None
    assert service.stored == THEIRS


async def test_taking_back_ones_own_save_is_sent_though_reads_show_the_old_policy_anyway(
    unshown: PolicyEditing, service: Service
) -> None:
    """The read may be late: to send nothing would leave the save that is to be taken back."""
    service.stale = [OLD, OLD, OLD]
    unshown.rebase(await unsure(unshown, OLD))
    assert service.stored == MINE
    assert ended(await unshown.save(unshown.review(OLD)), SaveEnd.SAVED)
    assert service.stored == OLD


async def test_without_a_decision_it_is_not_called_done_either(
    unshown: PolicyEditing, service: Service
) -> None:
    service.stale = [OLD]
    found = await unshown.save(unshown.review(OLD))
    assert isinstance(found, Conflict)
    assert service.stored == MINE


async def test_after_five_minutes_it_is_somebodys_change(
    unshown: PolicyEditing, service: Service, time: Time
) -> None:
    service.stored = OLD
    time.now += timedelta(minutes=5)
    found = await unshown.check_conflict(MORE)
    assert found is not None
    assert found.awaited_since is None
    assert "changed by someone else" in found.sentence
    assert ended(await unshown.save(unshown.review(OLD)), SaveEnd.UNCHANGED)


async def test_once_a_read_has_shown_it_the_old_policy_is_somebodys_change(
    unshown: PolicyEditing, service: Service
) -> None:
    assert await unshown.check_conflict(MORE) is None
    service.stored = OLD
    found = await unshown.check_conflict(MORE)
    assert found is not None
    assert found.awaited_since is None


async def test_a_draft_of_the_old_policy_does_not_go_over_ones_own_late_save_unseen(
    unshown: PolicyEditing, service: Service, scope: ChangeScope, time: Time
) -> None:
    await scope.journal.save_draft(HERE, IMPORTED, THEIRS, base=OLD)
    service.stale = [OLD] * 4
    again = PolicyEditing(unshown.location, scope, time.sleep)
    await again.open()
    assert again.draft is not None
    again.take_draft()
    service.stale = [OLD]
    assert isinstance(await again.save(again.review(THEIRS)), Conflict)
    assert isinstance(await again.save(again.review(THEIRS)), Conflict)
    assert service.stored == MINE


# What the journal says of the last accepted put


async def last(scope: ChangeScope) -> AcceptedPut:
    found = await last_accepted(scope, IMPORTED)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("seen", "kind", "seconds", "shown"),
    [
        (MINE, "stored", 1, True),
        (MINE.replace("\n", ""), "fetched", 1, True),
        (MINE, "sent", 1, False),
        (MINE, "draft", 1, False),
        (THEIRS, "fetched", 1, False),
        # From before the put: the same text was stored once.
        (MINE, "stored", -60, False),
    ],
)
async def test_a_put_is_shown_once_a_read_after_it_has_found_its_meaning(
    unshown: PolicyEditing,
    journal: MemoryJournal,
    scope: ChangeScope,
    time: Time,
    seen: str,
    kind: str,
    seconds: int,
    shown: bool,
) -> None:
    assert not (await last(scope)).shown
    time.now += timedelta(seconds=seconds)
    await journal.keep_version(HERE, IMPORTED, seen, kind)
    assert (await last(scope)).shown is shown


async def test_the_last_put_tells_what_it_put_in_place_of_what_and_since_when(
    unshown: PolicyEditing, scope: ChangeScope
) -> None:
    found = await last(scope)
    assert (found.sent, found.before) == (MINE, OLD)
    assert found.time.strftime("%H:%M:%S") == "07:00:15"


async def test_a_refused_put_is_no_accepted_one(
    editing: PolicyEditing, service: Service, scope: ChangeScope
) -> None:
    from kmstui.service.errors import PolicyRefusedError

    await editing.open()
    service.put_error, service.stores = PolicyRefusedError("no"), False
    await editing.save(editing.review(MINE))
    assert await last_accepted(scope, IMPORTED) is None


@pytest.mark.parametrize(
    ("text", "base", "same"),
    [(MINE, OLD, True), (MINE.replace("\n", ""), OLD, True), (MINE, THEIRS, False),
     (THEIRS, OLD, False)],
)  # fmt: skip
def test_a_draft_is_the_one_that_was_put_where_text_and_base_are(
    text: str, base: str, same: bool
) -> None:
    when = datetime(2026, 11, 24)
    draft = PolicyVersion(1, when, HERE, IMPORTED, text, "draft", CALLER.arn, base=base)
    assert AcceptedPut(MINE, OLD, when, shown=False).was(draft) is same
