"""Commands that change a key or its aliases, and the two menus that gather them.

Those of `RUN_ACTIONS` act on all marked keys; the others on the chosen one alone, and say so. In
the aliases pane those of aliases are about the alias under the cursor and its key, elsewhere about
the chosen key and its aliases.
"""

from __future__ import annotations

from collections.abc import Callable

from kmstui.model import Alias, Key
from kmstui.service.keys import KeyAction, off_reason
from kmstui.ui.commands import Command, Context, needs_writing, no_changes, no_key
from kmstui.ui.main import main_of, with_marks_told

# Aliases


def _alias(context: Context) -> Alias | None:
    """The alias under the cursor, while the aliases pane has the focus."""
    main = main_of(context.app)
    if main.focused_pane is not main.aliases_pane:
        return None
    return context.store.aliases.get(main.aliases_pane.chosen or "")


def _key(context: Context) -> Key | None:
    alias = _alias(context)
    return context.store.keys.get(alias.key_id) if alias is not None else context.key


def _aliases(context: Context) -> list[Alias]:
    alias, store = _alias(context), context.store
    if alias is not None:
        return [alias]
    names = store.alias_ids_of(context.chosen or "")
    return [store.aliases[name] for name in names if name in store.aliases]


def _create_off(context: Context) -> str | None:
    from kmstui.service.keys import target_problem

    if reason := no_changes(context):
        return reason
    key = _key(context)
    if key is None:
        return no_key(context)
    return target_problem(context.store, key) or None


def _change_off(context: Context) -> str | None:
    from kmstui.service.keys import change_problem

    if reason := no_changes(context):
        return reason
    problems = [change_problem(alias) for alias in _aliases(context)]
    if not problems:
        return f"{context.chosen} has no alias." if context.chosen else no_key(context)
    return problems[0] if all(problems) else None


def _create_alias(context: Context) -> None:
    from kmstui.ui.keys.alias_flows import create_alias

    key = _key(context)
    if key is not None:
        create_alias(context, key)


def _move(context: Context) -> None:
    from kmstui.ui.keys.alias_flows import move_alias, pick_alias

    pick_alias(context, _aliases(context), "Move which alias?", move_alias)


def _delete(context: Context) -> None:
    from kmstui.ui.keys.alias_flows import delete_alias, pick_alias

    pick_alias(context, _aliases(context), "Delete which alias?", delete_alias)


def _alias_menu(context: Context) -> None:
    from kmstui.ui.dialogs import Menu, MenuItem

    aliases, key = _aliases(context), _key(context)
    this = aliases[0].name if len(aliases) == 1 else "an alias"
    title = f"Aliases of {context.store.name_of(key.id)}" if key else "Aliases"
    off = _change_off(context) or ""
    items = [
        MenuItem("create", "Create an alias", key="c", off=_create_off(context) or ""),
        MenuItem("move", f"Move {this} to another key", key="m", off=off),
        MenuItem("delete", f"Delete {this}", key="d", off=off),
    ]
    jobs = {"create": _create_alias, "move": _move, "delete": _delete}
    context.app.ask(Menu(title, items), lambda chosen: jobs[chosen](context))


def _no_alias(context: Context) -> str | None:
    if reason := no_changes(context):
        return reason
    return None if _key(context) or _alias(context) else no_key(context)


# Keys

_ACTIONS = {
    KeyAction.DESCRIPTION: ("d", "Change the description of the key, or of all marked ones"),
    KeyAction.ENABLE: ("e", "Enable the key, or all marked ones"),
    KeyAction.DISABLE: ("b", "Disable the key, or all marked ones"),
    KeyAction.ROTATION_ON: (
        "o",
        "Turn automatic rotation of the key, or of all marked ones, on; or change its period",
    ),
    KeyAction.ROTATION_OFF: (
        "f",
        "Turn the automatic rotation of the key, or of all marked ones, off",
    ),
    KeyAction.ROTATE_NOW: ("n", "Rotate the key's material once, now"),
    KeyAction.REPLICATE: ("p", "Replicate the key into another Region"),
    KeyAction.PRIMARY_REGION: ("P", "Make the key of another Region the primary one of its set"),
    KeyAction.IMPORT_MATERIAL: ("m", "Import key material of your own, or fetch a wrapping key"),
    KeyAction.DELETE_MATERIAL: ("M", "Delete the imported key material; asks for the alias"),
    KeyAction.SCHEDULE_DELETION: (
        "D",
        "Schedule the deletion of the key; asks for its alias. Or of all marked ones",
    ),
    KeyAction.CANCEL_DELETION: (
        "C",
        "Cancel the scheduled deletion of the key, or of all marked ones",
    ),
}
"""Every action in the menu's order, with its letter there and its help."""

_CREATE, _REVOKE, _COMPARE = "create", "revoke", "key.compare"


def _marked(context: Context) -> bool:
    """Whether marked keys are meant, not the chosen one."""
    return bool(context.targets) and context.targets != (context.chosen,)


