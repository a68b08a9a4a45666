"""Resources of other services, with the keys that they name, as each service tells them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kmstui.model import ConfiguredResource, ResourceKind
from kmstui.service.errors import AccessDeniedError, IncompleteListError
from tests.control import ControlledKms

Connect = Callable[..., Awaitable[Any]]

EXPECTED = {
    ResourceKind.EBS_VOLUMES: {"vol-0a3c9d41e7b25f860": "platform/ebs"},
    ResourceKind.EBS_SNAPSHOTS: {"snap-0f1e2d3c4b5a69788": "platform/ebs"},
    ResourceKind.RDS_INSTANCES: {"orders-prod-1": "orders/rds", "orders-prod-2": "orders/rds"},
    ResourceKind.RDS_CLUSTERS: {"orders-prod": "orders/rds"},
    ResourceKind.S3_BUCKETS: {"data-lake-raw": "data-lake/raw"},
    ResourceKind.SECRETS: {"orders/db-password": "orders/api"},
    ResourceKind.FUNCTIONS: {"orders-webhook": "orders/api"},
    ResourceKind.TOPICS: {"order-events": "alias/events/sns"},
    ResourceKind.QUEUES: {"order-exports": "events/sqs"},
    ResourceKind.LOG_GROUPS: {"/platform/web": "platform/logs"},
    ResourceKind.TABLES: {"sessions": "global/sessions"},
}


async def everything(gateway: Any, kind: ResourceKind) -> list[ConfiguredResource]:
    return [each async for page in gateway.resource_pages(kind) for each in page]


@pytest.mark.usefixtures("aws_environment")
async def test_each_service_tells_its_resources_with_their_keys(connect: Connect) -> None:
    gateway = await connect()
    arns = {alias.name: alias.key_id async for page in gateway.alias_pages() for alias in page}
    for kind, expected in EXPECTED.items():
        found = {each.name: each for each in await everything(gateway, kind)}
        for name, key in expected.items():
            assert not found[name].problem
            (named,) = found[name].keys
            assert key in (named, "") or named.endswith(arns[f"alias/{key}"]), (kind, found[name])


@pytest.mark.usefixtures("aws_environment")
async def test_a_service_that_may_not_be_asked_says_who_may_not_what(connect: Connect) -> None:
    with pytest.raises(AccessDeniedError, match="elasticfilesystem:DescribeFileSystems"):
        await everything(await connect(), ResourceKind.FILE_SYSTEMS)


@pytest.mark.usefixtures("aws_environment")
async def test_a_bucket_that_may_not_be_read_hides_no_other(
    embedded: ControlledKms, connect: Connect
) -> None:
    embedded.control.deny("GetBucketEncryption", times=1)
    found = await everything(await connect(), ResourceKind.S3_BUCKETS)
    assert [bool(each.problem) for each in found].count(True) == 1
    assert any(each.keys for each in found)


@pytest.mark.usefixtures("aws_environment")
async def test_config_tells_what_it_records_and_what_names_a_key(connect: Connect) -> None:
    gateway = await connect()
    recording = await gateway.config_recording()
    assert recording.is_on
    assert recording.all_types
    key, _ = await gateway.describe("alias/orders/rds")
    found = await gateway.config_query(
        f"SELECT resourceId, resourceType WHERE configuration.kmsKeyId = '{key.arn}'"
    )
    assert {json.loads(each)["resourceId"] for each in found} == {
        "orders-prod",
        "orders-prod-1",
        "orders-prod-2",
    }


async def test_a_secret_that_cannot_be_read_makes_the_list_incomplete(
    scripted: Any, connect: Connect
) -> None:
    scripted.body = json.dumps({"SecretList": [{"Name": "a", "KmsKeyId": "k"}, {}]}).encode()
    found: list[ConfiguredResource] = []
    with pytest.raises(IncompleteListError):
        async for page in (await connect()).resource_pages(ResourceKind.SECRETS):
            found.extend(page)
    assert found == [ConfiguredResource("a", ("k",))]
