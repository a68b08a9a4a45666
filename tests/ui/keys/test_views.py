import json
from dataclasses import replace
from datetime import timedelta

import pytest

from kmstui.model import Grant, KeyEvent, KeyMaterial, KeyMetadata, LastUsage, Rotation
from kmstui.service.errors import AccessDeniedError
from tests.fakes import (
    ACCOUNT,
    HOSTILE_TEXT,
    IMPORTED,
    NAMELESS,
    NOW,
    ROLE_ARN,
    FakeGateway,
    arn_of,
    key_id_of,
    metadata_of,
)
from tests.screens import NARROW, WIDE, running

GRANT = Grant(
    "0a1b2c", arn_of(IMPORTED), ROLE_ARN, ("Decrypt", "GenerateDataKey"), name="for-ebs",
    retiring="ec2.eu-central-1.amazonaws.com", created=NOW,
    context_subset=(("aws:ebs:id", "vol-1"),),
)  # fmt: skip
EVENT = KeyEvent(
    "e0", NOW, "Decrypt", "arn:aws:sts::444455556666:assumed-role/App/i-1", "10.0.0.7",
    "vpce-0a1b2c3d", "aws-cli/2", encryption_context=(("application", "orders"),),
)  # fmt: skip


def gateway_with_grants():
    gateway = FakeGateway()
    older = replace(GRANT, id="old", created=NOW - timedelta(days=9), grantee="s3.amazonaws.com")
    gateway.world.grants[IMPORTED] = (older, GRANT)
    return gateway


def gateway_with_events(number=3):
    gateway = FakeGateway()
    events = [
        replace(EVENT, id=f"e{n}", time=NOW - timedelta(minutes=n), name=f"Decrypt{n}")
        for n in range(number)
    ]
    events[1] = replace(events[1], error_code="AccessDenied", error_message="no",
                        encryption_context=())  # fmt: skip
    gateway.world.events[arn_of(IMPORTED)] = tuple(events)
    return gateway


async def open_view(run, scope, key=IMPORTED):
    await run.choose(key)
    await run.press("3")
    await run.wait_for(lambda: run.focused_pane() is run.main.key_pane)
    while run.main.key_pane.scope != scope:
        await run.press("right_square_bracket")
    await run.wait_for(lambda: run.main.key_pane.scope == scope)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_grants_tell_who_may_do_what_and_only_with_what(size):
    async with running(gateway_with_grants(), size=size) as run:
        await open_view(run, "grants")
        await run.wait_for("role/KMSWorkshop-Ins")
        assert "Grants 2" in run.text
        assert run.text.index("role/KMSW") < run.text.index("s3.amazonaws.com")
        await run.press("enter")
        await run.wait_for("at least aws:ebs:id=vol-1")
        assert "ec2.eu-central-1.amazonaws.com" in run.text
        assert "Decrypt, GenerateDataKey" in run.text
        await run.press("escape")
        assert run.store.contexts["aws:ebs:id"] == ("vol-1",)


async def test_a_grant_is_revoked_after_a_question():
    async with running(gateway_with_grants()) as run:
        await open_view(run, "grants")
        await run.wait_for("Grants 2")
        await run.press("D")
        await run.wait_for("Loses: Decrypt, GenerateDataKey")
        await run.press("n")
        assert run.gateway.count("kms:RevokeGrant") == 0
        await run.press("D", "y")
        await run.wait_for("has lost this grant")
        await run.wait_for("Grants 1")
        (record,) = await run.session.journal.changes()
        assert (record.operation, record.outcome) == ("kms:RevokeGrant", "done")


async def test_in_read_only_mode_revoking_is_off():
    async with running(gateway_with_grants(), read_only=True) as run:
        await open_view(run, "grants")
        await run.wait_for("Grants 2")
        await run.press("D")
        await run.wait_for("This is read-only mode")
        assert run.gateway.count("kms:RevokeGrant") == 0


