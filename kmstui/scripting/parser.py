"""The parser of the command line, of which each command's part is filled in when it is used."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from kmstui.model import visible

if TYPE_CHECKING:
    from kmstui.service.ports import Target

COULD_NOT_RUN = 2
"""Exit code when nothing could be done; 1 is kept for "ran, and the answer is no"."""


class Parser(argparse.ArgumentParser):
    """Filled in when it is used; shows what it refuses.

    A file's name may begin like an option, and hold control sequences.
    """

    def __init__(self, *, fill: Callable[[Parser], None] | None = None, **how: object) -> None:
        """`fill` adds its arguments, once, when they are asked for."""
        super().__init__(formatter_class=_formatter, **how)  # type: ignore[arg-type]
        self._unfilled = fill
        self.rewrite: Callable[[Sequence[str]], list[str]] = list

    def fill(self) -> None:
        """Add its arguments, unless they are there."""
        fill, self._unfilled = self._unfilled, None
        if fill is not None:
            fill(self)

    def fill_all(self) -> None:
        """Add the arguments of every command below it too: for what shows them all."""
        self.fill()
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for each in action.choices.values():
                    each.fill_all()

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse; what a command does not know is an error of that command."""
        self.fill()
        found, unknown = super().parse_known_args(self.rewrite(args or []), namespace)
        if unknown and self.get_default("command"):
            self.error(f"{unknown[0]} is not known here")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, and end with exit code 2."""
        self.exit(
            COULD_NOT_RUN,
            f"{self.prog}: {visible(message)}. `{self.prog} --help` tells what can be given.\n",
        )


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Keeps the lines of descriptions, and knows the width: argparse asks `shutil`, which is slow.

    One is made for each option, whether help is asked for or not.
    """
    try:
        columns = os.get_terminal_size().columns
    except OSError:
        columns = 80
    return argparse.RawDescriptionHelpFormatter(prog, width=columns - 2)


def add_connection_options(parser: argparse.ArgumentParser, *, suppressed: bool = True) -> None:
    """The options that say which account's keys are meant.

    They can stand before a command too, so those of the command set nothing where they are not
    given (`suppressed`).
    """
    default = argparse.SUPPRESS if suppressed else None
    group = parser.add_argument_group("connection")
    add = group.add_argument
    add("--profile", metavar="P", default=default, help="AWS profile; several with commas")
    add("--region", metavar="R", default=default, help="AWS Region; several with commas")
    add(
        "--all-regions",
        dest="region",
        action="store_const",
        const="all",
        default=default,
        help="every Region that is enabled in the account",
    )
    add(
        "--set",
        metavar="NAME",
        default=default,
        help="profiles and Regions of config.toml, [sets.NAME]",
    )
    add(
        "--endpoint-url",
        metavar="URL",
        default=default,
        help="KMS endpoint, such as a VPC endpoint's",
    )
    add(
        "--demo",
        action="store_true",
        default=default or False,
        help="run on an embedded KMS; no credentials, no network",
    )


def target_of(options: argparse.Namespace) -> Target:
    """What `add_connection_options` read; empty where an option was not given.

    What a set says comes with the settings.
    """
    # Linting a file needs none of the service's modules.
    from kmstui.service.ports import Target

    if getattr(options, "set", None):
        return Target()
    names = ("profile", "region", "endpoint_url")
    return Target(*(getattr(options, name, None) or "" for name in names))
