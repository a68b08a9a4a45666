"""The inventory over real HTTP, from the embedded AWS."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC
from typing import Any, TypeVar

import pytest

from kmstui.model import Tag
from kmstui.service.errors import (
    AccessDeniedError,
    MalformedAnswerError,
    NotFoundError,
    UnsupportedError,
)
from kmstui.service.ports import CallRecord, Urgency
from tests.control import ControlledKms
from tests.embedded import client

T = TypeVar("T")
Connect = Callable[..., Awaitable[Any]]
Until = Callable[[Callable[[], bool]], Awaitable[None]]

pytestmark = pytest.mark.usefixtures("aws_environment")


async def _all(pages: AsyncIterator[Any]) -> list[Any]:
    return [item async for page in pages for item in page]


async def test_keys_and_aliases_are_those_that_boto3_lists(
    embedded: ControlledKms, connect: Connect
) -> None:
    gateway = await connect()
    keys, aliases = await asyncio.gather(_all(gateway.key_pages()), _all(gateway.alias_pages()))
    theirs = client(embedded, "kms")
    assert {(key.id, key.arn) for key in keys} == {
        (key["KeyId"], key["KeyArn"]) for key in theirs.list_keys(Limit=1000)["Keys"]
    }
    listed = [
        alias
        for page in theirs.get_paginator("list_aliases").paginate()
        for alias in page["Aliases"]
    ]
    assert {(alias.name, alias.key_id) for alias in aliases} == {
        (alias["AliasName"], alias.get("TargetKeyId", "")) for alias in listed
    }


async def test_pages_are_asked_for_until_the_end_and_the_next_one_ahead_of_time(
    embedded: ControlledKms, connect: Connect, until: Until
) -> None:
    admin = client(embedded, "kms", "admin")
    for number in range(120):
        if number % 50 == 0:
            # KMS takes 50 aliases a key.
            key_id = admin.create_key()["KeyMetadata"]["KeyId"]
        admin.create_alias(AliasName=f"alias/page-{number}", TargetKeyId=key_id)
    gateway = await connect()
    embedded.control.clear_requests()
    pages = gateway.alias_pages()
    first = await anext(pages)
    assert len(first) == 100
    await until(lambda: embedded.control.operations() == ["ListAliases", "ListAliases"])
    rest = [alias async for page in pages for alias in page]
    names = [alias.name for alias in [*first, *rest]]
    assert len(names) == len(set(names))
    assert {f"alias/page-{number}" for number in range(120)} <= set(names)


async def test_a_key_is_described_by_id_arn_and_alias(
    embedded: ControlledKms, connect: Connect
) -> None:
    gateway = await connect()
    key, metadata = await gateway.describe("alias/ImportedCMK")
    assert key.metadata is metadata
    assert (metadata.origin, metadata.manager) == ("EXTERNAL", "CUSTOMER")
    assert metadata.created.tzinfo is UTC
    for name in (key.id, key.arn, key.arn.replace(f"key/{key.id}", "alias/ImportedCMK")):
        assert await gateway.describe(name) == (key, metadata)


async def test_every_key_is_described_as_boto3_describes_it_or_says_why_not(
    embedded: ControlledKms, connect: Connect
) -> None:
    gateway = await connect()
    keys = await _all(gateway.key_pages())
    answers = await asyncio.gather(
        *(gateway.describe(key.id, Urgency.BACKGROUND) for key in keys), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert refused
    assert all(isinstance(error, AccessDeniedError) for error in refused)
    theirs = client(embedded, "kms")
    for answer in answers:
        if isinstance(answer, BaseException):
            continue
        key, metadata = answer
        told = theirs.describe_key(KeyId=key.id)["KeyMetadata"]
        assert metadata.state == told["KeyState"]
        assert metadata.spec == told["KeySpec"]
        assert metadata.usage == told["KeyUsage"]
        assert metadata.description == told["Description"]
        assert metadata.deletion == told.get("DeletionDate")
        configuration = told.get("MultiRegionConfiguration", {})
        assert metadata.multi_region == configuration.get("MultiRegionKeyType", "")
        related = [configuration.get("PrimaryKey"), *configuration.get("ReplicaKeys", [])]
        assert list(metadata.replicas) == [each["Arn"] for each in related if each]


async def test_tags_of_all_keys_and_of_one_agree(embedded: ControlledKms, connect: Connect) -> None:
    gateway = await connect()
    by_key: dict[str, tuple[Tag, ...]] = {}
    async for page in gateway.tag_pages():
        assert isinstance(page, Mapping)
        by_key |= page
    assert by_key
    longest = max(by_key, key=lambda key_id: len(by_key[key_id]))
    assert len(by_key[longest]) == 50
    for key_id in list(by_key)[:5]:
        assert await gateway.list_tags(key_id) == by_key[key_id]


async def test_a_denied_key_names_the_role_and_what_it_needs(
    embedded: ControlledKms, connect: Connect
) -> None:
    gateway = await connect()
    key, _ = await gateway.describe("alias/ImportedCMK")
    embedded.control.deny("GetKeyPolicy", key=key.id)
    with pytest.raises(AccessDeniedError) as caught:
        await gateway.get_policy(key.arn)
    error = caught.value
    assert error.sentence.startswith(f"AccessDenied on kms:GetKeyPolicy for key {key.id}: ")
    assert "KMSWorkshop-InstanceInitRole" in error.next_step
    assert "kms:GetKeyPolicy" in error.next_step
    assert error.context.code == "AccessDeniedException"
    assert error.context.request_id
    assert error.context.service_message


async def test_a_policy_comes_as_the_text_that_is_stored(
    embedded: ControlledKms, connect: Connect
) -> None:
    gateway = await connect()
    key, _ = await gateway.describe("alias/ImportedCMK")
    assert await gateway.policy_names(key.id) == ("default",)
    text = await gateway.get_policy(key.id)
    assert text == embedded.control.key(key.id).policy
    await gateway.put_policy(key.id, text.replace("Enable IAM User Permissions", "Ours"))
    stored = json.loads(embedded.control.key(key.id).policy)
    assert stored["Statement"][0]["Sid"] == "Ours"


async def test_rotation_tells_the_status_even_where_the_past_is_refused(
    embedded: ControlledKms, connect: Connect
) -> None:
    key_id = client(embedded, "kms", "admin").create_key()["KeyMetadata"]["KeyId"]
    gateway = await connect()
    await gateway.enable_rotation(key_id, 180)
    rotation = await gateway.rotation(key_id)
    assert (rotation.enabled, rotation.period_days, rotation.materials_problem) == (True, 180, "")
    embedded.control.deny("ListKeyRotations")
    rotation = await gateway.rotation(key_id)
    assert rotation.enabled
    assert rotation.materials_problem.startswith("AccessDenied on kms:ListKeyRotations")


async def test_each_key_material_is_told_with_its_state_and_the_current_one_even_where_refused(
    embedded: ControlledKms, connect: Connect
) -> None:
    gateway = await connect()
    key, metadata = await gateway.describe("alias/partners/imported")
    rotation = await gateway.rotation(key.id)
    pending, current = rotation.materials
    assert (pending.state, pending.import_state) == ("PENDING_ROTATION", "IMPORTED")
    assert pending.description == "For the next rotation"
    assert (current.state, current.rotated) == ("CURRENT", None)
    assert current.valid_to == metadata.valid_to
    described = client(embedded, "kms").describe_key(KeyId=key.id)["KeyMetadata"]
    assert current.id == described["CurrentKeyMaterialId"]
    embedded.control.deny("ListKeyRotations")
    (known,) = (await gateway.rotation(key.id)).materials
    assert (known.id, known.state) == (current.id, "CURRENT")


async def test_keys_of_custom_key_stores_say_where_their_material_is(connect: Connect) -> None:
    gateway = await connect()
    _, in_cluster = await gateway.describe("alias/vault/cloudhsm")
    assert in_cluster.custom_key_store_id.startswith("cks-")
    assert in_cluster.cloud_hsm_cluster_id.startswith("cluster-")
    _, outside = await gateway.describe("alias/vault/external")
    assert outside.external_key_id == "hsm7-payments-2026"


async def test_keys_that_other_accounts_share_go_by_their_arn(connect: Connect) -> None:
    gateway = await connect()
    (key,) = await _all(gateway.shared_key_pages())
    assert (key.sharer, key.id) == ("290417736502", key.arn)
    described, metadata = await gateway.describe(key.id)
    assert (described.arn, metadata.state) == (key.arn, "Enabled")
    assert key.arn not in {each.arn for each in await _all(gateway.key_pages())}


async def test_what_an_older_botocore_cannot_ask_is_not_sent(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await connect()
    model = gateway._calls._clients.client("kms").meta.service_model
    members = model.operation_model("ListKeys").input_shape.members
    monkeypatch.delitem(members, "ResourceOwners")
    with pytest.raises(UnsupportedError, match="Update botocore"):
        await _all(gateway.shared_key_pages())


async def test_a_key_that_does_not_exist_is_told_in_the_services_words(
    connect: Connect,
) -> None:
    gateway = await connect()
    with pytest.raises(NotFoundError) as caught:
        await gateway.describe("alias/none-such")
    assert "alias/none-such is not found. Check account and Region" in caught.value.sentence


async def test_each_call_is_told_with_its_time_and_error(
    embedded: ControlledKms, connect: Connect, records: list[CallRecord]
) -> None:
    gateway = await connect()
    embedded.control.throttle("DescribeKey", times=1)
    key, _ = await gateway.describe("alias/ImportedCMK")
    await gateway.tag(key.id, [Tag("a", "b")])
    with pytest.raises(NotFoundError):
        await gateway.describe("alias/none-such")
    described, tagged, missing = records
    assert (described.service, described.operation, described.retries) == ("kms", "DescribeKey", 1)
    assert described.error == ""
    assert described.time.tzinfo is UTC
    assert described.seconds > 0
    assert (tagged.operation, tagged.key, tagged.mutating) == ("TagResource", key.id, True)
    assert (missing.error, missing.key) == ("NotFoundException", "alias/none-such")


async def test_a_marker_that_repeats_does_not_make_an_endless_list(
    scripted: Any, connect: Connect
) -> None:
    scripted.body = b'{"Keys": [], "Truncated": true, "NextMarker": "again"}'
    gateway = await connect()
    with pytest.raises(MalformedAnswerError, match="the list would never end"):
        await _all(gateway.key_pages())


async def test_leaving_a_list_early_drops_the_page_that_was_on_its_way(
    embedded: ControlledKms, connect: Connect
) -> None:
    gateway = await connect()
    async for _ in gateway.tag_pages():
        break
    key, _ = await gateway.describe("alias/ImportedCMK")
    assert key.id
