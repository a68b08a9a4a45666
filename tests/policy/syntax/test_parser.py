"""Any text is read: strict JSON to its value, everything else to what it was meant to be."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.syntax.edits import delete_member
from kmstui.policy.syntax.nodes import (
    ArrayNode,
    Document,
    ErrorNode,
    Node,
    ObjectNode,
    apply_edits,
    walk,
)
from kmstui.policy.syntax.parser import parse
from kmstui.policy.syntax.reader import MOST_DEPTH, MOST_PROBLEMS, READ_IN_SPITE_OF_ALL

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
_PIECES = st.sampled_from(
    [
        "{", "}", "[", "]", ",", ":", '"', "'", "“", "\\", "\\u12", "\n", " ", "//", "#", "/*",
        "*/", "=", "=>", ";", "true", "None", "NaN", "01", "-1.5e3", "kms:Decrypt", '"Action"',
        '"Statement"', '"Sid": "a"', '"Principal": {"AWS": ', "\u00a0", "\ufeff", "\x00", "\ud800",
        "é", "\U0001f511",
    ]
)  # fmt: skip


def value_of(node: Node | None) -> Any:
    """What `json` would make of a node."""
    if isinstance(node, ObjectNode):
        return {member.key.value: value_of(member.value) for member in node.members}
    if isinstance(node, ArrayNode):
        return [value_of(item) for item in node.items]
    if node is None or isinstance(node, ErrorNode):
        return "⟨nothing⟩"
    return node.value


def strict(text: str) -> Any:
    """As `json` reads it, NaN and Infinity refused."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)


def assert_sound(document: Document) -> None:
    """All ranges lie in the text, children inside their parents."""
    size = len(document.text)
    for problem in document.problems:
        assert 0 <= problem.span.start <= problem.span.end <= size
        if problem.fix is not None:
            apply_edits(document.text, problem.fix.edits)
    if document.root is None:
        return
    for node in walk(document.root):
        assert 0 <= node.span.start <= node.span.end <= size
        if isinstance(node, ObjectNode):
            for member in node.members:
                assert node.span.start <= member.span.start <= member.span.end <= node.span.end


@settings(max_examples=150)
@given(_JSON, st.sampled_from([None, 1, 4]), st.booleans())
def test_what_strict_json_accepts_reads_to_the_same_value_without_a_problem(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document = parse(text)
    assert document.problems == ()
    assert value_of(document.root) == strict(text)
    assert_sound(document)


@settings(max_examples=300)
@given(st.text() | st.lists(_PIECES, max_size=40).map("".join))
def test_no_text_raises_and_strict_json_decides_whether_there_is_a_problem(text: str) -> None:
    document = parse(text)
    assert_sound(document)
    try:
        expected = strict(text)
    except ValueError:
        assert document.problems
    else:
        assert document.problems == ()
        assert value_of(document.root) == expected


@settings(max_examples=150)
@given(_JSON.filter(lambda value: isinstance(value, dict | list)), st.data())
def test_a_text_torn_anywhere_keeps_all_the_ranges_sound(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value, indent=2)
    at = data.draw(st.integers(0, len(text)))
    gap = data.draw(st.integers(0, 5))
    piece = data.draw(st.just("") | _PIECES)
    assert_sound(parse(text[:at] + piece + text[at + gap :]))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, "[" * 50_000 + "]" * 50_000])
def test_what_is_deeper_than_any_policy_is_left_unread_with_a_sentence(text: str) -> None:
    document = parse(text)
    assert_sound(document)
    (problem,) = document.problems
    assert "More than 1,000 objects and lists are open" in problem.message
    assert document.text.count("[", 0, problem.span.start) in {0, MOST_DEPTH}


def test_what_is_less_deep_is_read_as_ever() -> None:
    text = "[" * MOST_DEPTH + "]" * MOST_DEPTH
    assert parse(text).problems == ()


