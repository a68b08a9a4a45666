"""Whatever is put into a table comes out as it was, however it is kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.model.alias import Alias
from kmstui.model.key import Key, KeyMetadata
from kmstui.model.tag import Tag
from kmstui.service.alias_table import AliasTable
from kmstui.service.key_table import KeyTable
from tests.fakes import arn_of, key_id_of, metadata_of

WORDS = st.sampled_from(["", "Enabled", "x", "Straße"])
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
    table, expected = KeyTable(), {}
    for step in steps:
        if isinstance(step, str):
            assert table.discard(step) == (expected.pop(step, None) is not None)
        else:
            table.put(step)
            expected[step.id] = step
        assert dict(table) == expected
        assert list(table) == list(expected)
    numbers = [table.number_of(key_id) for key_id in table]
    assert None not in numbers
    assert len(set(numbers)) == len(numbers)


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


def test_equal_texts_and_tags_of_many_keys_are_kept_once():
    table = KeyTable()
    for number in (1, 2):
        tags = (Tag("".join(["te", "am"]), "blue"),)
        metadata = metadata_of(description="".join(["orders", " of May"]))
        table.put(Key(key_id_of(number), arn_of(key_id_of(number)), metadata, tags=tags))
    one, two = table.values()
    assert one.tags is two.tags
    assert one.metadata.description is two.metadata.description


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
    table, expected = AliasTable(), {}
    for step in steps:
        if isinstance(step, str):
            table.discard(step)
            expected.pop(step, None)
        else:
            table.put(step)
            expected[step.name] = step
        assert dict(table) == expected
        for key_id in (key_id_of(1), key_id_of(2)):
            names = {name for name, alias in expected.items() if alias.key_id == key_id}
            assert set(table.names_of(key_id)) == names
            assert table.own_id(key_id) == (key_id if names else None)


def test_a_refused_key_keeps_its_reason_until_it_is_described():
    table, key = KeyTable(), Key(key_id_of(1), arn_of(key_id_of(1)), problem="denied")
    table.put(key)
    assert table[key.id].problem == "denied"
    described = replace(key, metadata=metadata_of(description="mine"), problem="")
    table.put(described)
    assert table[key.id] == described
