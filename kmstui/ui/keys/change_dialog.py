"""Shows what a change will do, asks, and sends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from kmstui.service.changes import TypedText
from kmstui.service.errors import ServiceError
from kmstui.service.session import Session
from kmstui.ui.commands import Context, aws_command
from kmstui.ui.dialogs import Facts, Line, QuestionDialog
from kmstui.ui.main import main_of

CHANGES_GROUP = "changes"
"""The workers that send changes; none of them ends another."""

_SLOW_SECONDS = 0.5
"""What takes longer is told while it is under way."""


def _no_command(text: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change before it is made."""

    title: str
    words: str
    """What will be different, and for whom."""
    yes: str
    """The verb of the key that makes it: `Disable`."""
    doing: str | Callable[[str], str]
    """What is under way, as a sentence without its full stop: `Disabling 1234… (alias/x)`; or
    what makes it of the line typed."""
    send: Callable[[str], Awaitable[str]]
    """Takes the line typed, sends the change, and returns what KMS now holds as a sentence."""
    command: Callable[[str], tuple[str, ...]] = _no_command
    """Takes the line typed and returns the AWS CLI's words for the change, after `aws kms`."""
    subject: str | None = None
    """The key or alias that it changes, by its ID; None: the chosen key."""
    region: str = ""
    """The Region to which it is sent; "": that of `subject`."""
    style: str = "title"
    """The title's text style: `warn` for what disturbs, `bad` for what destroys."""
    facts: Facts | None = None
    line: Line | None = None
    word: str = ""
    """What must be typed to go on, such as the key's alias; "" asks for a key press alone."""


def propose(
    context: Context, proposal: Proposal, agreed: Callable[[], object] = lambda: None
) -> None:
    """Show a change, and send it once the person agrees; `agreed` is called before."""
    subject = context.chosen if proposal.subject is None else proposal.subject
    connection = context.session.of(subject or "")

    def go(typed: str) -> None:
        agreed()
        _send(context, connection, proposal, typed)

    question = QuestionDialog(
        proposal.title,
        proposal.words,
        yes=proposal.yes,
        no="Leave as it is",
        style=proposal.style,
        facts=proposal.facts,
        line=proposal.line,
        word=proposal.word,
    )
    context.app.ask(question, go)


def _send(context: Context, connection: Session, proposal: Proposal, typed: str) -> None:
    """Send it in the background, and tell how it ended."""
    app, session = context.app, context.session
    doing = proposal.doing if isinstance(proposal.doing, str) else proposal.doing(typed)

    def unsaved() -> str:
        return f"{doing}, and it is not known yet how that ended."

    keeps = proposal.line.keeps if proposal.line else ""
    near = session.of("")
    kept = TypedText(near.change_scope(), keeps) if keeps and near.scope else None

    async def run() -> None:
        loop = asyncio.get_running_loop()
        slow = loop.call_later(_SLOW_SECONDS, session.notify, f"{doing}…")
        app.unsaved.append(unsaved)
        try:
            sentence = await proposal.send(typed)
        except ServiceError:
            # It may have been refused because the key is not any more what the panes show.
            main_of(app).look()
            raise
        finally:
            slow.cancel()
            app.unsaved.remove(unsaved)
        if kept is not None:
            await kept.close()
        if words := proposal.command(typed):
            info = connection.info
            if info is not None and proposal.region:
                info = replace(info, region=proposal.region)
            app.last_change_command = aws_command(info, *words)
        session.notify(sentence)
        # What the panes show of the key may have changed with it.
        main_of(app).look()

    app.work(run, group=CHANGES_GROUP, what=doing, exclusive=False)
