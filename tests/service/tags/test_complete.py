"""Completion proposes what the account uses already, the most used first."""

from kmstui.model import Tag
from kmstui.service.tags.complete import (
    TagVocabulary,
    complete_tag_keys,
    complete_tags,
    complete_value,
)


def _vocabulary(*keys):
    vocabulary = TagVocabulary()
    for tags in keys:
        vocabulary.learn(Tag(name, value) for name, value in tags.items())
    return vocabulary


ACCOUNT = _vocabulary(
    {"project": "orders", "env": "dev"},
    {"project": "orders", "env": "prod"},
    {"project": "billing", "cost center": "42"},
    {"my project": "x"},
)


def _applied(text, cursor=None):
    cursor = len(text) if cursor is None else cursor
    return [
        text[: each.start] + each.text + text[each.end :]
        for each in complete_tags(text, cursor, ACCOUNT)
    ]


def test_tag_keys_and_then_values():
    assert _applied("pro") == ["project=", '"my project"=']
    assert _applied("project=") == ["project=orders ", "project=billing "]
    assert _applied("env=dev project=b") == ["env=dev project=billing "]
    (first, *_) = complete_tags("pro", 3, ACCOUNT)
    assert (first.label, first.detail) == ("project", "on 3 keys")


def test_what_holds_spaces_is_quoted_so_that_it_can_be_read_again():
    assert _applied("cost") == ['"cost center"=']
    assert _applied('"cost center"=') == ['"cost center=42" ']
    assert _applied('"cost c') == ['"cost center"=']


def test_upper_and_lower_case_find_each_other():
    assert _applied("PROJ")[0] == "project="


def test_a_tag_that_is_in_the_line_is_not_proposed_again():
    assert _applied("project=orders p") == ['project=orders "my project"=']


def test_the_word_at_the_cursor_is_completed_not_the_last_one():
    assert _applied("env project=orders", 2)[0] == "env= project=orders"


def test_json_and_pasted_lines_are_left_alone():
    assert _applied('{"pro') == []
    assert _applied("a=1\npro") == []


def test_tag_keys_to_remove_are_those_that_are_there():
    proposals = complete_tag_keys("env c", 5, {"env": 2, "cost center": 1, "project": 9})
    assert [each.text for each in proposals] == ['"cost center" ', "project "]
    assert proposals[0].detail == "on 1 key"


def test_values_of_one_tag():
    assert [each.text for each in complete_value("o", ACCOUNT.values("project"))] == ["orders"]
    assert complete_value("orders", ACCOUNT.values("project")) == ()


def test_tags_of_many_keys_are_counted_at_once_and_forgotten_with_their_account():
    vocabulary = _vocabulary({"env": "dev"})
    vocabulary.learn((Tag("env", "dev"), Tag("team", "blue")), 3)
    assert dict(vocabulary.keys()) == {"env": 4, "team": 3}
    assert dict(vocabulary.values("env")) == {"dev": 4}
    vocabulary.clear()
    assert dict(vocabulary.keys()) == dict(vocabulary.values("env")) == {}
