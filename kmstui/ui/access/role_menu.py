"""Which role to look at."""

from __future__ import annotations

from kmstui.model.arn import Arn
from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.service.role_targets import roles_to_offer
from kmstui.ui.commands.context import Context
from kmstui.ui.screens.menu import Menu, MenuItem


async def ask_for_role(context: Context) -> str | None:
    """The ARN of a role: the caller's, one that the key policy names, or another.

    Raises:
        CancelledByPersonError: the connection is gone.
    """
    session = context.session
    try:
        others = await session.gateway.role_names()
    except CancelledByPersonError:
        raise
    except ServiceError as error:
        # The caller's own role and those of the key policy can still be offered.
        session.notify(error.sentence, "warning")
        others = ()
    roles = roles_to_offer(session, context.key, others)
    if not roles:
        session.notify("No role is known: you are none, and the key policy names none.", "warning")
        return None
    items = [MenuItem(arn, _name(arn), detail=arn) for arn in roles]
    return await context.app.push_screen_wait(Menu("What can which role do?", items))


def _name(arn: str) -> str:
    parsed = Arn.maybe(arn)
    return arn if parsed is None else parsed.name.rsplit("/", 1)[-1]
