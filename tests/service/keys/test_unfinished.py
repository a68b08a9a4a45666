"""What became of changes of keys, aliases and grants, after a program that was killed meanwhile."""

import asyncio
from datetime import timedelta

import pytest

from kmstui.model import Grant, KeyCreation
from kmstui.service.changes.runner import Change, begin_changes
from kmstui.service.errors import AccessDeniedError
from kmstui.service.keys.unfinished import settle_key_changes
from tests.fakes import IMPORTED, NAMELESS, NOW, ROLE_ARN, arn_of

GRANT = Grant("g1", arn_of(IMPORTED), ROLE_ARN, ("Decrypt",), created=NOW)
DISABLING = ("kms:DisableKey", NAMELESS, {"state": "Enabled"}, {"state": "Disabled"})


async def begun(bench, operation, subject, before, after):
    """The change stands in the journal, and whoever began it is gone."""

    async def nobody_sends():
        raise AssertionError

    change: Change[None] = Change(operation, subject, before, after, nobody_sends)
    await begin_changes(bench.session.change_scope(), [change])


@pytest.mark.parametrize(
    ("change", "happen"),
    [
        (DISABLING, lambda gateway: gateway.disable(NAMELESS)),
        (
            ("kms:CreateAlias", "alias/new", {"key": None}, {"key": NAMELESS}),
            lambda gateway: gateway.create_alias("alias/new", NAMELESS),
        ),
        (
            ("kms:EnableKeyRotation", NAMELESS, {}, {"rotation": True, "period_days": 180}),
            lambda gateway: gateway.enable_rotation(NAMELESS, 180),
        ),
        (
            ("kms:RevokeGrant", IMPORTED, {"grant": "g1"}, {"grant": None}),
            lambda gateway: gateway.revoke_grant(IMPORTED, "g1"),
        ),
    ],
    ids=["key", "alias", "rotation", "grant"],
)
async def test_what_happened_is_told_and_what_did_not_is_asked_again(bench, change, happen):
    bench.world.grants[IMPORTED] = (GRANT,)
    await begun(bench, *change)
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert f"kmstui ended while it sent {change[0]} for " in sentence
    assert "it most likely was not done" in sentence
    assert (await bench.newest()).outcome == "pending"

    await happen(bench.gateway)
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert sentence.endswith("it was done.")
    assert (await bench.newest()).outcome == "done"
    assert await settle_key_changes(bench.session, bench.pause) == ()


async def test_after_a_while_what_does_not_show_was_not_done(bench):
    await begun(bench, *DISABLING)
    bench.session.clock = lambda: NOW + timedelta(minutes=6)
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert sentence.endswith("it was not done.")
    assert (await bench.newest()).outcome == "failed"


async def test_what_cannot_be_read_is_asked_again_at_the_next_start(bench):
    await begun(bench, *DISABLING)
    bench.gateway.fail("kms:DescribeKey", AccessDeniedError("your role may not"))
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert "it cannot be read now. AccessDenied" in sentence
    assert (await bench.newest()).outcome == "pending"


async def test_what_will_never_be_readable_is_told_once(bench):
    await begun(bench, *DISABLING)
    bench.session.clock = lambda: NOW + timedelta(minutes=6)
    bench.gateway.fail("kms:DescribeKey", AccessDeniedError("your role may not"))
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert "it cannot be read now. AccessDenied" in sentence
    assert sentence.endswith("It is not looked at again.")
    assert (await bench.newest()).outcome == "unknown"
    assert await settle_key_changes(bench.session, bench.pause) == ()


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("kms:CreateKey", "whether the key was created is not known"),
        ("kms:RotateKeyOnDemand", "whether it was done is not known"),
    ],
)
async def test_what_no_read_shows_is_told_once_with_where_to_look(bench, operation, words):
    await begun(bench, operation, "alias/new", {}, {})
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert f"kmstui ended while it sent {operation} for alias/new" in sentence
    assert words in sentence
    assert f"{NOW:%H:%M} UTC" in sentence
    assert (await bench.newest()).outcome == "unknown"
    assert await settle_key_changes(bench.session, bench.pause) == ()


async def cancelled_at(bench, operation, change):
    """The program ends while `operation` is under way."""
    hangs, never = asyncio.Event(), asyncio.Event()

    async def hang(*arguments):
        hangs.set()
        await never.wait()

    setattr(bench.gateway, operation, hang)
    task = asyncio.create_task(change)
    await hangs.wait()
    delattr(bench.gateway, operation)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("operation", "make", "happen"),
    [
        (
            "disable",
            lambda bench: bench.keys.disable(NAMELESS),
            lambda gateway: gateway.disable(NAMELESS),
        ),
        (
            "enable_rotation",
            lambda bench: bench.keys.set_rotation(NAMELESS, 180),
            lambda gateway: gateway.enable_rotation(NAMELESS, 180),
        ),
        (
            "create_alias",
            lambda bench: bench.aliases.create("alias/new", NAMELESS),
            lambda gateway: gateway.create_alias("alias/new", NAMELESS),
        ),
        (
            "revoke_grant",
            lambda bench: bench.grants.revoke(IMPORTED, GRANT),
            lambda gateway: gateway.revoke_grant(IMPORTED, "g1"),
        ),
    ],
    ids=["key", "rotation", "alias", "grant"],
)
@pytest.mark.parametrize(("arrived", "end"), [(True, "done"), (False, "failed")])
async def test_a_program_that_ends_in_the_middle_tells_at_the_next_start_what_became_of_it(
    bench, operation, make, happen, arrived, end
):
    bench.world.grants[IMPORTED] = (GRANT,)
    await cancelled_at(bench, operation, make(bench))
    assert (await bench.newest()).outcome == "pending"
    if arrived:
        await happen(bench.gateway)
    bench.session.clock = lambda: NOW + timedelta(minutes=6)
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert sentence.startswith("kmstui ended while it sent kms:")
    assert sentence.endswith("it was done." if arrived else "it was not done.")
    assert (await bench.newest()).outcome == end


@pytest.mark.parametrize(
    ("operation", "make"),
    [
        ("create_key", lambda bench: bench.keys.create(KeyCreation())),
        ("rotate_now", lambda bench: bench.keys.rotate_now(NAMELESS)),
    ],
    ids=["creation", "rotation on demand"],
)
async def test_what_the_next_start_cannot_find_out_is_unknown_at_once(bench, operation, make):
    await cancelled_at(bench, operation, make(bench))
    newest = await bench.newest()
    assert (newest.outcome, newest.detail) == ("unknown", "kmstui ended before an answer came.")
    assert await settle_key_changes(bench.session, bench.pause) == ()


@pytest.mark.parametrize(
    ("change", "happen"),
    [
        (
            ("kms:UpdateKeyDescription", NAMELESS, {"description": ""}, {"description": "mine"}),
            lambda gateway: gateway.update_description(NAMELESS, "theirs"),
        ),
        (
            ("kms:UpdateAlias", "alias/ImportedCMK", {"key": IMPORTED}, {"key": NAMELESS}),
            lambda gateway: gateway.delete_alias("alias/ImportedCMK"),
        ),
    ],
    ids=["description", "alias"],
)
async def test_what_somebody_else_changed_since_is_not_said_to_be_undone(bench, change, happen):
    await begun(bench, *change)
    await happen(bench.gateway)
    (sentence,) = await settle_key_changes(bench.session, bench.pause)
    assert "whether it was done is not known" in sentence
    assert "somebody else has changed it since" in sentence
    assert "cannot be read" not in sentence
    assert (await bench.newest()).outcome == "unknown"
