"""``python -m kmstui.demo``: the embedded AWS in the foreground, for people with other tools."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from kmstui.demo.embedded import EmbeddedError, EmbeddedKms, EmbeddedOptions

_WHO = ("instance", "admin", "auditor", "ci", "user", "breakglass", "root", "partner")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until interrupted; prints the environment to export. Exit code 1 when it cannot start."""
    options = _parser().parse_args(arguments)
    embedded_options = EmbeddedOptions(
        extra_keys=options.keys, latency=options.latency / 1000, quotas=options.quotas
    )
    try:
        embedded = EmbeddedKms.start(embedded_options, port=options.port)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with embedded:
        lines = [f"export {n}={v}" for n, v in embedded.environment_for(options.who).items()]
        print("\n".join(lines))
        print(
            f"# Embedded AWS account {embedded.account} at {embedded.endpoint_url}, as "
            f"{options.who}. Ctrl-c ends it.",
            flush=True,
        )
        stopped.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kmstui.demo",
        description="Serve the embedded AWS (KMS, STS, IAM, tagging, CloudTrail) on loopback.",
    )
    parser.add_argument("--keys", type=_count, default=0, metavar="N", help="so many more keys")
    parser.add_argument(
        "--latency", type=float, default=0.0, metavar="MS", help="milliseconds that calls take"
    )
    parser.add_argument("--quotas", action="store_true", help="throttle at KMS's request quotas")
    parser.add_argument("--port", type=int, default=0, metavar="P", help="default: a free one")
    parser.add_argument("--as", dest="who", choices=_WHO, default="instance", help="who to be")
    return parser


def _count(text: str) -> int:
    count = int(text)
    if not 0 <= count <= 100_000:
        raise argparse.ArgumentTypeError("from 0 to 100000")
    return count


if __name__ == "__main__":
    sys.exit(main())
