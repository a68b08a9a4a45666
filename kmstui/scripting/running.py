"""Runs the command that was parsed; its errors are sentences."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kmstui.scripting.catalog import command_named
from kmstui.scripting.command import run_command

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings


def run(options: argparse.Namespace, around: Surroundings) -> int:
    """Run what was parsed; returns the exit code, as the command's help has it."""
    command = command_named(options.command)
    prefix = f"kmstui {options.command}"
    return run_command(lambda: command.run(options, around), around.streams.err, prefix)
