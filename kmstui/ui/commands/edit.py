"""Commands of the safe edit."""

from __future__ import annotations

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
        " that the key policy names", keys=("i",), available=needs_key, run=_edit_role,
    ),
    Command(
        id="role.take", label="Take from role", help="Take a KMS action, such as Decrypt, from a"
        " role's policy", keys=("I",), available=needs_writing, run=_take_from_role,
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
