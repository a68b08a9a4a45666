"""Hundreds of thousands of texts are kept by number, and none is lost or mixed up."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.model.tag import Tag
from kmstui.service.inventory.tag_sets import TagSets
from kmstui.service.inventory.text_flags import TextFlags
from kmstui.service.inventory.text_queue import TextQueue
from kmstui.service.inventory.text_table import TextTable, to_bytes

TEXTS = st.text(max_size=6) | st.sampled_from(["\ud800", "\x00", "Straße", "日本"])
TAGS = st.lists(st.builds(Tag, TEXTS, TEXTS), max_size=4).map(tuple)


@settings(max_examples=60)
@given(st.lists(TEXTS, max_size=40))
def test_every_text_has_a_number_of_its_own_that_stays(texts):
    table, expected = TextTable(), {}
    for text in texts:
        assert table.find(text) == expected.get(text)
        assert table.add(text) == expected.setdefault(text, len(expected))
        assert list(table) == list(expected)
    assert [table.find(text) for text in expected] == list(range(len(table)))


def test_fifty_thousand_texts_are_all_found_again():
    table = TextTable()
    texts = [f"key-{number * 7919 % 50_000}" for number in range(50_000)]
    numbers = [table.add(text) for text in texts]
    assert numbers == list(range(50_000))
    assert [table.find(text) for text in texts] == numbers
    assert [table[number] for number in numbers] == texts
    assert table.find("key-50000") is None


@given(TEXTS, TEXTS)
def test_bytes_sort_as_their_texts_do(one, other):
    assert (to_bytes(one) < to_bytes(other)) == (one < other)


@given(st.lists(st.tuples(st.sampled_from(["add", "discard", "pop"]), st.integers(0, 12))))
def test_flags_are_a_set_of_the_texts_of_a_table(steps):
    table, expected = TextTable(), set()
    for number in range(10):
        table.add(str(number))
    flags = TextFlags(table)
    for what, number in steps:
        text = str(number)
        if what == "pop":
            if expected:
                expected.remove(table[flags.pop()])
        else:
            getattr(flags, what)(text)
            getattr(expected, what)(text)
            # What the table does not know is in no set.
            expected &= set(table)
        assert set(flags) == expected
        assert len(flags) == len(expected)
        assert (text in flags) == (text in expected)


def test_each_text_has_its_turn_however_often_one_comes_again():
    table = TextTable()
    for text in "abc":
        table.add(text)
    flags = TextFlags(table)
    flags.update("abc")
    popped = []
    for _ in range(3):
        popped.append(table[flags.pop()])
        flags.add("a")
    assert set(popped) == set("abc")


def test_nothing_can_be_taken_out_of_an_empty_set():
    with pytest.raises(KeyError):
        TextFlags(TextTable()).pop()


@given(st.lists(st.lists(st.sampled_from("abcx"), max_size=4) | st.integers(1, 5)))
def test_who_waits_longest_comes_first(steps):
    table, expected = TextTable(), deque()
    for text in "abc":
        table.add(text)
    queue = TextQueue(table)
    for step in steps:
        if isinstance(step, list):
            queue.extend(step)
            expected.extend(text for text in step if text != "x")
        else:
            for _ in range(min(step, len(expected))):
                assert queue.popleft() == expected.popleft()
        assert len(queue) == len(expected)
    queue.clear()
    with pytest.raises(IndexError):
        queue.popleft()


@given(st.lists(TAGS, max_size=12))
def test_tags_come_out_as_they_were_put_in(sets):
    kept = TagSets()
    numbers = [kept.add(tags) for tags in sets]
    assert [kept[number] for number in numbers] == sets
    assert len(set(numbers)) == len(set(sets))
