"""Which form of a key's name each operation takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.control import ControlledKms
from tests.embedded import client

IMPORTED = "alias/ImportedCMK"
TAKES_NO_ALIAS: dict[str, dict[str, Any]] = {
    "get_key_policy": {"PolicyName": "default"},
    "put_key_policy": {"Policy": "{}"},
    "list_key_policies": {},
    "list_resource_tags": {},
    "tag_resource": {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
    "untag_resource": {"TagKeys": ["a"]},
    "list_grants": {},
    "enable_key": {},
    "disable_key": {},
    "schedule_key_deletion": {},
    "get_key_rotation_status": {},
    "update_key_description": {"Description": "x"},
}


def test_describe_key_takes_all_four_forms(kms: Any, embedded: ControlledKms) -> None:
    metadata = kms.describe_key(KeyId=IMPORTED)["KeyMetadata"]
    alias_arn = f"arn:aws:kms:eu-west-1:{embedded.account}:{IMPORTED}"
    for form in (metadata["KeyId"], metadata["Arn"], alias_arn):
        assert kms.describe_key(KeyId=form)["KeyMetadata"]["KeyId"] == metadata["KeyId"]


@pytest.mark.parametrize("operation", TAKES_NO_ALIAS)
def test_an_alias_is_refused_where_kms_takes_none(kms: Any, refused: Any, operation: str) -> None:
    call = getattr(kms, operation)
    code, message = refused(call, KeyId=IMPORTED, **TAKES_NO_ALIAS[operation])
    assert (code, message) == ("NotFoundException", f"Invalid keyId '{IMPORTED}'")


def test_an_alias_arn_is_refused_there_too(kms: Any, refused: Any, embedded: ControlledKms) -> None:
    arn = f"arn:aws:kms:eu-west-1:{embedded.account}:{IMPORTED}"
    assert refused(kms.get_key_policy, KeyId=arn)[0] == "NotFoundException"


def test_a_key_that_does_not_exist(kms: Any, refused: Any, embedded: ControlledKms) -> None:
    missing = "11111111-2222-4333-8444-555555555555"
    arn = f"arn:aws:kms:eu-west-1:{embedded.account}:key/{missing}"
    assert refused(kms.describe_key, KeyId=missing) == (
        "NotFoundException",
        f"Key '{arn}' does not exist",
    )


def test_an_alias_that_does_not_exist(kms: Any, refused: Any, embedded: ControlledKms) -> None:
    code, message = refused(kms.describe_key, KeyId="alias/nowhere")
    assert code == "NotFoundException"
    assert message == f"Alias arn:aws:kms:eu-west-1:{embedded.account}:alias/nowhere is not found."


@pytest.mark.parametrize(
    ("identifier", "code"),
    [
        ("no key at all", "NotFoundException"),
        ("arn:aws:s3:::bucket", "InvalidArnException"),
        ("arn:aws:kms:eu-west-1:1:key/x", "InvalidArnException"),
        ("arn:aws:kms:us-east-1:418259630147:alias/ImportedCMK", "NotFoundException"),
    ],
)
def test_other_nonsense_is_told_apart(kms: Any, refused: Any, identifier: str, code: str) -> None:
    assert refused(kms.describe_key, KeyId=identifier)[0] == code


def test_another_region_shows_other_keys(
    embedded: ControlledKms, key_id: Callable[[str], str]
) -> None:
    here = client(embedded, "kms")
    there = client(embedded, "kms", region="eu-central-1")
    keys_here = {key["KeyId"] for key in here.list_keys(Limit=1000)["Keys"]}
    keys_there = {key["KeyId"] for key in there.list_keys()["Keys"]}
    shared = keys_here & keys_there
    assert 3 <= len(keys_there) < 10
    assert all(key.startswith("mrk-") for key in shared)
    primary = here.describe_key(KeyId="alias/global/sessions")["KeyMetadata"]
    replica = there.describe_key(KeyId="alias/global/sessions")["KeyMetadata"]
    assert primary["KeyId"] == replica["KeyId"]
    assert primary["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert replica["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    assert replica["MultiRegionConfiguration"]["PrimaryKey"]["Region"] == "eu-west-1"
