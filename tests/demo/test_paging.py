"""Every list comes in pages, as KMS documents them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control import ControlledKms
from tests.embedded import client


def test_list_keys_pages_by_100_and_ends(embedded: ControlledKms) -> None:
    admin = client(embedded, "kms", "admin")
    for _ in range(60):
        admin.create_key()
    first = admin.list_keys()
    assert len(first["Keys"]) == 100
    assert first["Truncated"]
    rest = admin.list_keys(Marker=first["NextMarker"])
    assert not rest["Truncated"]
    assert "NextMarker" not in rest
    everything = {key["KeyId"] for key in first["Keys"] + rest["Keys"]}
    assert len(everything) == len(first["Keys"]) + len(rest["Keys"])
    assert everything == {key["KeyId"] for key in admin.list_keys(Limit=1000)["Keys"]}


def test_list_aliases_pages_by_50_and_covers_all(kms: Any) -> None:
    pages = list(kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 20}))
    names = [alias["AliasName"] for page in pages for alias in page["Aliases"]]
    assert len(pages) > 2
    assert names == sorted(set(names))
    assert len(kms.list_aliases()["Aliases"]) == 50
    reserved = [a for page in pages for a in page["Aliases"] if "TargetKeyId" not in a]
    assert all(alias["AliasName"].startswith("alias/aws/") for alias in reserved)
    assert reserved


@pytest.mark.parametrize(("operation", "limit"), [("list_keys", 1001), ("list_aliases", 101)])
def test_a_limit_out_of_range_is_refused(
    kms: Any, refused: Any, operation: str, limit: int
) -> None:
    code, message = refused(getattr(kms, operation), Limit=limit)
    assert code == "ValidationException"
    assert "'limit' failed to satisfy constraint" in message


def test_tags_page_by_50(kms: Any, key_id: Any) -> None:
    full = key_id("limits/fifty-tags")
    assert len(kms.list_resource_tags(KeyId=full)["Tags"]) == 50
    page = kms.list_resource_tags(KeyId=full, Limit=30)
    rest = kms.list_resource_tags(KeyId=full, Limit=30, Marker=page["NextMarker"])
    assert len(page["Tags"]) + len(rest["Tags"]) == 50
    assert not rest["Truncated"]


@pytest.mark.parametrize("marker", ["nonsense", "AAAA", "é"])
def test_a_made_up_marker_is_refused(kms: Any, refused: Any, marker: str) -> None:
    code, message = refused(kms.list_keys, Marker=marker)
    assert (code, message) == ("InvalidMarkerException", "Could not deserialize marker.")


def test_a_marker_is_good_for_its_own_list_only(kms: Any, refused: Any) -> None:
    marker = kms.list_keys(Limit=1)["NextMarker"]
    assert refused(kms.list_aliases, Marker=marker)[0] == "InvalidMarkerException"


def test_pages_stay_whole_while_keys_come_and_go(embedded: ControlledKms) -> None:
    admin = client(embedded, "kms", "admin")
    before = {key["KeyId"] for key in admin.list_keys(Limit=1000)["Keys"]}
    page = admin.list_keys(Limit=20)
    seen = [key["KeyId"] for key in page["Keys"]]
    admin.create_key()
    while page["Truncated"]:
        page = admin.list_keys(Limit=20, Marker=page["NextMarker"])
        seen += [key["KeyId"] for key in page["Keys"]]
    assert before.issubset(seen)
    assert len(seen) == len(set(seen))


def test_grants_are_paged(kms: Any, key_id: Any) -> None:
    key = key_id("platform/ebs")
    page = kms.list_grants(KeyId=key, Limit=1)
    assert page["Truncated"]
    rest = kms.list_grants(KeyId=key, Limit=1, Marker=page["NextMarker"])
    assert page["Grants"][0]["GrantId"] != rest["Grants"][0]["GrantId"]
    assert page["Grants"][0]["Constraints"]["EncryptionContextSubset"].keys() == {"aws:ebs:id"}


def test_tagging_api_pages_by_100_and_ends(embedded: ControlledKms) -> None:
    tagging = client(embedded, "resourcegroupstaggingapi")
    listed: list[str] = []
    token = ""
    while True:
        page = tagging.get_resources(
            ResourceTypeFilters=["kms:key"], ResourcesPerPage=15, PaginationToken=token
        )
        listed += [entry["ResourceARN"] for entry in page["ResourceTagMappingList"]]
        token = page["PaginationToken"]
        if not token:
            break
        assert len(page["ResourceTagMappingList"]) == 15
    assert len(listed) == len(set(listed)) > 30
