"""The access diff held against brute force: `python tests/benchmarks/access_diff.py [PAIRS]`.

Draws pairs of policies (100,000 unless told), asks the evaluator about the requests around each
value in them, and counts what the diff missed and what it claimed falsely. Goal: none of either.
"""

from __future__ import annotations

import sys
import time
from multiprocessing import Pool

from tests.policy.access.brute_force import Report, try_pairs

_FIRST_SEED = 10_000
_CHUNK = 250


def main(pairs: int) -> int:
    """Try `pairs` pairs on all cores; returns how many things were wrong."""
    report, started = Report(), time.monotonic()
    seeds = range(_FIRST_SEED, _FIRST_SEED + pairs)
    chunks = [seeds[at : at + _CHUNK] for at in range(0, pairs, _CHUNK)]
    with Pool() as pool:
        for each in pool.imap_unordered(try_pairs, chunks):
            report.add(each)
    print(
        f"{report.pairs:,} pairs, {report.requests:,} requests, {report.differing:,} of them"
        f" answered differently, {report.open:,} left open by AWS's documents;"
        f" {report.incomplete:,} diffs said to be incomplete;"
        f" {time.monotonic() - started:,.0f} s"
    )
    wrong = 0
    for what in ("missed", "false", "unknown_callers"):
        found = getattr(report, what)
        wrong += len(found)
        print(f"{what.replace('_', ' ')}: {len(found)}", *found[:10], sep="\n  ")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000) else 0)
