"""Commands of the events view."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from kmstui.model.grant import KeyEvent
from kmstui.ui.commands.command import EVENTS, Command
from kmstui.ui.commands.context import Context
from kmstui.ui.main.navigation import main_of

if TYPE_CHECKING:
    from kmstui.ui.keys.events_view import EventsView


def _view(context: Context) -> EventsView | None:
    from kmstui.ui.keys.events_view import EventsView

    view = main_of(context.app).key_pane.view
    return view if isinstance(view, EventsView) else None


def _event(context: Context) -> KeyEvent | None:
    view = _view(context)
    return view.chosen if view is not None else None


def _no_event(context: Context) -> str | None:
    view = _view(context)
    there = view is not None and (view.chosen is not None or view.at_more)
    return None if there else "There is no event here to look at."


def _no_context(context: Context) -> str | None:
    event = _event(context)
    if event is None:
        return "There is no event here to look at."
    if not event.encryption_context:
        return f"This {event.name} had no encryption context."
    return None


def _no_more(context: Context) -> str | None:
    view = _view(context)
    return None if view is not None and view.has_more else "CloudTrail has no older events of it."


def _open(context: Context) -> Awaitable[None] | None:
    from kmstui.ui.dialogs.text_dialog import TextDialog
    from kmstui.ui.keys.events_view import event_lines

    view = _view(context)
    if view is not None and view.at_more:
        return view.read_more()
    event = _event(context)
    if event is not None:
        context.app.push_screen(TextDialog("Event", "\n".join(event_lines(event))))
    return None


def _more(context: Context) -> Awaitable[None] | None:
    view = _view(context)
    return view.read_more() if view is not None else None


def _toggle(context: Context) -> None:
    view = _view(context)
    if view is not None:
        view.toggle_looks()


def _copy_condition(context: Context) -> Awaitable[None] | None:
    from kmstui.service.keys.events import context_condition
    from kmstui.ui.main.copying import copy_text

    event = _event(context)
    if event is None:
        return None
    return copy_text(context, context_condition(event.encryption_context), "Condition")


COMMANDS = (
    Command(
        id="event.open", label="Event", help="Show everything of the event, or read older ones",
        keys=("enter",), scope=EVENTS, available=_no_event, run=_open, bar=10,
        palette=False,
    ),
    Command(
        id="event.condition", label="Copy condition",
        help="Copy the event's encryption context as the Condition of a policy", keys=("c",),
        scope=EVENTS, available=_no_context, run=_copy_condition, bar=12,
        palette=False,
    ),
    Command(
        id="event.more", label="More", help="Read 50 older events", keys=("m",),
        scope=EVENTS, available=_no_more, run=_more, bar=14, palette=False,
    ),
    Command(
        id="event.looks", label="Only use",
        help="Hide calls that only looked at the key, or show them again", keys=("o",),
        scope=EVENTS, run=_toggle, bar=13, palette=False,
    ),
)  # fmt: skip
