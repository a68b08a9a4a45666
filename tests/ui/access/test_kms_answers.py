"""K in the Access view says what is sent, asks KMS, and shows its answers beside predictions."""

from __future__ import annotations

import json

import pytest

from kmstui.service.access import AskedKey
from kmstui.service.errors import (
    AccessDeniedError,
    CancelledByPersonError,
    ErrorContext,
    InvalidStateError,
    ThrottledError,
)
from kmstui.ui.access.kms_answers import KmsAnswers, asked_with
from kmstui.ui.dialogs import QuestionDialog
from tests.access_world import access_world
from tests.fakes import IMPORTED, SIGNING, FakeGateway, arn_of
from tests.policy.lockouts import deny
from tests.screens import NARROW, WIDE, Running, running
from tests.ui.access.test_access_view import inquiry, looking

SAID = "User: you is not authorized to perform: kms:Encrypt because no session policy allows it"


def refusing(operation: str, said: str = SAID) -> FakeGateway:
    gateway = FakeGateway(access_world())
    context = ErrorContext(f"kms:{operation}", arn_of(IMPORTED), "AccessDeniedException", said)
    gateway.fail(f"kms:{operation}", AccessDeniedError("it is refused", "", context))
    return gateway


async def asked(run: Running) -> None:
    await run.press("K")
    await run.wait_for(lambda: isinstance(run.app.screen, QuestionDialog))
    await run.press("enter")
    await run.wait_for("Of 9 actions: ")


def shown(run: Running) -> str:
    """All that is shown, whether it is in sight or not."""
    screen = run.app.screen
    assert isinstance(screen, KmsAnswers)
    return screen.rows.text


def row(run: Running, action: str) -> list[str]:
    """What stands beside an action."""
    (line,) = [line for line in shown(run).split("\n") if line[2:].startswith(f"{action} ")]
    return line[2:].split()[1:]


async def test_it_names_what_is_sent_before_anything_is():
    async with looking() as run:
        await run.press("K")
        await run.wait_for("Ask KMS what you may do?")
        words = run.prose
        for name in (
            "by 8 dry runs",
            "Decrypt (without a ciphertext)",
            "CreateGrant of DescribeKey",
        ):
            assert name in words
        assert "Nothing is changed. CloudTrail records each" in words
        assert "Read-only" not in words
        assert "No encryption context is sent." in words
        await run.press("escape")
        await run.wait_for(lambda: run.app.screen is run.main)
        assert run.gateway.dry_runs == []


async def test_read_only_mode_says_that_they_pass():
    async with running(FakeGateway(access_world()), read_only=True) as run:
        await run.choose(IMPORTED)
        await run.press("c")
        await run.wait_for(lambda: inquiry(run).reading)
        await run.press("K")
        await run.wait_for("Read-only mode lets")
        assert run.gateway.dry_runs == []
        await run.press("enter")
        await run.wait_for("Of 9 actions: ")
        assert len(run.gateway.dry_runs) == 8


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_difference_comes_first_with_what_may_be_the_cause(size: tuple[int, int]):
    async with looking(refusing("Encrypt"), size=size) as run:
        await asked(run)
        words = shown(run)
        assert row(run, "Encrypt") == ["yes", "denied"]
        marks = [line[:1] for line in words.split("\n")[1:10]]
        assert marks == sorted(marks, key="▲ ".index), "what differs comes first"
        assert SAID in words
        assert "Predicted: Statement 1 of role policy own allows kms:Encrypt" in words
        assert "able to refuse it: service control policies" in words
        assert "Ask again in five minutes." in words
        assert "otherwise than predicted" in run.prose


async def test_what_agrees_is_a_line_and_what_was_open_is_settled():
    gateway = refusing("Decrypt", "User: you is not authorized to perform: kms:Decrypt")
    async with looking(gateway) as run:
        await asked(run)
        assert row(run, "Encrypt") == ["yes", "allowed"]
        assert row(run, "Decrypt") == ["no", "denied"]
        assert "Not considered in what is predicted: service control" in shown(run)
        assert "RevokeGrant and RetireGrant" in shown(run)


async def test_a_state_that_hides_the_answer_is_no_answer():
    gateway = FakeGateway(access_world())
    gateway.fail("kms:Encrypt", InvalidStateError("the key is disabled", "Enable the key first."))
    async with looking(gateway) as run:
        await asked(run)
        assert row(run, "Encrypt") == ["yes", "not", "judged"]
        assert "the key is disabled. Enable the key first." in shown(run)


