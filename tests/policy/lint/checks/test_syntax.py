"""KMS0xx: each defect is found where it is, and what looks like it is left alone."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from kmstui.policy.lint.core import Severity
from kmstui.policy.lint.fixing import fix_all
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.nodes import apply_edits
from tests.policy.rule_cases import (
    Case,
    check,
    check_fixes,
    policy,
    policy_on_one_line,
    statement,
    unmark,
)


def _policy_of_bytes(size: int, *, blank: bool) -> str:
    text = policy_on_one_line(statement(Sid=""))
    filler = size - len(text.encode())
    return text + " " * filler if blank else text.replace('"Sid": ""', f'"Sid": "{"x" * filler}"')


_TOO_LONG = _policy_of_bytes(32_769, blank=False)

CASES = (
    Case("KMS001", '⟦{⟧"Version": "2012-10-17", "Statement": []', note="unclosed object"),
    Case("KMS001", '{"Version": "2012-10-17"} ⟦{"Version": "2012-10-17"}⟧', note="two documents"),
    Case("KMS001", '{"Version": "2012-10-17"}⟦}⟧', note="one brace too many"),
    Case("KMS001", '⟦$ aws kms get-key-policy⟧\n{"Version": "2012-10-17"}', note="shell prompt"),
    Case("KMS001", '{"Version": ⟦"2012-10-17⟧,\n "Statement": []}', note="unclosed string"),
    Case("KMS001", '{⟦"Version⟧: "2012-10-17", "Statement": []}', note="unclosed name"),
    Case("KMS001", '{"Id": "a"⟦:⟧ "b"}', note="one colon too many"),
    Case("KMS001", '{"Id": ⟦}⟧', note="value missing"),
    Case("KMS001", '{⟦"Id"⟧, "Version": "2012-10-17"}', note="member without a value"),
    Case("KMS001", '{⟦:⟧ "Id"}', note="value without a name"),
    Case("KMS001", '{"Statement": ⟦{⟧"a", "b"}}', note="braces for brackets"),
    Case("KMS001", '{"Principal": ⟦[⟧"AWS": "*"]}', note="brackets for braces"),
    Case("KMS001", '{"Action": ["a", "b"⟦}⟧, "Resource": "*"}', note="bracket of the wrong kind"),
    Case(
        "KMS001",
        '{"Statement": [{"Sid": "a", "Principal": ⟦{⟧"AWS": "*", "Action": "kms:*"}]}',
        note="brace missing before Action",
    ),
    Case(
        "KMS001",
        '{"Statement": [{"Sid": "a", "Principal": {"AWS": "*"}⟦}⟧, "Action": "kms:*"}]}',
        note="brace too early",
    ),
    Case(
        "KMS001",
        '{"Statement": [⟦"Sid"⟧: "a", "Action": "kms:*"}]}',
        note="opening brace missing",
    ),
    Case("KMS001", '{\n⟦\u00a0⟧\u00a0"Id": "a"}', note="no-break spaces, told of once"),
    Case("KMS001", '⟦\ufeff⟧{"Id": "a"}', note="byte order mark"),
    Case("KMS001", '{"Id": "a\u00a0b, {c} [d]: // e # f"}', note="near: all inside a string"),
    Case("KMS001", f"⟦{json.dumps(policy())[1:-1]}⟧", fixable=True, note="escaped, no quotes"),
    Case("KMS001", f"⟦{quote(policy())}⟧", fixable=True, note="encoded for a URL"),
    Case("KMS001", f"⟦{quote(policy(), safe='')}⟧", fixable=True, note="the same, all of it"),
    Case("KMS001", json.dumps(policy()), note="near: a string of JSON is JSON"),
    Case("KMS002", '{"Action": ["a"⟦,⟧]}', note="in a list"),
    Case("KMS002", '{"Action": ["a"]⟦,⟧\n}', note="in an object"),
    Case("KMS002", '{"Action": ["a",⟦,⟧ "b"]}', note="two commas"),
    Case("KMS002", '{"Action": [⟦,⟧"a"]}', note="comma first"),
    Case("KMS002", '{"Action": ["a", "b,"]}', note="near: in the string"),
    Case("KMS003", '{"Action": ["a⟦"⟧ "b"]}', note="comma between items"),
    Case("KMS003", '{"Id": "a⟦"⟧\n "Version": "2012-10-17"}', note="comma between members"),
    Case("KMS003", '{"Id⟦"⟧ "a"}', note="colon"),
    Case("KMS003", '{"Id" ⟦=⟧ "a"}', note="equals sign"),
    Case("KMS003", '{"Id" ⟦=>⟧ "a"}', note="arrow"),
    Case("KMS003", '{"Id": "a"⟦;⟧ "Version": "2012-10-17"}', note="semicolon"),
    Case("KMS003", '{"Id": "a b; c = d"}', note="near: in the string"),
    Case("KMS004", '{"Id": "a" ⟦// why⟧\n}', note="line comment"),
    Case("KMS004", '⟦# why⟧\n{"Id": "a"}', note="hash comment"),
    Case("KMS004", '{⟦/* why\n and how */⟧"Id": "a"}', note="block comment"),
    Case("KMS004", '{"Id": "a" ⟦/* never closed}⟧', note="unclosed comment"),
    Case("KMS004", '{"Id": "https://a/b#c /* d */"}', note="near: in the string"),
    Case("KMS005", "{⟦'Id'⟧: \"a\"}", note="single quotes"),
    Case("KMS005", '{"Id": ⟦“a”⟧}', note="typographic quotes"),
    Case("KMS005", '{⟦Id⟧: "a"}', note="no quotes around a name"),
    Case("KMS005", '{"Id": ⟦kms:Decrypt⟧}', note="no quotes around a value"),
    Case("KMS005", '{⟦Id"⟧: "a"}', note="opening quote missing"),
    Case("KMS005", '{"Id": "it\'s “a”"}', note="near: in the string"),
    Case("KMS006", '{"Bool": ⟦True⟧}', note="Python's true"),
    Case("KMS006", '{"Id": ⟦None⟧}', fixable=False, note="Python's null"),
    Case("KMS006", '{"Id": ⟦NaN⟧}', fixable=False, note="no number"),
    Case("KMS006", '{"Id": ⟦012345678901⟧}', note="leading zero"),
    Case("KMS006", '{"Id": "a⟦\\d⟧"}', note="unknown escape"),
    Case("KMS006", '{"Id": "a⟦\n   ⟧b"}', note="line break in a string"),
    Case("KMS006", '{"Id": "a⟦\t⟧b"}', note="tab in a string"),
    Case("KMS006", '{"a": true, "b": [null, -1.5e3, "True\\n\\u00e4"]}', note="near: JSON"),
    Case(
        "KMS007",
        '{"Version": "2012-10-17", ⟦"Id"⟧: "a", "Id": "b"}',
        fixable=True,
        note="twice",
    ),
    Case("KMS007", '{⟦"Id"⟧: 1, ⟦"Id"⟧: 2, "Id": 3}', note="three times"),
    Case("KMS007", '{"Id": "a", "id": "b"}', note="near: other case"),
    Case("KMS009", '{"Id": "a⟦→⟧b"}', fixable=True, note="arrow"),
    Case("KMS009", '{"Id": "k⟦а⟧ms"}', note="Cyrillic letter"),
    Case("KMS009", '{"Id": "a⟦\u200b⟧"}', note="zero-width space"),
    Case("KMS009", '{"Id": "Schlüssel für Käse ÿ"}', note="near: Latin-1"),
    Case("KMS009", '{"Id": “a”}', note="near: quotes are KMS005's"),
    Case("KMS008", f"{_TOO_LONG[:-1]}⟦{_TOO_LONG[-1]}⟧", severity=Severity.ERROR, fixable=True),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_found_where_it_is(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fixes_remove_what_they_are_for(case: Case) -> None:
    assert check_fixes(unmark(case.text)[0], case.key) or not case.fixable


@pytest.mark.parametrize("text", ["", " ", "\n\n", "// nothing\n"])
def test_a_text_without_a_policy_says_so(text: str) -> None:
    assert {each.rule for each in lint(text)} & {"KMS001", "KMS004"}


def test_a_policy_over_the_limit_is_marked_from_the_first_byte_too_many() -> None:
    text = _policy_of_bytes(32_769, blank=False)
    marked = text[:32_768] + "⟦" + text[32_768:] + "⟧"
    check(Case("KMS008", marked, severity=Severity.ERROR, fixable=True))
    assert check_fixes(text, Case("KMS008", "").key) == 1


def test_a_policy_near_the_limit_is_a_warning_that_blanks_may_cure() -> None:
    text = _policy_of_bytes(32_768, blank=True)
    at = 32_768 * 9 // 10
    marked = text[:at] + "⟦" + text[at:] + "⟧"
    check(Case("KMS008", marked, severity=Severity.WARNING, fixable=True))
    assert check_fixes(text, Case("KMS008", "").key) == 1


def test_bytes_count_and_not_characters() -> None:
    text = _policy_of_bytes(20_000, blank=False).replace("x", "ä")
    assert len(text) < 32_768 * 9 // 10 < len(text.encode())
    assert "KMS008" in {each.rule for each in lint(text)}


def test_a_policy_of_ordinary_size_is_not_marked() -> None:
    check(Case("KMS008", _policy_of_bytes(29_000, blank=False)))


@pytest.mark.parametrize(
    "text",
    ['{"Version": "2012-10-17"}]\n}', '{"Version": "2012-10-17"}}\x1b[2J', '{"a\\u001b[2J": 1, ]}'],
)
def test_a_message_is_one_line_that_a_terminal_does_not_obey(text: str) -> None:
    messages = [each.message for each in lint(text)]
    assert messages
    assert all(message.isprintable() for message in messages), messages


def test_stray_brackets_on_several_lines_are_named_together() -> None:
    (message,) = (each.message for each in lint('{"Id": "a"}]\n}') if each.rule == "KMS001")
    assert message == "Nothing is open that this ]} could close"


def test_a_control_character_at_the_end_is_where_the_text_is() -> None:
    (finding,) = (each for each in lint("{}\r\x1f") if each.rule == "KMS001")
    assert (finding.span.start, finding.span.end) == (3, 4)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(policy()),
        json.dumps(json.dumps(policy())),
        json.dumps(policy())[1:-1],
        json.dumps(json.dumps(policy()))[3:-3],
        quote(policy()),
        json.dumps({"PolicyName": "default", "Policy": policy()}),
        f'{{"KeyPolicy": {policy()}}}',
    ],
)
def test_a_policy_in_a_string_has_no_other_fault_and_is_whole_without_it(text: str) -> None:
    (finding,) = lint(text)
    assert finding.fix is not None
    assert apply_edits(text, finding.fix.edits) == policy()
    fixed = fix_all(text)
    assert (fixed.text, fixed.left) == (policy(), ()), "nobody gains what the string said already"
