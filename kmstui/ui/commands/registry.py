"""Every command, gathered from the modules that define them.

These modules are imported at every start, before the first frame. So they import at the top only
what the first frame needs anyway; what a command opens or asks is imported in the function that
does it. `kmstui.ui.runtime.preload` loads all of that once the first keys are on the screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module

from textual.binding import Binding, BindingType

from kmstui.ui.commands.command import Command

MODULES: tuple[str, ...] = (
    "kmstui.ui.main.commands",
    "kmstui.ui.tags.commands",
    "kmstui.ui.editing.commands",
    "kmstui.ui.keys.commands",
    "kmstui.ui.access.commands",
    "kmstui.ui.findings.commands",
    "kmstui.ui.keys.view_commands",
    "kmstui.ui.main.program_commands",
)
"""Each has a tuple `COMMANDS`; add a module here to add its commands everywhere."""


@cache
def all_commands() -> tuple[Command, ...]:
    """Every command, in the order of the modules.

    Raises:
        ValueError: two commands share an id, or a key within one scope.
    """
    commands = tuple(command for module in MODULES for command in import_module(module).COMMANDS)
    taken: set[tuple[str, str]] = set()
    for command in commands:
        for claim in (("id", command.id), *((command.scope, key) for key in command.keys)):
            if claim in taken:
                raise ValueError(f"two commands claim {claim}")
            taken.add(claim)
    return commands


def commands_in(scopes: Sequence[str]) -> tuple[Command, ...]:
    """The commands of these scopes, those of the first scope first."""
    return tuple(
        command for scope in scopes for command in all_commands() if command.scope == scope
    )


def command_for(key: str, scopes: Sequence[str]) -> Command | None:
    """The command that a key stands for; an earlier scope goes before a later one."""
    return next((command for command in commands_in(scopes) if key in command.keys), None)


def bindings_for(commands: Iterable[Command]) -> list[BindingType]:
    """One binding per key of these commands; the screen's `action_press` finds the command."""
    keys = dict.fromkeys(key for command in commands for key in command.keys)
    return [Binding(key, f"press({key!r})", show=False) for key in keys]
