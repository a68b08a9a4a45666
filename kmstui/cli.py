"""The command line: arguments to the screens, or to a command of `kmstui.scripting`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from kmstui import gc_tuning
from kmstui.scripting import (
    FIRST_WORDS,
    Parser,
    add_commands,
    add_connection_options,
    complain,
    reason,
)

DEMO_KEYS_MOST = 100_000

_DESCRIPTION = """\
The terminal program for AWS KMS keys. Alone, or with a KEY to begin on, it opens
the screens; ? inside shows their keys. With a COMMAND it does one thing and ends."""

_EPILOG = """\
examples:
  kmstui alias/ImportedCMK --region eu-west-1    the screens, on this key
  kmstui --demo                                  on an embedded KMS, without an account
  kmstui lint policy.json                        a command; kmstui lint --help tells more
  kmstui -- lint                                 the screens, on a key of that name

exit codes:
  0    done, or yes; 1 and 3 mean what the command's help says
  2    it could not be done, and standard error says why
  130  ended by Ctrl-c; 141: whoever read the output has gone

Every option can stand in config.toml or in an environment variable (KMSTUI_REGION …);
the usual AWS variables and files apply."""


READER_GONE = 128 + 13
"""Exit code where whoever read the output has gone, as SIGPIPE ends other programs: with 0,
`lint --all | head` would say that there are no errors."""


def run(arguments: Sequence[str]) -> int:
    """Run one command, or the screens; returns the exit code."""
    from kmstui.bootstrap import StartError
    from kmstui.config_values import ConfigError

    _open_closed_streams()
    try:
        if _names_command(arguments):
            gc_tuning.start()
            return _printed(lambda: _run_command(arguments))
        return _run_app(arguments)
    except (ConfigError, StartError) as error:
        return complain(str(error), sys.stderr)
    except KeyboardInterrupt:
        return 130


def _names_command(arguments: Sequence[str]) -> bool:
    """Whether a command is meant, or help with all of them; else the screens open."""
    if not arguments or arguments[0] in FIRST_WORDS:
        return bool(arguments)
    if not arguments[0].startswith("-"):
        return False
    options = Parser(add_help=False)
    _add_options(options)
    options.exit_on_error = False
    try:
        _, left = options.parse_known_args(arguments)
    except argparse.ArgumentError:
        # The parser of the screens says what is wrong.
        return False
    if {"-h", "--help"}.intersection(left[: left.index("--") if "--" in left else None]):
        return True
    return next((each for each in left if each == "--" or each[:1] != "-"), "") in FIRST_WORDS


def _run_command(arguments: Sequence[str]) -> int:
    parser = command_line()
    try:
        parsed = parser.parse_args(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    for option in _OF_SCREENS:
        if getattr(parsed, option):
            words = f"--{option.replace('_', '-')} is for the screens, not for commands"
            return complain(f"{words}.", sys.stderr)
    from kmstui.bootstrap import run_command

    # What the command imports has been, by its parser.
    gc_tuning.keep()
    return run_command(parsed, parser)


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
    parsed = _screens().parse_args(arguments)
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


_OF_SCREENS = ("demo_keys", "mouse", "theme", "ascii")
"""Options that commands have no use for."""


def command_line() -> Parser:
    """The whole command line: the options of the screens, and every command."""
    parser = Parser(
        prog="kmstui",
        usage="kmstui [OPTION…] [KEY]\n       kmstui COMMAND …",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    _add_options(parser)
    add_commands(parser)
    return parser


def _screens() -> Parser:
    """What is parsed where no command is named."""
    parser = Parser(prog="kmstui")
    parser.add_argument("key", nargs="?", metavar="KEY", help="open on this key: ID, ARN or alias")
    _add_options(parser)
    return parser


def _add_options(parser: Parser) -> None:
    add_connection_options(parser, suppressed=False)
    add = parser.add_argument
    add("--read-only", action="store_true", default=None, help="refuse every change")
    add(
        "--demo-keys",
        type=_demo_keys,
        metavar="N",
        help=f"the demo with N more keys, at most {DEMO_KEYS_MOST}",
    )
    add("--mouse", action="store_true", default=None, help="let the mouse work (costs bytes)")
    add("--theme", metavar="T", help="colour theme; :theme inside lists them")
    add("--ascii", action="store_true", default=None, help="draw marks with ASCII alone")
    add("--version", action=_Version, nargs=0, help="tell version, commit and what is known of KMS")


class _Version(argparse.Action):
    """Tells what was installed; what that is made of is read only where it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_more: object) -> None:
        from kmstui.built import version_line

        print(version_line())
        parser.exit()


def _demo_keys(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= number <= DEMO_KEYS_MOST:
        raise argparse.ArgumentTypeError(f"between 0 and {DEMO_KEYS_MOST}, not {number}")
    return number
