"""Commands that change aliases.

In the aliases pane they are about the alias under the cursor and its key, elsewhere about the
chosen key and its aliases.
"""

from __future__ import annotations

from kmstui.model import Alias, Key
from kmstui.ui.commands import Command, Context, no_changes, no_key
from kmstui.ui.main import main_of


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
    names = store.aliases_of(context.chosen or "")
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


def _create(context: Context) -> None:
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


def _menu(context: Context) -> None:
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
    jobs = {"create": _create, "move": _move, "delete": _delete}
    context.app.ask(Menu(title, items), lambda chosen: jobs[chosen](context))


def _off(context: Context) -> str | None:
    if reason := no_changes(context):
        return reason
    return None if _key(context) or _alias(context) else no_key(context)


COMMANDS = (
    Command(
        id="alias.menu", label="Alias", help="Create, move or delete an alias", keys=("A",),
        available=_off, run=_menu, bar=32, palette=False,
    ),
    Command(
        id="alias.create", label="Create alias", help="Create an alias of the key",
        available=_create_off, run=_create,
    ),
    Command(
        id="alias.move", label="Move alias", help="Move an alias to another key",
        available=_change_off, run=_move,
    ),
    Command(
        id="alias.delete", label="Delete alias", help="Delete an alias; asks for its name",
        available=_change_off, run=_delete,
    ),
)  # fmt: skip
