"""Which role, and which action to take from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kmstui.model.arn import Arn
from kmstui.model.key import Key
from kmstui.model.role import Identity
from kmstui.policy.access.groups import possible_actions
from kmstui.policy.authoring.remove_action import CannotTakeError, allows, without_action
from kmstui.service.editing.role_target import RolePolicyTarget, roles_to_offer
from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.ui.commands.context import Context
from kmstui.ui.dialogs.menu import Menu, MenuItem
from kmstui.ui.editing.reading import read_in_front

_SOON = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:Sign")
"""What is taken most often, so that it stands first."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is left of an inline policy once an action is taken from it."""

    policy: str
    text: str
    elsewhere: tuple[str, ...]
    """Names of the role's other policies that allow the action still."""


async def choose_role(context: Context, key: Key | None, heading: str) -> Identity | None:
    """Let the person choose a role, and read it.

    Raises:
        ServiceError: it cannot be read, or the person stopped the reading.
    """
    chosen = await ask_for_role(context, key, heading)
    if chosen is None:
        return None
    reading = context.session.gateway.identity(chosen)
    return await read_in_front(context, f"role {_role_name(chosen)}", reading)


async def ask_for_role(context: Context, key: Key | None, heading: str) -> str | None:
    """The ARN of a role: the caller's, one that the key policy names, or another of the account.

    Raises:
        CancelledByPersonError: the person stopped the reading, or the connection is gone.
    """
    session = context.session
    try:
        others = await read_in_front(
            context, "the roles of the account", session.gateway.role_names()
        )
    except CancelledByPersonError:
        raise
    except ServiceError as error:
        # The caller's own role and those of the key policy can still be offered.
        session.notify(error.sentence, "warning")
        others = ()
    roles = roles_to_offer(session, key, others)
    if not roles:
        session.notify(
            "No role is known: you are no role, the key policy names none, and the account's roles"
            " may not be listed.",
            "warning",
        )
        return None
    account = session.scope.account if session.scope is not None else ""
    return await context.app.push_screen_wait(
        Menu(heading, [_role_item(arn, account) for arn in roles])
    )


def _role_item(arn: str, account: str) -> MenuItem:
    """A role of another account is off: IAM would be asked for this account's of that name."""
    parsed = Arn.maybe(arn)
    foreign = parsed is not None and account and parsed.account != account
    off = (
        f"It belongs to account {parsed.account}: its policies can be read and edited only there."
        if parsed is not None and foreign
        else ""
    )
    return MenuItem(arn, _role_name(arn), detail=arn, off=off)


def _role_name(arn: str) -> str:
    parsed = Arn.maybe(arn)
    return arn if parsed is None else parsed.name.rsplit("/", 1)[-1]


async def choose_action(context: Context, identity: Identity, key: Key | None) -> str | None:
    """One of the KMS actions that some policy of the role allows."""
    metadata = key.metadata if key is not None else None
    usable = possible_actions(metadata.usage, metadata.spec) if metadata else possible_actions()
    allowed = [
        action for action in usable if any(allows(each.text, action) for each in identity.policies)
    ]
    if not allowed:
        context.session.notify(f"No policy of role {identity.name} allows any KMS action.")
        return None
    allowed.sort(
        key=lambda action: (_SOON.index(action) if action in _SOON else len(_SOON), action)
    )
    items = [MenuItem(action, action.removeprefix("kms:")) for action in allowed]
    return await context.app.push_screen_wait(
        Menu(f"Take which action from role {identity.name}? Type to narrow", items)
    )


def take_action(identity: Identity, action: str) -> Taken:
    """Take an action from the first inline policy of a role that allows it.

    Raises:
        CannotTakeError: it cannot be done by editing an inline policy; says why.
    """
    holders = [each for each in identity.policies if allows(each.text, action)]
    inline = next((each for each in holders if each.inline), None)
    if inline is None:
        names = ", ".join(each.name for each in holders)
        raise CannotTakeError(
            f"{action} is allowed by the managed policy {names}, which is shared with others:"
            " edit it in IAM, or take it from the role there."
        )
    return Taken(
        inline.name,
        without_action(inline.text, action),
        tuple(each.name for each in holders if each is not inline),
    )


def target_for(
    context: Context, identity: Identity, policy: str, key: Key | None
) -> RolePolicyTarget:
    """The inline policy as something to edit."""
    disabled: Sequence[str] = context.app.options.disable
    return RolePolicyTarget(context.session, identity, policy, key, disabled)
