"""Throw torn policies at the parser and the linter: python -m tests.benchmarks.fuzz_document.

Coverage steers it: atheris (libFuzzer for Python) is installed for the run, in a directory that
is thrown away, and sees which branches of `kmstui.policy` a text reaches. Where there is no wheel
of it for this Python, or with --plain, policies are torn at random. Either way a text that
raises, that strict JSON and the parser disagree on, or that takes more than linear time is
printed and ends the run.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_LONGEST = 4_000
"""Bytes of a text; longer ones reach nothing new, and fewer of them fit in a second."""
_STEERED = "--steered"


def _install(directory: str) -> bool:
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", directory, "atheris"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"atheris cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    return done.returncode == 0


def _run_steered(seconds: float, seed: int) -> int | None:
    """Fuzz in a process that has atheris; None where it cannot be had."""
    with tempfile.TemporaryDirectory() as directory:
        if not _install(directory):
            return None
        path = os.pathsep.join((directory, *filter(None, sys.path), str(Path.cwd())))
        own = ["-m", "tests.benchmarks.fuzz_document", _STEERED]
        more = ["--seconds", str(seconds), "--seed", str(seed)]
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run([sys.executable, *own, *more], env=environment, check=False)
        return done.returncode


def _steered(seconds: float, seed: int) -> None:
    """What the process with atheris does."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["kmstui.policy", "kmstui.model"]):
        checks = importlib.import_module("tests.benchmarks.fuzz_checks")
    source = random.Random(seed)
    pieces = checks.words()

    def text_of(data: bytes) -> str:
        return data.decode("utf-8", "surrogateescape")

    def mutate(data: bytes, most: int, number: int) -> bytes:
        own = random.Random(number)
        if own.random() < 0.5:
            return bytes(atheris.Mutate(data, most))
        torn: str = checks.torn(text_of(data), own, pieces)
        return torn.encode("utf-8", "surrogatepass" if "\ud800" in torn else "surrogateescape")[
            :most
        ]

    def one(data: bytes) -> None:
        checks.check_now_and_then(text_of(data), source)

    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch, "corpus")
        corpus.mkdir()
        for number, text in enumerate(checks.SEEDS):
            Path(corpus, str(number)).write_text(text, encoding="utf-8")
        options = [
            f"-max_total_time={seconds:.0f}",
            f"-max_len={_LONGEST}",
            f"-seed={seed}",
            f"-artifact_prefix={scratch}/",
            "-timeout=30",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *options, str(corpus)], one, custom_mutator=mutate)
        atheris.Fuzz()


def _at_random(seconds: float, seed: int) -> None:
    from tests.benchmarks import fuzz_checks as checks

    source = random.Random(seed)
    pieces = checks.words()
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        checks.check_now_and_then(checks.torn(source.choice(checks.SEEDS), source, pieces), source)
        count += 1
    print(f"{count} torn policies read and linted, seed {seed}")


def main() -> int:
    """Fuzz until told to stop."""
    parser = argparse.ArgumentParser(description="Fuzz the policy parser and linter.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1, 1_000_000))
    parser.add_argument("--plain", action="store_true", help="tear at random, without atheris")
    parser.add_argument(_STEERED, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.steered:
        _steered(arguments.seconds, arguments.seed)
        return 0
    if not arguments.plain:
        code = _run_steered(arguments.seconds, arguments.seed)
        if code is not None:
            return code
    _at_random(arguments.seconds, arguments.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
