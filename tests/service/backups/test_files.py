"""The files of a backup: read back they are the key, and they say when they are not whole."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmstui.model import Grant, Tag
from kmstui.service.backups import BackupError, KeyRecord, as_files, record_of
from kmstui.service.backups.record import RotationSetting, sorted_grants
from tests.fakes import IMPORTED, ROLE_ARN, arn_of, default_policy

WORDS = st.text(max_size=8)
SETTINGS = st.builds(RotationSetting, st.booleans(), st.none() | st.integers(90, 2560))
PAIRS = st.dictionaries(WORDS, WORDS, max_size=2).map(lambda each: tuple(sorted(each.items())))
GRANTS = st.builds(
    Grant,
    id=st.just(""),
    key_arn=st.just(""),
    grantee=WORDS,
    operations=st.sets(st.sampled_from(("Decrypt", "Encrypt")), min_size=1).map(
        lambda each: tuple(sorted(each))
    ),
    name=WORDS,
    retiring=WORDS,
    context_equals=PAIRS,
    context_subset=PAIRS,
    source_arn=WORDS,
)
RECORDS = st.builds(
    KeyRecord,
    arn=st.just(arn_of(IMPORTED)),
    spec=WORDS,
    usage=WORDS,
    origin=WORDS,
    manager=WORDS,
    state=WORDS,
    description=st.text(),
    multi_region=WORDS,
    regions=st.lists(WORDS, max_size=2).map(tuple),
    tags=st.dictionaries(WORDS, WORDS, max_size=3).map(
        lambda each: tuple(sorted(Tag(*pair) for pair in each.items()))
    ),
    aliases=st.sets(WORDS.map("alias/{}".format), max_size=2).map(lambda each: tuple(sorted(each))),
    grants=st.lists(GRANTS, max_size=3).map(sorted_grants),
    rotation=st.none()
    | st.builds(RotationSetting, st.booleans(), st.none() | st.integers(90, 2560)),
)


@given(record=RECORDS)
def test_a_key_read_from_its_files_is_the_key(record):
    record = replace(record, policy=as_files(replace(record, policy="{}"))["policy.json"])
    assert record_of(as_files(record), "x") == record


KEY = KeyRecord(
    arn_of(IMPORTED), "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS", "CUSTOMER", "Enabled",
    policy=default_policy(), grants=(Grant("", "", ROLE_ARN, ("Decrypt",)),),
)  # fmt: skip


def test_the_policy_is_laid_out_for_people_and_means_the_same():
    text = as_files(KEY)["policy.json"]
    assert json.loads(text) == json.loads(KEY.policy)
    assert text.startswith('{\n  "Version": "2012-10-17",\n')


def test_a_policy_that_a_layout_would_change_stays_as_it_is():
    odd = '{"Statement": [], "Statement": []}'
    assert as_files(replace(KEY, policy=odd))["policy.json"] == odd


def test_what_was_not_read_has_no_file_and_the_key_says_so():
    files = as_files(replace(KEY, grants=(), not_read=("grants",)))
    assert "grants.json" not in files
    assert json.loads(files["key.json"])["NotRead"] == ["grants"]
    assert record_of(files, "x").not_read == ("grants",)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("policy.json", None, "this key's backup is not whole"),
        ("tags.json", "[]", "does not hold what"),
        ("tags.json", '{"a": 1}', "does not hold what"),
        ("grants.json", '[{"Operations": []}]', "does not hold what"),
        ("grants.json", '[{"Operations": ["Decrypt"], "Name": 4}]', "does not hold what"),
        ("aliases.json", '["x"]', "does not hold what"),
        ("policy.json", "{", "is not valid JSON"),
        ("key.json", '{"kmstui_key": 1, "Arn": "arn:aws:s3:::x"}', "names no ARN of a key"),
        ("key.json", '{"kmstui_key": 2}', "is not a key's"),
    ],
)
def test_a_file_that_is_missing_or_something_else_is_named(name, text, said):
    files = as_files(KEY)
    if text is None:
        del files[name]
    else:
        files[name] = text
    with pytest.raises(BackupError, match=said) as raised:
        record_of(files, "keys/1")
    assert f"keys/1/{name}" in str(raised.value)
