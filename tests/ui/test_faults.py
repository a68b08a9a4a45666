"""Each fault is a sentence on the screen, and everything else goes on working."""

import asyncio

from kmstui.service.errors import (
    AccessDeniedError,
    CredentialsExpiredError,
    CredentialsMissingError,
    EndpointError,
    ErrorContext,
    InvalidStateError,
    MalformedAnswerError,
    MfaError,
    NetworkError,
    NotFoundError,
    ProfileError,
    RegionMissingError,
    ServiceFailureError,
    ThrottledError,
)
from kmstui.ui.runtime.options import UiOptions
from kmstui.ui.widgets import sentences
from tests.fakes import DYING, IMPORTED, FakeConnector, FakeGateway, large_world
from tests.screens import WIDE, running

CAUSES = [
    AccessDeniedError("your role may not", "Ask for kms:GetKeyPolicy."),
    ThrottledError("too many requests", "Wait a moment."),
    NetworkError("nothing answered within 5 s", "Check the network."),
    NotFoundError("the key is gone", "Press r to read again."),
    InvalidStateError("the key waits for its material"),
    MalformedAnswerError("the answer is HTML", "Check --endpoint-url."),
    ServiceFailureError("KMS answered 500"),
    CredentialsExpiredError("the token expired", "Log in again."),
]
CONNECTING = [
    CredentialsMissingError("no credentials were found", "Log in with aws sso login."),
    CredentialsExpiredError("the token expired", "Log in again."),
    RegionMissingError("no Region is named", "Give --region."),
    ProfileError("the profile x does not exist", "Check ~/.aws/config."),
    EndpointError("the endpoint answers HTML", "Check --endpoint-url."),
    NetworkError("nothing answered within 5 s", "Check the network."),
    MfaError("no code was given", "Press r to try again."),
]


async def test_a_connection_that_fails_says_why_and_r_tries_again():
    connector = FakeConnector(FakeGateway())
    for error in CONNECTING:
        connector.fail(error)
    async with running(connector=connector, loaded=False) as run:
        for error in CONNECTING:
            await run.wait_for(error.sentence)
            assert "not connected" in run.lines[0]
            await run.press("r")
        await run.wait_for("ImportedCMK")
        assert error.sentence not in run.prose


async def test_a_policy_that_cannot_be_read_says_why_in_its_place():
    gateway = FakeGateway()
    broken = dict(zip(gateway.world.metadata, CAUSES, strict=False))
    del broken[DYING]
    for key_id, error in broken.items():
        gateway.fail("kms:GetKeyPolicy", error, key=key_id)
    async with running(gateway, size=WIDE) as run:
        for key_id, error in broken.items():
            await run.choose(key_id)
            await run.wait_for(f"✖ {error.sentence}")
        await run.choose(DYING)
        await run.wait_for('"Action": "kms:*"')
        assert error.sentence not in run.prose


async def test_keys_that_may_not_be_listed_say_why_in_a_banner():
    gateway = FakeGateway()
    context = ErrorContext("kms:ListKeys")
    error = AccessDeniedError("your role may not", "Ask for kms:ListKeys.", context)
    gateway.fail("kms:ListKeys", error)
    async with running(gateway, loaded=False) as run:
        await run.wait_for("AccessDenied on kms:ListKeys: your role may not. Ask for kms:ListKeys.")
        gateway.heal("kms:ListKeys")
        await run.press("r")
        await run.wait_for("ImportedCMK")
        await run.wait_until_gone("kms:ListKeys")


async def test_a_fault_while_keys_are_listed_does_not_look_like_an_account_without_keys():
    gateway = FakeGateway()
    gateway.fail("kms:ListKeys", ZeroDivisionError())
    gateway.fail("kms:ListAliases", ZeroDivisionError())
    async with running(gateway, loaded=False, size=WIDE) as run:
        await run.wait_for("The keys were not read to their end. r reads them again.")
        await run.wait_for("Not read to their end.")
        assert "There are no keys" not in run.prose
        assert "No aliases" not in run.prose


async def test_sts_out_of_reach_is_said_in_the_header_and_keys_are_there():
    gateway = FakeGateway()
    gateway.fail("sts:GetCallerIdentity", NetworkError("nothing answered"))
    async with running(gateway, loaded=False) as run:
        await run.wait_for("identity unknown")
        await run.wait_for("ImportedCMK")


async def test_tags_that_may_not_be_read_say_why_in_their_place():
    gateway = FakeGateway()
    error = AccessDeniedError("your role may not")
    gateway.fail("tag:GetResources", error)
    gateway.fail("kms:ListResourceTags", error)
    async with running(gateway, size=WIDE) as run:
        await run.choose(IMPORTED)
        await run.wait_for("AccessDenied: your role may not.")
        assert "4 Tags  ✖" in run.text


