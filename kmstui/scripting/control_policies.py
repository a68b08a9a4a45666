"""The options of `can` that name control policies and the policy of a VPC endpoint."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kmstui.model import ControlLevel, ControlPolicy
from kmstui.policy.evaluation import FULL_ACCESS, Chain
from kmstui.scripting.command import STDIN

_LEVELS = ("--scp", "--rcp")
_BETWEEN = "\0"
"""Stands between the files of one option: no file name holds it."""

ReadText = Callable[[str], str]
"""The text of a file that holds a policy."""


def add_control_options(parser: argparse.ArgumentParser) -> None:
    """Add `--scp`, `--rcp` and `--vpc-endpoint-policy`."""
    for name, what in (
        ("--scp", "service control policies of the principal's account"),
        ("--rcp", "resource control policies of the key's account"),
    ):
        parser.add_argument(
            name,
            metavar="FILE",
            action="append",
            default=[],
            help=f"{what}: the files of one level (root, OU or account), or {FULL_ACCESS.name};"
            " repeat the option for each level",
        )
    parser.add_argument(
        "--vpc-endpoint-policy",
        metavar="FILE",
        help="the policy of the VPC endpoint through which the request goes",
    )


def with_files_together(arguments: Sequence[str]) -> list[str]:
    """The arguments with the files behind one `--scp` or `--rcp` made one, for argparse.

    `nargs="+"` would take PRINCIPAL and ACTION for files where they stand behind; here more files
    than one are what exists as a file.
    """
    found: list[str] = []
    taking = False
    for argument in arguments:
        if taking and _is_file(argument):
            found[-1] += _BETWEEN + argument
            continue
        taking = len(found) > 0 and found[-1] in _LEVELS
        found.append(argument)
        taking = taking or argument.startswith(tuple(f"{name}=" for name in _LEVELS))
    return found


def _is_file(argument: str) -> bool:
    return argument in (STDIN, FULL_ACCESS.name) or Path(argument).is_file()


def given_chain(chain: Chain, options: argparse.Namespace, account: str, read: ReadText) -> Chain:
    """The chain with what the files say in place of what was read.

    Args:
        chain: What was read.
        options: What `add_control_options` read.
        account: The principal's account; empty for one that has none.
        read: Reads a policy.

    Raises:
        CommandError: as `read` does.
    """
    if options.scp:
        chain = chain.with_scps(account, tuple(_levels(options.scp, read)))
    if options.rcp:
        chain = chain.with_rcps(tuple(_levels(options.rcp, read)))
    name = options.vpc_endpoint_policy
    return chain if name is None else chain.with_endpoint(ControlPolicy(name, read(name)))


def _levels(given: Sequence[str], read: ReadText) -> Iterator[ControlLevel]:
    for number, files in enumerate(given, 1):
        names = files.split(_BETWEEN)
        policies = tuple(
            FULL_ACCESS if name == FULL_ACCESS.name else ControlPolicy(name, read(name))
            for name in names
        )
        place = f"level {number} ({', '.join(names)})"
        yield ControlLevel(place, policies, complete=False)
