"""`kmstui tag`, `untag` and `undo` against the embedded KMS; what keys hold, boto3 reads."""

from __future__ import annotations

import pytest

from tests.control import ControlledKms
from tests.embedded import aws_environment, client, embedded, embedded_server
from tests.scripting.embedded_commands import Kmstui, kmstui

__all__ = ["aws_environment", "embedded", "embedded_server", "kmstui"]

ONE, OTHER = "alias/ImportedCMK", "alias/workshop/account-only"


def tags_of(embedded: ControlledKms, alias: str) -> dict[str, str]:
    kms = client(embedded, "kms", "admin")
    key_id = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
    return {
        tag["TagKey"]: tag["TagValue"]
        for page in kms.get_paginator("list_resource_tags").paginate(KeyId=key_id)
        for tag in page["Tags"]
    }


def test_tags_are_put_told_row_by_row_and_taken_back(kmstui: Kmstui, embedded):
    before = {name: tags_of(embedded, name) for name in (ONE, OTHER)}
    words = ("tag", 'env=prod "cost center=42"', ONE, OTHER)

    dry = kmstui(*words, "--dry-run", "--format", "json")
    assert dry.code == 3
    assert {row["outcome"] for row in dry.rows} == {"would change"}
    assert dry.rows[0]["change"] == ["+cost center=42", "+env=prod"]

    refused = kmstui(*words)
    assert refused.code == 1
    assert "--yes sends without asking" in refused.err
    assert {name: tags_of(embedded, name) for name in before} == before

    done = kmstui(*words, "--yes", "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert [(row["name"], row["outcome"]) for row in done.rows] == [(ONE, "done"), (OTHER, "done")]
    for name, old in before.items():
        assert tags_of(embedded, name) == {**old, "env": "prod", "cost center": "42"}

    again = kmstui(*words, "--yes", "--format", "json")
    assert (again.code, {row["outcome"] for row in again.rows}) == (0, {"unchanged"})

    undone = kmstui("undo", "--yes", "--format", "json")
    assert undone.code == 0
    assert {row["outcome"] for row in undone.rows} == {"done"}
    assert {name: tags_of(embedded, name) for name in before} == before


def test_a_filter_names_the_keys_and_what_cannot_be_changed_is_a_row(kmstui: Kmstui, embedded):
    words = ("--filter", "/orders|sandbox/ alias:", "--yes", "--format", "json")
    done = kmstui("tag", "seen=yes", *words)
    outcomes = {row["name"]: row["outcome"] for row in done.rows}
    assert done.code == 1
    assert outcomes["alias/sandbox/experiment-7"] == "refused"
    assert outcomes["alias/orders/api"] == "done"
    tagged = [name for name, outcome in outcomes.items() if outcome == "done"]
    assert {tags_of(embedded, name)["seen"] for name in tagged} == {"yes"}
    gone = kmstui("untag", "seen", "--filter", "tag:seen", "--yes", "--format", "json")
    assert (gone.code, {row["name"] for row in gone.rows}) == (0, set(tagged))
    nobody = kmstui("untag", "seen", "--filter", "tag:seen", "--yes")
    assert (nobody.code, nobody.err) == (1, "kmstui untag: No key matches.\n")


def test_a_key_that_is_not_there_hides_no_other(kmstui: Kmstui, embedded):
    done = kmstui("tag", "env=x", "alias/nothing", ONE, "--yes", "--format", "json")
    assert done.code == 1
    assert [row["outcome"] for row in done.rows] == ["done", "failed"]
    assert "Not found" in done.rows[1]["detail"]
    assert tags_of(embedded, ONE)["env"] == "x"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tag", "aws:x=1", ONE), "Tags: "),
        (("tag", "env=1"), "Name keys, or give a --filter"),
        (("tag", "env=1", ONE, "--filter", "x"), "one of both"),
        (("tag",), "Say which tags"),
        (("tag", "env=1", "--resume"), "--resume finishes a run as it was begun"),
        (("undo",), "so none is taken back"),
    ],
)
def test_what_makes_no_sense_is_a_sentence_and_sends_nothing(
    kmstui: Kmstui, embedded, arguments, said
):
    done = kmstui(*arguments, "--yes")
    assert done.code == 2
    assert said in done.err
    assert "TagResource" not in {each.operation for each in embedded.control.requests()}
