from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.model.key import Key
from kmstui.model.tag import Tag
from kmstui.service.sorting import SORT_COLUMNS, SortedRows, place_of, place_of_name, row_of
from tests.fakes import arn_of, key_id_of, metadata_of


def key(number, **metadata):
    key_id = key_id_of(number)
    return Key(key_id, arn_of(key_id), metadata_of(**metadata))


def order(keys, column, *, reverse=False, aliases=None):
    aliases = aliases or {}
    places = sorted(
        place_of(each, aliases.get(each.id, ()), column, reverse=reverse) for each in keys
    )
    rows = SortedRows(places, reverse=reverse)
    return [key.id for row in rows for key in keys if key.id == row]


def test_named_keys_come_before_nameless_ones_whichever_way_round():
    keys = [key(1), key(2), key(3)]
    names = {keys[0].id: ("alias/b",), keys[2].id: ("alias/A",)}
    up = order(keys, "alias", aliases=names)
    assert up == [keys[2].id, keys[0].id, keys[1].id]
    down = order(keys, "alias", aliases=names, reverse=True)
    assert down == [keys[0].id, keys[2].id, keys[1].id]


@pytest.mark.parametrize("reverse", [False, True])
def test_customer_keys_come_first_whichever_way_round(reverse):
    keys = [key(1, manager="AWS"), key(2), Key(key_id_of(3), arn_of(key_id_of(3)))]
    assert order(keys, "id", reverse=reverse)[-1] == keys[0].id


def test_times_are_sorted_as_times():
    keys = [key(1, created=datetime(2025, 1, 1, tzinfo=UTC)),
            key(2, created=datetime(1999, 1, 1, tzinfo=UTC)),
            key(3, created=datetime(2031, 1, 1, tzinfo=UTC))]  # fmt: skip
    assert order(keys, "created") == [keys[1].id, keys[0].id, keys[2].id]


@pytest.mark.parametrize("column", SORT_COLUMNS)
def test_every_column_places_every_kind_of_key(column):
    bare = Key(key_id_of(1), arn_of(key_id_of(1)))
    full = replace(key(2, deletion=datetime(2026, 1, 1, tzinfo=UTC)), rotation=True,
                   tags=(Tag("a", "b"),))  # fmt: skip
    for each in (bare, full):
        assert row_of(place_of(each, ("alias/x\x00y",), column)) == each.id


def test_a_name_is_found_again_in_its_place():
    assert row_of(place_of_name("alias/Straße")) == "alias/Straße"


class Model:
    """What SortedRows should be, the slow way."""

    def __init__(self, reverse):
        self.places = {}
        self.reverse = reverse

    def rows(self):
        ordered = sorted(self.places.values(), reverse=self.reverse)
        return [row_of(place) for place in ordered]


CHANGES = st.dictionaries(
    st.integers(0, 1500).map(lambda number: f"row{number:04d}"),
    st.none() | st.sampled_from("abcdef"),
    max_size=60,
)


@settings(max_examples=60)
@given(st.lists(CHANGES, max_size=6), st.booleans(), st.sampled_from([0, 600, 1400]))
def test_rows_stay_sorted_through_any_changes(batches, reverse, before):
    model = Model(reverse)
    for number in range(before):
        row = f"row{number:04d}"
        model.places[row] = f"{'fedcba'[number % 6]}\x00{row}"
    rows = SortedRows(sorted(model.places.values()), reverse=reverse)
    for batch in batches:
        changes = {row: None if text is None else f"{text}\x00{row}" for row, text in batch.items()}
        expected = any(model.places.get(row) != place for row, place in changes.items())
        assert rows.update(changes) == expected
        for row, place in changes.items():
            if place is None:
                model.places.pop(row, None)
            else:
                model.places[row] = place
        ordered = model.rows()
        assert list(rows) == ordered
        assert len(rows) == len(ordered)
        if ordered:
            middle = len(ordered) // 2
            assert rows[middle] == ordered[middle]
            assert rows[-1] == ordered[-1]
            assert rows[middle : middle + 3] == ordered[middle : middle + 3]
            assert rows.position(ordered[middle]) == middle
        assert rows.position("no such row") is None


def test_many_rows_added_one_after_another_are_all_found():
    rows = SortedRows()
    names = [f"r{number * 7919 % 3000:05d}" for number in range(3000)]
    for name in names:
        rows.update({name: place_of_name(name)})
    assert list(rows) == sorted(names)
    assert [rows.position(name) for name in sorted(names)] == list(range(3000))
