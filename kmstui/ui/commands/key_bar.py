"""The line of the keys that work."""

from __future__ import annotations

from collections.abc import Iterable

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.key_names import readable_key
from kmstui.ui.style import OneLine, Part, parts_width


class KeyBar(OneLine):
    """The few keys that work here; those that do not fit are left out whole, the last one stays."""

    def __init__(
        self,
        keys: Iterable[tuple[str, str]] = (),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._commands: list[Command] = []
        self.show_keys(keys)

    def show_keys(self, keys: Iterable[tuple[str, str]]) -> None:
        """Draw these keys and what they do."""
        self._commands = []
        self.show([part for key, does in keys for part in _key_parts(key, does)])

    def show_commands(self, commands: Iterable[Command]) -> None:
        """Draw those commands that have a place in the bar."""
        self._commands = sorted((each for each in commands if each.bar), key=lambda each: each.bar)
        self._fill()

    def on_resize(self) -> None:
        """There is more or less room."""
        self._fill()

    def _fill(self) -> None:
        if not self._commands:
            return
        *others, last = self._commands
        end = _key_parts(readable_key(last.keys[0]), last.label)
        room = self.size.width - parts_width(end)
        parts: list[Part] = []
        for command in others:
            more = _key_parts(readable_key(command.keys[0]), command.label)
            if parts_width((*parts, *more)) > room:
                break
            parts += more
        self.show((*parts, *end))


def _key_parts(key: str, does: str) -> tuple[Part, Part]:
    return (f" {key}", "key"), f" {does} "
