"""What a command is, and its help.

A command is a module with a `COMMAND`, which says what it takes, what it is for and how it ends;
`catalog` names them all. Nothing of a module is imported before its command is parsed, or its
help is shown.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kmstui.scripting.parser import Parser
from kmstui.scripting.surroundings import Surroundings

Run = Callable[[argparse.Namespace, Surroundings], int]


@dataclass(frozen=True, slots=True)
class Command:
    """What a command is: its help, its options, and what it does."""

    description: str
    """What it does, in a paragraph."""
    options: Callable[[Parser], None]
    """Adds what it takes."""
    run: Run
    """Does it; returns the exit code, and raises `CommandError` or `ServiceError`."""
    examples: Sequence[tuple[str, str]]
    """Command lines without `kmstui`, each with what it does."""
    exits: Mapping[int, str]
    """What each exit code means."""
    rewrite: Callable[[Sequence[str]], list[str]] = list
    """What becomes of its arguments before they are parsed."""


def fill_from(parser: Parser, name: str, command: Command) -> None:
    """Make of a bare parser that of a command."""
    from textwrap import fill

    parser.description = fill(command.description, 78)
    parser.epilog = _epilog(command)
    parser.rewrite = command.rewrite
    parser.set_defaults(command=name)
    command.options(parser)


def _epilog(command: Command) -> str:
    from textwrap import wrap

    lines = ["examples:"]
    shown = {f"  kmstui {words}": what for words, what in command.examples}
    beside = [line for line, what in shown.items() if len(line) <= 46 and len(what) <= 32]
    width = max(map(len, beside), default=0)
    for line, what in shown.items():
        if line in beside:
            lines.append(f"{line:<{width}}  {what}")
        else:
            lines += [line, *wrap(what, 72, initial_indent=" " * 6, subsequent_indent=" " * 6)]
    lines += ["", "exit codes:"]
    for code, meaning in command.exits.items():
        first, *more = wrap(meaning, 72)
        lines += [f"  {code:<3} {first}", *(f"      {each}" for each in more)]
    return "\n".join(lines)