async def test_no_grants_and_denied_grants_are_sentences():
    gateway = FakeGateway()
    gateway.fail("kms:ListGrants", AccessDeniedError("your role may not"), key=NAMELESS)
    async with running(gateway) as run:
        await open_view(run, "grants")
        await run.wait_for("No grants: its policy and IAM policies say who may use the key.")
        await run.press("D")
        await run.wait_for("There is no grant here to act on.")
        await run.press("1")
        await run.choose(NAMELESS)
        await run.press("3")
        await run.wait_for("AccessDenied: your role may not.")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_events_tell_when_who_what_and_with_which_context(size):
    async with running(gateway_with_events(), size=size) as run:
        await open_view(run, "events")
        await run.wait_for("Events 3")
        line = next(line for line in run.lines if "Decrypt0" in line)
        assert "2026-03-01 12:00" in line
        assert "App/i-1" in line
        assert "applicat" in line
        assert "✖ Decrypt1" in run.text
        await run.press("enter")
        for part in ("10.0.0.7", "vpce-0a1b2c3d", "aws-cli/2", "application = orders"):
            await run.wait_for(part)
        await run.press("escape", "j", "enter")
        await run.wait_for("AccessDenied: no")


async def test_calls_that_only_looked_are_hidden_and_counted():
    gateway = gateway_with_events()
    arn = arn_of(IMPORTED)
    look = replace(EVENT, id="look", name="DescribeKey", encryption_context=())
    gateway.world.events[arn] = (look, *gateway.world.events[arn])
    async with running(gateway, size=WIDE) as run:
        await open_view(run, "events")
        await run.wait_for("Events 4 (1 hidden: O)")
        assert "DescribeKey" not in run.text, "kmstui's own reads are not what a person asks about"
        await run.press("O")
        await run.wait_for("DescribeKey")
        await run.press("O")
        await run.wait_until_gone("DescribeKey")


async def test_older_events_come_a_page_at_a_time():
    async with running(gateway_with_events(120)) as run:
        await open_view(run, "events")
        await run.wait_for("Events 50 so far…")
        assert run.gateway.count("cloudtrail:LookupEvents") == 1
        await run.press("m")
        await run.wait_for("Events 100 so far…")
        await run.press("G")
        await run.wait_for("older events: m reads 50 more")
        await run.press("enter")
        await run.wait_for(lambda: "Events 120" in run.text and "so far" not in run.text)
        await run.press("m")
        await run.wait_for("CloudTrail has no older events of it.")
        assert run.gateway.count("cloudtrail:LookupEvents") == 3


async def test_an_events_context_is_copied_as_a_condition(clipboard):
    async with running(gateway_with_events()) as run:
        await open_view(run, "events")
        await run.wait_for("Events 3")
        await run.press("c")
        await run.wait_for("Condition sent to")
        assert json.loads("{" + clipboard[-1] + "}") == {
            "Condition": {"StringEquals": {"kms:EncryptionContext:application": "orders"}}
        }
        await run.press("j", "c")
        await run.wait_for("This Decrypt1 had no encryption context.")
        await run.press("k", "y", "5")
        await run.wait_for("Event as JSON sent to")


async def test_a_refresh_reads_the_newest_events_again():
    async with running(gateway_with_events()) as run:
        await open_view(run, "events")
        await run.wait_for("Events 3")
        newest = replace(EVENT, id="newest", time=NOW + timedelta(minutes=1))
        arn = arn_of(IMPORTED)
        run.gateway.world.events[arn] = (newest, *run.gateway.world.events[arn])
        await run.press("r")
        await run.wait_for("Events 4")


async def test_no_events_and_denied_events_are_sentences():
    gateway = FakeGateway()
    async with running(gateway) as run:
        await open_view(run, "events")
        await run.wait_for("CloudTrail saw nothing happen with this key")
        gateway.fail("cloudtrail:LookupEvents", AccessDeniedError("your role may not"))
        await run.press("1")
        await run.choose(NAMELESS)
        await run.press("3")
        await run.wait_for("AccessDenied: your role may not.")


async def test_text_of_events_and_grants_is_shown_and_never_obeyed():
    gateway = FakeGateway()
    gateway.world.events[arn_of(IMPORTED)] = (
        replace(EVENT, principal=HOSTILE_TEXT, encryption_context=((HOSTILE_TEXT, HOSTILE_TEXT),)),
    )
    gateway.world.grants[IMPORTED] = (replace(GRANT, name=HOSTILE_TEXT, grantee=HOSTILE_TEXT),)
    async with running(gateway, size=WIDE) as run:
        for scope in ("grants", "events"):
            await open_view(run, scope)
            await run.wait_for("[bold red]mar")
            await run.press("enter")
            await run.wait_for("\\x1b[2J")
            assert "\x1b" not in run.text
            assert "\u202e" not in run.text
            await run.press("escape")
            await run.press("1")


