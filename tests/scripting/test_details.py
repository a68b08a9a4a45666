"""`keys`, `show`, `grants`, `events` and `aliases` beside what boto3 reads of the same KMS."""

from __future__ import annotations

import csv
import io
import json

from tests.embedded import aws_environment, client, embedded, embedded_server
from tests.scripting.embedded_commands import Kmstui, kmstui

__all__ = ["aws_environment", "embedded", "embedded_server", "kmstui"]

ALIAS = "alias/ImportedCMK"


def test_keys_lists_what_list_keys_and_describe_key_tell(kmstui: Kmstui, embedded):
    kms = client(embedded, "kms")
    told = {row["id"]: row for row in kmstui("keys", "--aws", "--format", "json").rows}
    listed = [
        key["KeyId"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]
    ]
    # Those that other accounts share are listed too.
    assert set(listed) <= told.keys()
    for key_id in listed:
        row = told[key_id]
        if row["problem"] is None:
            described = kms.describe_key(KeyId=key_id)["KeyMetadata"]
            assert (row["state"], row["spec"]) == (described["KeyState"], described["KeySpec"])


def test_show_tells_what_describe_key_and_the_tags_tell(kmstui: Kmstui, embedded):
    kms = client(embedded, "kms")
    name = "alias/audit/cloudtrail"
    described = kms.describe_key(KeyId=name)["KeyMetadata"]
    done = kmstui("show", name, "--format", "json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert told["arn"] == described["Arn"]
    assert told["description"] == described["Description"]
    tags = kms.list_resource_tags(KeyId=described["KeyId"])["Tags"]
    assert told["tags"] == {tag["TagKey"]: tag["TagValue"] for tag in tags}
    rotation = kms.get_key_rotation_status(KeyId=described["KeyId"])
    assert told["rotation"]["enabled"] == rotation["KeyRotationEnabled"]
    assert described["Arn"] in kmstui("show", name).out
    assert kmstui("show", "alias/nothing").code == 2


def test_grants_are_those_that_list_grants_tells(kmstui: Kmstui, embedded):
    kms = client(embedded, "kms", "admin")
    key_id = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"]
    before = len(kms.list_grants(KeyId=key_id)["Grants"])
    grantee = f"arn:aws:iam::{embedded.account}:role/KeyAdministrator"
    made = kms.create_grant(
        KeyId=key_id,
        GranteePrincipal=grantee,
        Operations=["Decrypt", "Encrypt"],
        Constraints={"EncryptionContextSubset": {"app": "x"}},
        Name="ours",
    )
    done = kmstui("grants", ALIAS, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert (done.code, len(rows)) == (0, before + 1)
    (row,) = (row for row in rows if row["id"] == made["GrantId"])
    assert row["grantee"] == grantee
    assert set(row["operations"].split()) == {"Decrypt", "Encrypt"}
    assert row["context_subset"] == "app=x"


def test_that_there_are_no_grants_is_said(kmstui: Kmstui):
    done = kmstui("grants", "alias/audit/cloudtrail")
    assert (done.code, done.err) == (1, "kmstui grants: alias/audit/cloudtrail has no grants.\n")


def test_events_are_the_newest_of_cloudtrail(kmstui: Kmstui, embedded):
    arn = client(embedded, "kms").describe_key(KeyId=ALIAS)["KeyMetadata"]["Arn"]
    done = kmstui("events", ALIAS, "--limit", "3", "--format", "json")
    assert done.code == 0
    times = [row["time"] for row in done.rows]
    assert len(times) == 3
    assert times == sorted(times, reverse=True)
    found = client(embedded, "cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": arn}]
    )
    known = {event["EventId"] for event in found["Events"]}
    assert {row["id"] for row in done.rows[1:]} <= known
    nothing = kmstui("events", ALIAS, "--name", "ScheduleKeyDeletion")
    assert nothing.code == 1
    assert "CloudTrail has no such event" in nothing.err


def test_aliases_are_those_that_list_aliases_tells(kmstui: Kmstui, embedded):
    listed = {
        alias["AliasName"]: alias.get("TargetKeyId")
        for page in client(embedded, "kms").get_paginator("list_aliases").paginate()
        for alias in page["Aliases"]
    }
    rows = kmstui("aliases", "--aws", "--format", "json").rows
    assert {row["alias"]: row["key"] for row in rows} == listed
    some = kmstui("aliases", "WORKSHOP", "--format", "json").rows
    assert {row["alias"] for row in some} == {name for name in listed if "workshop" in name}
    assert kmstui("aliases", "no-such-name").code == 1
