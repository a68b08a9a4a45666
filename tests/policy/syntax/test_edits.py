"""Edits take the formatting around them and the commas that belong to them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.syntax import edits
from kmstui.policy.syntax.nodes import ArrayNode, ObjectNode, apply_edits
from kmstui.policy.syntax.parser import parse

_LINES = '{\n    "a" : [ "x",\n            "y" ],\n    "b" : {}\n}'


def _root(text: str) -> ObjectNode:
    root = parse(text).root
    assert isinstance(root, ObjectNode)
    return root


def _array(text: str) -> ArrayNode:
    root = parse(text).root
    assert isinstance(root, ArrayNode)
    return root


def test_a_member_is_added_as_its_neighbours_are_written() -> None:
    edit = edits.insert_member(_LINES, _root(_LINES), "c", ["z"])
    assert apply_edits(_LINES, (edit,)) == (
        '{\n    "a" : [ "x",\n            "y" ],\n    "b" : {},\n    "c" : [\n        "z"\n    ]\n}'
    )
    edit = edits.insert_first_member(_LINES, _root(_LINES), "c", 1)
    assert apply_edits(_LINES, (edit,)).startswith('{\n    "c" : 1,\n    "a" : [')


def test_an_item_is_added_as_its_neighbours_are_written() -> None:
    holder = _root(_LINES).get("a")
    assert isinstance(holder, ArrayNode)
    added = apply_edits(_LINES, (edits.append_item(_LINES, holder, "z"),))
    assert '"y",\n            "z" ]' in added


@pytest.mark.parametrize(
    ("text", "index", "left"),
    [
        ("[1, 2, 3]", 0, "[2, 3]"),
        ("[1, 2, 3]", 1, "[1, 3]"),
        ("[1, 2, 3]", 2, "[1, 2]"),
        ("[1]", 0, "[]"),
        ("[\n  1,\n  2\n]", 1, "[\n  1\n]"),
        ("[1, 2,]", 1, "[1,]"),
    ],
)
def test_an_item_takes_its_comma_along(text: str, index: int, left: str) -> None:
    holder = _array(text)
    assert apply_edits(text, tuple(edits.delete_items(text, holder, [holder.items[index]]))) == left


@settings(max_examples=100)
@given(st.lists(st.integers(), max_size=6), st.data(), st.sampled_from([None, 2]))
def test_any_items_are_deleted_together(
    values: list[int], data: st.DataObject, indent: int | None
) -> None:
    text = json.dumps(values, indent=indent)
    holder = _array(text)
    doomed = data.draw(st.sets(st.sampled_from(range(len(values))))) if values else set()
    chosen = [holder.items[index] for index in doomed]
    changed = apply_edits(text, tuple(edits.delete_items(text, holder, chosen)))
    assert json.loads(changed) == [each for at, each in enumerate(values) if at not in doomed]


@settings(max_examples=100)
@given(
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=4),
    st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
    st.sampled_from([None, 1, 4]),
)
def test_a_member_added_anywhere_is_there(
    members: dict[str, int], value: Any, indent: int | None
) -> None:
    text = json.dumps(members, indent=indent)
    for insert in (edits.insert_member, edits.insert_first_member):
        changed = apply_edits(text, (insert(text, _root(text), "new name", value),))
        assert json.loads(changed) == {**members, "new name": value}


def test_conditions_join_the_operator_that_is_there() -> None:
    text = '{"Condition": {"StringEquals": {"a": "b"}}}'
    edit = edits.insert_condition(text, _root(text), "StringEquals", "c", "d")
    assert json.loads(apply_edits(text, (edit,))) == {
        "Condition": {"StringEquals": {"a": "b", "c": "d"}}
    }
    edit = edits.insert_condition(text, _root(text), "Bool", "c", "true")
    assert json.loads(apply_edits(text, (edit,)))["Condition"]["Bool"] == {"c": "true"}
    empty = '{"Sid": "a"}'
    edit = edits.insert_condition(empty, _root(empty), "Bool", "c", "true")
    assert json.loads(apply_edits(empty, (edit,)))["Condition"] == {"Bool": {"c": "true"}}


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        (
            {"Bool": {"a": "1", "b": "2"}, "Null": {"c": "3"}},
            {"Bool": {"b": "2"}, "Null": {"c": "3"}},
        ),
        ({"Bool": {"a": "1"}, "Null": {"c": "3"}}, {"Null": {"c": "3"}}),
        ({"Bool": {"a": "1"}}, None),
    ],
)
def test_a_condition_key_takes_its_empty_operator_along(condition: Any, left: Any) -> None:
    text = json.dumps({"Sid": "x", "Condition": condition}, indent=2)
    root = _root(text)
    block = root.get("Condition")
    assert isinstance(block, ObjectNode)
    first = block.members[0].value
    assert isinstance(first, ObjectNode)
    edit = edits.delete_condition(text, root, first.members[0])
    assert json.loads(apply_edits(text, (edit,))).get("Condition") == left


@pytest.mark.parametrize("holder", ['"a"', '["a"]', '[\n "a"\n]'])
def test_a_value_joins_one_or_many(holder: str) -> None:
    text = f'{{"Action": {holder}}}'
    member = _root(text).members[0]
    changed = apply_edits(text, edits.add_value(text, member, "b"))
    assert json.loads(changed) == {"Action": ["a", "b"]}


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"Version": "v"}',
        '{"Statement": []}',
        '{"Statement": {}}',
        '{"Statement": {"Sid": "a"}}',
    ],
)
def test_a_statement_is_put_before_all_others(text: str) -> None:
    statement = edits.root_statement("aws", "444455556666")
    changed = json.loads(apply_edits(text, edits.insert_statement(text, _root(text), statement)))
    assert changed["Statement"][0] == statement