async def test_reading_can_be_stopped_and_says_that_it_is_incomplete():
    gateway = FakeGateway(large_world(50))
    gateway.hold("kms:DescribeKey")
    async with running(gateway, loaded=False) as run:
        await run.wait_for("50, described 0… (Esc stops)")
        await run.press("escape")
        await run.wait_for("50 so far, stopped (r goes on)")
        gateway._gates.clear()
        await run.press("r")
        await run.wait_for("1 Keys  50\n")


async def test_a_listing_that_goes_on_never_looks_complete():
    gateway = FakeGateway(large_world(30), keys_per_page=10)
    gate = gateway.hold("kms:ListKeys")
    async with running(gateway, loaded=False) as run:
        await run.wait_for("1 Keys  0 so far… (Esc stops)")
        gateway._gates.clear()
        gate.set()
        await run.wait_for("1 Keys  30\n")


async def test_no_keys_at_all_is_said_with_what_to_do():
    async with running(FakeGateway(large_world(0)), loaded=False) as run:
        await run.wait_for("There are no keys in eu-central-1. R switches to another Region.")


async def test_a_fault_of_the_program_is_a_sentence_with_the_details_in_a_file(tmp_path):
    log = tmp_path / "state" / "faults.log"
    async with running(options=UiOptions(fault_log=log)) as run:

        async def broken():
            raise ZeroDivisionError("oops")

        run.app.work(broken, group="test", what="a test")
        await run.wait_for("A fault in kmstui itself, in a test: ZeroDivisionError.")
        assert "ZeroDivisionError: oops" in log.read_text()
        assert log.stat().st_mode & 0o777 == 0o600
        assert log.parent.stat().st_mode & 0o777 == 0o700
        await run.press("4")
        assert run.focused_pane() is run.main.tags_pane


async def test_a_command_that_fails_is_a_sentence(monkeypatch):
    async with running() as run:
        monkeypatch.setattr(
            run.connector, "profiles", lambda: (_ for _ in ()).throw(ZeroDivisionError)
        )
        await run.press("P")
        await run.wait_for("A fault in kmstui itself, in the command session.profile")


async def test_a_notice_can_be_read_before_the_next_key_takes_it_away():
    async with running(size=WIDE) as run:
        run.session.notify("Something happened to [b]alias/x[/b].", "warning")
        await run.wait_for("Something happened to [b]alias/x[/b].")
        await run.press("j")
        assert "Something happened" in run.text
        await run.press("escape")
        assert "Something happened" not in run.text
        await run.press("exclamation_mark")
        await run.wait_for("Something happened to [b]alias/x[/b].")


async def test_an_error_is_not_covered_by_what_matters_less_before_a_key_is_pressed():
    async with running(size=WIDE) as run:
        run.session.notify("Nothing can be changed.", "error")
        run.session.notify("A setting is not kept.", "warning")
        await run.wait_for("Nothing can be changed.")
        run.session.notify("Another setting is not kept.", "warning")
        run.session.notify("All is well.")
        run.session.notify("Nothing can be read.", "error")
        await run.wait_for("Nothing can be read.")
        await run.press("j")
        run.session.notify("A key was tagged.")
        await run.wait_for("A key was tagged.")


async def test_a_key_that_was_on_its_way_uncovers_no_error_at_once(monkeypatch):
    monkeypatch.setattr(sentences, "NOTICE_SECONDS", 3600.0)
    async with running(size=WIDE) as run:
        run.session.notify("Nothing can be changed.", "error")
        await run.wait_for("Nothing can be changed.")
        await run.press("j")
        run.session.notify("A setting is not kept.", "warning")
        await run.press("k")
        assert "Nothing can be changed." in run.text
        monkeypatch.setattr(sentences, "NOTICE_SECONDS", 0.0)
        run.session.notify("A key was tagged.")
        await run.wait_for("A key was tagged.")


async def test_a_switch_clears_the_screen_before_anything_of_the_new_one_comes():
    old, new = FakeGateway(), FakeGateway(large_world(3))
    connector = FakeConnector(old, new)
    async with running(old, connector=connector, size=WIDE) as run:
        await run.choose(IMPORTED)
        await run.wait_for('"Action": "kms:*"')
        await run.press("space")
        connector.gate = asyncio.Event()
        await run.press("R", "down", "enter")
        await run.wait_for("Connecting…")
        for word in ("ImportedCMK", "444455556666", "kmsworkshop", "kms:*", "marked"):
            assert word not in run.text, word
        assert old.closed
        connector.gate.set()
        await run.wait_for("app/key-000002")
        assert connector.asked[-1].region == "eu-west-1"
        await run.wait_for("444455556666")
