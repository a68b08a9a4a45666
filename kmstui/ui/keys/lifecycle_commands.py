"""Commands that change a key itself, and the menu that gathers them.

They act on the chosen key alone, whatever is marked: tags are what is changed on many keys.
"""

from __future__ import annotations

from collections.abc import Callable

from kmstui.service.keys import KeyAction, off_reason
from kmstui.ui.commands import Command, Context, no_changes, no_key

_ACTIONS = {
    KeyAction.DESCRIPTION: ("d", "Change the description of the key"),
    KeyAction.ENABLE: ("e", "Enable the key"),
    KeyAction.DISABLE: ("b", "Disable the key"),
    KeyAction.ROTATION_ON: ("o", "Turn the key's automatic rotation on, or change its period"),
    KeyAction.ROTATION_OFF: ("f", "Turn the key's automatic rotation off"),
    KeyAction.ROTATE_NOW: ("n", "Rotate the key's material once, now"),
    KeyAction.REPLICATE: ("p", "Replicate the key into another Region"),
    KeyAction.SCHEDULE_DELETION: ("D", "Schedule the deletion of the key; asks for its alias"),
    KeyAction.CANCEL_DELETION: ("C", "Cancel the scheduled deletion of the key"),
}
"""Every action in the menu's order, with its letter there and its help."""

_CREATE = "create"


def _off(action: KeyAction) -> Callable[[Context], str | None]:
    def off(context: Context) -> str | None:
        if reason := no_changes(context):
            return reason
        if context.key is None:
            return no_key(context)
        return off_reason(context.key, action) or None

    return off


def _run(action: KeyAction) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        from kmstui.ui.keys.key_actions import act

        if context.key is not None:
            act(context, context.key, action)

    return run


def _create(context: Context) -> None:
    from kmstui.ui.keys.creation import open_creation

    open_creation(context)


def _menu(context: Context) -> None:
    from kmstui.ui.dialogs import LiveMenu, MenuItem

    key = context.key
    title = "Actions" if key is None else context.store.name_of(key.id)
    if key is not None and context.targets != (key.id,):
        title += ": this key alone, not those marked"

    def items() -> list[MenuItem]:
        return [
            *(
                MenuItem(action.name, action.value, key=letter, off=_off(action)(context) or "")
                for action, (letter, _) in _ACTIONS.items()
            ),
            MenuItem(_CREATE, "Create a key…", key="c", off=no_changes(context) or ""),
        ]

    def go(chosen: str) -> None:
        run = _create if chosen == _CREATE else _run(KeyAction[chosen])
        run(context)

    context.app.ask(LiveMenu(title, items, context.store), go)


def _command(action: KeyAction) -> Command:
    return Command(
        id=f"key.{action.name.lower().replace('_', '-')}",
        label=action.value,
        help=_ACTIONS[action][1],
        available=_off(action),
        run=_run(action),
    )


COMMANDS = (
    Command(
        id="key.menu", label="More", help="Enable, disable, describe, rotate, replicate, "
        "delete or create a key", keys=("x",), available=no_changes, run=_menu, bar=34,
        palette=False,
    ),
    *(_command(action) for action in _ACTIONS),
    Command(
        id="key.create", label="Create key", help="Create a key", available=no_changes,
        run=_create,
    ),
)  # fmt: skip
