"""The line of the keys that work."""

from __future__ import annotations

from collections.abc import Iterable

from textual.events import Click

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.key_names import UnknownKeyError, key_named, readable_key
from kmstui.ui.commands.registry import key_of
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
        self._listed: list[tuple[str, str]] = []
        self._keys: list[str] = []
        """What a click on each presses, in Textual's names; "" for what is no key."""
        self.show_keys(keys)

    def show_keys(self, keys: Iterable[tuple[str, str]]) -> None:
        """Draw these keys and what they do.

        In place of a key stands the name of a command, or of a key of `SCREEN_KEYS`, which a person
        may have given another one: `("review.save", "Save")`.
        """
        self._commands, self._listed = [], list(keys)
        self._fill()

    def show_commands(self, commands: Iterable[Command]) -> None:
        """Draw those commands that have a place in the bar."""
        self._listed = []
        self._commands = sorted(
            (each for each in commands if each.bar and each.keys), key=lambda each: each.bar
        )
        self._fill()

    def on_mount(self) -> None:
        """From here on it is known which keys a person has given."""
        self._fill()

    def on_resize(self) -> None:
        """There is more or less room."""
        self._fill()

    def _fill(self) -> None:
        shown = [(readable_key(each.keys[0]), each.label) for each in self._commands]
        shown += [(key, does) for name, does in self._listed if (key := self._key_of(name))]
        if not shown:
            self._keys = []
            self.show(())
            return
        *others, last = shown
        end = _key_parts(*last)
        room = self.size.width - parts_width(end)
        parts: list[Part] = []
        self._keys = []
        for key, does in others:
            more = _key_parts(key, does)
            if self.size and parts_width((*parts, *more)) > room:
                break
            parts += more
            self._keys.append(_pressed(key))
        self._keys.append(_pressed(last[0]))
        self.show((*parts, *end))

    def _key_of(self, name: str) -> str:
        return key_of(name, self) if "." in name[:-1] else name

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