def test_a_long_text_with_an_error_at_each_step_is_not_read_to_its_end() -> None:
    document = parse("{" + "'a': 1, " * 20_000 + "}")
    assert_sound(document)
    assert len(document.problems) == MOST_PROBLEMS
    last = document.problems[-1]
    assert "what follows is not read" in last.message
    assert READ_IN_SPITE_OF_ALL < last.span.start < READ_IN_SPITE_OF_ALL + 20


def test_numbers_beyond_pythons_limit_of_digits_are_read() -> None:
    document = parse("1" * 5_000)
    assert document.problems == ()
    assert value_of(document.root) == float("inf")


@pytest.mark.parametrize("text", ["1e999", "-0", "1E5", "0.0", "[1,2.5,-3e-2]", '"\\ud83d\\udd11"'])
def test_odd_but_strict_json(text: str) -> None:
    document = parse(text)
    assert document.problems == ()
    assert value_of(document.root) == strict(text)


def test_members_of_one_name_are_all_kept_and_the_last_one_counts() -> None:
    document = parse('{"a": 1, "a": 2}')
    assert document.problems == ()
    assert isinstance(document.root, ObjectNode)
    assert [member.key.value for member in document.root.members] == ["a", "a"]
    assert value_of(document.root.get("a")) == 2
    assert document.repeated == (document.root,)


_TORN = {
    "trailing comma": ('{"a": [1, 2,], "b": 3}', {"a": [1, 2], "b": 3}),
    "comma missing": ('{"a": 1 "b": 2}', {"a": 1, "b": 2}),
    "colon missing": ('{"a" 1, "b": 2}', {"a": 1, "b": 2}),
    "comments": ('{// one\n"a": 1, /* two */ "b": 2} # three', {"a": 1, "b": 2}),
    "single quotes": ("{'a': 'b'}", {"a": "b"}),
    "name unquoted": ('{a: "b", c: kms:Decrypt}', {"a": "b", "c": "kms:Decrypt"}),
    "quote of a value missing": ('{"a": "b,\n "c": "d"}', {"a": "b", "c": "d"}),
    "quote of a name missing": ('{"a: "b", "c": "d"}', {"a": "b", "c": "d"}),
    "quote of an item missing": ('["kms:Encrypt, "kms:Decrypt"]', ["kms:Encrypt", "kms:Decrypt"]),
    "Python's literals": ('{"a": True, "b": False, "c": None}', {"a": True, "b": False, "c": None}),
    "brace missing at the end": ('{"a": {"b": [1, 2', {"a": {"b": [1, 2]}}),
    "bracket missing": ('{"a": ["b", "c", "d": 1}', {"a": ["b", "c"], "d": 1}),
    "bracket of the wrong kind": ('{"a": ["b"}, "c": 1}', {"a": ["b"], "c": 1}),
    "semicolons": ('{"a": 1; "b": 2}', {"a": 1, "b": 2}),
    "text around it": ('policy =\n{"a": 1}\nthe end', {"a": 1}),
    "a brace too many": ('{"a": 1}}', {"a": 1}),
    "braces for brackets": ('{"a": {"b", "c"}}', {"a": ["b", "c"]}),
    "brackets for braces": ('{"a": ["b": "c"], "d": 1}', {"a": {"b": "c"}, "d": 1}),
    "statements side by side": (
        '{"Statement": [{"Sid": "a"} {"Sid": "b"}]}',
        {"Statement": [{"Sid": "a"}, {"Sid": "b"}]},
    ),
    "a statement's end missing": (
        '{"Statement": [{"Sid": "a", "Action": "b", {"Sid": "c"}]}',
        {"Statement": [{"Sid": "a", "Action": "b"}, {"Sid": "c"}]},
    ),
    "a principal's end missing": (
        '{"Statement": [{"Principal": {"AWS": "*", "Action": "b"}, {"Sid": "c"}]}',
        {"Statement": [{"Principal": {"AWS": "*"}, "Action": "b"}, {"Sid": "c"}]},
    ),
    "a condition's ends missing": (
        '{"Statement": [{"Condition": {"Bool": {"a": "b", "Resource": "*"}]}',
        {"Statement": [{"Condition": {"Bool": {"a": "b"}}, "Resource": "*"}]},
    ),
    "a statement's beginning missing": (
        '{"Statement": [{"Sid": "a"}, "Sid": "b", "Action": "c"}]}',
        {"Statement": [{"Sid": "a"}, {"Sid": "b", "Action": "c"}]},
    ),
    "the policy's beginning missing": (
        '"Version": "v", "Statement": [{"Sid": "a"}]}',
        {"Version": "v", "Statement": [{"Sid": "a"}]},
    ),
    "the policy ends too early": (
        '{"Version": "v"}, "Statement": [{"Sid": "a"}]}',
        {"Version": "v", "Statement": [{"Sid": "a"}]},
    ),
}


