"""No kind of request is missing: every value falls in a class that was found, every caller too."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmstui.policy.iam.match_value import arn_match, value_test, wildcard_match
from kmstui.policy.syntax import parse, read_policy
from kmstui.policy.witnesses.automaton import (
    ANY,
    NOT_COLON,
    arn_pattern,
    combinations,
    glob_pattern,
    some,
    star,
    text_pattern,
)
from kmstui.policy.witnesses.callers import callers_of
from kmstui.policy.witnesses.values import ValueTest, as_test, samples_of
from kmstui.policy.witnesses.wording import implicants
from tests.policy.asking import ACCOUNT, APP, OTHER
from tests.policy.lockouts import allow, policy_text

globs = st.text(alphabet="ab*?:", max_size=6)
texts = st.text(alphabet="abc:", max_size=8)


@settings(max_examples=150)
@given(st.lists(globs, max_size=5), texts)
def test_every_text_passes_a_combination_of_patterns_that_was_found(
    patterns: list[str], text: str
) -> None:
    found = combinations(tuple((glob_pattern(each),) for each in patterns), star())
    assert found.complete
    passed = sum(1 << i for i, each in enumerate(patterns) if wildcard_match(each, text))
    assert passed in found.texts
    for bits, example in found.texts.items():
        assert bits == sum(1 << i for i, p in enumerate(patterns) if wildcard_match(p, example))


arn_globs = st.lists(st.sampled_from(["a", "*", "a*", "?b", ""]), min_size=6, max_size=8).map(
    ":".join
)
arns = st.lists(st.sampled_from(["a", "ab", "b", "xb", ""]), min_size=6, max_size=9).map(":".join)


@settings(max_examples=150)
@given(st.lists(arn_globs, max_size=4), arns)
def test_the_parts_of_an_arn_match_by_themselves(patterns: list[str], arn: str) -> None:
    shape = text_pattern("")
    for _ in range(5):
        shape += star(NOT_COLON) + text_pattern(":")
    compiled = [(pattern,) for each in patterns if (pattern := arn_pattern(each)) is not None]
    found = combinations(tuple(compiled), shape + star())
    passed = sum(1 << i for i, each in enumerate(patterns) if arn_match(each, arn))
    assert passed in found.texts


def test_case_is_told_apart_only_where_a_pattern_does() -> None:
    patterns = (
        (text_pattern("Ab", ignore_case=True),), (text_pattern("ab"),), (glob_pattern("A*"),),
    )  # fmt: skip
    found = combinations(patterns, some(ANY) + star())
    assert found.complete
    for text in ("ab", "AB", "Ab", "aB", "Axe", "b"):
        bits = (text.lower() == "ab") + 2 * (text == "ab") + 4 * text.startswith("A")
        assert bits in found.texts


def test_a_search_without_end_says_so() -> None:
    patterns = tuple((glob_pattern("*" + "?" * n + "a" + "?" * 12 + "b*"),) for n in range(6))
    assert not combinations(patterns, star()).complete


tests = st.lists(
    st.one_of(
        st.tuples(st.just("StringEquals"), st.text(alphabet="abA", max_size=3)),
        st.tuples(st.just("StringEqualsIgnoreCase"), st.text(alphabet="abA", max_size=3)),
        st.tuples(st.just("StringLike"), st.text(alphabet="ab*?", max_size=4)),
    ),
    max_size=5,
    unique=True,
)


def passed_by(text: str, asked: list[tuple[str, str]]) -> tuple[bool, ...]:
    return tuple(value_test(positive, (value,))(text) for positive, value in asked)


def kinds(key: str, asked: list[tuple[str, str]]) -> set[tuple[bool, ...]]:
    found = dict.fromkeys(test for each in asked if (test := as_test(*each)) is not None)
    samples = samples_of(key, tuple(found))
    assert samples.complete
    return {passed_by(sample.text, asked) for sample in samples.each}


@settings(max_examples=200)
@given(tests, st.text(alphabet="abcAB", min_size=1, max_size=4))
def test_every_text_passes_what_some_sample_passes(asked: list[tuple[str, str]], text: str) -> None:
    assert passed_by(text, asked) in kinds("aws:sourcevpce", asked)


nets = st.tuples(st.integers(0, 255), st.integers(8, 32)).map(
    lambda pair: str(ip_network(f"10.{pair[0]}.0.0/{pair[1]}", strict=False))
)


@settings(max_examples=150)
@given(st.lists(nets, min_size=1, max_size=4, unique=True), st.data())
def test_every_address_stands_between_bounds_that_were_tried(
    listed: list[str], data: st.DataObject
) -> None:
    network = ip_network(data.draw(st.sampled_from(listed)))
    edge = data.draw(st.sampled_from([network[0], network[-1]]))
    address = str(ip_address(int(edge) + data.draw(st.integers(-2, 2))))
    asked = [("IpAddress", each) for each in listed]
    assert passed_by(address, asked) in kinds("aws:sourceip", asked)


comparisons = st.sampled_from(
    ["Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(comparisons, st.integers(0, 6)), min_size=1, max_size=4), st.integers(-1, 8)
)
def test_every_number_stands_between_bounds_that_were_tried(
    bounds: list[tuple[str, int]], given_number: int
) -> None:
    asked = [(f"Numeric{comparison}", str(bound)) for comparison, bound in bounds]
    assert passed_by(str(given_number), asked) in kinds("aws:multifactorauthage", asked)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(comparisons, st.integers(1, 5)), min_size=1, max_size=4),
    st.integers(0, 25),
)
def test_every_moment_stands_between_bounds_that_were_tried(
    bounds: list[tuple[str, int]], quarter_days: int
) -> None:
    asked = [(f"Date{each}", f"2026-01-{day:02}T00:00:00Z") for each, day in bounds]
    day, rest = divmod(quarter_days, 4)
    moment = f"2026-01-{day + 1:02}T{rest * 6:02}:00:00Z"
    assert passed_by(moment, asked) in kinds("aws:currenttime", asked)


@given(st.sets(st.integers(0, 15)), st.sets(st.integers(0, 15)))
def test_words_are_true_of_all_that_is_meant_and_of_nothing_else(
    inside: set[int], other: set[int]
) -> None:
    outside = other - inside
    found = list(implicants(list(inside), list(outside), 4))

    def holds(bits: int) -> bool:
        return any(
            all(bits >> i & 1 for i in plus) and not any(bits >> i & 1 for i in minus)
            for plus, minus in found
        )

    assert all(map(holds, inside))
    assert not any(map(holds, outside))


def test_operators_that_take_the_same_values_give_one_test() -> None:
    assert as_test("StringLike", "a") == as_test("StringEquals", "a")
    arn = "arn:aws:iam::111122223333:role/app"
    assert as_test("ArnEquals", arn) == as_test("ArnLike", arn)
    assert as_test("ArnLike", "not an ARN") is None
    assert as_test("Bool", "True") == ValueTest("StringEqualsIgnoreCase", "True")


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ({}, {"any other role of A", "any other user of A", "any role of another account"}),
        (
            {"StringLike": {"aws:PrincipalArn": "*:role/ci-*"}},
            {"roles of A like *:role/ci-*", "roles of another account like *:role/ci-*"},
        ),
        ({"StringEquals": {"aws:PrincipalAccount": OTHER}}, {"any other user of B"}),
        ({"StringLike": {"aws:PrincipalAccount": "*66"}}, {"any role of an account like *66"}),
        ({"StringLike": {"aws:username": "an*"}}, {"users of A named like an*"}),
        ({"StringLike": {"aws:PrincipalServiceName": "s*"}}, {"AWS services like s*"}),
    ],
)
def test_callers_are_divided_as_the_policy_divides_them(
    condition: dict[str, dict[str, str]], names: set[str]
) -> None:
    text = policy_text(allow({"AWS": APP}), allow("*", Condition=condition))
    found = callers_of([read_policy(parse(text))], ACCOUNT)
    assert found.complete
    called = {each.short.replace(ACCOUNT, "A").replace(OTHER, "B") for each in found.principals}
    assert called >= {"role/app", "anybody without credentials", *names}
