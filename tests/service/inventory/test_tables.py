"""Whatever is put into a table comes out as it was, however it is kept."""

import tracemalloc
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.model.alias import Alias
from kmstui.model.key import Key, KeyMetadata
from kmstui.model.tag import Tag
from kmstui.service.inventory.alias_table import AliasTable
from kmstui.service.inventory.key_table import KeyTable
from kmstui.service.inventory.text_table import TextTable
from tests.fakes import arn_of, key_id_of, metadata_of

WORDS = st.sampled_from(["", "Enabled", "AWS", "Straße"])
MOMENTS = st.datetimes(
    min_value=datetime(2014, 11, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
)
TAGS = st.lists(st.builds(Tag, WORDS, WORDS), max_size=3).map(tuple)
METADATA = st.builds(
    KeyMetadata, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, MOMENTS,
    multi_region=WORDS, deletion=st.none() | MOMENTS, valid_to=st.none() | MOMENTS,
    pending_window_days=st.none() | st.integers(7, 30), replicas=st.lists(WORDS).map(tuple),
)  # fmt: skip
IDS = st.integers(1, 6).map(key_id_of)


@st.composite
def keys(draw):
    key_id = draw(IDS)
    arn = draw(st.sampled_from([arn_of(key_id), arn_of(key_id, "111122223333"), "", "odd"]))
    return Key(
        key_id,
        arn,
        draw(st.none() | METADATA),
        draw(WORDS),
        draw(st.none() | TAGS),
        draw(WORDS),
        draw(st.none() | st.booleans()),
    )


@settings(max_examples=100)
@given(st.lists(keys() | IDS, max_size=12))
def test_keys_come_out_as_they_were_put_in_and_go_when_they_are_told_to(steps):
    table, expected, came = KeyTable(), {}, {}
    for step in steps:
        if isinstance(step, str):
            assert table.discard(step) == (expected.pop(step, None) is not None)
        else:
            table.put(step)
            expected[step.id] = step
            came.setdefault(step.id)
        assert dict(table) == expected
        assert list(table) == [key_id for key_id in came if key_id in expected]
        assert [table.at(number) for number in range(len(came))] == list(map(table.get, came))
        assert set(table.flagged()) == set(expected)
        managed = {key.id for key in expected.values() if key.is_aws_managed}
        assert {table.ids[number] for number in table.aws_managed()} == managed
        in_use = Counter(key.tags for key in expected.values() if key.tags)
        assert in_use == {tags: keys for tags, keys in table.tags_in_use() if tags}


@given(keys(), TAGS)
def test_new_tags_take_the_place_of_the_reason_why_there_were_none(key, tags):
    table = KeyTable()
    table.put(key)
    changes = key.tags != tags or key.tags_problem != ""
    assert table.set_tags(key.id, tags) == changes
    assert table[key.id] == replace(key, tags=tags, tags_problem="")


def test_a_date_of_another_time_zone_is_the_same_moment():
    table = KeyTable()
    there = datetime(2025, 6, 1, 23, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-7)))
    table.put(Key(key_id_of(1), arn_of(key_id_of(1)), metadata_of(created=there)))
    assert table[key_id_of(1)].metadata.created == there


def test_ten_thousand_described_keys_take_next_to_nothing():
    table = KeyTable()
    aliases = AliasTable(table.ids)
    keys = range(10_000)
    tracemalloc.start()
    for number in keys:
        key_id = key_id_of(number)
        metadata = metadata_of(description=f"what number {number} is for")
        tags = (Tag("team", "blue"), Tag("cost", str(number % 100)))
        table.put(Key(key_id, arn_of(key_id), metadata, tags=tags))
        aliases.put(Alias(f"alias/app/{number}", key_id))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(table) == len(aliases) == len(keys)
    assert taken / len(keys) < 300


ALIASES = st.builds(
    Alias,
    st.sampled_from(["alias/a", "alias/b", "alias/aws/c"]),
    st.sampled_from(["", key_id_of(1), key_id_of(2)]),
    st.none() | MOMENTS,
    st.none() | MOMENTS,
)


@settings(max_examples=100)
@given(st.lists(ALIASES | st.sampled_from(["alias/a", "alias/b", "alias/nobody"]), max_size=12))
def test_aliases_are_found_by_name_and_by_key(steps):
    table, expected = AliasTable(TextTable()), {}
    for step in steps:
        if isinstance(step, str):
            table.discard(step)
            expected.pop(step, None)
        else:
            table.put(step)
            expected[step.name] = step
        assert dict(table) == expected
        assert [table.at(number) for number in range(len(table.names))] == [
            expected.get(name) for name in table.names
        ]
        assert set(table.flagged()) == set(expected)
        assert {table.names[number] for number in table.of_aws()} == {
            name for name, alias in expected.items() if alias.is_aws
        }
        for key_id in (key_id_of(1), key_id_of(2)):
            names = {name for name, alias in expected.items() if alias.key_id == key_id}
            assert set(table.names_of(key_id)) == names


def test_a_refused_key_keeps_its_reason_until_it_is_described():
    table, key = KeyTable(), Key(key_id_of(1), arn_of(key_id_of(1)), problem="denied")
    table.put(key)
    assert table[key.id].problem == "denied"
    described = replace(key, metadata=metadata_of(description="mine"), problem="")
    table.put(described)
    assert table[key.id] == described
