"""Commands of the panes, and those of keys, aliases and policies that read only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from string import ascii_letters

from kmstui.model import bare_name
from kmstui.ui.commands import (
    ALIASES,
    DETAILS,
    EVENTS,
    EVERYWHERE,
    GRANTS,
    KEYS,
    POLICY,
    USES,
    Command,
    Context,
    needs_key,
)
from kmstui.ui.main.key_columns import KEY_COLUMNS, SORT_COLUMNS
from kmstui.ui.main.navigation import bring_forward, main_of
from kmstui.ui.widgets import MarkableTable


def _open(index: int) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        main_of(context.app).open_pane(main_of(context.app).panes[index])

    return run


async def _key_pane(context: Context) -> None:
    main = main_of(context.app)
    if main.focused_pane is main.key_pane:
        await main.key_pane.turn(1)
    else:
        main.open_pane(main.key_pane)


def _show(scope: str) -> Callable[[Context], Awaitable[None]]:
    return lambda context: bring_forward(context, scope)


def _view(steps: int) -> Callable[[Context], Awaitable[None]]:
    def run(context: Context) -> Awaitable[None]:
        main = main_of(context.app)
        main.open_pane(main.key_pane)
        return main.key_pane.turn(steps)

    return run


def go_back(context: Context) -> None:
    """Close, clear or stop what is innermost, whatever notice is up."""
    if context.app.stop_connecting():
        return
    main = main_of(context.app)
    main.notice.close()
    # From the innermost outwards: a filter that is out of sight is not what a person means.
    pane = main.keys_pane
    if pane.is_typing and pane.close_filter(clear=True):
        return
    if not (
        main.back() or pane.stop_facts() or pane.clear_marks() or pane.close_filter(clear=True)
    ):
        context.app.stop_reading()


async def _open_policy(context: Context) -> None:
    main = main_of(context.app)
    await main.key_pane.open_view(POLICY)
    main.open_only(main.key_pane)
    main.look()


def _marking(act: Callable[[MarkableTable], None]) -> Callable[[Context], None]:
    return lambda context: act(main_of(context.app).keys_pane.table)


def _filter(context: Context) -> None:
    main = main_of(context.app)
    if main.focused_pane is not main.keys_pane:
        main.open_pane(main.keys_pane)
    main.keys_pane.open_filter()


def _sort(context: Context) -> None:
    from kmstui.ui.dialogs import Menu, MenuItem

    pane = main_of(context.app).keys_pane
    items = [
        MenuItem(column, KEY_COLUMNS[column].column.title.capitalize(), key=key)
        for column, key in zip(SORT_COLUMNS, _sort_keys(), strict=True)
    ]

    menu = Menu("Sort by (the same column again reverses)", items, pane.key_rows.column)
    context.app.ask(menu, pane.sort_by)


def _columns(context: Context) -> None:
    from kmstui.ui.main.columns_dialog import ColumnsDialog

    pane = main_of(context.app).keys_pane
    context.app.push_screen(
        ColumnsDialog(pane.table.columns, pane.show_columns, context.app.symbols)
    )


def _scroll(steps: int) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        main_of(context.app).keys_pane.scroll_columns(steps)

    return run


def _sort_keys() -> list[str]:
    """A letter for each column: its first, else another of its own, else its first as a capital."""
    taken = {column[0]: column for column in reversed(SORT_COLUMNS)}
    letters = {column: letter for letter, column in taken.items()}
    for column in SORT_COLUMNS:
        if column not in letters:
            listed = column + column.upper() + ascii_letters
            letters[column] = next(e for e in listed if e.isalpha() and e not in taken)
            taken[letters[column]] = column
    return [letters[column] for column in SORT_COLUMNS]


def _go_to_key_of_alias(context: Context) -> Awaitable[None] | None:
    name = main_of(context.app).aliases_pane.chosen
    alias = context.store.aliases.get(name or "")
    if alias is None:
        return None

    async def run() -> None:
        if not alias.key_id:
            context.session.notify(
                f"{alias.bare_name} names no key yet: AWS makes one when the service first needs"
                " it.",
            )
        elif not await main_of(context.app).go_to_key(alias.key_id):
            context.session.notify(
                f"The key {bare_name(alias.key_id)} of {alias.bare_name} is not among those"
                " listed. Press r to read again.",
                "warning",
            )

    return run()


def _go_to_aliases_of_key(context: Context) -> None:
    main = main_of(context.app)
    names = context.store.alias_ids_of(context.chosen or "")
    if (
        names
        and bare_name(names[0]).startswith("alias/aws/")
        and not main.keys_pane.key_rows.with_aws
    ):
        main.toggle_aws()
    main.open_pane(main.aliases_pane)
    if names:
        main.aliases_pane.table.move_to_row(names[0])


def _has_alias(context: Context) -> str | None:
    reason = needs_key(context)
    if reason is None and not context.store.aliases_of(context.chosen or ""):
        return f"{bare_name(context.chosen or '')} has no alias."
    return reason


def _next_policy(context: Context) -> None:
    from kmstui.ui.main.policy_view import PolicyView

    view = main_of(context.app).key_pane.view
    if isinstance(view, PolicyView) and not view.next_policy():
        context.session.notify("This key has one policy only.")


def _back_to_keys(context: Context) -> None:
    main_of(context.app).back()


COMMANDS = (
    Command(id="pane.keys", label="Keys", help="Go to the keys", keys=("1",), run=_open(0)),
    Command(
        id="pane.aliases", label="Aliases", help="Go to the aliases", keys=("2",), run=_open(1)
    ),
    Command(
        id="pane.key", label="Policy", help="Go to the policy; again: to the next view of the key",
        keys=("3",), run=_key_pane, opens=True,
    ),
    Command(id="pane.tags", label="Tags", help="Go to the tags", keys=("4",), run=_open(3)),
    Command(
        id="pane.next", label="Next", help="Go to the next pane", keys=("tab", "l", "right"),
        run=lambda context: main_of(context.app).turn_pane(1),
    ),
    Command(
        id="pane.previous", label="Previous", help="Go to the previous pane",
        keys=("shift+tab", "h", "left"), run=lambda context: main_of(context.app).turn_pane(-1),
    ),
    Command(
        id="pane.widen", label="Widen", help="Give the pane more room, up to the whole screen",
        keys=("plus", "equals_sign"), run=lambda context: main_of(context.app).change_zoom(1),
    ),
    Command(
        id="pane.narrow", label="Narrow", help="Give the pane less room, down to its share",
        keys=("underscore", "minus"), run=lambda context: main_of(context.app).change_zoom(-1),
    ),
    Command(
        id="view.next", label="Next view", help="Show the next view of the key in pane 3",
        keys=("right_square_bracket", "full_stop"), run=_view(1), opens=True, bar=60,
    ),
    Command(
        id="view.previous", label="Previous view", help="Show the previous view in pane 3",
        keys=("left_square_bracket", "comma"), run=_view(-1), opens=True,
    ),
    Command(
        id="view.policy", label="Policy", help="Show the key's policy", keys=("v",),
        available=needs_key, run=_show(POLICY), opens=True,
    ),
    Command(
        id="view.details", label="Details", help="Show all that KMS tells of the key", keys=("d",),
        available=needs_key, run=_show(DETAILS), opens=True,
    ),
    Command(
        id="view.grants", label="Grants", help="Show the key's grants", keys=("T",),
        available=needs_key, run=_show(GRANTS), opens=True,
    ),
    Command(
        id="view.events", label="Events", help="Show who used the key, as CloudTrail logged it",
        keys=("L",), available=needs_key, run=_show(EVENTS), opens=True,
    ),
    Command(
        id="view.uses", label="Uses", help="Show what uses the key, and what nobody can see",
        keys=("U",), available=needs_key, run=_show(USES), opens=True,
    ),
    Command(
        id="view.history", label="History", help="Show earlier texts of the policy", keys=("H",),
        available=needs_key, run=_show("history"), opens=True,
    ),
    Command(
        id="pane.back", label="Back",
        help="Go back to the keys, take the marks away, clear the filter, or stop reading",
        keys=("escape",), run=go_back,
    ),
    Command(
        id="key.open", label="Policy", help="Open the key's policy full size", keys=("enter",),
        scope=KEYS, available=needs_key, run=_open_policy, opens=True, bar=10,
    ),
    Command(
        id="keys.filter", label="Filter", help="Filter the keys while typing", keys=("slash",),
        scope=EVERYWHERE, run=_filter, bar=20,
    ),
    Command(
        id="keys.mark", label="Mark", help="Mark the key, or take the mark away", keys=("space",),
        scope=KEYS, available=needs_key, run=_marking(MarkableTable.mark),
    ),
    Command(
        id="keys.mark-range", label="Mark a range", help="Mark from the last mark to here",
        keys=("ctrl+@", "ctrl+space", "M"), scope=KEYS, available=needs_key,
        run=_marking(MarkableTable.mark_range),
    ),
    Command(
        id="keys.mark-all", label="Mark all", help="Mark all keys that are shown, or none of them",
        keys=("asterisk",), scope=KEYS, available=needs_key, run=_marking(MarkableTable.mark_all),
    ),
    Command(
        id="keys.sort", label="Sort", help="Sort the keys by a column; again to reverse",
        keys=("s",), scope=KEYS, run=_sort, bar=40,
    ),
    Command(
        id="keys.columns", label="Columns", help="Choose, order and widen the columns of the keys",
        scope=KEYS, run=_columns,
    ),
    Command(
        id="keys.right", label="Columns to the right", help="Scroll the columns of the keys on",
        keys=("greater_than_sign",), scope=KEYS, run=_scroll(1), palette=False,
    ),
    Command(
        id="keys.left", label="Columns to the left", help="Scroll the columns of the keys back",
        keys=("less_than_sign",), scope=KEYS, run=_scroll(-1), palette=False,
    ),
    Command(
        id="keys.aws", label="AWS keys", help="Show or hide what AWS manages",
        keys=("a",), scope=EVERYWHERE, run=lambda context: main_of(context.app).toggle_aws(),
    ),
    Command(
        id="key.aliases", label="To its alias", help="Go to the key's first alias",
        keys=("O",), scope=KEYS, available=_has_alias, run=_go_to_aliases_of_key,
    ),
    Command(
        id="alias.key", label="To its key", help="Go to the key that the alias names",
        keys=("enter", "O"), scope=ALIASES, run=_go_to_key_of_alias, opens=True, bar=10,
    ),
    Command(
        id="policy.next", label="Next policy", help="Show the next policy of the key (AWS_RAM)",
        keys=("v",), scope=POLICY, run=_next_policy,
    ),
    Command(
        id="policy.back", label="Back to keys", help="Go back to the keys", keys=("backspace",),
        scope=EVERYWHERE, run=_back_to_keys, palette=False,
    ),
)  # fmt: skip
