"""How fast keys of several accounts and Regions come, beside a boto3 loop in the same run.

    python tests/benchmarks/several.py [--keys 2000] [--latencies 20 150] [--presses 300]

Three accounts in five Regions make 15 connections, each with so many keys besides its own. Told is
when the first keys show and when all are read, which calls were made, and how long a pressed key
takes meanwhile; the boto3 loop reads the same keys, one after the other (from a sample).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from kmstui.demo import EmbeddedOptions
from kmstui.demo.world.elsewhere import DENIED_REGION, REGIONS
from tests.benchmarks.process_tree import cpu_seconds
from tests.benchmarks.reading import CURSOR, PYTHON, environment, head, percentile, press, row
from tests.control import ControlledKms
from tests.pty_terminal import PtyTerminal

PROFILES = ("workshop", "analytics", "sandbox")
SEQUENCE = ("j", "j", "j", "k", "ctrl+d", "ctrl+u")
SAMPLE = 50
"""Keys of one connection that the boto3 loop describes and reads the tags of."""

LOOP = f"""
import boto3, time
began = time.perf_counter()
kms = boto3.Session(profile_name="workshop", region_name="{REGIONS[1]}").client("kms")
ids = [each["KeyId"] for each in kms.list_keys(Limit={SAMPLE})["Keys"]]
print(time.perf_counter() - began)
began = time.perf_counter()
for each in ids:
    kms.describe_key(KeyId=each)
    try:
        kms.list_resource_tags(KeyId=each)
    except kms.exceptions.ClientError:
        pass
print((time.perf_counter() - began) / len(ids))
"""


def is_whole(text: str) -> bool:
    """Whether the title of the keys tells of no more loading."""
    titles = [line for line in text.splitlines() if "1 Keys" in line]
    return bool(titles) and "(and " in titles[0] and "described" not in titles[0]


def measure(keys: int, latency: float, presses: int) -> None:
    """One round with a latency in seconds."""
    options = EmbeddedOptions(extra_keys=keys, latency=latency, elsewhere=True, everywhere=True)
    with (
        ControlledKms.start(options, timeout=120) as embedded,
        tempfile.TemporaryDirectory() as home,
    ):
        embedded.control.wait_until_filled(timeout=300)
        profiles = Path(home, "aws-config")
        embedded.write_profiles(profiles)
        env = {**environment(embedded, home), "AWS_CONFIG_FILE": str(profiles)}
        told = subprocess.run(
            [PYTHON, "-c", LOOP], env=env, check=True, capture_output=True, text=True
        ).stdout.split()
        first_by_loop, each_by_loop = map(float, told)
        embedded.control.clear_requests()
        connections = len(PROFILES) * len(REGIONS) - 1
        command = [PYTHON, "-m", "kmstui", "--profile", ",".join(PROFILES)]
        began = time.perf_counter()
        with PtyTerminal(
            [*command, "--region", ",".join(REGIONS)],
            columns=160,
            rows=45,
            env=env,
            waits_seconds=1800,
        ) as terminal:
            terminal.wait_for(CURSOR)
            first = time.perf_counter() - began
            pressed: list[float] = []
            while len(pressed) < presses and not is_whole(terminal.text):
                pressed += [each for each, _ in press(terminal, SEQUENCE)]
            terminal.wait_for(is_whole)
            whole = time.perf_counter() - began
            used = cpu_seconds(terminal.pid)
            after = [each for each, _ in press(terminal, SEQUENCE * (presses // len(SEQUENCE)))]
        calls = Counter(embedded.control.operations())
    all_by_loop = each_by_loop * keys * connections
    head(
        f"{connections} connections of {keys:,} keys each at {latency * 1000:.0f} ms", "s", "ratio"
    )
    row("boto3 loop: first keys", f"{first_by_loop:.2f}", "1.00")
    row("kmstui: first keys on the screen", f"{first:.2f}", f"{first / first_by_loop:.2f}")
    row("boto3 loop: all keys with tags (from a sample)", f"{all_by_loop:.0f}", "1.00")
    row("kmstui: all keys with tags", f"{whole:.1f}", f"{whole / all_by_loop:.3f}")
    row("kmstui: CPU, its AWS process too", f"{used:.1f}", f"{used / all_by_loop:.3f}")
    head("keys pressed", "number", "p50 ms", "p99 ms")
    for when, times in (("while they are read", pressed), ("when all are read", after)):
        if times:
            middle, worst = statistics.median(times), percentile(times, 0.99)
            row(when, len(times), f"{middle:.1f}", f"{worst:.1f}")
    head("calls", "number", "a key")
    for operation, number in calls.most_common():
        row(operation, f"{number:,}", f"{number / (keys * connections):.4f}")


def main() -> None:
    """Measure with each latency; one Region of the third account is denied, as in the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=2_000, help="in each connection")
    parser.add_argument("--latencies", type=int, nargs="+", default=[20, 150], metavar="MS")
    parser.add_argument("--presses", type=int, default=300)
    given = parser.parse_args()
    print(f"The third account may use no KMS in {DENIED_REGION}.")
    for latency in given.latencies:
        measure(given.keys, latency / 1000, given.presses)


if __name__ == "__main__":
    main()
