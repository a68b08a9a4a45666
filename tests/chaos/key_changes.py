"""What people do to keys besides policies and tags: state, rotation, aliases, names of tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.chaos.people import Person

_OWN_ALIAS = re.compile(r"Delete (alias/chaos/[0-9a-f]{8})\?")

# The letters in the menu of a key.
_STATES = ("e", "b")
_ROTATIONS = ("o", "f")


def change_state(person: Person) -> None:
    """Enable or disable a key."""
    _from_the_menu(person, person.dice.choice(_STATES))


def change_rotation(person: Person) -> None:
    """Turn the rotation of a key's material on or off."""
    _from_the_menu(person, person.dice.choice(_ROTATIONS))


def _from_the_menu(person: Person, letter: str) -> None:
    terminal = person.terminal
    terminal.resize(100, 40)
    person.choose()
    terminal.send("x")
    terminal.wait_for("Create a key")
    terminal.send(letter)
    terminal.wait_for(lambda text: "Leave as it is" in text or "Create a key" not in text)
    if "Leave as it is" in terminal.settle(0.2, timeout=2):
        # Where a line is asked for, what stands there is taken.
        terminal.send("enter" if "Type " in terminal.text or "Days" in terminal.text else "y")
        _and_then(person)


def delete_alias(person: Person) -> None:
    """Delete one of the aliases that somebody at random has made."""
    terminal = person.terminal
    terminal.resize(100, 40)
    terminal.send("/", "ctrl+u", "enter", "2", "home")
    terminal.send(*["down"] * person.dice.randrange(30), "A", "d")
    terminal.settle(0.3, timeout=2)
    if found := _OWN_ALIAS.search(terminal.text):
        terminal.send(found.group(1), "enter")
        _and_then(person)


def rename_tag(person: Person) -> None:
    """Give a tag's key another name on all of the keys."""
    terminal = person.terminal
    terminal.resize(100, 40)
    person.mark_many()
    terminal.send("4", "home")
    terminal.send(*["down"] * person.dice.randrange(3), "n")
    terminal.wait_for("Rename the tag key")
    terminal.send("ctrl+u", f"{person.name}-{person.dice.getrandbits(16):04x}", "enter")
    terminal.settle(0.2, timeout=2)
    terminal.send("enter", "enter")
    _and_then(person)


def _and_then(person: Person) -> None:
    """Wait a moment, or be interrupted."""
    if person.dice.random() < 0.3:
        person.interrupt()
    else:
        person.terminal.settle(0.2, timeout=person.dice.random() * 3)
