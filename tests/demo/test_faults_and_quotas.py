"""The switches: faults, latency, quotas, log and reset."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from tests.control import ControlledKms
from tests.embedded import client


def test_one_key_is_denied_and_the_others_work(
    embedded: ControlledKms, kms: Any, key_id: Any, refused: Any
) -> None:
    key = key_id("orders/api")
    embedded.control.deny("DescribeKey", key=key)
    code, message = refused(kms.describe_key, KeyId=key)
    assert code == "AccessDeniedException"
    assert f"is not authorized to perform: kms:DescribeKey on resource: {key}" in message
    assert kms.describe_key(KeyId=key_id("ImportedCMK"))
    embedded.control.clear_faults()
    assert kms.describe_key(KeyId=key)


def test_the_next_calls_are_throttled(embedded: ControlledKms, kms: Any, refused: Any) -> None:
    embedded.control.throttle("ListKeys", times=2)
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            kms.list_keys()
        assert caught.value.response["Error"]["Code"] == "ThrottlingException"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert kms.list_keys()


def test_quotas_hold_back_and_refill(embedded: ControlledKms, kms: Any, key_id: Any) -> None:
    key = key_id("ImportedCMK")
    embedded.control.set_quotas(True)
    refusals = 0
    for number in range(16):
        try:
            kms.untag_resource(KeyId=key, TagKeys=[f"t{number}"])
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ThrottlingException"
            refusals += 1
    assert 0 < refusals <= 11


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("garbage", UnicodeDecodeError),
        ("error500", ClientError),
        ("status", ClientError),
        ("close", (ConnectionClosedError, EndpointConnectionError)),
    ],
)
def test_broken_answers(embedded: ControlledKms, kms: Any, kind: str, error: Any) -> None:
    embedded.control.fault(kind, "ListAliases", times=1)
    with pytest.raises(error):
        kms.list_aliases()
    assert kms.list_aliases()["Aliases"]


@pytest.mark.parametrize("kind", ["html", "truncated"])
def test_answers_that_botocore_takes_for_empty_ones(
    embedded: ControlledKms, kms: Any, kind: str
) -> None:
    embedded.control.fault(kind, "ListAliases", times=1)
    assert "Aliases" not in kms.list_aliases()


def test_a_call_can_hang_until_it_is_let_go(embedded: ControlledKms, kms: Any) -> None:
    embedded.control.fault("hang", "ListKeys", times=1)
    ended = threading.Event()

    def ask() -> None:
        with pytest.raises((ConnectionClosedError, ReadTimeoutError)):
            kms.list_keys()
        ended.set()

    thread = threading.Thread(target=ask)
    thread.start()
    deadline = time.monotonic() + 10
    while not embedded.control.health().hanging:
        assert time.monotonic() < deadline, "the call never came"
    assert kms.list_aliases()["Aliases"]
    assert not ended.is_set()
    embedded.control.clear_faults()
    thread.join(10)
    assert ended.is_set()


def test_an_answer_can_be_lost_after_the_change(
    embedded: ControlledKms, kms: Any, key_id: Any
) -> None:
    key = key_id("ImportedCMK")
    embedded.control.fault("close", "TagResource", times=1, after=True)
    with pytest.raises(ConnectionClosedError):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    assert embedded.control.key(key).tags == {"a": "b"}


def test_any_error_can_be_ordered(embedded: ControlledKms, kms: Any, refused: Any) -> None:
    embedded.control.fault(
        "error", "DescribeKey", code="DependencyTimeoutException", message="later", status=500
    )
    assert refused(kms.describe_key, KeyId="alias/x") == ("DependencyTimeoutException", "later")


def test_latency_is_added(embedded: ControlledKms, kms: Any) -> None:
    embedded.control.set_latency(0.2, "ListKeys")
    started = time.monotonic()
    kms.list_keys()
    assert time.monotonic() - started >= 0.2


def test_slow_calls_do_not_hold_up_others(embedded: ControlledKms, kms: Any) -> None:
    embedded.control.fault("hang", "ListKeys")

    def ask() -> None:
        with pytest.raises((ConnectionClosedError, ReadTimeoutError)):
            kms.list_keys()

    threads = [threading.Thread(target=ask) for _ in range(9)]
    for thread in threads:
        thread.start()
    assert embedded.control.health().filled
    assert kms.list_aliases()["Aliases"]
    embedded.control.clear_faults()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


def test_the_log_tells_each_request(embedded: ControlledKms, kms: Any, refused: Any) -> None:
    kms.describe_key(KeyId="alias/ImportedCMK")
    refused(kms.get_key_policy, KeyId="alias/ImportedCMK")
    first, second = embedded.control.requests()
    assert (first.service, first.operation, first.status) == ("kms", "DescribeKey", 200)
    assert first.key == embedded.control.key("alias/ImportedCMK").metadata["Arn"]
    assert first.caller.endswith("i-0b7f3c2d9e4a1586c")
    assert (second.operation, second.status, second.error) == (
        "GetKeyPolicy",
        400,
        "NotFoundException",
    )
    assert embedded.control.requests(after=first.number) == [second]
    embedded.control.clear_requests()
    assert embedded.control.operations() == []


def test_changes_behind_the_persons_back(embedded: ControlledKms, kms: Any, key_id: Any) -> None:
    key = key_id("ImportedCMK")
    embedded.control.change_key(key, tags={"sneaky": "yes"}, description="changed")
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "sneaky", "TagValue": "yes"}]
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "changed"


def test_reset_brings_everything_back(embedded: ControlledKms, kms: Any, key_id: Any) -> None:
    before = [key["KeyId"] for key in kms.list_keys(Limit=1000)["Keys"]]
    key = key_id("ImportedCMK")
    kms.schedule_key_deletion(KeyId=key)
    kms.create_key()
    kms.delete_alias(AliasName="alias/orders/api")
    client(embedded, "iam", "admin").delete_role_policy(
        RoleName="KMSWorkshop-InstanceInitRole", PolicyName="KMSWorkshop-AditionalPermissions"
    )
    embedded.control.deny("*")
    embedded.control.set_latency(5)
    embedded.control.reset()
    assert [key["KeyId"] for key in kms.list_keys(Limit=1000)["Keys"]] == before
    assert kms.describe_key(KeyId="alias/ImportedCMK")["KeyMetadata"]["KeyState"] == "Enabled"
    assert key_id("orders/api")


def test_tags_put_at_once_are_all_kept(embedded: ControlledKms, kms: Any, key_id: Any) -> None:
    key = key_id("ImportedCMK")

    def tag(number: int) -> None:
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": f"t{number}", "TagValue": "x"}])

    threads = [threading.Thread(target=tag, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(embedded.control.key(key).tags) == 12
