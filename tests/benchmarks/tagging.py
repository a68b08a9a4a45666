"""How long it takes to tag and untag many marked keys with KMS's quotas on, on a pseudo-terminal.

    python tests/benchmarks/tagging.py [--keys 500] [--lag 0]

The quotas are those of the account: 10 TagResource and 5 UntagResource a second. Prints the time
from the Enter that sends to the summary on the screen, beside the least that the quota allows, and
fails when a key is wrong, when a request was refused for good, or when it took 10 % longer.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from kmstui.demo import EmbeddedOptions
from kmstui.service.tags.tagging import TagKind
from tests.control import ControlledKms
from tests.pty_terminal import PtyTerminal

TAG = {"bulk": "yes", "cost center": "42"}


def measure(kms: ControlledKms, terminal: PtyTerminal, count: int, lag: float) -> None:
    """Tag and untag `count` marked keys, and look at every one; tags show `lag` seconds late."""
    terminal.wait_for(lambda text: re.search(r"Keys  [\d,]+ \(and", text))
    terminal.send("/", "Generated -state:pendingdeletion", "enter")
    terminal.wait_for(lambda text: re.search(r"Keys  [\d,]+ of", text))
    for number in range(1, count + 1):
        terminal.send("space")
        if number % 100 == 0:
            terminal.wait_for(f"{number:,} marked")
    terminal.wait_for(f"{count:,} marked")
    print("| | keys | seconds | least by quota | more | throttled | wrong | listed by aws |")
    print("|---|---|---|---|---|---|---|---|")
    for name, keys, rate, wanted in (
        ("tag", ("t", 'bulk=yes "cost center=42"'), TagKind.rates["TagResource"], TAG),
        ("untag", ("u", 'bulk "cost center"'), TagKind.rates["UntagResource"], {}),
    ):
        before = kms.control.requests()[-1].number
        terminal.send(*keys, "enter")
        terminal.wait_for(f"{count:,} keys of {count:,} will change")
        began = time.monotonic()
        terminal.send("enter")
        terminal.wait_for("Esc Closes", timeout=600)
        seconds = time.monotonic() - began
        summary = re.search(r"^ (\d.*keys: .*)$", terminal.text, re.MULTILINE)
        assert f"{count:,} keys: {count:,} done." in terminal.text, summary or terminal.text
        terminal.send("escape")
        terminal.wait_until_gone("Esc Closes")
        requests = kms.control.requests(after=before)
        changed = [each for each in requests if each.operation in {"TagResource", "UntagResource"}]
        throttled = sum(each.error == "ThrottlingException" for each in changed)
        key_ids = {each.key.rsplit("/", 1)[-1] for each in changed}
        assert len(key_ids) == count, len(key_ids)
        held = {key_id: dict(kms.control.key(key_id).tags) for key_id in key_ids}
        wrong = sum({tag: tags[tag] for tag in TAG if tag in tags} != wanted
                    for tags in held.values())  # fmt: skip
        listed = sum(
            aws_listing(kms, key_id) == held[key_id] for key_id in sorted(key_ids)[:: count // 8]
        )
        least = count / rate
        print(
            f"| {name} | {count} | {seconds:.1f} | {least:.1f} | {seconds / least - 1:+.1%} "
            f"| {throttled} | {wrong} | {listed} |",
            flush=True,
        )
        assert not wrong
        assert seconds <= least * 1.1 + 2 * lag, "slower than the quota allows by more than a tenth"


def _says(words: str, text: str) -> bool:
    return words in " ".join(text.split())


def measure_one(terminal: PtyTerminal, count: int = 20) -> None:
    """From `t` to the tag as it was read back, on one key after another, typed without a pause."""
    terminal.send("escape", "escape", "*", "*", "g")
    terminal.wait_for(lambda text: "marked" not in text)
    times = []
    for number in range(count):
        terminal.send("j")
        terminal.settle(0.6)
        began = time.monotonic()
        terminal.send("t", f"quick=v{number}", "enter", "enter")
        terminal.wait_for(partial(_says, f"quick=v{number} ("))
        times.append((time.monotonic() - began) * 1000)
        terminal.send("escape")
    times.sort()
    print(f"\nOne key, from t to the read-back tag on the screen, {count} times: "
          f"median {times[count // 2]:.0f} ms, worst {times[-1]:.0f} ms")  # fmt: skip


def aws_listing(kms: ControlledKms, key_id: str) -> Mapping[str, str]:
    """A key's tags as the AWS CLI lists them."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("aws")), "kms", "list-resource-tags",
         "--key-id", key_id, "--output", "json"],
        env={"PATH": os.environ["PATH"], **kms.environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {tag["TagKey"]: tag["TagValue"] for tag in json.loads(done.stdout)["Tags"]}


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=500)
    parser.add_argument("--lag", type=int, default=0, help="ms until a change can be read")
    arguments = parser.parse_args()
    options = EmbeddedOptions(extra_keys=arguments.keys + 200, quotas=True)
    with ControlledKms.start(options) as kms, TemporaryDirectory() as home:
        kms.control.wait_until_filled()
        kms.control.set_lag(arguments.lag)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "LANG": "C.UTF-8",
            "KMSTUI_STATE_DIRECTORY": f"{home}/state",
            **kms.environment,
        }
        command = [sys.executable, "-m", "kmstui"]
        with PtyTerminal(command, env=environment, waits_seconds=60) as terminal:
            measure(kms, terminal, arguments.keys, arguments.lag / 1000)
            measure_one(terminal)


if __name__ == "__main__":
    main()