def _on_marked(context: Context, action: KeyAction) -> bool:
    from kmstui.service.keys import RUN_ACTIONS

    return action in RUN_ACTIONS and _marked(context)


def _off_reason(key: Key, action: KeyAction) -> str:
    if action not in (KeyAction.IMPORT_MATERIAL, KeyAction.DELETE_MATERIAL):
        return off_reason(key, action)
    from kmstui.service.keys import delete_off, import_off

    return (import_off if action is KeyAction.IMPORT_MATERIAL else delete_off)(key)


def _off(action: KeyAction) -> Callable[[Context], str | None]:
    def off(context: Context) -> str | None:
        if reason := no_changes(context):
            return reason
        if _on_marked(context, action):
            return _off_for_all(context, action)
        if context.key is None:
            return no_key(context)
        return _off_reason(context.key, action) or None

    return off


def _off_for_all(context: Context, action: KeyAction) -> str | None:
    # Of several keys those that can be are changed, and the plan says why the others cannot.
    keys = [context.store.keys.get(key_id) for key_id in context.targets]
    reasons = [_off_reason(key, action) if key is not None else "" for key in keys]
    return f"None of the marked keys can be: {reasons[0]}" if all(reasons) else None


def _run(action: KeyAction) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        from kmstui.ui.keys.key_actions import act
        from kmstui.ui.keys.many_keys import act_on_many

        if _on_marked(context, action):
            with_marks_told(lambda context: act_on_many(context, action))(context)
        elif context.key is not None:
            act(context, context.key, action)

    return run


def _revoke_grants(context: Context) -> None:
    from kmstui.ui.keys.many_keys import revoke_grants

    with_marks_told(revoke_grants)(context)


def _create_key(context: Context) -> None:
    """Ask where, among several connections, and then for the key."""
    from kmstui.ui.dialogs import Menu, MenuItem
    from kmstui.ui.keys.creation import CreationForm

    sessions = context.session.each
    if len(sessions) == 1:
        context.app.push_screen(CreationForm(context, context.connection))
        return
    items = [
        MenuItem(
            str(number),
            each.label,
            detail=each.caller.short if each.caller else each.caller_problem,
            off="" if each.info else "There is no connection to it; W tells why.",
        )
        for number, each in enumerate(sessions)
    ]
    chosen = next((n for n, each in enumerate(sessions) if each is context.connection), 0)

    def go(number: str) -> None:
        context.app.push_screen(CreationForm(context, sessions[int(number)]))

    context.app.ask(Menu("Create a key in which account and Region?", items, str(chosen)), go)


def _key_menu(context: Context) -> None:
    from kmstui.ui.dialogs import Menu, MenuItem

    key = context.key
    title = "Actions" if key is None else context.store.name_of(key.id)
    alone = ""
    if key is not None and _marked(context):
        alone = f": {context.store.bare_name(key.id)} alone"
        number = len(context.targets)
        title = f"{number:,} marked key{'s' * (number > 1)}"

    def text(action: KeyAction) -> str:
        return action.value if _on_marked(context, action) else f"{action.value}{alone}"

    def items() -> list[MenuItem]:
        return [
            *(
                MenuItem(action.name, text(action), key=letter, off=_off(action)(context) or "")
                for action, (letter, _) in _ACTIONS.items()
            ),
            MenuItem(_REVOKE, "Revoke grants…", key="g", off=needs_writing(context) or ""),
            MenuItem(_CREATE, "Create a key…", key="c", off=no_changes(context) or ""),
            MenuItem(_COMPARE, "Compare…", key="="),
        ]

    def go(chosen: str) -> None:
        if chosen == _COMPARE:
            main = main_of(context.app)
            main.run_command(next(each for each in main.all_commands if each.id == _COMPARE))
            return
        jobs = {_CREATE: _create_key, _REVOKE: _revoke_grants}
        run = jobs[chosen] if chosen in jobs else _run(KeyAction[chosen])
        run(context)

    context.app.ask(Menu(title, items(), live=items), go)


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
        id="alias.menu", label="Alias", help="Create, move or delete an alias", keys=("A",),
        available=_no_alias, run=_alias_menu, bar=32,
    ),
    Command(
        id="alias.create", label="Create alias", help="Create an alias of the key",
        available=_create_off, run=_create_alias,
    ),
    Command(
        id="alias.move", label="Move alias", help="Move an alias to another key",
        available=_change_off, run=_move,
    ),
    Command(
        id="alias.delete", label="Delete alias", help="Delete an alias; asks for its name",
        available=_change_off, run=_delete,
    ),
    Command(
        id="key.menu", label="More", help="Enable, disable, describe, rotate, replicate, import, "
        "delete or create a key", keys=("x",), available=no_changes, run=_key_menu, bar=34,
    ),
    *(_command(action) for action in _ACTIONS),
    Command(
        id="key.revoke-grants", label="Revoke grants", available=needs_writing,
        help="Revoke grants of the key, or of all marked ones, by a pattern", run=_revoke_grants,
    ),
    Command(
        id="key.create", label="Create key", help="Create a key", available=no_changes,
        run=_create_key,
    ),
)  # fmt: skip
