import json
from dataclasses import replace
from datetime import timedelta

import pytest

from kmstui.model import Grant, KeyEvent
from kmstui.service.access.reader import AccessReader
from kmstui.service.errors import UNCERTAIN, AccessDeniedError
from kmstui.service.inventory.store import CONTEXT_VALUES_KEPT, CONTEXTS_KEPT, Topic
from kmstui.service.keys.events import context_condition, read_events
from tests.fakes import IMPORTED, NOW, ROLE_ARN, arn_of

OLD = Grant("old", arn_of(IMPORTED), ROLE_ARN, ("Decrypt",), created=NOW - timedelta(days=2))
NEW = replace(OLD, id="new", created=NOW, context_equals=(("application", "orders"),))


async def test_grants_come_newest_first_and_their_contexts_are_kept(bench):
    bench.world.grants[IMPORTED] = (OLD, NEW)
    assert [each.id for each in await bench.grants.of(IMPORTED)] == ["new", "old"]
    assert bench.store.contexts == {"application": ("orders",)}


async def test_revoking_says_what_is_left_and_is_written_down(bench):
    bench.world.grants[IMPORTED] = (OLD, NEW)
    sentence = await bench.grants.revoke(IMPORTED, OLD)
    assert sentence == (
        f"{ROLE_ARN} has lost this grant on {IMPORTED} (alias/ImportedCMK); one other is left."
    )
    (entry,) = await bench.entries()
    assert entry[:2] == ("kms:RevokeGrant", IMPORTED)
    assert entry[2]["operations"] == ["Decrypt"]
    assert entry[4] == "done"


async def test_a_revoked_grant_that_is_still_listed_is_said_to_be(bench):
    bench.world.grants[IMPORTED] = (OLD,)

    async def nothing(key_id, grant_id):
        pass

    bench.gateway.revoke_grant = nothing
    assert "still listed, which can last five minutes" in await bench.grants.revoke(IMPORTED, OLD)


async def test_a_denied_revocation_is_told_and_written_down(bench):
    bench.gateway.fail("kms:RevokeGrant", AccessDeniedError("your role may not"))
    with pytest.raises(AccessDeniedError):
        await bench.grants.revoke(IMPORTED, OLD)
    assert (await bench.newest()).outcome == "failed"


@pytest.mark.parametrize("error", UNCERTAIN)
async def test_a_revocation_whose_answer_was_lost_is_looked_for(bench, error):
    bench.world.grants[IMPORTED] = (OLD, NEW)
    revoke = bench.gateway.revoke_grant

    async def lose(key_id, grant_id):
        await revoke(key_id, grant_id)
        raise error("no answer that tells")

    bench.gateway.revoke_grant = lose
    assert "has lost this grant" in await bench.grants.revoke(IMPORTED, OLD)
    newest = await bench.newest()
    assert newest.outcome == "done"
    assert newest.detail.endswith("no answer that tells. Read back afterwards: it was done.")
    bench.gateway.revoke_grant = revoke
    bench.gateway.fail("kms:RevokeGrant", error("no answer that tells"))
    with pytest.raises(error):
        await bench.grants.revoke(IMPORTED, NEW)
    newest = await bench.newest()
    assert newest.outcome == "unknown"
    assert newest.detail.endswith("no answer that tells. Read back afterwards, it did not show.")


async def test_events_come_in_pages_and_their_contexts_are_kept(bench):
    arn = arn_of(IMPORTED)
    bench.world.events[arn] = tuple(
        KeyEvent(str(n), NOW - timedelta(hours=n), "Decrypt", ROLE_ARN,
                 encryption_context=(("tenant", str(n % 3)),))
        for n in range(60)
    )  # fmt: skip
    page = await read_events(bench.session, arn)
    assert (len(page.events), bool(page.token)) == (50, True)
    rest = await read_events(bench.session, arn, page.token)
    assert (len(rest.events), rest.token) == (10, "")
    assert bench.store.contexts == {"tenant": ("0", "1", "2")}


async def test_contexts_kept_are_bounded(bench):
    bench.store.see_contexts([[(f"n{n}", str(v))] for n in range(500) for v in range(30)])
    assert len(bench.store.contexts) == CONTEXTS_KEPT
    assert all(len(each) == CONTEXT_VALUES_KEPT for each in bench.store.contexts.values())
    bench.store.clear()
    assert bench.store.contexts == {}


def test_a_context_becomes_a_condition_that_means_it():
    text = context_condition((("tenant", "${aws:username} * 5"), ("aws:s3:arn", "arn:aws:s3:::b")))
    document = json.loads("{" + text + "}")
    assert document == {
        "Condition": {
            "StringEquals": {
                "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b",
                "kms:EncryptionContext:tenant": "${$}{aws:username} * 5",
            }
        }
    }


async def test_what_was_read_of_grants_is_forgotten_by_a_revocation_and_by_a_listing(bench):
    """The Role view showed a revoked grant until a refresh."""
    told: list[frozenset[str]] = []
    bench.store.subscribe(Topic.GRANTS, told.append)
    bench.world.grants[IMPORTED] = (OLD, NEW)
    reader = bench.session.shared(AccessReader)
    assert len((await reader.grants(IMPORTED))[0]) == 2
    await bench.grants.revoke(IMPORTED, OLD)
    bench.store.flush()
    assert (await reader.grants(IMPORTED))[0] == (NEW,)
    bench.world.grants[IMPORTED] = ()
    await bench.grants.of(IMPORTED)
    bench.store.flush()
    assert (await reader.grants(IMPORTED))[0] == ()
    assert told == [frozenset({IMPORTED})] * 2
