"""What the commands without screens share: parser, streams, exit codes and the path of an error.

A command is a module with a `run` that takes its arguments and a source of live keys, and returns
the exit code; `kmstui.cli` names it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import TYPE_CHECKING, NamedTuple, TextIO

from kmstui.model import visible

if TYPE_CHECKING:
    from kmstui.service.ports import Target

COULD_NOT_RUN = 2
"""Exit code when nothing could be done; 1 is kept for "ran, and the answer is no"."""


class CommandError(Exception):
    """A command cannot do what it was asked to; the message is a sentence."""


class Streams(NamedTuple):
    """Where a command reads and writes."""

    stdin: TextIO
    out: TextIO
    err: TextIO

    @classmethod
    def of(cls, stdin: TextIO | None, out: TextIO | None, err: TextIO | None) -> Streams:
        """Those given; the standard ones in place of the others."""
        return cls(stdin or sys.stdin, out or _lenient(sys.stdout), err or _lenient(sys.stderr))


def _lenient(stream: TextIO) -> TextIO:
    """A standard stream that escapes what its encoding lacks instead of failing on it."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def command_parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """A parser for `kmstui NAME`, to which the command adds its own arguments."""
    return argparse.ArgumentParser(
        prog=f"kmstui {name}", description=description, epilog=epilog, formatter_class=_formatter
    )


def _formatter(prog: str) -> argparse.HelpFormatter:
    """The usual one, told the width: argparse asks `shutil`, which loads every compression library.

    One is made for each option, whether help is asked for or not.
    """
    try:
        columns = os.get_terminal_size().columns
    except OSError:
        columns = 80
    return argparse.HelpFormatter(prog, width=columns - 2)


def add_connection_options(parser: argparse.ArgumentParser) -> None:
    """The options that say which account's keys are meant."""
    parser.add_argument("--profile", metavar="P", default="", help="AWS profile, for keys")
    parser.add_argument("--region", metavar="R", default="", help="AWS Region, for keys")
    parser.add_argument("--endpoint-url", metavar="URL", default="", help="KMS endpoint, for keys")


def target_of(options: argparse.Namespace) -> Target:
    """What `add_connection_options` read; empty where an option was not given."""
    # Linting a file needs none of the service's modules.
    from kmstui.service.ports import Target

    return Target(options.profile, options.region, options.endpoint_url)


def run_command(job: Callable[[], int], err: TextIO, prefix: str) -> int:
    """The exit code of `job`; an error that has a sentence for people is printed."""
    try:
        return job()
    except CommandError as error:
        return complain(str(error), err, prefix)
    except Exception as error:
        from kmstui.service.errors import ServiceError

        if isinstance(error, ServiceError):
            return complain(error.sentence, err, prefix)
        raise


def complain(sentence: str, err: TextIO, prefix: str = "kmstui") -> int:
    """Print why something could not be done; returns the exit code that says so."""
    print(f"{prefix}: {visible(sentence)}", file=err)
    return COULD_NOT_RUN
