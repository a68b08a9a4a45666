"""Commands of the safe edit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.context import Context, needs_key, needs_writing

if TYPE_CHECKING:
    from kmstui.service.editing.key_target import EditTarget


def open_editor(
    context: Context, target: EditTarget, *, outside: bool = False, begin_with: str = ""
) -> None:
    """Open a policy in the editor.

    Raises:
        JournalError: the account is not known yet.
    """
    from kmstui.service.editing.put import desk_of
    from kmstui.ui.editing.screen import EditScreen

    desk = desk_of(context.session)
    screen = EditScreen(
        context.session, target, desk, context.app.signs, outside=outside, begin_with=begin_with
    )
    context.app.push_screen(screen)


def edit_key(context: Context, key_id: str, *, outside: bool = False, begin_with: str = "") -> None:
    """Open the policy of a key in the editor.

    Raises:
        ServiceError: there is no connection, or the account is not known yet.
    """
    from kmstui.service.editing.key_target import KeyPolicyTarget

    key = context.store.keys[key_id]
    disabled = context.app.options.rules_off(key.id)
    target = KeyPolicyTarget(context.session, key, disabled)
    open_editor(context, target, outside=outside, begin_with=begin_with)


def _edit(context: Context) -> None:
    if context.key is not None:
        edit_key(context, context.key.id)


def _edit_outside(context: Context) -> None:
    if context.key is not None:
        edit_key(context, context.key.id, outside=True)


def _statement(context: Context) -> None:
    from kmstui.ui.dialogs.menu import Menu, MenuItem

    number = len(context.targets)
    what = "this key" if number == 1 else f"{number} marked keys"
    items = [
        MenuItem("add", f"Add a statement to {what}", key="a"),
        MenuItem("remove", f"Remove a statement from {what}", key="r"),
    ]

    def go(choice: str | None) -> None:
        if choice == "add":
            _add_statement(context)
        elif choice == "remove":
            worker = context.app.work(
                lambda: _remove_statement(context), group="batch", what="reading policies"
            )
            context.app.type_ahead.opens(worker, context.app.screen)

    context.app.push_screen(Menu("The same statement for several keys", items), go)


def _add_statement(context: Context) -> None:
    from kmstui.service.editing.key_target import KeyPolicyTarget
    from kmstui.ui.editing.batch_screen import BatchScreen
    from kmstui.ui.editing.statement_screen import Statements, StatementScreen

    key_ids = context.targets
    first = KeyPolicyTarget(context.session, context.store.keys[key_ids[0]])

    def review(statements: Statements | None) -> None:
        if statements is not None:
            context.app.push_screen(
                BatchScreen(context.session, key_ids, statements, context.app.signs, remove=False)
            )

    context.app.push_screen(
        StatementScreen(context.store, first, len(key_ids), context.app.signs), review
    )


async def _remove_statement(context: Context) -> None:
    from kmstui.service.editing.bulk import common_statements
    from kmstui.ui.dialogs.menu import Menu, MenuItem
    from kmstui.ui.editing.batch_screen import BatchScreen
    from kmstui.ui.editing.reading import read_in_front

    key_ids = context.targets
    number = len(key_ids)
    await read_in_front(
        context,
        "the policy of this key" if number == 1 else f"the policies of {number} keys",
        asyncio.gather(*(context.session.read_policies(key_id) for key_id in key_ids)),
    )
    texts = {
        key_id: policy.text
        for key_id in key_ids
        for policy in context.store.policies.get(key_id, ())
        if policy.name == "default" and not policy.problem
    }
    rows = common_statements(texts)
    if not rows:
        context.session.notify("None of these policies can be read, or has statements.", "warning")
        return
    items = [
        MenuItem(str(index), statement.label.strip('"'), detail=f"on {holders} of {number}")
        for index, (statement, _, holders) in enumerate(rows)
    ]
    chosen = await context.app.push_screen_wait(Menu("Remove which statement?", items))
    if chosen is not None:
        context.app.push_screen(
            BatchScreen(
                context.session,
                key_ids,
                (rows[int(chosen)][1],),
                context.app.signs,
                remove=True,
            )
        )


COMMANDS = (
    Command(
        id="policy.edit", label="Edit", help="Edit the key's policy, checked while you type",
        keys=("e",), available=needs_key, run=_edit, bar=15,
    ),
    Command(
        id="policy.edit-outside", label="$EDITOR",
        help="Edit the key's policy in $VISUAL or $EDITOR", keys=("E",), available=needs_key,
        run=_edit_outside,
    ),
    Command(
        id="policy.statement", label="Statement", help="Add a statement to the policies of the"
        " marked keys, or remove one", keys=("S",), available=needs_writing, run=_statement,
    ),
)  # fmt: skip
