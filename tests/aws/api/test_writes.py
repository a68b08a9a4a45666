"""A write is sent again only when it certainly was not carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kmstui.aws.calls import clients, operations
from kmstui.aws.calls.operations import RESENDING, Operation
from kmstui.model import Grant, KeyCreation, MaterialImport, Tag
from kmstui.service.errors import (
    CancelledByPersonError,
    MalformedAnswerError,
    NetworkError,
    ServiceFailureError,
    ThrottledError,
    UnreportedOutcomeError,
)
from kmstui.service.ports import CallRecord, Target
from tests.control import ControlledKms

Connect = Callable[..., Awaitable[Any]]
Until = Callable[[Callable[[], bool]], Awaitable[None]]

_POLICY = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_READ_SECONDS", 0.2)


async def test_a_put_that_nobody_answers_is_not_repeated_and_its_outcome_is_open(
    scripted: Any, connect: Connect, impatient: None, records: list[CallRecord]
) -> None:
    scripted.hold.clear()
    gateway = await connect()
    with pytest.raises(UnreportedOutcomeError) as caught:
        await gateway.put_policy("1234", _POLICY)
    assert caught.value.sentence == (
        f"Outcome unknown on kms:PutKeyPolicy for key 1234: it was sent and {scripted.url} did not "
        "answer in time, so the change may or may not have happened. Read the key again (r) before "
        "you repeat it."
    )
    assert scripted.targets == ["TrentService.PutKeyPolicy"]
    assert records[0].error == "Outcome unknown"


@pytest.mark.parametrize("kind", ["close", "garbage500", "status"])
async def test_a_change_whose_answer_is_lost_happened_once_and_is_told_as_open(
    kind: str, embedded: ControlledKms, aws_environment: Any, connect: Connect
) -> None:
    gateway = await connect()
    key, _ = await gateway.describe("alias/ImportedCMK")
    fault = "error500" if kind == "garbage500" else kind
    code = "DependencyTimeoutException" if kind == "garbage500" else ""
    embedded.control.fault(
        fault if not code else "error",
        "TagResource",
        code=code,
        message="late",
        status=503,
        after=True,
    )
    embedded.control.clear_requests()
    with pytest.raises(UnreportedOutcomeError):
        await gateway.tag(key.id, [Tag("once", "yes")])
    assert embedded.control.key(key.id).tags == {"once": "yes"}
    assert embedded.control.operations() == ["TagResource"]


@pytest.mark.parametrize("body", [b"<html>", b"nonsense"])
async def test_creating_a_key_is_never_repeated_because_the_answer_is_unreadable(
    body: bytes, scripted: Any, connect: Connect
) -> None:
    scripted.status, scripted.body = (502, body) if body == b"<html>" else (200, body)
    gateway = await connect()
    with pytest.raises(UnreportedOutcomeError):
        await gateway.create_key(KeyCreation())
    assert scripted.targets == ["TrentService.CreateKey"]


async def test_a_throttled_write_was_refused_so_it_is_sent_again(
    embedded: ControlledKms, aws_environment: Any, connect: Connect, records: list[CallRecord]
) -> None:
    gateway = await connect()
    key, _ = await gateway.describe("alias/ImportedCMK")
    embedded.control.throttle("TagResource", times=1)
    await gateway.tag(key.id, [Tag("again", "yes")])
    assert embedded.control.key(key.id).tags == {"again": "yes"}
    assert records[-1].retries == 1


async def test_a_write_that_kms_says_it_rejected_is_sent_again(
    scripted: Any, connect: Connect
) -> None:
    scripted.status = 500
    scripted.body = b'{"__type": "KMSInternalException", "message": "rejected"}'
    gateway = await connect()
    with pytest.raises(ServiceFailureError):
        await gateway.untag("1234", ["a"])
    assert len(scripted.targets) == 4


def test_of_every_change_it_is_decided_whether_botocore_may_send_it_again() -> None:
    known = [each for each in vars(operations).values() if isinstance(each, Operation)]
    assert {each.name for each in known if each.mutating} == set(RESENDING)
    assert all(each.why for each in RESENDING.values())


@pytest.mark.parametrize("kind", ["throttle", "error500"])
@pytest.mark.parametrize("name", RESENDING)
async def test_only_a_change_that_overwrites_nobody_is_sent_again_unseen(
    name: str,
    kind: str,
    embedded: ControlledKms,
    aws_environment: Any,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    gateway = await connect()
    embedded.control.fault(kind, name)
    embedded.control.clear_requests()
    # What KMS says of its rejection, IAM does not.
    with pytest.raises((ThrottledError, ServiceFailureError, UnreportedOutcomeError)):
        await _SENT[name](gateway)
    assert embedded.control.operations() == [name] * (4 if RESENDING[name].harmless else 1)


_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
_SENT: dict[str, Callable[[Any], Awaitable[object]]] = {
    "PutKeyPolicy": lambda gateway: gateway.put_policy(_ID, _POLICY),
    "PutRolePolicy": lambda gateway: gateway.put_role_policy("role", "policy", _POLICY),
    "UpdateAlias": lambda gateway: gateway.update_alias("alias/a", _ID),
    "DeleteAlias": lambda gateway: gateway.delete_alias("alias/a"),
    "UpdateKeyDescription": lambda gateway: gateway.update_description(_ID, "a"),
    "EnableKey": lambda gateway: gateway.enable(_ID),
    "DisableKey": lambda gateway: gateway.disable(_ID),
    "EnableKeyRotation": lambda gateway: gateway.enable_rotation(_ID),
    "DisableKeyRotation": lambda gateway: gateway.disable_rotation(_ID),
    "ScheduleKeyDeletion": lambda gateway: gateway.schedule_deletion(_ID, 7),
    "CancelKeyDeletion": lambda gateway: gateway.cancel_deletion(_ID),
    "TagResource": lambda gateway: gateway.tag(_ID, [Tag("a", "b")]),
    "UntagResource": lambda gateway: gateway.untag(_ID, ["a"]),
    "CreateAlias": lambda gateway: gateway.create_alias("alias/a", _ID),
    "CreateKey": lambda gateway: gateway.create_key(KeyCreation()),
    "ReplicateKey": lambda gateway: gateway.replicate(_ID, "us-east-1"),
    "RotateKeyOnDemand": lambda gateway: gateway.rotate_now(_ID),
    "CreateGrant": lambda gateway: gateway.create_grant(
        _ID, Grant("", "", "arn:aws:iam::111122223333:role/a", ("Decrypt",))
    ),
    "RevokeGrant": lambda gateway: gateway.revoke_grant(_ID, "a" * 64),
    "UpdatePrimaryRegion": lambda gateway: gateway.update_primary_region(_ID, "us-east-1"),
    "ImportKeyMaterial": lambda gateway: gateway.import_material(_ID, MaterialImport(b"t", b"w")),
    "DeleteImportedKeyMaterial": lambda gateway: gateway.delete_material(_ID),
    "ConnectCustomKeyStore": lambda gateway: gateway.connect_key_store("cks-1234567890abcdef0"),
    "DisconnectCustomKeyStore": lambda gateway: gateway.disconnect_key_store(
        "cks-1234567890abcdef0"
    ),
}


async def test_a_write_that_never_left_is_no_open_outcome(
    scripted: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await connect(Target(endpoint_url="http://127.0.0.1:9"))
    with pytest.raises(NetworkError):
        await gateway.put_policy("1234", _POLICY)


async def test_closing_during_a_write_leaves_its_outcome_open_and_a_read_cancelled(
    scripted: Any, connect: Connect
) -> None:
    scripted.hold.clear()
    gateway = await connect()
    write = asyncio.create_task(gateway.put_policy("1234", _POLICY))
    read = asyncio.create_task(gateway.describe("1234"))
    for _ in range(2):
        await asyncio.to_thread(scripted.waiting.acquire)
    gateway.close()
    with pytest.raises(UnreportedOutcomeError, match="connection was closed"):
        await write
    with pytest.raises(CancelledByPersonError):
        await read
    with pytest.raises(CancelledByPersonError, match="on kms:DescribeKey for key 1234"):
        await gateway.describe("1234")


async def test_a_connection_that_was_closed_sends_no_retries(
    scripted: Any, connect: Connect, until: Until
) -> None:
    scripted.hold.clear()
    scripted.status, scripted.body = 500, b"{}"
    gateway = await connect()
    read = asyncio.create_task(gateway.describe("1234"))
    await asyncio.to_thread(scripted.waiting.acquire)
    gateway.close()
    with pytest.raises(CancelledByPersonError):
        await read
    dispatcher = gateway._calls._dispatcher
    scripted.hold.set()
    await until(lambda: not dispatcher._running)
    assert len(scripted.targets) == 1


async def test_every_change_arrives_as_it_was_asked_for(
    embedded: ControlledKms, monkeypatch: pytest.MonkeyPatch, connect: Connect, no_aws: Any
) -> None:
    for name, value in embedded.environment_for("admin").items():
        monkeypatch.setenv(name, value)
    gateway = await connect()
    key, metadata = await gateway.create_key(
        KeyCreation(description="ours", tags=(Tag("project", "kmsworkshop"),), multi_region=True)
    )
    held = embedded.control.key
    assert (metadata.description, held(key.id).tags) == ("ours", {"project": "kmsworkshop"})
    assert metadata.multi_region == "PRIMARY"
    await gateway.untag(key.id, ["project"])
    assert held(key.id).tags == {}
    await gateway.update_description(key.id, "theirs")
    assert held(key.id).metadata["Description"] == "theirs"
    await gateway.create_alias("alias/mine", key.id)
    assert held(key.id).aliases == ("alias/mine",)
    other, _ = await gateway.create_key(KeyCreation())
    await gateway.update_alias("alias/mine", other.id)
    assert held(other.id).aliases == ("alias/mine",)
    await gateway.delete_alias("alias/mine")
    assert held(other.id).aliases == ()
    await gateway.disable(other.id)
    assert (await gateway.describe(other.id))[1].state == "Disabled"
    await gateway.enable(other.id)
    await gateway.enable_rotation(other.id)
    assert (await gateway.rotation(other.id)).enabled
    await gateway.disable_rotation(other.id)
    assert not (await gateway.rotation(other.id)).enabled
    await gateway.rotate_now(other.id)
    replica = await gateway.replicate(key.id, "us-east-1", "copy")
    assert ":us-east-1:" in replica.arn
    deletion = await gateway.schedule_deletion(other.id, 7)
    assert deletion is not None
    assert (await gateway.describe(other.id))[1].deletion is not None
    await gateway.cancel_deletion(other.id)
    assert (await gateway.describe(other.id))[1].state == "Disabled"


async def test_closing_closes_the_connections(
    scripted: Any, connect: Connect, until: Until
) -> None:
    gateway = await connect()
    with pytest.raises(MalformedAnswerError):
        await gateway.describe("1234")
    assert scripted.open_connections() == 1
    gateway.close()
    await until(lambda: scripted.open_connections() == 0)
