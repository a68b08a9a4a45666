"""Limits of tags and aliases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control import ControlledKms


def _tags(**tags: str) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


@pytest.fixture
def key(key_id: Any) -> str:
    return str(key_id("ImportedCMK"))


def test_tagging_overwrites_and_untagging_is_silent(kms: Any, key: str) -> None:
    kms.tag_resource(KeyId=key, Tags=_tags(project="kmsworkshop", env="dev"))
    kms.tag_resource(KeyId=key, Tags=_tags(env="prod"))
    kms.untag_resource(KeyId=key, TagKeys=["project", "never there"])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == _tags(env="prod")


def test_tag_keys_differ_by_case(kms: Any, key: str) -> None:
    kms.tag_resource(KeyId=key, Tags=_tags(Env="a", env="b"))
    assert len(kms.list_resource_tags(KeyId=key)["Tags"]) == 2


@pytest.mark.parametrize(
    ("tags", "code", "words"),
    [
        ({"aws:x": "1"}, "TagException", "beginning with aws: are reserved"),
        ({"AWS:x": "1"}, "TagException", "beginning with aws: are reserved"),
        ({"a[b]": "1"}, "TagException", "invalid characters"),
        ({"a": "1\n2"}, "TagException", "invalid characters"),
        ({"a": "x;y"}, "TagException", "invalid characters"),
        ({"k" * 129: "1"}, "ValidationException", "less than or equal to 128"),
        ({"a": "v" * 257}, "ValidationException", "less than or equal to 256"),
    ],
)
def test_bad_tags_are_refused(
    kms: Any, key: str, refused: Any, tags: dict[str, str], code: str, words: str
) -> None:
    answer = refused(kms.tag_resource, KeyId=key, Tags=_tags(**tags))
    assert answer[0] == code
    assert words in answer[1]
    assert kms.list_resource_tags(KeyId=key)["Tags"] == []


def test_letters_of_any_script_and_the_punctuation_are_fine(kms: Any, key: str) -> None:
    tags = {"cost center": "42_.:/=+-@", "名前": "鍵", "empty": "", "k" * 128: "v" * 256}
    kms.tag_resource(KeyId=key, Tags=_tags(**tags))
    held = kms.list_resource_tags(KeyId=key)["Tags"]
    assert {tag["TagKey"]: tag["TagValue"] for tag in held} == tags


def test_duplicates_in_one_request_are_refused(kms: Any, key: str, refused: Any) -> None:
    tags = [*_tags(a="1"), *_tags(a="2")]
    assert refused(kms.tag_resource, KeyId=key, Tags=tags) == ("TagException", "Duplicate tag keys")


def test_fifty_tags_and_no_more(kms: Any, key_id: Any, refused: Any) -> None:
    full = key_id("limits/fifty-tags")
    answer = refused(kms.tag_resource, KeyId=full, Tags=_tags(more="1"))
    assert answer == ("TagException", "Too many tags")
    kms.tag_resource(KeyId=full, Tags=_tags(**{"label-01": "changed"}))


def test_aliases_are_made_moved_and_deleted(kms: Any, key: str, key_id: Any) -> None:
    kms.create_alias(AliasName="alias/team/new", TargetKeyId=key)
    assert key_id("team/new") == key
    other = key_id("orders/api")
    kms.update_alias(AliasName="alias/team/new", TargetKeyId=other)
    assert key_id("team/new") == other
    names = [alias["AliasName"] for alias in kms.list_aliases(KeyId=other)["Aliases"]]
    assert names == ["alias/orders/api", "alias/team/new"]
    kms.delete_alias(AliasName="alias/team/new")
    assert [a["AliasName"] for a in kms.list_aliases(KeyId=other)["Aliases"]] == names[:1]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("alias/aws/mine", "InvalidAliasNameException"),
        ("ImportedCMK", "ValidationException"),
        ("alias/", "ValidationException"),
        ("alias/with space", "ValidationException"),
        ("alias/with:colon", "ValidationException"),
        ("alias/" + "x" * 251, "ValidationException"),
        ("alias/ImportedCMK", "AlreadyExistsException"),
    ],
)
def test_bad_alias_names_are_refused(
    kms: Any, key: str, refused: Any, name: str, code: str
) -> None:
    assert refused(kms.create_alias, AliasName=name, TargetKeyId=key)[0] == code


def test_an_alias_cannot_point_to_an_alias(kms: Any, refused: Any) -> None:
    code, message = refused(
        kms.create_alias, AliasName="alias/second", TargetKeyId="alias/ImportedCMK"
    )
    assert (code, message) == ("ValidationException", "Aliases must refer to keys. Not aliases")


def test_an_alias_moves_only_to_a_key_of_its_kind(kms: Any, key_id: Any, refused: Any) -> None:
    code, message = refused(
        kms.update_alias, AliasName="alias/ImportedCMK", TargetKeyId=key_id("tokens/es256")
    )
    assert code == "KMSInvalidStateException"
    assert "same type and usage" in message


def test_missing_aliases(kms: Any, key: str, refused: Any, embedded: ControlledKms) -> None:
    arn = f"arn:aws:kms:eu-west-1:{embedded.account}:alias/nowhere"
    for call, more in ((kms.delete_alias, {}), (kms.update_alias, {"TargetKeyId": key})):
        answer = refused(call, AliasName="alias/nowhere", **more)
        assert answer == ("NotFoundException", f"Alias {arn} is not found.")
