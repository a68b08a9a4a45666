"""Every command, gathered from the modules that define them, on the keys that a person gave them.

These modules are imported at every start, before the first frame. So they import at the top only
what the first frame needs anyway; what a command opens or asks is imported in the function that
does it. `kmstui.ui.runtime.preload` loads all of that once the first keys are on the screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from itertools import combinations

from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from kmstui.ui.commands.command import ALIASES, EVERYWHERE, KEYS, POLICY, TAGS, TEXT, Command
from kmstui.ui.commands.key_names import UnknownKeyError, key_named, readable_key
from kmstui.ui.commands.screen_keys import EDIT, FIND, SCREEN_KEYS

MODULES: tuple[str, ...] = (
    "kmstui.ui.main.commands",
    "kmstui.ui.main.text_commands",
    "kmstui.ui.tags.commands",
    "kmstui.ui.editing.commands",
    "kmstui.ui.keys.commands",
    "kmstui.ui.keys.store_commands",
    "kmstui.ui.comparison.commands",
    "kmstui.ui.access.commands",
    "kmstui.ui.findings.commands",
    "kmstui.ui.keys.view_commands",
    "kmstui.ui.main.program_commands",
)
"""Each has a tuple `COMMANDS`; add a module here to add its commands everywhere."""

APP_WIDE = frozenset({"session.sign_in", "program.help", "program.suspend"})
"""Commands that work on every screen, not in the panes alone."""

Rebound = tuple[tuple[str, tuple[str, ...]], ...]
"""Ids of commands with the keys that a person gave them, as Textual names keys."""


Given = Sequence[tuple[str, Sequence[str]]]
"""The same, as a person wrote the keys."""


class RebindingError(ValueError):
    """Commands cannot have the keys that a person gave them; the message is a sentence."""


def rebinding(given: Given) -> Rebound:
    """What a person's settings say of keys.

    Raises:
        RebindingError: they name what is not there, or two commands for one key.
    """
    try:
        rebound = tuple((name, tuple(map(key_named, keys))) for name, keys in given)
    except UnknownKeyError as error:
        raise RebindingError(str(error)) from None
    all_commands(rebound)
    return rebound


@cache
def all_commands(rebound: Rebound = ()) -> tuple[Command, ...]:
    """Every command, in the order of the modules.

    Raises:
        ValueError: two commands share an id, or a key within one scope.
        RebindingError: there is no such command, or it would take another one's key.
    """
    commands = tuple(command for module in MODULES for command in import_module(module).COMMANDS)
    taken: set[tuple[str, str]] = set()
    for command in commands:
        for claim in (("id", command.id), *((command.scope, key) for key in command.keys)):
            if claim in taken:
                raise ValueError(f"two commands claim {claim}")
            taken.add(claim)
    return _rebind(commands, dict(rebound)) if rebound else commands


def _rebind(
    commands: tuple[Command, ...], given: dict[str, tuple[str, ...]]
) -> tuple[Command, ...]:
    screens = tuple(
        Command(
            id=name, label=name, help=name, run=lambda _: None, keys=keys, scope=_scope_of(name)
        )
        for name, keys in SCREEN_KEYS.items()
    )
    from textual.widgets import Input

    before = {command.id: command for command in (*commands, *screens)}
    for name, keys in given.items():
        if name not in before:
            from kmstui.policy.iam import did_you_mean

            near = did_you_mean(name, before)
            hint = f"did you mean {near}" if near else f"they are {', '.join(sorted(before))}"
            raise RebindingError(f"there is no command {name}; {hint}")
        for key in keys:
            scope = before[name].scope
            if key == "escape" and scope in _SCOPES:
                raise RebindingError(f"Esc, given to {name}, leaves the screen")
            if scope in (EDIT, FIND) and "+" not in key and len(readable_key(key)) == 1:
                raise RebindingError(
                    f"{readable_key(key)}, given to {name}, is typed into the text"
                )
            if scope == FIND and key in _keys_of(Input):
                raise RebindingError(f"{readable_key(key)}, given to {name}, edits the line")
            if key in _taken_by_tables():
                raise RebindingError(f"{readable_key(key)}, given to {name}, moves in lists")
    after = tuple(replace(each, keys=given.get(each.id, each.keys)) for each in before.values())
    for one, other in combinations(after, 2):
        if not {one.id, other.id} & given.keys() or not _meet(one, other):
            continue
        meant = {*before[one.id].keys} & {*before[other.id].keys}
        for key in one.keys:
            if key in other.keys and key not in meant:
                raise RebindingError(
                    f"{readable_key(key)} is the key of both {one.id} and {other.id}; give one of"
                    " them another"
                )
    return after[: len(commands)]


def _taken_by_tables() -> frozenset[str]:
    from kmstui.ui.widgets import LineTable

    return _keys_of(LineTable)


def _keys_of(widget: type[DOMNode]) -> frozenset[str]:
    return frozenset(binding.key for binding in Binding.make_bindings(widget.BINDINGS))


_SCOPES = frozenset(name.partition(".")[0] for name in SCREEN_KEYS)
_IN_POLICIES = frozenset({EDIT, FIND, POLICY})


def _scope_of(name: str) -> str:
    return name.partition(".")[0]


def _meet(one: Command, other: Command) -> bool:
    """Whether both work at one time."""
    scopes = {one.scope, other.scope}
    if len(scopes) == 1 or {one.id, other.id} & APP_WIDE:
        return True
    if scopes & {EDIT, FIND}:
        return scopes <= _IN_POLICIES
    if scopes & _SCOPES - {"history"}:
        return TEXT in scopes
    if EVERYWHERE in scopes:
        return True
    return TEXT in scopes and not {KEYS, ALIASES, TAGS} & scopes


def key_of(name: str, node: DOMNode) -> str:
    """The key of a command or of a screen's own, as a sentence on the screen of `node` names it.

    Empty where a person has taken its keys away.
    """
    options = getattr(node.app, "options", None) if node.is_attached else None
    given = dict(options.keys) if options is not None else {}
    if name in given:
        keys = given[name]
    elif name in SCREEN_KEYS:
        keys = SCREEN_KEYS[name]
    else:
        keys = next(each.keys for each in all_commands() if each.id == name)
    return readable_key(keys[0]) if keys else ""


def commands_in(commands: Iterable[Command], scopes: Sequence[str]) -> tuple[Command, ...]:
    """Those of these scopes, those of the first scope first."""
    listed = tuple(commands)
    return tuple(command for scope in scopes for command in listed if command.scope == scope)


def reachable(commands: Iterable[Command], scopes: Sequence[str]) -> tuple[Command, ...]:
    """Those of these scopes without those whose keys all do something else in an earlier scope."""
    taken: set[str] = set()
    found = []
    for command in commands_in(commands, scopes):
        if not command.keys or not taken.issuperset(command.keys):
            found.append(command)
        taken.update(command.keys)
    return tuple(found)


def command_for(commands: Iterable[Command], key: str, scopes: Sequence[str]) -> Command | None:
    """The command that a key stands for; an earlier scope goes before a later one."""
    return next((each for each in commands_in(commands, scopes) if key in each.keys), None)


def bindings_for(commands: Iterable[Command]) -> Iterator[BindingType]:
    """One binding per key of these commands; the screen's `action_press` finds the command."""
    for key in dict.fromkeys(key for command in commands for key in command.keys):
        yield Binding(key, f"press({key!r})", show=False)
