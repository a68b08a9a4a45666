"""Commands of the safe edit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.context import (
    Context,
    needs_customer_key,
    needs_key,
    needs_writing,
)

if TYPE_CHECKING:
    from kmstui.service.edit_targets import EditTarget
    from kmstui.ui.edit.history_panel import HistoryPanel

HISTORY = "history"
"""The scope of the history view's commands."""


def open_editor(
    context: Context, target: EditTarget, *, outside: bool = False, begin_with: str = ""
) -> None:
    """Open a policy in the editor.

    Raises:
        JournalError: the account is not known yet.
    """
    from kmstui.service.putting import desk_of
    from kmstui.ui.edit.screen import EditScreen

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
    from kmstui.service.edit_targets import KeyPolicyTarget

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


def _edit_role(context: Context) -> Awaitable[None]:
    async def run() -> None:
        from kmstui.ui.edit.role_menus import choose_policy, choose_role, target_for

        key = context.key
        identity = await choose_role(context, key, "Edit a policy of which role?")
        if identity is None:
            return
        policy = await choose_policy(context, identity)
        if policy is not None:
            open_editor(context, target_for(context, identity, policy, key))

    return run()


def _take_from_role(context: Context) -> Awaitable[None]:
    async def run() -> None:
        from kmstui.policy.taking_actions import CannotTakeError
        from kmstui.ui.edit.role_menus import choose_action, choose_role, take_action, target_for

        key = context.key
        identity = await choose_role(context, key, "Take a KMS action from which role?")
        if identity is None:
            return
        action = await choose_action(context, identity, key)
        if action is None:
            return
        try:
            taken = take_action(identity, action)
        except CannotTakeError as error:
            context.session.notify(str(error), "warning")
            return
        if taken.elsewhere:
            context.session.notify(
                f"{action} stays allowed by {', '.join(taken.elsewhere)}.", "warning"
            )
        target = target_for(context, identity, taken.policy, key)
        open_editor(context, target, begin_with=taken.text)

    return run()


def _statement(context: Context) -> None:
    from kmstui.ui.screens.menu import Menu, MenuItem

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
            context.app.work(
                lambda: _remove_statement(context), group="batch", what="reading policies"
            )

    context.app.push_screen(Menu("The same statement for several keys", items), go)


def _add_statement(context: Context) -> None:
    from kmstui.service.edit_targets import KeyPolicyTarget
    from kmstui.ui.edit.batch_screen import BatchScreen
    from kmstui.ui.edit.statement_screen import Statements, StatementScreen

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
    from kmstui.service.statement_batch import common_statements
    from kmstui.ui.edit.batch_screen import BatchScreen
    from kmstui.ui.screens.menu import Menu, MenuItem

    key_ids = context.targets
    await asyncio.gather(*(context.session.read_policies(key_id) for key_id in key_ids))
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
        MenuItem(str(index), statement.label.strip('"'), detail=f"on {number} of {len(key_ids)}")
        for index, (statement, _, number) in enumerate(rows)
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


def _panel(context: Context) -> HistoryPanel | None:
    from kmstui.ui.edit.history_view import HistoryView

    view = context.main.key_pane.view
    return view.panel if isinstance(view, HistoryView) else None


def _mark_version(context: Context) -> None:
    panel = _panel(context)
    if panel is not None:
        panel.mark()


def _show_version(context: Context) -> None:
    context.main.open_only(context.main.key_pane)


def _bring_back(context: Context) -> None:
    panel = _panel(context)
    if panel is not None and panel.chosen is not None and context.key is not None:
        edit_key(context, context.key.id, begin_with=panel.chosen.text)


def _export_version(context: Context) -> None:
    from kmstui.ui.edit.exporting import ask_and_export

    panel = _panel(context)
    if panel is not None and panel.chosen is not None:
        ask_and_export(context.app, panel.chosen)


def _ask_cloudtrail(context: Context) -> Awaitable[None]:
    async def run() -> None:
        panel = _panel(context)
        if panel is not None:
            context.session.notify(await panel.ask_cloudtrail())

    return run()


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
        id="role.edit", label="Role policy", help="Edit an inline policy of a role: yours, or one"
        " that the key policy names", keys=("i",), available=needs_key, run=_edit_role, opens=True,
    ),
    Command(
        id="role.take", label="Take from role", help="Take a KMS action, such as Decrypt, from a"
        " role's policy", keys=("I",), available=needs_writing, run=_take_from_role, opens=True,
    ),
    Command(
        id="policy.statement", label="Statement", help="Add a statement to the policies of the"
        " marked keys, or remove one", keys=("S",), available=needs_writing, run=_statement,
    ),
    Command(
        id="history.open", label="Full size", help="Open the history full size", keys=("enter",),
        scope=HISTORY, run=_show_version, bar=10, palette=False,
    ),
    Command(
        id="history.mark", label="Compare with", help="Compare with the version under the cursor",
        keys=("space",), scope=HISTORY, run=_mark_version, bar=20, palette=False,
    ),
    Command(
        id="history.restore", label="Bring back", help="Bring this version back, through a review",
        keys=("b",), scope=HISTORY, available=needs_customer_key, run=_bring_back, bar=30,
        palette=False,
    ),
    Command(
        id="history.export", label="Write to a file", help="Write this version to a file",
        keys=("w",), scope=HISTORY, run=_export_version, bar=40, palette=False,
    ),
    Command(
        id="history.cloudtrail", label="Ask CloudTrail",
        help="Ask CloudTrail who put which policy in the last 90 days", keys=("f",), scope=HISTORY,
        run=_ask_cloudtrail, bar=50, palette=False,
    ),
)  # fmt: skip
