"""What must hold of any text that somebody may paste; `fuzz_document.py` looks for one that fails.

A module of its own, so that the fuzzer can load it, and with it the linter, under instruments.
"""

from __future__ import annotations

import json
import random
import time

from kmstui.policy.iam.operators import OPERATORS
from kmstui.policy.iam.vocabulary import knowledge
from kmstui.policy.lint.core import KeyContext
from kmstui.policy.lint.fixing import fix_all
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.nodes import apply_edits
from kmstui.policy.syntax.parser import parse
from tests.policy import workshop_printed
from tests.policy.documented import DOCUMENTED
from tests.policy.rule_cases import KEY
from tests.policy.syntax.test_parser import assert_sound, strict, value_of

SEEDS = (*workshop_printed.ALL.values(), *(each.text for each in DOCUMENTED))
_PIECES = (
    "{", "}", "[", "]", ",", ":", '"', "'", "\\", "\n", "//", "/*", "*/", "#", "“", "=", ";",
    "\x00", "true", "None", "NaN", "01", "1e999", '"Statement"', '"Principal": {', "${", "<x>",
    "*", "\u00a0", "\ufeff", "\ud800", "\U0001f511",
)  # fmt: skip
_LONG = 100_000
"""Characters of a text on which it shows whether time grows faster than length."""
_MOST_SECONDS_PER_CHARACTER = 40e-6
"""Ten times what the slowest nonsense takes; something quadratic takes a hundred times as much."""


def words() -> list[str]:
    """What policies are made of: names, operators, condition keys and the marks of JSON."""
    known = knowledge()
    return [
        *_PIECES,
        *(f'"{operator.base}"' for operator in OPERATORS.values()),
        *('"ForAllValues:StringLike"', '"ForAnyValue:StringEquals"', '"BoolIfExists"', '"Null"'),
        *(f'"{info.name}"' for info in known.actions.values()),
        *(f'"{info.name}"' for info in known.condition_keys.values()),
        *('"Allow"', '"Deny"', '"NotAction"', '"NotPrincipal"', '"NotResource"', '"kms:*"'),
        *('"Service"', '"AWS"', '"Federated"', '"Condition"', '"Resource"', '"Action"'),
        *('"arn:aws:iam::444455556666:root"', '"arn:aws:iam::444455556666:role/a"'),
        *('"s3.eu-west-1.amazonaws.com"', '"10.0.0.0/8"', '"AROAEXAMPLEEXAMPLE12"'),
    ]


def check(text: str) -> None:
    """Read and lint a text as anyone might paste it.

    Raises:
        AssertionError: something does not hold.
    """
    document = parse(text)
    assert_sound(document)
    try:
        expected = strict(text)
    except ValueError:
        assert document.problems
    else:
        assert document.problems == ()
        assert value_of(document.root) == expected
    key = KEY if len(text) % 3 else KeyContext()
    for finding in lint(document, key):
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert finding.message.isprintable()
        if finding.fix is not None:
            assert apply_edits(text, finding.fix.edits) != text


def check_fixes(text: str) -> None:
    """What remains when all is mended is no worse than what was there."""
    before = [finding.severity for finding in lint(text, KEY)]
    remaining = [finding.severity for finding in fix_all(text, KEY).remaining]
    worst = max(before, default=None)
    assert worst is None or remaining.count(worst) <= before.count(worst)


def check_growth(text: str) -> None:
    """A long text of the same kind takes time in proportion to its length."""
    if not text:
        return
    long = (text * (_LONG // len(text) + 1))[:_LONG]
    start = time.process_time()
    lint(long, KEY)
    taken = time.process_time() - start
    assert taken < _MOST_SECONDS_PER_CHARACTER * _LONG, f"{taken:.1f} s for {_LONG} characters"


def check_now_and_then(text: str, source: random.Random) -> None:
    """`check`, and by turns what takes longer."""
    try:
        check(text)
        kind = source.random()
        if kind < 0.01:
            check_fixes(text)
        elif kind < 0.012:
            check_growth(text)
    except Exception:
        print(json.dumps(text))
        raise


def torn(text: str, source: random.Random, pieces: list[str]) -> str:
    """A text with a few accidents."""
    for _ in range(source.randint(1, 8)):
        at = source.randrange(len(text) + 1)
        kind = source.random()
        if kind < 0.4:
            text = text[:at] + text[at + source.choice((1, 1, 1, 2, 30)) :]
        elif kind < 0.7:
            text = text[:at] + source.choice(_PIECES) + text[at + source.choice((0, 1)) :]
        elif kind < 0.9:
            text = _other_word(text, at, source.choice(pieces))
        else:
            other = source.randrange(len(text) + 1)
            text = text[:at] + text[min(at, other) : max(at, other)] + text[at:]
    return text


def _other_word(text: str, at: int, word: str) -> str:
    """The text with another word in place of the string behind a place."""
    start = text.find('"', at)
    end = text.find('"', start + 1)
    return text[:start] + word + text[end + 1 :] if 0 <= start < end else text + word
