"""The line of the keys that work."""

from __future__ import annotations

from collections.abc import Iterable

from textual.events import Click

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.key_names import UnknownKeyError, key_named, readable_key
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
        self._keys: list[str] = []
        """What a click on each presses, in Textual's names; "" for what is no key."""
        self.show_keys(keys)

    def show_keys(self, keys: Iterable[tuple[str, str]]) -> None:
        """Draw these keys and what they do."""
        self._commands = []
        shown = list(keys)
        self._keys = [_pressed(key) for key, _ in shown]
        self.show([part for key, does in shown for part in _key_parts(key, does)])

    def show_commands(self, commands: Iterable[Command]) -> None:
        """Draw those commands that have a place in the bar."""
        self._commands = sorted(
            (each for each in commands if each.bar and each.keys), key=lambda each: each.bar
        )
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
        self._keys = []
        for command in others:
            more = _key_parts(readable_key(command.keys[0]), command.label)
            if parts_width((*parts, *more)) > room:
                break
            parts += more
            self._keys.append(command.keys[0])
        self._keys.append(last.keys[0])
        self.show((*parts, *end))

    def on_click(self, event: Click) -> None:
        """With the mouse on: as if the key had been pressed."""
        index = self.part_at(event.x)
        if index is not None and (key := self._keys[index // _PARTS]):
            self.app.simulate_key(key)


_PARTS = 2
"""Of the line, for each key."""


def _pressed(shown: str) -> str:
    try:
        return key_named(shown.split(maxsplit=1)[0])
    except (UnknownKeyError, IndexError):
        return ""


def _key_parts(key: str, does: str) -> tuple[Part, Part]:
    return (f" {key}", "key"), f" {does} "
