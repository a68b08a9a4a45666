"""Commands of the connection and of the program itself."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Iterable
from functools import partial

from kmstui.service.ports import ALL, CHOSEN, names_in
from kmstui.service.sessions import Sessions
from kmstui.ui.commands import SESSION_GROUP, Command, Context, Program, needs_key
from kmstui.ui.main.header import left_out_of
from kmstui.ui.main.navigation import main_of, switch_profile, switch_region
from kmstui.ui.terminal import run_on_terminal

_ALL = "every Region that is enabled in the account"

_OF_PROFILES = (CHOSEN, "profile", "IMDS")
"""What decides on a Region for one profile alone."""


async def _profile(context: Context) -> None:
    profiles = await context.session.connector.profiles()
    if not profiles:
        context.session.notify(
            "No profiles are configured: ~/.aws/config and ~/.aws/credentials name none.",
            "warning",
        )
        return
    target, info = context.session.target, context.store.info
    kept = info is not None and info.region_from not in {*_OF_PROFILES, ""}
    words = f"; {info.region_from} decides on the Region" if info and kept else ""
    _offer(context, f"Switch to profile{words}", profiles, target.profile, switch_profile)


async def _region(context: Context) -> None:
    info = context.store.info
    regions = await context.session.connector.regions(info.partition if info else "aws")
    by = f"; now by {info.region_from}" if info and info.region_from else ""
    chosen = context.session.target.region if len(context.session.each) > 1 else ""
    chosen = chosen or (info.region if info else "")
    _offer(context, f"Switch to Region{by}", [*regions, ALL], chosen, switch_region)


def _none_left_out(context: Context) -> str | None:
    left_out = left_out_of(context.session)
    return None if left_out else "No Region is left out: all that were asked for are read."


def _read_left_out(context: Context) -> None:
    session = context.session
    if isinstance(session, Sessions):
        # What is being read goes on beside it.
        context.app.work(
            session.read_left_out,
            group=SESSION_GROUP,
            what="reading",
            quiet=True,
            exclusive=False,
        )


async def sign_in(program: Program) -> None:
    """Run the command that signs in to the profile, on the terminal, and go on after it."""
    session = program.session
    command = await session.connector.sign_in_command(session.to_sign_in)
    if not command:
        session.notify("No command signs in to this profile; r looks its credentials up again.")
        return
    words = shlex.join(command)
    if shutil.which(command[0]) is None:
        session.notify(
            f"The AWS CLI ({command[0]}) is not installed here: run {words} where it is, with this"
            " home directory, then press r.",
            "warning",
        )
        return
    ended = run_on_terminal(program, command, linger=True)
    if ended.trouble:
        session.notify(f"You are not signed in: {ended.trouble}. F12 tries again.", "warning")
        return
    session.notify(f"{words} has ended; what was refused is done again.")
    program.go_on()


def _offer(
    context: Context,
    title: str,
    names: Iterable[str],
    chosen: str,
    switch: Callable[[Context, str], None],
) -> None:
    from kmstui.ui.dialogs import MarkingMenu, MenuItem

    items = [MenuItem(name, name, detail=_ALL if name == ALL else "") for name in names]
    context.app.ask(MarkingMenu(title, items, names_in(chosen)), partial(switch, context))


def _help(context: Context) -> None:
    from kmstui.ui.dialogs import Help, panes_help

    main = main_of(context.app)
    context.app.push_screen(Help(panes_help(main.all_commands, main.scopes, main.focused)))


def _palette(context: Context) -> None:
    from kmstui.ui.main.palette import Palette

    context.app.ask(Palette(context), lambda run: run())


def _messages(context: Context) -> None:
    from kmstui.ui.main.messages import Messages

    context.app.push_screen(Messages(context.session, context.app.symbols))


def _connection(context: Context) -> None:
    from kmstui.ui.main.connection import tell_connection

    tell_connection(context)


def _console(context: Context) -> None:
    from kmstui.ui.main.connection import show_console_url

    show_console_url(context)


def _shell(context: Context) -> None:
    ended = run_on_terminal(context.app, [os.environ.get("SHELL") or "/bin/sh"])
    if ended.code is None:
        context.session.notify(f"{ended.trouble}.", "error")


def _copy(context: Context) -> None:
    from kmstui.ui.main.copying import open_copy_menu

    open_copy_menu(context)


COMMANDS = (
    Command(
        id="session.profile", label="Profile", help="Switch to another profile", keys=("P",),
        run=_profile, opens=True,
    ),
    Command(
        id="session.region", label="Region", help="Switch to another Region", keys=("R",),
        run=_region, opens=True,
    ),
    Command(
        id="session.refresh", label="Refresh", help="Read everything again", keys=("r",),
        run=lambda context: context.app.refresh_session(),
    ),
    Command(
        id="session.rest", label="Other Regions", help="Read the Regions too of which an index of"
        " AWS's says that they hold no key", keys=("X",), available=_none_left_out,
        run=_read_left_out,
    ),
    Command(
        id="session.sign_in", label="Sign in", help="Run the command that signs in to the profile"
        " (aws sso login, aws login), then go on; works on every screen", keys=("f12", "alt+s"),
        run=lambda context: sign_in(context.app),
    ),
    Command(
        id="program.copy", label="Copy", help="Copy ID, ARN, alias, policy, tags, your own ARN, or"
        " the AWS CLI command", keys=("y",), run=_copy, bar=50,
    ),
    Command(
        id="session.connection", label="Connection", help="Show who you are, and how KMS is"
        " reached, whole", keys=("W",), run=_connection,
    ),
    Command(
        id="key.console", label="Console", help="Show the key's page of the AWS console, to open or"
        " to copy", keys=("o",), available=needs_key, run=_console,
    ),
    Command(
        id="program.palette", label="Palette", help="Find any command, key, profile or Region",
        keys=("colon", "ctrl+p"), run=_palette, palette=False, bar=80,
    ),
    Command(
        id="program.messages", label="Messages", help="Show messages and the calls made",
        keys=("exclamation_mark",), run=_messages,
    ),
    Command(
        id="program.help", label="Help", help="Show all keys", keys=("question_mark", "f1"),
        run=_help, bar=99,
    ),
    Command(
        id="program.redraw", label="Redraw", help="Redraw the screen, when something else has"
        " written to the terminal", keys=("ctrl+l",),
        run=lambda context: context.app.action_draw_anew(),
    ),
    Command(
        id="program.suspend", label="Suspend", help="Go back to the shell; fg comes back here",
        keys=("ctrl+z",), run=lambda context: context.app.action_to_shell(),
    ),
    Command(
        id="program.shell", label="Shell", help="Start $SHELL here; exit comes back",
        typed=("shell", "sh", "!"), run=_shell,
    ),
    Command(
        id="program.quit", label="Quit", help="Quit; asks only when something is unsaved",
        keys=("q",), typed=("q", "qa", "quit", "exit", "wq", "x"),
        run=lambda context: context.app.action_quit(), bar=85,
    ),
    Command(
        id="program.quit-now", label="Quit at once", help="Quit without asking; drafts are kept",
        typed=("q!", "qa!", "quit!"), run=lambda context: context.app.exit(0),
    ),
)  # fmt: skip
