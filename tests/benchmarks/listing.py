"""`kmstui keys` on many keys beside what a shell does: `aws kms list-keys`, then describe each.

    python tests/benchmarks/listing.py [--keys 10000] [--described 20]

To describe all of them by the AWS CLI would take an hour or more: `--described` keys are, and the
whole is told from those, beside the time of list-keys.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2]))

from kmstui.demo import EmbeddedOptions
from tests.control import ControlledKms

AWS = str(Path(sys.executable).with_name("aws"))


def timed(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, str]:
    """Seconds, and what a command prints."""
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2):
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    return time.perf_counter() - began, done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--described", type=int, default=20)
    chosen = parser.parse_args()
    options = EmbeddedOptions(extra_keys=chosen.keys)
    with ControlledKms.start(options) as kms, TemporaryDirectory() as home:
        kms.control.wait_until_filled()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "KMSTUI_STATE_DIRECTORY": f"{home}/state",
            **kms.environment_for("admin"),
        }
        listing, out = timed([AWS, "kms", "list-keys", "--output", "json"], environment)
        ids = [each["KeyId"] for each in json.loads(out)["Keys"]]
        describing = sum(
            timed([AWS, "kms", "describe-key", "--key-id", key_id], environment)[0]
            for key_id in ids[: chosen.described]
        )
        whole = listing + describing / chosen.described * len(ids)
        ours, out = timed([sys.executable, "-m", "kmstui", "keys", "--format", "json"], environment)
        print(f"{len(ids):,} keys")
        print("| | seconds |")
        print("|---|---|")
        print(f"| aws kms list-keys | {listing:.1f} |")
        print(f"| and describe-key of each, told from {chosen.described} | {whole:,.0f} |")
        print(f"| kmstui keys, {len(json.loads(out)):,} rows with aliases and tags | {ours:.1f} |")


if __name__ == "__main__":
    main()
