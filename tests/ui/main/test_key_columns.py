from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kmstui.model import Key, KeyFacts, Rotation, Tag
from kmstui.service.inventory.sorted_rows import SortedRows
from kmstui.ui.main.key_columns import COLUMNS, KEY_COLUMNS, SORT_COLUMNS, folded, sort_text
from tests.fakes import arn_of, key_id_of, metadata_of


def key(number, **metadata):
    key_id = key_id_of(number)
    return Key.of(key_id, arn_of(key_id), metadata_of(**metadata))


def order(keys, column, *, reverse=False, aliases=None):
    aliases = aliases or {}
    rows = SortedRows(reverse=reverse)
    for each in keys:
        text = sort_text(each, aliases.get(each.id, ()), column, reverse=reverse)
        rows.update({each.id: text})
    return list(rows)


def test_named_keys_come_before_nameless_ones_whichever_way_round():
    keys = [key(1), key(2), key(3)]
    names = {keys[0].id: ("alias/b",), keys[2].id: ("alias/A",)}
    up = order(keys, "alias", aliases=names)
    assert up == [keys[2].id, keys[0].id, keys[1].id]
    down = order(keys, "alias", aliases=names, reverse=True)
    assert down == [keys[0].id, keys[2].id, keys[1].id]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("column", ["id", "description"])
def test_customer_keys_come_first_whichever_way_round(reverse, column):
    keys = [
        key(1, manager="AWS", description="a"),
        key(2),
        Key.of(key_id_of(3), arn_of(key_id_of(3))),
    ]
    assert order(keys, column, reverse=reverse)[-1] == keys[0].id


@pytest.mark.parametrize("reverse", [False, True])
def test_a_description_of_signs_that_do_not_print_stays_among_the_customer_keys(reverse):
    odd = [key(number, description=text) for number, text in enumerate("\x00\x01\U0010ffff", 1)]
    rows = order([*odd, key(8, description="b"), key(9, manager="AWS")], "description",
                 reverse=reverse)  # fmt: skip
    assert rows[0] == key_id_of(8)
    assert rows[-1] == key_id_of(9)


def test_times_are_sorted_as_times():
    keys = [key(1, created=datetime(2025, 1, 1, tzinfo=UTC)),
            key(2, created=datetime(1999, 1, 1, tzinfo=UTC)),
            key(3, created=datetime(2031, 1, 1, tzinfo=UTC))]  # fmt: skip
    assert order(keys, "created") == [keys[1].id, keys[0].id, keys[2].id]


@pytest.mark.parametrize("column", SORT_COLUMNS)
def test_every_column_has_a_text_for_every_kind_of_key(column):
    bare = Key.of(key_id_of(1), arn_of(key_id_of(1)))
    facts = KeyFacts(rotation=Rotation(enabled=True))
    dying = key(2, deletion=datetime(2026, 1, 1, tzinfo=UTC))
    full = replace(dying, facts=facts, tags=(Tag("a", "b"),))
    for each in (bare, full):
        assert sort_text(each, ("alias/x\x00y",), column)


def test_upper_and_lower_case_are_sorted_alike():
    assert folded("alias/Straße") == folded("alias/STRASSE")


def test_no_column_takes_the_place_of_another():
    assert len(COLUMNS) == len(KEY_COLUMNS)
