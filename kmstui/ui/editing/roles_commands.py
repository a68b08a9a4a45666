"""Commands about the IAM policies of roles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.context import Context, needs_key, needs_writing
from kmstui.ui.editing.edit_commands import open_editor

if TYPE_CHECKING:
    from kmstui.model.key import Key
    from kmstui.model.role import Identity
    from kmstui.ui.editing.role_choice import PolicyChoice

    Choose = Callable[[Context, Identity, Key | None], Awaitable[PolicyChoice | None]]


def open_role_policy(context: Context, identity: Identity, policy: PolicyChoice) -> None:
    """Open an inline policy of a role in the editor, about the chosen key.

    Raises:
        JournalError: the account is not known yet.
    """
    from kmstui.ui.editing.role_menus import target_for

    target = target_for(context, identity, policy.name, context.key)
    open_editor(context, target, begin_with=policy.begin_with)


async def _edit_role(context: Context) -> None:
    from kmstui.ui.editing.role_choice import choose_policy

    await _choose_and_open(context, "Edit a policy of which role?", choose_policy)


async def _new_policy(context: Context) -> None:
    from kmstui.ui.editing.role_creation import create_policy

    await _choose_and_open(context, "A new inline policy for which role?", create_policy)


async def _choose_and_open(context: Context, heading: str, choose: Choose) -> None:
    from kmstui.ui.editing.role_menus import choose_role

    identity = await choose_role(context, context.key, heading)
    policy = None if identity is None else await choose(context, identity, context.key)
    if identity is not None and policy is not None:
        open_role_policy(context, identity, policy)


def _take_from_role(context: Context) -> Awaitable[None]:
    async def run() -> None:
        from kmstui.policy.authoring.remove_action import CannotTakeError
        from kmstui.ui.editing.role_menus import choose_action, choose_role, take_action, target_for

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
        id="role.new-policy", label="New role policy", help="Write a new inline policy for a role,"
        " about the chosen key", available=needs_writing, run=_new_policy, opens=True,
    ),
    Command(
        id="role.take", label="Take from role", help="Take a KMS action, such as Decrypt, from a"
        " role's policy", keys=("I",), available=needs_writing, run=_take_from_role, opens=True,
    ),
)  # fmt: skip
