import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.model import Key, Tag
from kmstui.service.inventory import Filter, FilterError, parse_filter
from tests.fakes import ACCOUNT, arn_of, metadata_of

KEY = Key.of(
    "1234abcd-0000-4000-8000-00000000aaaa",
    arn_of("1234abcd-0000-4000-8000-00000000aaaa"),
    metadata_of(spec="RSA_2048", origin="EXTERNAL", description="Payroll of ACME"),
    tags=(Tag("env", ""), Tag("Project", "kmsWorkshop")),
)
ALIASES = ("alias/ImportedCMK", "alias/payroll/2024")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "importedcmk",
        "1234ABCD",
        "arn:aws:kms",
        "alias/imported",
        "payroll acme",
        '"payroll of"',
        "kmsworkshop",
        "project=kmsworkshop",
        "tag:project",
        "tag:project=kms",
        "tag:project=kmsworkshop",
        "tag:env=",
        "tag:",
        "alias:",
        "alias:payroll",
        "state:enabled",
        "spec:rsa",
        "origin:external",
        "owner:self",
        f"owner:{ACCOUNT}",
        "desc:acme",
        "-tag:owner",
        "-state:disabled",
        "/^alias.imported/",
        r"/payroll\/20\d\d/",
        "/PAYROLL of/",
        "/",
        "-",
    ],
)
def test_shows_the_key(text):
    assert parse_filter(text).matches(KEY, ALIASES)


def test_keys_that_others_share_are_found_by_their_owner():
    arn = "arn:aws:kms:eu-west-1:290417736502:key/1234abcd-0000-4000-8000-00000000bbbb"
    for text, found in (("owner:shared", True), ("owner:2904", True), ("owner:self", False)):
        assert parse_filter(text).matches(Key.of(arn, arn, shared=True), ()) == found


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "imported nothing",
        "tag:project=other",
        "tag:owner",
        "tag:kmsworkshop",
        "state:disabled",
        "state:rsa",
        "-importedcmk",
        "-alias:",
        "-tag:project=kms",
        "/^imported/",
        "-/acme/",
        '"of payroll"',
        "rotation:on",
    ],
)
def test_hides_the_key(text):
    assert not parse_filter(text).matches(KEY, ALIASES)


def test_a_key_not_described_yet_has_no_state_and_no_tags():
    bare = Key.of(KEY.id, KEY.arn)
    assert not parse_filter("state:enabled").matches(bare, ())
    assert not parse_filter("tag:").matches(bare, ())
    assert parse_filter("-alias:").matches(bare, ())


def test_a_broken_regular_expression_is_told_in_a_sentence():
    with pytest.raises(FilterError, match=r"/\(/ is not valid: .*Nothing is filtered"):
        parse_filter("payroll /(/")


@pytest.mark.parametrize("text", ["/(.+)+!/", "-/(a|a)*b/", "/(((a{1,9}){1,9}){1,9}){1,9}b/"])
def test_an_expression_that_never_comes_to_an_end_is_told_in_a_sentence(text):
    wanted = parse_filter(text)
    with pytest.raises(FilterError, match="takes too long. Nothing is filtered"):
        wanted.matches(KEY, ("a" * 256,))


@pytest.mark.parametrize("text", ["a " * 250_000, "x" * 1_000_000, "/" + "(a|" * 500_000])
def test_what_nobody_typed_is_no_filter(text):
    with pytest.raises(FilterError, match=r"characters, 2,000 at most"):
        parse_filter(text)


@pytest.mark.parametrize("text", ["/" + "(" * 900 + ")" * 900 + "/", "/a{9999999999999999999}/"])
def test_an_expression_that_cannot_be_compiled_is_told_in_a_sentence(text):
    with pytest.raises(FilterError, match="is not valid"):
        parse_filter(text)


@pytest.mark.parametrize(
    ("longer", "shorter"),
    [
        ("payroll", "pay"),
        ("payroll acme", "payroll"),
        ("state:enab", "state:en"),
        ("tag:project=k", "tag:project"),
        ("tag:project=kms", "tag:project=k"),
        ("-a", "-ab"),
    ],
)
def test_typing_on_narrows(longer, shorter):
    assert parse_filter(longer).narrows(parse_filter(shorter))


def test_an_exclusion_that_grows_does_not_narrow():
    assert not parse_filter("-ab").narrows(parse_filter("-a"))


WORDS = st.sampled_from(
    ["a", "pay", "payroll", "tag:p", "tag:project", "tag:project=k", "state:en", "/a/", "al"]
)
TERMS = st.builds(lambda no, word: ("-" if no else "") + word, st.booleans(), WORDS)
FILTERS = st.lists(TERMS, max_size=4).map(lambda terms: parse_filter(" ".join(terms)))
KEYS = st.builds(
    lambda alias, state, tag, value: (
        Key.of(KEY.id, KEY.arn, metadata_of(state=state), tags=(Tag(tag, value),)),
        (f"alias/{alias}",),
    ),
    st.sampled_from(["a", "pay", "payroll", "zzz"]),
    st.sampled_from(["Enabled", "Disabled"]),
    st.sampled_from(["project", "p", "owner"]),
    st.sampled_from(["", "k", "kms"]),
)


@settings(max_examples=200)
@given(FILTERS, FILTERS, KEYS)
def test_what_narrows_never_shows_more(one: Filter, other: Filter, row):
    key, aliases = row
    if one.narrows(other) and one.matches(key, aliases):
        assert other.matches(key, aliases)


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_sentence(text):
    try:
        parse_filter(text).matches(KEY, ALIASES)
    except FilterError as error:
        assert str(error).endswith(".")
