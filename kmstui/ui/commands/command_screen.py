"""A screen whose keys are commands."""

from __future__ import annotations

from collections.abc import Sequence

from textual.screen import Screen

from kmstui.ui.commands.command import Command, Context
from kmstui.ui.commands.key_names import readable_key
from kmstui.ui.commands.program import Program, program_of
from kmstui.ui.commands.registry import all_commands, bindings_for, command_for, reachable
from kmstui.ui.runtime import UiOptions
from kmstui.ui.textual_internals import bind, draw_now


class CommandScreen(Screen[None]):
    """Finds the command that a key stands for where the focus is, and runs it.

    A subclass names its `scopes`.

    Attributes:
        all_commands: Every command, on the keys that the person gave them.
    """

    def __init__(self, options: UiOptions, *, id: str) -> None:
        super().__init__(id=id)
        self.all_commands = all_commands(options.keys)
        bind(self, bindings_for(self.all_commands))

    @property
    def program(self) -> Program:
        """The program."""
        return program_of(self)

    def on_idle(self) -> None:
        """Draw what a key changed at once.

        Textual draws 60 times a second, so while rows come in a key would wait for up to 17 ms
        after it was dealt with.
        """
        if self.program.slices.is_pressed:
            draw_now(self)

    @property
    def scopes(self) -> Sequence[str]:
        """Whose commands work now, the innermost first."""
        raise NotImplementedError

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands that work now."""
        return reachable(self.all_commands, self.scopes)

    def action_press(self, key: str) -> None:
        """A key was pressed: run its command, or say where it would have one."""
        command = command_for(self.all_commands, key, self.scopes)
        if command is not None:
            self.run_command(command)
        elif len(readable_key(key)) == 1:
            self.program.session.notify(self._elsewhere(key))

    def run_command(self, command: Command) -> None:
        """Run a command, or say why it is off."""
        app = self.program
        context = Context(app, self)
        app.guard(lambda: self._run(command, context), f"the command {command.id}")

    def _run(self, command: Command, context: Context) -> None:
        reason = command.available(context)
        if reason is not None:
            context.session.notify(reason, "warning")
            return
        waiting = command.run(context)
        if waiting is not None:
            worker = context.app.work(
                lambda: waiting, group=command.id, what=f"the command {command.id}"
            )
            if command.opens:
                context.app.type_ahead.opens(worker, self)

    def _elsewhere(self, key: str) -> str:
        others = [
            f"in {each.scope}: {each.label}" for each in self.all_commands if key in each.keys
        ]
        return f"{readable_key(key)} does nothing here; {', '.join(others)}."
