"""How long linting takes: python tests/benchmarks/lint.py [--without-parliament].

Prints: parse and all rules on policies of 32 KB, beside parliament on the same policies (installed
in a virtual environment of its own); time and memory on up to 1 MB of nonsense; and the whole
process beside `python -c pass`.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
import venv
from collections.abc import Callable
from pathlib import Path

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import RULES, KeyContext
from kmstui.policy.lint.linter import lint
from kmstui.policy.syntax.parser import parse
from tests.policy.documented import DOCUMENTED, allow, root
from tests.policy.rule_cases import KEY

_SIZE = 32_000
_PARLIAMENT = """
import json, sys, time
from parliament import analyze_policy_string
answer = {}
for name, text in json.load(sys.stdin).items():
    taken = []
    for _ in range(5):
        start = time.process_time()
        policy = analyze_policy_string(text)
        taken.append(time.process_time() - start)
    answer[name] = [min(taken) * 1000, len(policy.findings)]
print(json.dumps(answer))
"""


def _text(statements: list[dict[str, object]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _grown(make: Callable[[int], str]) -> str:
    """The largest policy of a kind that KMS takes."""
    count = 1
    while len(make(count + 1)) <= _SIZE:
        count += 1
    return make(count)


def policies() -> dict[str, str]:
    """Policies of 32 KB, each heavy in its own way."""
    account = "444455556666"

    def many_statements(count: int) -> str:
        condition = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
        more = [
            allow(
                f"Use {number}",
                {"AWS": [f"arn:aws:iam::{account}:role/app-{number}-{each}" for each in range(3)]},
                ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
                Condition=condition,
            )
            for number in range(count)
        ]
        return _text([root(), *more])

    def many_principals(count: int) -> str:
        names = [f"arn:aws:iam::{account}:role/application-{each}" for each in range(count)]
        return _text([root(), allow("Use", {"AWS": names}, ["kms:Encrypt", "kms:Decrypt"])])

    def many_conditions(count: int) -> str:
        more = [
            allow(
                f"Use {number}",
                {"AWS": f"arn:aws:iam::{account}:role/app"},
                "kms:GenerateDataKey*",
                Condition={
                    "StringEquals": {
                        f"kms:EncryptionContext:{number}-{each}": f"value {each}"
                        for each in range(8)
                    },
                    "ForAllValues:StringLike": {"aws:TagKeys": [f"tag-{number}", "*"]},
                    "Bool": {"aws:SecureTransport": "true"},
                },
            )
            for number in range(count)
        ]
        return _text([root(), *more])

    def many_faults(count: int) -> str:
        more = [
            allow(
                f"Use {number}",
                {"AWS": f"arn:aws:iam::{number}:role/*", "Servce": "s3"},
                [f"kms:Decrpyt{number}", "s3:GetObject"],
                Condition={"StringEqual": {f"kms:Contxt{number}": "your-account-id"}},
            )
            for number in range(count)
        ]
        return _text([root(), *more]).replace('"*"\n', '"*",\n')

    made = {
        "many statements": _grown(many_statements),
        "many principals": _grown(many_principals),
        "many conditions": _grown(many_conditions),
        "faults everywhere": _grown(many_faults),
    }
    made |= {f"AWS: {each.name}": each.text for each in DOCUMENTED[2:8:5]}
    return made


def nonsense() -> dict[str, str]:
    """Pieces to repeat until they make a megabyte."""
    return {
        "opening braces": '{"a":[',
        "brackets": "[",
        "brackets closed in turn": "[[]",
        "commas alone": ",",
        "colons": ":",
        "escapes": '"\\u12',
        "white space of other scripts": "\u00a0",
        "closing braces": "}]",
        "quotes": '"',
        "unclosed strings": '"Sid": "x,\n',
        "words": "kms:Decrypt ",
        "commas": '["a",,',
        "comments": "/*",
        "one member again and again": '"Sid": "a", ',
        "statements torn": '{"Sid": "a", "Action": "kms:Foo", "Principal": {"AWS": "x", ',
        "placeholders": '{"AWS": "arn:aws:iam::<your-account>:root"},',
        "emoji": "\U0001f511",
    }


def _milliseconds(
    function: Callable[[], object], runs: int, clock: Callable[[], float] = time.process_time
) -> tuple[float, float]:
    """Median and 99th percentile, in milliseconds of processor time unless told otherwise."""
    taken = []
    for _ in range(runs):
        start = clock()
        function()
        taken.append((clock() - start) * 1000)
    taken.sort()
    return statistics.median(taken), taken[int(len(taken) * 0.99)]


def _speed(runs: int, parliament: dict[str, tuple[float, int]]) -> None:
    print(f"{len(RULES)} rules; {runs} runs each; milliseconds of processor time\n")
    print("| policy | KB | findings | parse p50 | lint p50 | lint p99 | parliament | findings |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, text in policies().items():
        key: KeyContext = KEY
        if name.startswith("AWS"):
            key = KeyContext(Arn.parse("arn:aws:kms:us-west-2:111122223333:key/1234abcd"))
        findings = len(lint(text, key))
        parsed, _ = _milliseconds(lambda text=text: parse(text), runs)  # type: ignore[misc]
        half, most = _milliseconds(lambda text=text, key=key: lint(text, key), runs)  # type: ignore[misc]
        other = parliament.get(name)
        shown = f"{other[0]:.1f} | {other[1]}" if other else "not run | "
        print(
            f"| {name} | {len(text) / 1000:.1f} | {findings} | {parsed:.2f} | {half:.2f} "
            f"| {most:.2f} | {shown} |"
        )


def _growth() -> None:
    print("\nnonsense: seconds, and MB at the peak, for 250 KB, 500 KB, 1 MB\n")
    for name, piece in nonsense().items():
        row = []
        for size in (250_000, 500_000, 1_000_000):
            text = (piece * (size // len(piece) + 1))[:size]
            gc.collect()
            start = time.process_time()
            lint(text)
            taken = time.process_time() - start
            tracemalloc.start()
            parse(text)
            peak = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()
            row.append(f"{taken:6.2f} s {peak:6.1f} MB")
        print(f"{name:<18} {'   '.join(row)}")


def _process() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "policy.json")
        path.write_text(DOCUMENTED[0].text, encoding="utf-8")

        def run(*arguments: str) -> Callable[[], object]:
            return lambda: subprocess.run(
                [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL
            )

        empty, _ = _milliseconds(run("-c", "pass"), 20, time.perf_counter)
        whole, _ = _milliseconds(run("-m", "kmstui", "lint", str(path)), 20, time.perf_counter)
    print(f"\nwhole process: python -c pass {empty:.0f} ms, kmstui lint FILE {whole:.0f} ms")


def _parliament() -> dict[str, tuple[float, int]]:
    """Parliament on the same policies, in an environment that is thrown away."""
    with tempfile.TemporaryDirectory() as directory:
        venv.create(directory, with_pip=True)
        python = str(Path(directory, "bin", "python"))
        install = [python, "-m", "pip", "install", "-q", "parliament", "setuptools<81"]
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
        done = subprocess.run(
            [python, "-W", "ignore", "-c", _PARLIAMENT],
            input=json.dumps(policies()),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        print(f"parliament failed: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return {}
    return {name: (taken, count) for name, (taken, count) in json.loads(done.stdout).items()}


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description="Benchmark the linter.")
    parser.add_argument("--without-parliament", action="store_true")
    parser.add_argument("--runs", type=int, default=200)
    arguments = parser.parse_args()
    _speed(arguments.runs, {} if arguments.without_parliament else _parliament())
    _growth()
    _process()


if __name__ == "__main__":
    main()
