"""Commands about the IAM policies of roles."""

from __future__ import annotations

from collections.abc import Awaitable

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.context import Context, needs_key, needs_writing
from kmstui.ui.commands.edit import open_editor


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


COMMANDS = (
    Command(
        id="role.edit", label="Role policy", help="Edit an inline policy of a role: yours, or one"
        " that the key policy names", keys=("i",), available=needs_key, run=_edit_role, opens=True,
    ),
    Command(
        id="role.take", label="Take from role", help="Take a KMS action, such as Decrypt, from a"
        " role's policy", keys=("I",), available=needs_writing, run=_take_from_role, opens=True,
    ),
)  # fmt: skip
