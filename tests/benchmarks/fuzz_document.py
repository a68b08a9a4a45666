"""Throw torn policies at the parser and the linter: python tests/benchmarks/fuzz_document.py.

With atheris installed it steers by coverage; without, it tears policies at random. Either way a
text that raises, that strict JSON and the parser disagree on, or that takes more than a second is
printed and ends the run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
import time

from kmstui.policy.document import parse
from kmstui.policy.linter import lint
from tests.policy import workshop_printed
from tests.policy.documented import DOCUMENTED
from tests.policy.rule_cases import KEY
from tests.policy.test_document import assert_sound, strict, value_of

_PIECES = (
    "{", "}", "[", "]", ",", ":", '"', "'", "\\", "\n", "//", "/*", "*/", "#", "“", "=", ";",
    "\x00", "true", "None", "NaN", "01", "1e999", "kms:Decrypt", '"Action"', '"Statement"',
    '"Principal": {', "${", "<x>", "*", "\u00a0", "\ufeff", "\ud800", "\U0001f511",
)  # fmt: skip
_SEEDS = (*workshop_printed.ALL.values(), *(each.text for each in DOCUMENTED))
_MOST_SECONDS = 1.0


def check(text: str) -> None:
    """Read and lint a text as anyone might paste it."""
    start = time.perf_counter()
    document = parse(text)
    assert_sound(document)
    try:
        expected = strict(text)
    except ValueError:
        assert document.problems
    else:
        assert document.problems == ()
        assert value_of(document.root) == expected
    for finding in lint(document, KEY):
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
    taken = time.perf_counter() - start
    assert taken < _MOST_SECONDS, f"{taken:.1f} s"


def torn(source: random.Random) -> str:
    """A policy with a few accidents."""
    text = source.choice(_SEEDS)
    for _ in range(source.randint(1, 8)):
        at = source.randrange(len(text) + 1)
        kind = source.random()
        if kind < 0.4:
            text = text[:at] + text[at + source.choice((1, 1, 1, 2, 30)) :]
        elif kind < 0.9:
            text = text[:at] + source.choice(_PIECES) + text[at + source.choice((0, 1)) :]
        else:
            other = source.randrange(len(text) + 1)
            text = text[:at] + text[min(at, other) : max(at, other)] + text[at:]
    return text


def _at_random(seconds: float, seed: int) -> None:
    source = random.Random(seed)
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        text = torn(source)
        try:
            check(text)
        except Exception:
            print(json.dumps(text))
            raise
        count += 1
    print(f"{count} torn policies read and linted, seed {seed}")


def main() -> None:
    """Fuzz until told to stop."""
    parser = argparse.ArgumentParser(description="Fuzz the policy parser and linter.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments = parser.parse_args()
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        _at_random(arguments.seconds, arguments.seed)
        return
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={arguments.seconds:.0f}"],
        lambda data: check(data.decode("utf-8", "surrogateescape")),
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
