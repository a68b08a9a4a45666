"""Commands of the safe edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.context import Context, needs_key

if TYPE_CHECKING:
    from kmstui.service.edit_targets import EditTarget


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
)  # fmt: skip