async def test_throttling_ends_it_and_is_said_of_each_that_was_not_asked():
    gateway = FakeGateway(access_world())
    gateway.fail("kms:Decrypt", ThrottledError("the quota is used up", "Try again soon."))
    async with looking(gateway) as run:
        await asked(run)
        assert [each.operation for each in gateway.dry_runs] == ["Encrypt", "Decrypt"]
        assert "Not asked any more, after Decrypt: Throttled" in shown(run)


async def test_esc_while_it_asks_sends_nothing_more():
    gateway = FakeGateway(access_world())
    async with looking(gateway) as run:
        gate = gateway.hold("kms:Decrypt")
        await run.press("K", "enter")
        await run.wait_for("Asking KMS: 1 of 8 (Esc stops)")
        await run.press("escape")
        await run.wait_for(lambda: run.app.screen is run.main)
        gate.set()
        await run.pilot.pause()
        assert [each.operation for each in gateway.dry_runs] == ["Encrypt", "Decrypt"]


async def test_a_connection_that_was_switched_is_said():
    gateway = FakeGateway(access_world())
    gateway.fail("kms:Encrypt", CancelledByPersonError("the connection was switched"))
    async with looking(gateway) as run:
        await run.press("K", "enter")
        await run.wait_for("the connection was switched")
        assert isinstance(run.app.screen, KmsAnswers)


async def test_a_signing_key_is_asked_what_it_can_do():
    async with looking(key=SIGNING) as run:
        await run.press("K", "enter")
        await run.wait_for("Of 3 actions: ")
        sent = [each.operation for each in run.gateway.dry_runs]
        assert sent == ["Sign", "Verify", "CreateGrant"]


async def test_in_a_small_window_each_answer_is_a_sentence():
    async with looking(size=(40, 16)) as run:
        await asked(run)
        assert "Encrypt: predicted yes; KMS: allowed" in shown(run)


async def test_it_is_off_where_nobody_knows_who_asks():
    gateway = FakeGateway(access_world())
    gateway.fail("sts:GetCallerIdentity", AccessDeniedError("it is refused"))
    async with running(gateway, loaded=False) as run:
        await run.wait_for("ImportedCMK")
        await run.choose(IMPORTED)
        await run.press("c")
        await run.wait_for(lambda: inquiry(run).reading)
        await run.press("K")
        await run.wait_for("who you are is not known")
        assert gateway.dry_runs == []


async def test_encryption_context_and_grant_tokens_go_along_and_count_in_the_prediction():
    gateway = FakeGateway(access_world())
    statement = deny("*", "kms:Encrypt", Condition={
        "StringEquals": {"kms:EncryptionContext:app": "orders"}})  # fmt: skip
    stored = json.loads(gateway.world.policies[IMPORTED]["default"])
    stored["Statement"].append(statement)
    gateway.world.policies[IMPORTED]["default"] = json.dumps(stored)
    context = ErrorContext("kms:Encrypt", arn_of(IMPORTED), "AccessDeniedException", SAID)
    gateway.fail("kms:Encrypt", AccessDeniedError("it is refused", "", context))
    async with looking(gateway) as run:
        await run.press("K")
        await run.wait_for("No encryption context is sent.")
        await run.type("app=orders orders")
        await run.wait_for("“orders” is not NAME=VALUE")
        await run.press("enter")
        assert gateway.dry_runs == []
        await run.press("ctrl+u")
        await run.type("app=orders grant-token=abc==")
        question = run.front(QuestionDialog)
        await run.wait_for(lambda: "goes with Encrypt, Decrypt, ReEncrypt" in question.preview.text)
        assert "The encryption context app=orders goes with" in question.preview.text
        assert "1 grant token goes with each." in question.preview.text
        await run.press("enter")
        await run.wait_for("Of 9 actions: ")
        assert {each.grant_tokens for each in gateway.dry_runs} == {("abc==",)}
        sent = {each.operation: each.encryption_context for each in gateway.dry_runs}
        assert (sent["Encrypt"], sent["CreateGrant"]) == ((("app", "orders"),), ())
        assert row(run, "Encrypt") == ["no,", "denied", "denied"], "what is sent meets it"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("'app=orders", "A quotation mark"),
        ("app=", "NAME=VALUE"),
        ("app=a kms:EncryptionContext:app=b", "app has one value in a request"),
        (" ".join(f"grant-token=t{n}" for n in range(11)), "10 grant tokens at most"),
    ],
)
def test_what_cannot_go_along_is_said(line: str, words: str):
    with pytest.raises(ValueError, match=words):
        asked_with(AskedKey(arn_of(IMPORTED), ""), line)
