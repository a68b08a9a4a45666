"""Commands of the history view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmstui.ui.commands.command import Command
from kmstui.ui.commands.context import Context, needs_customer_key
from kmstui.ui.editing.edit_commands import edit_key
from kmstui.ui.main.navigation import main_of

if TYPE_CHECKING:
    from kmstui.ui.editing.history_panel import HistoryPanel

HISTORY = "history"
"""The scope of the view."""


def _panel(context: Context) -> HistoryPanel | None:
    from kmstui.ui.editing.history_view import HistoryView

    view = main_of(context.app).key_pane.view
    return view.panel if isinstance(view, HistoryView) else None


def _mark_version(context: Context) -> None:
    panel = _panel(context)
    if panel is not None:
        panel.mark()


def _open_history(context: Context) -> None:
    from kmstui.ui.editing.history_screen import HistoryScreen

    panel, key = _panel(context), context.key
    if panel is None or panel.source is None or key is None:
        return
    names = context.store.aliases_of(key.id)
    screen = HistoryScreen(
        panel.source,
        names[0] if names else key.id,
        context.app.signs,
        may_restore=needs_customer_key(context) is None,
    )

    def bring_back(text: str | None) -> None:
        if text is not None:
            edit_key(context, key.id, begin_with=text)

    context.app.push_screen(screen, bring_back)


def _bring_back(context: Context) -> None:
    panel = _panel(context)
    if panel is not None and panel.chosen is not None and context.key is not None:
        edit_key(context, context.key.id, begin_with=panel.chosen.text)


def _export_version(context: Context) -> None:
    from kmstui.ui.editing.exporting import ask_and_export

    panel = _panel(context)
    if panel is not None and panel.chosen is not None:
        ask_and_export(context.app, panel.chosen)


async def _ask_cloudtrail(context: Context) -> None:
    panel = _panel(context)
    if panel is not None:
        context.session.notify(await panel.ask_cloudtrail())


async def _list_more(context: Context) -> None:
    panel = _panel(context)
    if panel is not None:
        context.session.notify(await panel.list_more())


COMMANDS = (
    Command(
        id="history.open", label="Full size", help="Open the history on a screen of its own",
        keys=("enter",), scope=HISTORY, run=_open_history, bar=10, palette=False,
    ),
    Command(
        id="history.mark", label="Compare with", help="Compare with the version under the cursor",
        keys=("space",), scope=HISTORY, run=_mark_version, bar=20, palette=False,
    ),
    Command(
        id="history.restore", label="Bring back", help="Bring this version back, through a review",
        keys=("b",), scope=HISTORY, available=needs_customer_key, run=_bring_back, bar=30,
        palette=False,
    ),
    Command(
        id="history.export", label="Write to a file", help="Write this version to a file",
        keys=("w",), scope=HISTORY, run=_export_version, bar=40, palette=False,
    ),
    Command(
        id="history.cloudtrail", label="Ask CloudTrail",
        help="Ask CloudTrail who put which policy in the last 90 days", keys=("f",), scope=HISTORY,
        run=_ask_cloudtrail, bar=50, palette=False,
    ),
    Command(
        id="history.more", label="Older", help="List older versions too", keys=("m",),
        scope=HISTORY, run=_list_more, palette=False,
    ),
)  # fmt: skip