async def test_grants_that_could_not_be_read_are_rows_and_are_not_revoked():
    gateway = gateway_with_grants()
    unread = Grant("", "", "", (), unread="Grants is not a structure")
    gateway.world.grants[IMPORTED] += (unread, unread, replace(GRANT, id="bare", created=None))
    async with running(gateway, size=WIDE) as run:
        await open_view(run, "grants")
        await run.wait_for("Grants 5")
        assert run.text.count("not read: Grants is") == 2
        await run.press("end", "up")
        await run.press("D")
        await run.wait_for("KMS did not tell the ID of this grant")
        assert run.gateway.count("kms:RevokeGrant") == 0


async def test_columns_of_events_take_the_room_that_their_texts_need():
    gateway = gateway_with_events()
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/{'r' * 40}/i-0b7f3c2d9e4a1586c"
    long = KeyEvent("1", None, "Decrypt", who, encryption_context=(("app", "v" * 50),))
    gateway.world.events[arn_of(IMPORTED)] = (long,)
    async with running(gateway, size=(180, 40)) as run:
        await open_view(run, "events")
        await run.press("plus", "plus")
        await run.wait_for("v" * 50)
        assert "/i-0b7f3c2d9e4a1586c" in run.text


async def test_events_without_time_name_and_id_are_rows_too():
    gateway = gateway_with_events()
    bare = KeyEvent("", None, "", "")
    gateway.world.events[arn_of(IMPORTED)] += (bare, replace(bare, error_message="unreadable"))
    async with running(gateway, size=WIDE) as run:
        await open_view(run, "events")
        await run.wait_for("Events 5")
        assert sum("unknown" in line for line in run.lines) == 2
        await run.press("end", "enter")
        await run.wait_for("Time                unknown")


async def test_a_key_of_which_kms_tells_only_the_id_is_shown_with_all_columns_and_details():
    gateway = FakeGateway()
    bare = KeyMetadata("", "", "", "", "", "", None)
    gateway.world.metadata[IMPORTED] = bare
    async with running(gateway, size=(200, 40)) as run:
        await run.wait_for(lambda: run.store.keys[IMPORTED].metadata == bare)
        for column in ("created", "state"):
            run.main.keys_pane.sort_by(column)
        await open_view(run, "details")
        await run.wait_for(lambda: sum("KMS did not tell" in line for line in run.lines) == 2)


async def test_key_materials_of_every_state_are_told_with_their_ids_and_their_ends():
    gateway = FakeGateway()
    gateway.world.rotations[IMPORTED] = Rotation(
        enabled=False,
        materials=(
            KeyMaterial("aaaa", "PENDING_ROTATION", import_state="IMPORTED", description="next"),
            KeyMaterial(
                "bbbb", "CURRENT", NOW, "ON_DEMAND", "IMPORTED", "KEY_MATERIAL_EXPIRES", NOW
            ),
            KeyMaterial("cccc", "NON_CURRENT", import_state="PENDING_IMPORT"),
        ),
    )
    gateway.world.usages[IMPORTED] = LastUsage(NOW, "Decrypt", None, "event-1", "request-1")
    async with running(gateway, size=(200, 60)) as run:
        await run.choose(IMPORTED)
        await open_view(run, "details")
        await run.wait_for("PENDING_ROTATION, next")
        await run.wait_for(f"CURRENT, rotated {NOW:%Y-%m-%d %H:%M:%S} UTC ON_DEMAND")
        await run.wait_for(f"KEY_MATERIAL_EXPIRES, until {NOW:%Y-%m-%d %H:%M:%S} UTC")
        await run.wait_for("PENDING_IMPORT: the key waits until it is imported again")
        for part in ("aaaa", "bbbb", "cccc"):
            await run.wait_for(part)
        await run.press("enter")
        for part in ("event-1", "request-1"):
            await run.wait_for(part)


async def test_a_key_that_another_account_shares_says_whose_it_is_and_why_it_is_not_changed():
    gateway = FakeGateway()
    arn = f"arn:aws:kms:eu-west-1:290417736502:key/{key_id_of(77)}"
    gateway.world.metadata[key_id_of(77)] = metadata_of(description="Exchange")
    gateway.world.shared.append(arn)
    async with running(gateway, size=WIDE) as run:
        await run.wait_for("shared by 290417736502")
        await run.choose(arn)
        await run.wait_for("✖ The key belongs to account 290417736502")
        await run.press("e")
        await run.wait_for("its policy can be read only there.")
        await run.main.key_pane.open_view("details")
        await run.wait_for("account 290417736502, which shares it")
        await run.press("1", "slash")
        await run.type("owner:shared")
        await run.wait_for("1 of 10")
