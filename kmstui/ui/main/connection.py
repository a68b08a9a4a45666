"""Who is connected to what, and where the console shows a key, whole and to be copied."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser
from collections.abc import Mapping
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.strip import Strip

from kmstui.model import console_url
from kmstui.service.session import Session
from kmstui.service.sessions import PartSession
from kmstui.ui.commands import Context, KeyBar
from kmstui.ui.dialogs import Dialog, TextDialog
from kmstui.ui.main.copying import copy_text, identifiers
from kmstui.ui.main.header import left_out_of
from kmstui.ui.terminal import has_few_glyphs
from kmstui.ui.widgets import Sentences, labelled


def tell_connection(context: Context) -> None:
    """Show all that is known of the connection in use."""
    session, info = context.connection, context.connection.info
    rows = {name: text for _, name, text in identifiers(context)}
    if session.caller is None:
        rows["Who I am"] = session.caller_problem or "not told yet"
    if info is not None:
        rows["KMS"] = f"{info.endpoint_url} ({info.route.value})"
        rows["Partition"] = info.partition
        rows["Profile"] = info.profile or "none"
        rows["Credentials"] = info.credential_source or "not told"
    changes = "refused: read-only mode" if session.read_only else "possible"
    rows["Changes"] = session.journal.warning if not session.journal.durable else changes
    if session.demo:
        rows["Demo"] = "an embedded KMS on this computer; nothing is kept when it ends"
    others = context.session.each
    if len(others) > 1:
        # Nobody looks for one of fifteen in fifteen dialogs.
        rows |= {f"Connection {n}": _in_short(each) for n, each in enumerate(others, 1)}
    rows |= {
        f"Left out {n}": each.sentence for n, each in enumerate(left_out_of(context.session), 1)
    }
    title = "This connection (y copies of it)"
    if len(others) > 1:
        title = "The connection of the chosen key, and then all"
    context.app.push_screen(TextDialog(title, labelled(rows.items())))


def _in_short(session: Session) -> str:
    """One of several connections, and what of it is not read."""
    who = session.caller.arn if session.caller else session.caller_problem or "not told yet"
    where = session.info.region if session.info else "not open"
    profile = f" (profile {session.target.profile})" if session.target.profile else ""
    problem = session.problem if isinstance(session, PartSession) else ""
    return f"{where}{profile}: {who}" + (f" Not read: {problem}" if problem else "")


class Link(Sentences):
    """A URL that a terminal which knows OSC 8 opens when it is clicked."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "accent")
        # The console of Linux would print the sequence.
        self._link = Style() if has_few_glyphs() else Style(link=url)

    def render_line(self, y: int) -> Strip:
        """One line of it."""
        return super().render_line(y).apply_style(self._link)


class ConsoleDialog(Dialog[str]):
    """Shows the console's page of a key; returns `copy` or `open`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss('copy')", "copy", show=False),
        Binding("o", "open", "open", show=False),
        Binding("q", "leave", "leave", show=False),
    ]

    def __init__(self, name: str, url: str, *, demo: bool) -> None:
        super().__init__(f"{name} in the AWS console", "dialog-wide")
        self._can_open = has_browser() and not demo
        words = "This is a demo: no account has this key, so there is no such page." if demo else ""
        keys = [("y", "Copy"), *([("o", "Open")] if self._can_open else []), ("Esc", "Close")]
        self.parts = (self.heading_line(), Link(url), Sentences(words, "warn"), KeyBar(keys))

    def action_open(self) -> None:
        """Open it here, where there is a browser."""
        if self._can_open:
            self.dismiss("open")


def has_browser(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a browser can be opened where the person sits."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return False
    has_windows = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    return bool(has_windows) or sys.platform == "darwin"


def show_console_url(context: Context) -> None:
    """Show the console's page of the chosen key."""
    key, info = context.key, context.connection.info
    if key is None or info is None:
        return
    url = console_url(key, info.partition, info.region)
    if not url:
        context.session.notify(f"The console of the partition {info.partition} is not known here.")
        return

    def act(choice: str) -> None:
        context.app.work(
            lambda: (
                copy_text(context, url, "The console's URL") if choice == "copy" else _open(url)
            ),
            group="console",
            what="the console's URL",
        )

    name = context.store.short_name(key.id)
    context.app.ask(ConsoleDialog(name, url, demo=info.is_demo), act)


async def _open(url: str) -> None:
    await asyncio.to_thread(webbrowser.open, url)
