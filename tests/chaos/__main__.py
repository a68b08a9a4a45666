"""`python -m tests.chaos --seed N --minutes M`: rounds of chaos, until the time is over."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.rounds import play


def main() -> int:
    """Exit code 1 where something did not hold; the directories of such rounds are kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60)
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="kmstui-chaos-"))
    tally = play(
        options.seed, options.minutes * 60, directory, lambda text: print(text, flush=True)
    )
    print(f"{tally.rounds} rounds, {len(tally.troubles)} troubles; homes are in {directory}")
    for name, number in sorted(tally.figures.items()):
        print(f"{number:7,}  {name}")
    return 1 if tally.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
