"""Runs a command as the command line does, with streams of a test's own."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kmstui.cli import command_line
from kmstui.scripting import LiveSource, Streams, Surroundings, run


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Outcome:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What it wrote as JSON: a list."""
        rows: list[dict[str, Any]] = json.loads(self.out)
        return rows


def command(
    *arguments: object,
    source: LiveSource | None = None,
    live: Callable[[], LiveSource] | None = None,
    stdin: str = "",
    terminal: bool = False,
    **around: Any,
) -> Outcome:
    """Run `kmstui ARGUMENTS`; keys are those of `source`, or of what `live` makes."""
    stream = Terminal if terminal else io.StringIO
    out, err = stream(), stream()
    if source is not None:
        around["live"] = lambda: source
    elif live is not None:
        around["live"] = live
    surroundings = Surroundings(streams=Streams(io.StringIO(stdin), out, err), **around)
    code = run(command_line().parse_args([str(each) for each in arguments]), surroundings)
    return Outcome(code, out.getvalue(), err.getvalue())
