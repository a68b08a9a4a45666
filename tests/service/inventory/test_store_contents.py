"""Whatever is put into the store comes out as it was, however much of it is shared."""

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.model import Alias, GrantsRead, Key, KeyFacts, KeyMetadata, LastUsage, Rotation, Tag
from kmstui.service.inventory.store import Store, Topic
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
FACTS = st.builds(
    KeyFacts,
    st.none() | WORDS | st.builds(LastUsage, st.none() | MOMENTS, WORDS, st.none() | MOMENTS),
    st.none() | WORDS | st.builds(Rotation, st.booleans(), next_rotation=st.none() | MOMENTS),
    st.none() | WORDS | st.integers(0, 9),
    st.none() | WORDS | st.builds(GrantsRead, st.integers(0, 9)),
)
IDS = st.integers(1, 6).map(key_id_of)


def a_store():
    return Store(lambda seconds, callback: None)


@st.composite
def keys(draw):
    key_id = draw(IDS)
    arn = draw(st.sampled_from([arn_of(key_id), arn_of(key_id, "111122223333"), "", "odd"]))
    key = Key.of(
        key_id,
        arn,
        draw(st.none() | METADATA),
        problem=draw(WORDS),
        tags=draw(st.none() | TAGS),
        tags_problem=draw(WORDS),
        facts=draw(FACTS),
    )
    assert key.arn == arn
    return key


@settings(max_examples=100)
@given(st.lists(keys() | IDS, max_size=12))
def test_keys_come_out_as_they_were_put_in_and_go_when_they_are_told_to(steps):
    store = a_store()
    expected: dict[str, Key] = {}
    for step in steps:
        if isinstance(step, str):
            store.remove_keys((step,))
            expected.pop(step, None)
        else:
            store.put_key(step)
            expected[step.id] = step
        assert store.keys == expected
        assert [key.arn for key in store.keys.values()] == [key.arn for key in expected.values()]


@given(keys(), TAGS)
def test_new_tags_take_the_place_of_the_reason_why_there_were_none(key, tags):
    store = a_store()
    store.put_key(key)
    store.flush()
    changed: list[frozenset[str]] = []
    store.subscribe(Topic.KEYS, changed.append)
    store.set_tags({key.id: tags})
    store.flush()
    assert bool(changed) == (key.tags != tags or key.tags_problem != "")
    assert store.keys[key.id] == replace(key, tags=tags, tags_problem="")


def test_a_date_of_another_time_zone_is_the_same_moment():
    store = a_store()
    there = datetime(2025, 6, 1, 23, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-7)))
    store.put_key(Key.of(key_id_of(1), arn_of(key_id_of(1)), metadata_of(created=there)))
    assert store.keys[key_id_of(1)].metadata.created == there


def test_ten_thousand_described_keys_take_little_beside_what_differs():
    store, count = a_store(), 10_000
    tracemalloc.start()
    for number in range(count):
        key_id = key_id_of(number)
        words = {"state": "Enabled", "spec": "SYMMETRIC_DEFAULT", "usage": "ENCRYPT_DECRYPT"}
        # Each value in an object of its own, as they come from AWS.
        metadata = metadata_of(
            **{name: "".join(word) for name, word in words.items()},
            description=f"what number {number} is for",
        )
        tags = (Tag("team", "blue"), Tag("cost", str(number % 100)))
        store.put_key(Key.of(key_id, arn_of(key_id), metadata, tags=tags))
        store.add_aliases([Alias(f"alias/app/{number}", key_id_of(number))])
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(store.keys) == len(store.aliases) == count
    assert taken / count < 1000


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
    store = a_store()
    expected: dict[str, Alias] = {}
    store.add_keys([Key.of(key_id_of(1), arn_of(key_id_of(1)))])
    for step in steps:
        if isinstance(step, str):
            store.remove_aliases((step,))
            expected.pop(step, None)
        else:
            store.add_aliases((step,))
            expected[step.name] = step
        assert store.aliases == expected
        for key_id in (key_id_of(1), key_id_of(2), ""):
            names = {name for name, alias in expected.items() if alias.key_id == key_id}
            assert set(store.aliases_of(key_id)) == (names if key_id else set())


def test_a_refused_key_keeps_its_reason_until_it_is_described():
    store, key = a_store(), Key.of(key_id_of(1), arn_of(key_id_of(1)), problem="denied")
    store.put_key(key)
    assert store.keys[key.id].problem == "denied"
    described = replace(key, metadata=metadata_of(description="mine"), problem="")
    store.put_key(described)
    assert store.keys[key.id] == described


def test_a_key_is_known_by_account_region_and_id():
    key = Key.of("1234", "arn:aws:kms:eu-west-1:111122223333:key/1234")
    assert (key.account, key.region, key.id) == ("111122223333", "eu-west-1", "1234")
    assert (Key("1234", "").account, Key("1234", "").region) == ("", "")


def test_the_keys_of_aws_are_told_apart():
    store = a_store()
    for number, manager in enumerate(["CUSTOMER", "AWS"], 1):
        key_id = key_id_of(number)
        store.put_key(Key.of(key_id, arn_of(key_id), metadata_of(manager=manager)))
    store.put_key(Key.of(key_id_of(3), arn_of(key_id_of(3))))
    assert store.keys.aws_managed() == [key_id_of(2)]
