"""The command line: arguments to the app, `lint`, `can` or `diff`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from kmstui import __version__, gc_tuning
from kmstui.scripting import Parser, complain, reason

DEMO_KEYS_MOST = 100_000

_DESCRIPTION = "The terminal program for AWS KMS keys."

_EPILOG = """\
further commands, each with a --help of its own:
  kmstui lint FILE|-|KEY|--all       check key policies; exit 1 on errors
  kmstui can PRINCIPAL ACTION KEY    who may do what, and why; exit 0 yes, 1 no
  kmstui diff OLD NEW                who gains and who loses by a change; exit 1 on a gain

Every option can stand in config.toml or in an environment variable (KMSTUI_REGION …);
the usual AWS variables and files apply. Inside the program, ? shows the keys.
"""


READER_GONE = 128 + 13
"""Exit code where whoever read the output has gone, as SIGPIPE ends other programs: with 0,
`lint --all | head` would say that there are no errors."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    from kmstui.bootstrap import StartError, run_can, run_diff, run_lint
    from kmstui.config import ConfigError

    commands = {"lint": run_lint, "can": run_can, "diff": run_diff}
    _open_closed_streams()
    try:
        if arguments and arguments[0] in commands:
            gc_tuning.collect_seldom()
            return _printed(lambda: commands[arguments[0]](arguments[1:]))
        return _run_app(arguments)
    except (ConfigError, StartError) as error:
        return complain(str(error), sys.stderr)
    except KeyboardInterrupt:
        return 130


def _printed(command: Callable[[], int]) -> int:
    """The exit code of a command, or why its output did not arrive."""
    try:
        code = command()
        sys.stdout.flush()
    except OSError as error:
        # All but what goes to standard streams has a name.
        if error.filename is not None:
            raise
        code = READER_GONE
        if not isinstance(error, BrokenPipeError):
            code = complain(f"The output cannot be written: {reason(error)}.", sys.stderr)
        _let_go(sys.stdout)
        _let_go(sys.stderr)
    return code


def _open_closed_streams() -> None:
    """Lead nowhere what the shell has closed (`>&-`), before another file gets its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123


def _let_go(stream: TextIO) -> None:
    """Write what is left; what cannot be written shall not change the exit code at the end."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run_app(arguments: Sequence[str]) -> int:
    parsed = _parser().parse_args(arguments)
    from kmstui.ui.terminal import draw_where_it_is_seen, why_no_screens

    sentence = why_no_screens()
    if sentence:
        return complain(sentence, sys.stderr)
    draw_where_it_is_seen()
    gc_tuning.start()
    from kmstui.bootstrap import run_app
    from kmstui.config import flags_of, load_settings, origin_of

    flags = flags_of(vars(parsed))
    return run_app(
        load_settings(flags),
        region_from=origin_of("region", flags),
        key=parsed.key or "",
        demo=parsed.demo or parsed.demo_keys is not None,
        demo_keys=parsed.demo_keys or 0,
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="kmstui",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("key", nargs="?", metavar="KEY", help="open on this key: ID, ARN or alias")
    add("--profile", metavar="P", help="AWS profile")
    add("--region", metavar="R", help="AWS Region")
    add("--endpoint-url", metavar="URL", help="KMS endpoint, such as a VPC endpoint's")
    add("--read-only", action="store_true", default=None, help="refuse every change")
    add("--demo", action="store_true", help="run on an embedded KMS; no credentials, no network")
    add(
        "--demo-keys",
        type=_demo_keys,
        metavar="N",
        help=f"the demo with N more keys, at most {DEMO_KEYS_MOST}",
    )
    add("--mouse", action="store_true", default=None, help="let the mouse work (costs bytes)")
    add("--theme", metavar="T", help="colour theme; :theme inside lists them")
    add("--ascii", action="store_true", default=None, help="draw marks with ASCII alone")
    add("--version", action="version", version=f"kmstui {__version__}")
    return parser


def _demo_keys(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= number <= DEMO_KEYS_MOST:
        raise argparse.ArgumentTypeError(f"between 0 and {DEMO_KEYS_MOST}, not {number}")
    return number
