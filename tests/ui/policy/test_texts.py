"""The editor's pure parts: whatever the text, nothing of it is lost or bent."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style
from textual.geometry import Offset, Size
from textual.strip import Strip

from kmstui.policy.authoring.completion import Completion, Completions
from kmstui.policy.lint.core import Finding, Severity
from kmstui.policy.syntax.nodes import Document, Span
from kmstui.ui.policy.brackets import bracket_partner, enclosing_bracket
from kmstui.ui.policy.completion_popup import STYLES, CompletionPopup
from kmstui.ui.policy.find_bar import Query, SearchError, find_all, replace_all
from kmstui.ui.policy.finding_marks import FindingMarks
from kmstui.ui.policy.layout import detect_indent, format_json, pasted, pretty, unwrapped
from kmstui.ui.policy.line_cells import PlaceholderCharacters, line_end_message
from kmstui.ui.policy.statements import (
    NoStatementError,
    delete_statement,
    duplicate_statement,
    move_statement,
)
from kmstui.ui.policy.text_area import changed_range

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
JSONISH = st.text(alphabet='{}[],:"\\ \n\tab1/', max_size=80)


# Layout


@given(JSON, st.sampled_from([None, 1, 4]))
@settings(max_examples=60)
def test_formatting_json_changes_no_value(value, indent):
    assert json.loads(format_json(json.dumps(value, indent=indent))) == value


@given(JSON)
@settings(max_examples=60)
def test_json_is_laid_out_as_everybody_does(value):
    text = json.dumps(value, indent=4, ensure_ascii=False)
    assert format_json(text) == text


@given(JSONISH)
@settings(max_examples=150)
def test_formatting_loses_nothing_of_a_broken_text_either(text):
    formatted = format_json(text)
    assert _solid(formatted) == _solid(text)
    assert format_json(formatted) == formatted


def _solid(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_formatting_keeps_duplicates_and_spellings():
    text = '{"a":1.50,"a":1e3,"b":"\\u0041\\/"}'
    assert format_json(text, "  ") == ('{\n  "a": 1.50,\n  "a": 1e3,\n  "b": "\\u0041\\/"\n}')


def test_the_step_of_indentation_is_the_texts_own():
    assert detect_indent('{\n  "a": 1\n}') == "  "
    assert detect_indent('{\n\t"a": 1\n}') == "\t"
    assert detect_indent("{}") == "    "


@pytest.mark.parametrize("piece", ["[", "[\n", "{", '{"a":', "[\\n", '[\n"a",', "[{"])
def test_what_is_nested_deeper_than_any_policy_is_not_laid_out(piece):
    text = piece * 20_000
    inserted, _ = pasted(text, "[" * 100, 100, 100)
    assert len(inserted) <= len(text)
    assert format_json(text) == text
    assert pretty(text) == text


def test_the_inside_of_a_string_is_unwrapped_where_it_has_escapes_alone():
    assert unwrapped('{\\"a\\": 1}') == '{"a": 1}'
    assert unwrapped("[1, 2") == "[1, 2"


@pytest.mark.parametrize("text", ['{"Policy": 3}', '"word"', "[1]", "{", '{"a": "{}"}', ""])
def test_what_wraps_no_policy_is_left_alone(text):
    assert unwrapped(text) is text


@given(JSONISH, JSONISH)
@settings(max_examples=100)
def test_a_paste_brings_all_that_was_copied(paste, text):
    insert, start = pasted(paste, text, len(text), len(text))
    if unwrapped(paste) is paste:
        assert _solid(insert) == _solid(paste)
    assert not text[start:].strip()


# Strange characters


@given(st.text(st.characters(codec=None)))
@settings(max_examples=150)
def test_every_character_comes_back_from_its_stand_in(text):
    stand_ins = PlaceholderCharacters()
    text = text.replace("\r\n", "\n")
    held = stand_ins.encode(text)
    assert stand_ins.decode(held) == text
    assert len(held) == len(text)
    assert held.count("\n") == text.count("\n")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", held)


# Findings


def finding(start: int, end: int) -> Finding:
    return Finding("KMS1", Severity.ERROR, "t", "m", "w", "u", Span(start, end))


@given(st.text("ab\n", min_size=1, max_size=40), st.data())
@settings(max_examples=150)
def test_a_mark_outside_a_change_stays_at_its_words(text, data):
    places = st.integers(0, len(text))
    start, end = sorted((data.draw(places), data.draw(places)))
    cut, behind = sorted((data.draw(places), data.draw(places)))
    insert = data.draw(st.text("xy\n", max_size=6))
    after = text[:cut] + insert + text[behind:]
    marks = FindingMarks()
    marks.put([finding(start, end)], text)
    old, new = Document(text, None, ()), Document(after, None, ())
    marks.carry(old.location(cut), old.location(behind), new.location(cut + len(insert)))
    [mark] = marks
    marked = after[new.offset(*mark.start) : new.offset(*mark.end)]
    assert mark.start <= mark.end <= new.location(len(after))
    if start < end and (end <= cut or start >= behind):
        assert marked == text[start:end]


@given(st.text("ab", max_size=30), st.text("ab", max_size=30))
def test_the_changed_range_is_all_that_differs(before, after):
    start, old_end, new_end = changed_range(before, after)
    assert before[:start] + after[start:new_end] + before[old_end:] == after
    assert start <= old_end
    assert start <= new_end


def test_a_message_is_cut_to_its_room_by_cells():
    assert line_end_message(["漢字漢字漢字"], 9) == "漢字漢字…"
    assert line_end_message(["one two three", "four"], 12) == "one tw… (+1)"
    assert line_end_message(["\x1b[2J and more"], 20) == "\\x1b[2J and more"
    assert line_end_message(["anything"], 7) == ""


@pytest.mark.parametrize("at", [Offset(0, 0), Offset(79, 23), Offset(40, 12), Offset(-5, 2)])
@pytest.mark.parametrize("size", [Size(80, 24), Size(10, 3), Size(1, 1)])
def test_a_popup_stays_inside_and_beside_its_line(at, size):
    items = tuple(Completion(f"label{n}", "x", "detail " * 20) for n in range(30))
    popup = CompletionPopup(Completions(0, 0, items), at, size)
    styles = dict.fromkeys(STYLES, Style())
    assert size.region.contains_region(popup.region)
    if 0 <= at.y < size.height and size.height > 1:
        assert not popup.region.y <= at.y < popup.region.bottom
    for _ in range(31):
        popup.move(1)
    assert popup.chosen.label == "label1"
    popup.move(-100)
    blank = Strip.blank(size.width)
    for y in range(size.height):
        assert popup.over(blank, y, styles).cell_length == size.width


# Brackets


def test_brackets_in_strings_are_no_brackets():
    lines = ['{"a": "]}",', '  "b": [1, "{"]', "}"]
    assert bracket_partner(lines, (0, 0)) == (2, 0)
    assert bracket_partner(lines, (2, 0)) == (0, 0)
    assert bracket_partner(lines, (1, 7)) == (1, 14)
    assert bracket_partner(lines, (0, 7)) is None
    assert enclosing_bracket(lines, (1, 9)) == (1, 7)
    assert enclosing_bracket(lines, (0, 0)) is None


# Search


def test_case_counts_only_with_a_capital_letter():
    assert find_all("Allow allow", Query("allow")) == [(0, 5), (6, 11)]
    assert find_all("Allow allow", Query("Allow")) == [(0, 5)]


@pytest.mark.parametrize("pattern", ["(.+)+!", "(a|a)*b", ".*.*.*.*x", "((a?){50}){50}b"])
def test_a_pattern_that_never_comes_to_an_end_is_told(pattern):
    with pytest.raises(SearchError, match="takes too long"):
        find_all("a" * 5_000, Query(pattern, regex=True))
    assert find_all("abc", Query("b+", regex=True)) == [(1, 2)]


def test_plain_patterns_are_plain():
    assert find_all("a.c abc", Query("a.c")) == [(0, 3)]
    assert replace_all("a.c", Query("a.c"), r"\1") == (r"\1", 1)


def test_a_regular_expression_may_use_its_groups():
    query = Query(r"kms:(\w+)", regex=True)
    assert replace_all("kms:A kms:B", query, r"x:\1") == ("x:A x:B", 2)


@pytest.mark.parametrize(("pattern", "template"), [("(", "x"), ("a", r"\9"), ("a", r"\g<no>")])
def test_what_cannot_be_used_is_told(pattern, template):
    with pytest.raises(SearchError):
        replace_all("aaa", Query(pattern, regex=True), template)


@given(st.text("ab\n", max_size=30), st.text("ab", max_size=3), st.text(max_size=3))
def test_replacing_is_what_python_replaces(text, pattern, template):
    expected = text.replace(pattern, template) if pattern else text
    assert replace_all(text, Query(pattern), template)[0] == expected


# Statements

TEXT = '{"Statement": [\n    {"Sid": "a"},\n    {"Sid": "b"},\n    {"Sid": "c"}\n]}'


def sids(text: str) -> str:
    return "".join(each["Sid"] for each in json.loads(text)["Statement"])


@pytest.mark.parametrize("sid", "abc")
def test_statements_keep_their_commas(sid):
    at = TEXT.index(f'"{sid}"')
    assert sids(duplicate_statement(TEXT, at).text) == "abc".replace(sid, sid * 2)
    assert sids(delete_statement(TEXT, at).text) == "abc".replace(sid, "")
    for by in (-1, 1):
        place = "abc".index(sid) + by
        if 0 <= place < 3:
            moved = move_statement(TEXT, at, by)
            assert sids(moved.text).index(sid) == place
            assert moved.text[moved.cursor :].startswith(f'"{sid}"')
        else:
            with pytest.raises(NoStatementError):
                move_statement(TEXT, at, by)


def test_the_only_statement_leaves_an_empty_list():
    assert delete_statement('{"Statement": [\n  {}\n]}', 18).text == '{"Statement": []}'


@pytest.mark.parametrize("text", ["", "{}", '{"Statement": {}}', '{"Statement": []}', "[", "7"])
def test_without_a_list_of_statements_it_says_so(text):
    for change in (duplicate_statement, delete_statement):
        with pytest.raises(NoStatementError):
            change(text, 0)
