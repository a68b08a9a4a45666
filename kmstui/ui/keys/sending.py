"""Sending a change that a person has confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kmstui.service.errors import ServiceError
from kmstui.ui.commands.aws_cli import aws_command
from kmstui.ui.commands.context import Context
from kmstui.ui.main.navigation import main_of

CHANGES_GROUP = "changes"
"""The workers that send changes; none of them ends another."""

_SLOW_SECONDS = 0.5
"""What takes longer is told while it is under way."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change, ready to be sent."""

    what: str
    """What is under way, as a sentence without its full stop: `Disabling 1234… (alias/x)`."""
    send: Callable[[], Awaitable[str]]
    """Sends it, and answers what KMS now holds."""
    command: tuple[str, ...] = ()
    """The words of the AWS CLI command that does the same, after `aws kms`."""


def send_change(context: Context, change: Change) -> None:
    """Send a change in the background, and tell how it ended."""
    app, session = context.app, context.session

    def unsaved() -> str:
        return f"{change.what}, and it is not known yet how that ended."

    async def run() -> None:
        loop = asyncio.get_running_loop()
        slow = loop.call_later(_SLOW_SECONDS, session.notify, f"{change.what}…")
        app.unsaved.append(unsaved)
        try:
            sentence = await change.send()
        except ServiceError:
            # It may have been refused because the key is not any more what the panes show.
            main_of(context.app).look()
            raise
        finally:
            slow.cancel()
            app.unsaved.remove(unsaved)
        if change.command:
            app.last_change_command = aws_command(session.store.info, *change.command)
        session.notify(sentence)
        # What the panes show of the key may have changed with it.
        main_of(context.app).look()

    app.work(run, group=CHANGES_GROUP, what=change.what, exclusive=False)
