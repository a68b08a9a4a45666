"""What became of changes of keys, aliases and grants, after a program that was killed meanwhile."""

from datetime import timedelta

import pytest

from kmstui.model.grant import Grant
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
