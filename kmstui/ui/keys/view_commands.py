"""Commands of the views of details, grants, events and uses, and the overview of all keys."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, cast

from kmstui.ui.commands import (
    DETAILS,
    EVENTS,
    GRANTS,
    USES,
    Command,
    Context,
    needs_key,
    no_changes,
)
from kmstui.ui.main import main_of

if TYPE_CHECKING:
    from kmstui.ui.keys.events_view import EventsView
    from kmstui.ui.keys.grants_view import GrantsView
    from kmstui.ui.keys.uses_view import UsesView


async def _last_use(context: Context) -> None:
    from kmstui.ui.keys.details_view import DetailsView

    pane = main_of(context.app).key_pane
    await pane.open_view(DETAILS)
    if isinstance(pane.view, DetailsView):
        await pane.view.read_last_usage()


# Grants


def _grants(context: Context) -> GrantsView:
    # The view in front: its commands work nowhere else.
    return cast("GrantsView", main_of(context.app).key_pane.view)


def _no_grant(context: Context) -> str | None:
    return "There is no grant here to act on." if _grants(context).chosen is None else None


def _open_grant(context: Context) -> None:
    from kmstui.ui.dialogs import TextDialog
    from kmstui.ui.keys.grants_view import told_of
    from kmstui.ui.widgets import labelled

    grant = _grants(context).chosen
    if grant is not None:
        context.app.push_screen(TextDialog("Grant", labelled(told_of(grant))))


def _no_grant_id(context: Context) -> str | None:
    grant = _grants(context).chosen
    if grant is None or grant.id:
        return None
    return "KMS did not tell the ID of this grant, and it is revoked by that. Read it again (r)."


def _revoke(context: Context) -> None:
    from kmstui.service.keys import Grants
    from kmstui.ui.keys.change_dialog import Proposal, propose
    from kmstui.ui.keys.grants_view import constraint_words

    view = _grants(context)
    grant, key_id = view.chosen, view.key_id
    if grant is None or key_id is None:
        return
    name = context.store.name_of(key_id)
    proposal = Proposal(
        title=f"Revoke a grant of {name}?",
        words=(
            f"Who: {grant.holder}\n"
            f"Loses: {', '.join(grant.operations)}\n"
            f"Given with: {constraint_words(grant) or 'anything'}\n"
            "What it may do by the key policy or by other grants stays. A service that holds this "
            "grant, as EBS does for a volume, fails where it needs it. A grant cannot be brought "
            "back, only made anew."
        ),
        yes="Revoke",
        doing=f"Revoking a grant of {name}",
        send=lambda _: Grants(context.session).revoke(key_id, grant),
        command=lambda _: ("revoke-grant", "--key-id", key_id, "--grant-id", grant.id),
        style="warn",
    )
    propose(context, proposal)


# Events


def _events(context: Context) -> EventsView:
    return cast("EventsView", main_of(context.app).key_pane.view)


def _no_event(context: Context) -> str | None:
    view = _events(context)
    there = view.chosen is not None or view.at_more
    return None if there else "There is no event here to look at."


def _no_context(context: Context) -> str | None:
    event = _events(context).chosen
    if event is None:
        return "There is no event here to look at."
    if not event.encryption_context:
        return f"This {event.name} had no encryption context."
    return None


def _no_more(context: Context) -> str | None:
    return None if _events(context).has_more else "CloudTrail has no older events of it."


def _open_event(context: Context) -> Awaitable[None] | None:
    from kmstui.ui.dialogs import TextDialog
    from kmstui.ui.keys.events_view import event_rows

    view = _events(context)
    if view.at_more:
        return view.read_more()
    if view.chosen is not None:
        context.app.push_screen(TextDialog("Event", event_rows(view.chosen)))
    return None


def _copy_condition(context: Context) -> Awaitable[None] | None:
    from kmstui.service.keys import context_condition
    from kmstui.ui.main import copy_text

    event = _events(context).chosen
    if event is None:
        return None
    return copy_text(context, context_condition(event.encryption_context), "Condition")


# Uses


def _uses(context: Context) -> UsesView:
    return cast("UsesView", main_of(context.app).key_pane.view)


def _open_use(context: Context) -> Awaitable[None] | None:
    from kmstui.ui.dialogs import TextDialog
    from kmstui.ui.keys.uses_view import source_lines

    view = _uses(context)
    source = view.source
    if source is None:
        return None
    reading = view.uses.of(source)
    if not reading.state.is_known:
        return view.read_source()
    text = "\n".join(source_lines(source, reading))
    context.app.push_screen(TextDialog(source.title, text))
    return None


# The chart of both


def _charted(context: Context) -> UsesView | EventsView:
    return cast("UsesView | EventsView", main_of(context.app).key_pane.view)


def _no_chart(context: Context) -> str | None:
    if _charted(context).by_day is None:
        return "CloudTrail's events of this key were not read."
    return None


def _by_day(context: Context) -> None:
    from kmstui.ui.dialogs import TextDialog
    from kmstui.ui.keys.use_chart import chart_text

    uses = _charted(context).by_day
    if uses is not None and context.chosen is not None:
        chart = chart_text(uses, TextDialog.text_width(context.app.size.width), context.app.symbols)
        text = "\n".join((chart, "", *uses.lines()))
        title = f"Use by day of {context.store.name_of(context.chosen)}"
        context.app.push_screen(TextDialog(title, text))


# The account


def _needs_keys(context: Context) -> str | None:
    return None if context.store.keys else "There are no keys yet."


def _overview(context: Context) -> None:
    from kmstui.ui.keys.overview_screen import OverviewScreen

    main = main_of(context.app)

    def show(filter_text: str) -> None:
        main.keys_pane.use_filter(filter_text)
        main.open_pane(main.keys_pane)

    screen = OverviewScreen(context, with_aws=main.keys_pane.key_rows.with_aws)
    context.app.ask(screen, show)


def _by_day_command(scope: str) -> Command:
    return Command(
        id=f"{scope}.by-day", label="By day", keys=("b",), scope=scope, available=_no_chart,
        help="Show the key's use by day and service, as a chart and as numbers",
        run=_by_day, bar=13,
    )  # fmt: skip


COMMANDS = (
    Command(
        id="details.last-use", label="Last use", help="Ask KMS when the key was last used",
        keys=("enter",), scope=DETAILS, available=needs_key, run=_last_use, bar=10,
    ),
    Command(
        id="grant.open", label="Grant", help="Show everything of the grant", keys=("enter",),
        scope=GRANTS, available=_no_grant, run=_open_grant, bar=10,
    ),
    Command(
        id="grant.revoke", label="Revoke", help="Revoke the grant, after a question", keys=("D",),
        scope=GRANTS,
        available=lambda context: (
            no_changes(context) or _no_grant(context) or _no_grant_id(context)
        ),
        run=_revoke, bar=12,
    ),
    Command(
        id="event.open", label="Event", help="Show everything of the event, or read older ones",
        keys=("enter",), scope=EVENTS, available=_no_event, run=_open_event, bar=10,
    ),
    Command(
        id="event.condition", label="Copy condition",
        help="Copy the event's encryption context as the Condition of a policy", keys=("c",),
        scope=EVENTS, available=_no_context, run=_copy_condition, bar=12,
    ),
    Command(
        id="event.more", label="More", help="Read 50 older events", keys=("m",),
        scope=EVENTS, available=_no_more, run=lambda context: _events(context).read_more(),
        bar=14,
    ),
    Command(
        id="event.looks", label="Only use",
        help="Hide calls that only looked at the key, or show them again", keys=("O",),
        scope=EVENTS, run=lambda context: _events(context).toggle_looks(), bar=13,
    ),
    Command(
        id="uses.open", label="Source", keys=("enter",), scope=USES, available=needs_key,
        help="Ask the source, or show all that it tells and what it cannot see",
        run=_open_use, bar=10,
    ),
    Command(
        id="uses.more", label="All services", keys=("m",), scope=USES, available=needs_key,
        help="Ask every service that was not asked, or read older events",
        run=lambda context: _uses(context).read_more(), bar=12,
    ),
    Command(
        id="keys.overview", label="Overview", keys=("C",), available=_needs_keys, run=_overview,
        help="Count the keys by state, age and last use; Enter leads to the keys",
    ),
    _by_day_command(EVENTS),
    _by_day_command(USES),
)  # fmt: skip
