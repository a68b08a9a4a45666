"""Commands of the program itself."""

from __future__ import annotations

from collections.abc import Awaitable

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.context import Context
from kmstui.ui.main.navigation import main_of


def _help(context: Context) -> None:
    from kmstui.ui.dialogs.help import Help

    main = main_of(context.app)
    context.app.push_screen(Help(main.scopes, main.focused))


def _palette(context: Context) -> None:
    from kmstui.ui.main.palette import Palette

    context.app.push_screen(Palette(context))


def _messages(context: Context) -> None:
    from kmstui.ui.main.messages import Messages

    context.app.push_screen(Messages(context.session, context.app.signs))


def _copy(context: Context) -> None:
    from kmstui.ui.main.copying import open_copy_menu

    open_copy_menu(context)


def _redraw(context: Context) -> None:
    context.app.draw_anew()


def _quit(context: Context) -> Awaitable[None]:
    return context.app.action_quit()


COMMANDS = (
    Command(
        id="program.copy", label="Copy", help="Copy ID, ARN, alias, policy, tags or the AWS CLI "
        "command", keys=("y",), run=_copy, bar=50,
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
        id="program.redraw", label="Redraw", help="Draw the screen anew, on every screen: for when"
        " something else has written to the terminal", keys=("ctrl+l",), run=_redraw,
    ),
    Command(
        id="program.quit", label="Quit", help="Quit; asks only when something is unsaved",
        keys=("q",), run=_quit, bar=85,
    ),
)  # fmt: skip
