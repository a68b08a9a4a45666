"""What a person is told after a save is what an onlooker finds stored."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kmstui.aws.session.connector import AwsConnector
from kmstui.journal import SqliteJournal
from kmstui.policy.iam.equality import same_meaning
from kmstui.service.changes.reading_back import Shown
from kmstui.service.changes.runner import ChangeScope, ChangeStep
from kmstui.service.editing.conflicts import Conflict
from kmstui.service.editing.edit import PolicyEditing
from kmstui.service.editing.location import KeyPolicyLocation, location_of
from kmstui.service.editing.overwritten import overwritten
from kmstui.service.editing.results import SaveEnd
from kmstui.service.ports import Gateway, Target
from tests.control import ControlledKms
from tests.embedded import client
from tests.service.editing.conftest import ended

ALIAS = "alias/ImportedCMK"
ROLE = "KMSWorkshop-InstanceInitRole"


@pytest.fixture
async def editing(gateway: Gateway, scope: ChangeScope) -> PolicyEditing:
    key, _ = await gateway.describe(ALIAS)
    opened = PolicyEditing(
        KeyPolicyLocation(gateway, key.id, (ALIAS,)),
        scope,
        lambda seconds: asyncio.sleep(min(seconds, 0.02)),
        pauses=(0.02, 0.02, 0.02, 0.02),
    )
    await opened.open()
    return opened


def with_statement(text: str, sid: str, **elements: object) -> str:
    document: dict[str, Any] = json.loads(text)
    added = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": document["Statement"][0]["Principal"]["AWS"]},
        "Action": "kms:Encrypt",
        "Resource": "*",
    }
    document["Statement"].append(added | elements)
    return json.dumps(document, indent=2)


def stored(embedded: ControlledKms) -> str:
    return embedded.control.key(ALIAS).policy


async def test_a_saved_policy_is_stored(editing: PolicyEditing, embedded: ControlledKms) -> None:
    mine = with_statement(editing.base, "mine")
    assert ended(await editing.save(editing.review(mine)), SaveEnd.SAVED)
    assert stored(embedded) == mine


async def test_another_spelling_of_kms_is_neither_a_conflict_nor_a_difference(
    editing: PolicyEditing, embedded: ControlledKms
) -> None:
    embedded.control.set_policy_rewriting(True)
    mine = with_statement(editing.base, "mine", Action=["kms:Encrypt", "kms:Decrypt"])
    result = await editing.save(editing.review(mine))
    assert ended(result, SaveEnd.SAVED)
    assert result.stored != mine
    again = with_statement(editing.base, "again")
    assert ended(await editing.save(editing.review(again)), SaveEnd.SAVED)


async def test_the_second_of_two_people_merges(
    editing: PolicyEditing, embedded: ControlledKms
) -> None:
    embedded.control.change_key(ALIAS, policy=with_statement(editing.base, "theirs"))
    mine = with_statement(editing.base, "mine")
    conflict = await editing.save(editing.review(mine))
    assert isinstance(conflict, Conflict)
    assert "mine" not in stored(embedded)
    assert conflict.merge is not None
    editing.rebase(conflict)
    assert ended(await editing.save(editing.review(conflict.merge.text)), SaveEnd.SAVED)
    both = with_statement(with_statement(conflict.base, "mine"), "theirs")
    assert same_meaning(stored(embedded), both)


async def test_of_two_programs_on_one_journal_neither_overwrites_the_other(
    editing: PolicyEditing,
    embedded: ControlledKms,
    scope: ChangeScope,
    aws_environment: Any,
    tmp_path: Path,
) -> None:
    gateway = await AwsConnector(lambda _: None, lambda _: "").connect(Target())
    journal = SqliteJournal(tmp_path / "state")
    place = KeyPolicyLocation(gateway, editing.location.subject, (ALIAS,))
    other = PolicyEditing(place, replace(scope, journal=journal))
    await other.open()
    embedded.control.set_latency(0.2, "PutKeyPolicy")
    texts = (with_statement(editing.base, "mine"), with_statement(other.base, "theirs"))
    ends = await asyncio.gather(
        *(each.save(each.review(text)) for each, text in zip((editing, other), texts, strict=True))
    )
    journal.close()
    gateway.close()
    (stopped,) = [each for each in ends if isinstance(each, Conflict)]
    (saved,) = [each for each in ends if not isinstance(each, Conflict)]
    assert ended(saved, SaveEnd.SAVED)
    assert stored(embedded) == stopped.theirs == saved.sent
    assert embedded.control.operations().count("PutKeyPolicy") == 1


async def test_a_principal_that_does_not_exist_is_shown(
    editing: PolicyEditing, embedded: ControlledKms, scope: ChangeScope
) -> None:
    before = stored(embedded)
    nobody = f"arn:aws:iam::{scope.where.account}:role/Nobody"
    mine = with_statement(before, "mine", Principal={"AWS": nobody})
    result = await editing.save(editing.review(mine))
    assert ended(result, SaveEnd.REFUSED)
    assert "invalid principals" in result.sentence
    (place,) = result.parts
    assert json.loads(mine[place.span.start : place.span.end]) == nobody
    assert stored(embedded) == before


async def test_a_lockout_is_refused_and_only_the_alias_forces_it(
    editing: PolicyEditing, embedded: ControlledKms
) -> None:
    mine = with_statement(editing.base, "no", Effect="Deny", Principal="*", Action="kms:Put*")
    result = await editing.save(editing.review(mine))
    assert ended(result, SaveEnd.REFUSED)
    assert result.locks_out
    (place,) = result.parts
    assert json.loads(mine[place.span.start : place.span.end])["Sid"] == "no"

    forced = await editing.save(editing.review(mine), bypass_alias="ImportedCMK")
    assert ended(forced, SaveEnd.SAVED)
    assert stored(embedded) == mine


@pytest.mark.parametrize("kind", ["close", "error500"])
async def test_an_answer_that_is_lost_after_the_put_is_found_out(
    editing: PolicyEditing, embedded: ControlledKms, scope: ChangeScope, kind: str
) -> None:
    mine = with_statement(editing.base, "mine")
    embedded.control.fault(kind, "PutKeyPolicy", after=True)
    result = await editing.save(editing.review(mine))
    assert ended(result, SaveEnd.SAVED)
    assert stored(embedded) == mine
    assert embedded.control.operations().count("PutKeyPolicy") == 1
    (change,) = await scope.journal.changes()
    assert "Read back afterwards: it was done." in change.detail


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>Sign in</html>"),
        (403, "<html>Blocked</html>"),
        (301, ""),
        (400, "{}"),
        (200, ""),
        (400, '{"__type": "SomethingNewException", "message": "No."}'),
    ],
)
async def test_an_answer_of_somebody_elses_is_no_refusal_of_a_put_that_was_stored(
    editing: PolicyEditing, embedded: ControlledKms, scope: ChangeScope, status: int, body: str
) -> None:
    mine = with_statement(editing.base, "mine")
    embedded.control.fault("answer", "PutKeyPolicy", status=status, body=body, after=True)
    result = await editing.save(editing.review(mine))
    assert ended(result, SaveEnd.SAVED)
    assert stored(embedded) == mine
    (change,) = await scope.journal.changes()
    assert change.outcome == "done"
    assert "Read back afterwards: it was done." in change.detail


@pytest.mark.parametrize("kind", ["throttle", "error500"])
async def test_a_put_that_was_turned_away_is_sent_again_only_after_another_look(
    editing: PolicyEditing, embedded: ControlledKms, kind: str
) -> None:
    mine = with_statement(editing.base, "mine")
    embedded.control.fault(kind, "PutKeyPolicy", times=2)
    embedded.control.clear_requests()
    steps: list[ChangeStep] = []
    result = await editing.save(editing.review(mine), observe=steps.append)
    assert ended(result, SaveEnd.SAVED)
    assert stored(embedded) == mine
    assert embedded.control.operations()[:6] == ["GetKeyPolicy", "PutKeyPolicy"] * 3
    assert ChangeStep.BUSY in steps


@pytest.mark.parametrize("kind", ["throttle", "error500"])
async def test_what_somebody_put_while_ours_was_turned_away_stays_and_is_shown(
    editing: PolicyEditing, embedded: ControlledKms, scope: ChangeScope, kind: str
) -> None:
    theirs = with_statement(editing.base, "theirs")
    mine = with_statement(editing.base, "mine")
    embedded.control.fault(kind, "PutKeyPolicy", times=1)

    def observe(step: ChangeStep) -> None:
        if step is ChangeStep.BUSY:
            embedded.control.change_key(ALIAS, policy=theirs)

    conflict = await editing.save(editing.review(mine), observe=observe)
    assert isinstance(conflict, Conflict)
    assert stored(embedded) == conflict.theirs == theirs
    (change,) = await scope.journal.changes()
    assert (change.outcome, "somebody else changed it" in change.detail) == ("failed", True)
    assert conflict.merge is not None
    editing.rebase(conflict)
    assert ended(await editing.save(editing.review(conflict.merge.text)), SaveEnd.SAVED)


async def test_a_put_that_is_lost_on_the_way_is_not_called_saved(
    editing: PolicyEditing, embedded: ControlledKms, scope: ChangeScope
) -> None:
    before = stored(embedded)
    embedded.control.fault("close", "PutKeyPolicy")
    result = await editing.save(editing.review(with_statement(before, "mine")))
    assert ended(result, SaveEnd.UNKNOWN)
    assert result.shown is Shown.OLD
    assert stored(embedded) == before
    assert [c.outcome for c in await scope.journal.changes()] == ["unknown"]


async def test_reads_that_lag_are_waited_for_and_named(
    editing: PolicyEditing, embedded: ControlledKms
) -> None:
    embedded.control.set_lag(60_000)
    mine = with_statement(editing.base, "mine")
    assert ended(await editing.save(editing.review(mine)), SaveEnd.PROPAGATING)
    assert stored(embedded) == mine
    embedded.control.set_lag(0)


async def test_somebody_elses_put_at_the_same_moment_is_shown(
    editing: PolicyEditing, embedded: ControlledKms, scope: ChangeScope
) -> None:
    theirs = with_statement(editing.base, "theirs")
    place = editing.location
    put = place.put

    async def overtaken(text: str, *, bypass_lockout_check: bool = False) -> None:
        await put(text, bypass_lockout_check=bypass_lockout_check)
        embedded.control.change_key(ALIAS, policy=theirs)

    place.put = overtaken  # type: ignore[method-assign]
    result = await editing.save(editing.review(with_statement(editing.base, "mine")))
    assert ended(result, SaveEnd.DIFFERS)
    assert result.stored == theirs


async def test_what_was_put_between_the_read_and_the_put_is_told_by_cloudtrail(
    editing: PolicyEditing, embedded: ControlledKms, gateway: Gateway, scope: ChangeScope
) -> None:
    theirs = with_statement(editing.base, "theirs")
    place, kms = editing.location, client(embedded, "kms", "admin")
    put = place.put

    async def overtaken(text: str, *, bypass_lockout_check: bool = False) -> None:
        await asyncio.to_thread(kms.put_key_policy, KeyId=place.subject, Policy=theirs)
        await put(text, bypass_lockout_check=bypass_lockout_check)

    place.put = overtaken  # type: ignore[method-assign]
    result = await editing.save(editing.review(with_statement(editing.base, "mine")))
    assert ended(result, SaveEnd.SAVED)
    (record,) = await scope.journal.changes()
    assert record.ended is not None
    hour = timedelta(hours=1)
    seen = await gateway.policy_puts(record.time - hour, record.ended + hour)
    assert {key_id for key_id, _ in seen} == {place.subject}
    found = overwritten(record, [event for _, event in seen])
    assert found is not None
    assert found.policy == theirs
    assert await gateway.policy_puts(record.time - hour, record.time - hour / 2) == ()


async def test_decrypt_is_taken_from_the_workshops_role(
    gateway: Gateway, scope: ChangeScope
) -> None:
    """The workshop's "allow only Encrypt, not Decrypt", in the role's inline policy."""
    identity = await gateway.identity(f"arn:aws:iam::{scope.where.account}:role/{ROLE}")
    policy = next(each for each in identity.policies if each.inline)
    editing = PolicyEditing(location_of(gateway, f"role/{ROLE}/{policy.name}"), scope)
    text = await editing.open()
    document = json.loads(text)
    for statement in document["Statement"]:
        actions = statement["Action"]
        if isinstance(actions, list):
            statement["Action"] = [each for each in actions if each != "kms:Decrypt"]
    mine = json.dumps(document)
    assert not same_meaning(mine, text)
    assert ended(await editing.save(editing.review(mine)), SaveEnd.SAVED)
    assert same_meaning((await gateway.get_role_policy(ROLE, policy.name)).text, mine)
