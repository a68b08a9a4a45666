"""What a person types or pastes becomes tags, or a fault with its place in the text."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.model import Tag
from kmstui.service.tags.parse import parse_tag_keys, parse_tags, written

THREE = (Tag("project", "kmsworkshop"), Tag("env", "dev"), Tag("cost center", "42"))


@pytest.mark.parametrize(
    "text",
    [
        'project=kmsworkshop env=dev "cost center=42"',
        "project=kmsworkshop env='dev' \"cost center\"=42",
        "  project=kmsworkshop   env=dev 'cost center'=42  ",
        "project=kmsworkshop\nenv=dev\ncost center=42",
        "project=kmsworkshop\r\nenv=dev\r\ncost center=42\r\n",
        "project: kmsworkshop\n\n# a comment\nenv: dev\ncost center: 42",
        'project: "kmsworkshop"\n"env": dev\n"cost center": "42"',
        "TagKey=project,TagValue=kmsworkshop TagKey=env,TagValue=dev "
        '"TagKey=cost center,TagValue=42"',
        "TagKey=project,TagValue=kmsworkshop\nTagKey=env,TagValue=dev\n"
        "TagKey=cost center,TagValue=42",
        "Key=project,Value=kmsworkshop\nKey=env,Value=dev\nKey=cost center,Value=42",
        "key,value\nproject,kmsworkshop\nenv,dev\ncost center,42",
        'Tag key,Tag value\n"project","kmsworkshop"\nenv, dev\n"cost center",42',
        '{"project": "kmsworkshop", "env": "dev", "cost center": "42"}',
        '[{"Key": "project", "Value": "kmsworkshop"}, {"Key": "env", "Value": "dev"},'
        ' {"Key": "cost center", "Value": "42"}]',
        json.dumps(
            {"Tags": [{"TagKey": t.key, "TagValue": t.value} for t in THREE], "Truncated": False},
            indent=4,
        ),
    ],
)  # fmt: skip
def test_every_form_that_people_have_at_hand(text):
    parsed = parse_tags(text)
    assert parsed.problems == ()
    assert parsed.tags == THREE


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("owner=", Tag("owner", "")),
        ("owner: me", Tag("owner", "me")),
        ("url=https://x/?a=b".replace("?", "@"), Tag("url", "https://x/@a=b")),
        ("owner:team=me", Tag("owner:team", "me")),
        ("größe=münchen", Tag("größe", "münchen")),
        ('"a=b c"', Tag("a", "b c")),
    ],
)
def test_tags_that_look_odd_and_are_right(text, tag):
    assert parse_tags(text).tags == (tag,)
    assert parse_tags(text).problems == ()


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("env=dev project", "has no value: write project=VALUE", "project"),
        ("env=dev =x", "needs a key before its value", "=x"),
        ('env=dev "cost center=42', "the quote is not closed", '"cost center=42'),
        ("env=dev aws:x=1", "begins with aws:, which is AWS's own", "aws:x=1"),
        ("env=dev AWS:x=1", "begins with aws:, which is AWS's own", "AWS:x=1"),
        ("env=dev team=a#b", "holds '#' (U+0023), which tags do not allow", "team=a#b"),
        ("env=dev te*m=a", "holds '*' (U+002A), which tags do not allow", "te*m=a"),
        ("env=dev\nteam=a\tb", "holds '\\t' (U+0009), which tags do not allow", "team=a\tb"),
        ("a=1 b=\u202e2", "holds '\\u202e' (U+202E), which tags do not allow", "b=\u202e2"),
        ("env=dev env=prod", "is given twice with different values", "env=prod"),
        (f"env=dev {'k' * 129}=1", "has 129 characters, 128 at most", f"{'k' * 129}=1"),
        (f"env=dev k={'v' * 257}", "has 257 characters, 256 at most", f"k={'v' * 257}"),
        ("env=dev\nnonsense", "is neither k=v nor k: v", "nonsense"),
        ("a,b\nc,d,e", "has 3 columns instead of 2", "c,d,e"),
        ('{"env": "dev", "env": "prod"}', "twice with different values", '"env"'),
        ('[{"TagKey": "env"}, 7]', "each tag needs a TagKey and a TagValue", None),
        ('{"env": 7}', "each tag needs a TagKey and a TagValue", None),
        ('{"env": "dev"', "not valid JSON", '"'),
        ("[]", "there are no tags in it", "[]"),
    ],
)
def test_a_fault_says_what_and_where(text, message, marked):
    problems = parse_tags(text).problems
    found = [each for each in problems if message in each.message]
    assert found, problems
    if marked is not None:
        assert text[found[0].start : found[0].end] == marked


def test_a_second_env_in_json_is_marked_where_it_stands():
    text = '{"Tags": [{"TagKey": "env", "TagValue": "a"}, {"TagKey": "env", "TagValue": "b"}]}'
    (problem,) = parse_tags(text).problems
    assert problem.start == text.rindex('"env"')


def test_more_tags_than_a_key_can_have():
    (problem,) = parse_tags("\n".join(f"k{number}=v" for number in range(51))).problems
    assert problem.message == "51 tags, and a key can have 50"


def test_nothing_is_neither_a_tag_nor_a_fault():
    assert parse_tags("  \n ").tags == ()
    assert parse_tags("  \n ").problems == ()


def test_tag_keys_to_remove():
    names, problems = parse_tag_keys('project env=dev "cost center" env')
    assert names == ("project", "env", "cost center")
    assert problems == ()


def test_a_tag_key_that_holds_an_equals_sign_can_be_removed_when_it_is_known():
    assert parse_tag_keys("a=b")[0] == ("a",)
    assert parse_tag_keys("a=b", ["a=b"])[0] == ("a=b",)


@pytest.mark.parametrize(
    ("text", "message"),
    [("aws:x", "begins with aws:"), ('"open', "not closed"), ("=v", "needs a key"),
     ("k" * 129, "129 characters")],
)  # fmt: skip
def test_tag_keys_that_kms_would_refuse(text, message):
    assert message in parse_tag_keys(text)[1][0].message


_ALLOWED = st.characters(categories=("L", "N"), include_characters="_.:/=+-@ ")
_KEYS = st.text(_ALLOWED, min_size=1, max_size=20).filter(
    lambda key: key == key.strip() and not key.lower().startswith("aws:")
)
_TAGS = st.builds(
    Tag, _KEYS, st.text(_ALLOWED, max_size=20).filter(lambda value: value == value.strip())
)


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error_and_faults_lie_inside_it(text):
    for problem in (*parse_tags(text).problems, *parse_tag_keys(text)[1]):
        assert 0 <= problem.start < problem.end <= len(text)
        assert problem.message


@settings(max_examples=100)
@given(_TAGS)
def test_a_tag_that_is_written_is_read_as_the_same_tag(tag):
    parsed = parse_tags(written(tag))
    assert parsed.tags == (tag,)
    assert parsed.problems == ()


@settings(max_examples=60)
@given(st.lists(_TAGS, min_size=1, max_size=6, unique_by=lambda tag: tag.key))
def test_json_of_the_aws_cli_is_read_whatever_the_tags_are(tags):
    text = json.dumps({"Tags": [{"TagKey": tag.key, "TagValue": tag.value} for tag in tags]})
    assert parse_tags(text).tags == tuple(tags)
    assert parse_tags(text).problems == ()