@pytest.mark.parametrize(("text", "meant"), _TORN.values(), ids=_TORN.keys())
def test_what_was_meant_is_read_and_the_fixes_make_it_json(text: str, meant: Any) -> None:
    document = parse(text)
    assert document.problems
    assert value_of(document.root) == meant
    for _ in range(10):
        fixes = [problem.fix for problem in document.problems if problem.fix is not None]
        if not fixes:
            break
        text = apply_edits(text, fixes[0].edits)
        document = parse(text)
    if not document.problems:
        assert strict(text) == meant


def test_several_errors_are_found_at_once_and_statements_around_them_are_read() -> None:
    text = """{
  // mine
  'Version': "2012-10-17",
  "Statement": [
    {"Sid": "one", "Effect": "Allow",},
    {"Sid": "two" "Effect": "Deny"}
    {"Sid": "three", "Effect": Allow}
  ]
}"""
    document = parse(text)
    assert [problem.rule for problem in document.problems] == [
        "KMS004", "KMS005", "KMS002", "KMS003", "KMS003", "KMS005",
    ]  # fmt: skip
    assert [each["Sid"] for each in value_of(document.root)["Statement"]] == ["one", "two", "three"]


def test_places_count_characters_and_lines_from_zero() -> None:
    document = parse('{"ä🔑": 1,\n "b": 2}')
    assert document.location(document.text.index("1")) == (0, 7)
    assert document.location(document.text.index("2")) == (1, 6)
    assert document.offset(1, 6) == document.text.index("2")
    assert document.offset(99, 99) == len(document.text)


@pytest.mark.parametrize(
    ("text", "title"),
    [("\ufeff{}", "Remove it"), ('{"Id":\u00a0"a"}', "Write plain spaces")],
)
def test_a_fix_of_odd_blanks_says_what_it_does(text, title):
    (problem,) = parse(text).problems
    assert problem.fix is not None
    assert problem.fix.title == title
    assert parse(apply_edits(text, problem.fix.edits)).problems == ()


def test_one_of_thousands_of_members_is_deleted_by_a_look_at_its_neighbours():
    class Counted(tuple[Any, ...]):
        looks = 0

        def __getitem__(self, index):
            Counted.looks += 1
            return super().__getitem__(index)

        def __iter__(self):
            raise AssertionError("all members were looked at")

    text = "{" + ", ".join(f'"{number}": 1' for number in range(5000)) + "}"
    root = parse(text).root
    assert isinstance(root, ObjectNode)
    member = root.members[2500]
    holder = dataclasses.replace(root, members=Counted(root.members))
    edit = delete_member(text, holder, member)
    assert Counted.looks < 20
    assert strict(apply_edits(text, (edit,))) == {
        str(number): 1 for number in range(5000) if number != 2500
    }


def test_a_name_on_another_line_than_its_colon_lies_inside_its_object():
    assert_sound(parse('{"\n,s\n:'))


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, '{"a":' * 5_000, r"\u12" * 5_000, '"' + r"\u12" * 5_000, "{" + "x" * 20_000],
)
def test_nonsense_of_any_length_is_told_in_short_sentences_and_their_fixes_too(text):
    problems = parse(text).problems
    assert 0 < len(problems) <= MOST_PROBLEMS
    assert all(len(each.message) < 300 for each in problems)
    assert all(len(each.fix.title) < 100 for each in problems if each.fix is not None)
