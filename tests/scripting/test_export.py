"""`kmstui export`: what our own reader of such files finds in them is what the key has."""

from __future__ import annotations

import json

import pytest

from kmstui.model import Grant, Tag
from kmstui.policy.infrastructure import policies_in
from kmstui.service.backups import KeyRecord, cloudformation, terraform
from tests.embedded import aws_environment, client, embedded, embedded_server
from tests.scripting.embedded_commands import Kmstui, kmstui, stored_policy

__all__ = ["aws_environment", "embedded", "embedded_server", "kmstui"]

ALIASES = ("alias/ImportedCMK", "alias/orders/api", "alias/global/sessions", "alias/orders/rds")


@pytest.mark.parametrize("form", ["terraform", "cloudformation"])
def test_the_policy_that_lint_finds_in_an_export_is_the_keys(
    kmstui: Kmstui, embedded, tmp_path, form: str
):
    file = tmp_path / ("keys.tf" if form == "terraform" else "keys.json")
    done = kmstui("export", *ALIASES, "--format", form, "--out", file)
    assert done.code == 0, done.err
    found = policies_in(str(file), file.read_text())
    assert found is not None
    assert [json.loads(each.rendered.text) for each in found.policies] == [
        stored_policy(embedded, alias) for alias in ALIASES
    ]
    assert kmstui("lint", file).code in (0, 1)


HOSTILE = '${aws:username} %{if} $${x} "q" \\\\ POLICY\n\t\u202e é'
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "a",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "kms:Decrypt",
                "Resource": "*",
                "Condition": {"StringEquals": {"kms:EncryptionContext:x": HOSTILE}},
            }
        ],
    }
)


def record(**changes) -> KeyRecord:
    values = {
        "arn": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "spec": "SYMMETRIC_DEFAULT",
        "usage": "ENCRYPT_DECRYPT",
        "origin": "AWS_KMS",
        "manager": "CUSTOMER",
        "state": "Enabled",
        "policy": POLICY,
        "aliases": ("alias/a",),
        **changes,
    }
    return KeyRecord(**values)


def test_nothing_in_a_policy_a_tag_or_a_description_is_taken_for_a_template():
    text = terraform([(record(description=HOSTILE, tags=(Tag("k", HOSTILE),)), ())])
    found = policies_in("a.tf", text)
    assert found is not None
    (policy,) = found.policies
    assert json.loads(policy.rendered.text) == json.loads(POLICY)
    assert policy.name == "aws_kms_key.a"
    assert 'description              = "$${aws:username} %%{if} ${"$"}$${x} \\"q\\"' in text
    template, _ = cloudformation([record()])
    found = policies_in("a.json", json.dumps(template))
    assert found is not None
    assert json.loads(found.policies[0].rendered.text) == json.loads(POLICY)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "aws_kms_key"),
        ({"origin": "EXTERNAL"}, "aws_kms_external_key"),
        ({"multi_region": "REPLICA", "regions": ("us-east-1",)}, "aws_kms_replica_key"),
        ({"multi_region": "REPLICA", "origin": "EXTERNAL"}, "aws_kms_replica_external_key"),
    ],
)
def test_each_kind_of_key_is_its_own_resource_with_an_import(changes, kind: str):
    text = terraform([(record(**changes), ())])
    assert f'import {{\n  to = {kind}.a\n  id = "1234abcd-' in text
    assert f'resource "{kind}" "a" {{' in text
    assert ("primary_key_arn" in text) is ("replica" in kind)
    assert f"target_key_id = {kind}.a.key_id" in text


def test_grants_are_imported_by_their_ids_and_two_aliases_never_become_one_name():
    grant = Grant("g1", "", "arn:aws:iam::111122223333:role/r", ("Decrypt",), name="n",
                  context_subset=(("a", "b"),))  # fmt: skip
    of_service = Grant("g2", "", "", ("Decrypt",), grantee_service="rds.amazonaws.com")
    aliases = ("alias/a", "alias/b-c", "alias/b/c", "alias/b_c")
    text = terraform([(record(aliases=aliases), (grant, of_service))])
    assert '  id = "1234abcd-12ab-34cd-56ef-1234567890ab:g1"' in text
    assert "The grant g2 is of an AWS service" in text
    names = [line for line in text.splitlines() if line.startswith('resource "aws_kms_alias"')]
    assert len(names) == len(set(names)) == 4


def test_cloudformation_says_what_to_import_and_lets_no_key_be_deleted(
    kmstui: Kmstui, embedded, tmp_path
):
    to_import = tmp_path / "import.json"
    done = kmstui(
        "export", ALIASES[0], "--format", "cloudformation", "--resources-to-import", to_import
    )
    resources = json.loads(done.out)["Resources"]
    assert {each["DeletionPolicy"] for each in resources.values()} == {"Retain"}
    listed = json.loads(to_import.read_text())
    assert [each["LogicalResourceId"] for each in listed] == list(resources)
    key_id = client(embedded, "kms", "admin").describe_key(KeyId=ALIASES[0])["KeyMetadata"]["KeyId"]
    assert listed[0]["ResourceIdentifier"] == {"KeyId": key_id}
    assert listed[1]["ResourceIdentifier"] == {"AliasName": ALIASES[0]}


def test_a_key_of_which_something_is_missing_is_not_exported(kmstui: Kmstui, embedded):
    embedded.control.deny("ListResourceTags")
    done = kmstui("export", ALIASES[0])
    assert (done.code, done.out) == (2, "")
    assert "No tags: AccessDenied" in done.err
    embedded.control.reset()
    done = kmstui("export", "alias/aws/ebs", ALIASES[0])
    assert done.code == 2
    assert "AWS makes and manages it" in done.err
    assert "aws_kms_external_key" in done.out
