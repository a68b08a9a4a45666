"""Commands of the access view and of the role view."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kmstui.ui.commands import Command, Context, needs_key
from kmstui.ui.editing import open_role_policy
from kmstui.ui.main import bring_forward, go_back, go_to_offset, main_of, switch

if TYPE_CHECKING:
    from kmstui.policy.evaluation import Decision, ReasoningLine
    from kmstui.ui.access.access_view import AccessView
    from kmstui.ui.access.reasoning import StatementPlace
    from kmstui.ui.access.role_view import RoleView

ACCESS, ROLE = "access", "role"
"""The scopes of the views, which are imported when they are first opened."""
_SHOWN_SECONDS = 1.0
"""How long keys typed ahead of a view wait for what it reads."""

WHAT_IF = "what-if"
"""The scope of the access view's line."""


def _open(scope: str) -> Callable[[Context], Awaitable[None]]:
    async def run(context: Context) -> None:
        await bring_forward(context, scope)
        try:
            # What is typed ahead is about what is being read; Esc must not wait for it for long.
            shown = main_of(context.app).key_pane.view.wait_until_shown()
            await asyncio.wait_for(shown, _SHOWN_SECONDS)
        except TimeoutError:
            return

    return run


def _view(context: Context) -> AccessView | None:
    from kmstui.ui.access.access_view import AccessView

    view = main_of(context.app).key_pane.view
    return view if isinstance(view, AccessView) else None


def _needs_table(context: Context) -> str | None:
    reason = needs_key(context)
    if reason is not None:
        return reason
    view = _view(context)
    return None if view is not None and view.row is not None else "There is nothing to say yet."


def _can_ask(context: Context) -> str | None:
    # From another view it can be asked as well: the table is then made first.
    return needs_key(context) if _view(context) is None else _needs_table(context)


def _needs_earlier(context: Context) -> str | None:
    view = _view(context)
    earlier = view.what_if.earlier if view is not None else ""
    return None if earlier else "No long question was typed before."


def _with_view(act: Callable[[AccessView], None]) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        view = _view(context)
        if view is not None:
            act(view)

    return run


async def _reason(context: Context) -> None:
    view = _view(context)
    if view is None:
        return
    if view.what_if.display:
        await view.read_who_is_asked_about()
    reasoning = view.reasoning()
    if reasoning is not None:
        _show_reasoning(context, *reasoning, view.decision)


def _show_reasoning(
    context: Context, title: str, lines: Sequence[ReasoningLine], decision: Decision | None
) -> None:
    from kmstui.ui.access.reasoning import ReasoningScreen

    screen = ReasoningScreen(title, lines, context.app.symbols, decision)
    context.app.push_screen(screen, lambda place: _follow(context, place, decision))


def _follow(context: Context, place: StatementPlace | None, decision: Decision | None) -> None:
    """Go to a statement of the key policy, or show one of an IAM policy."""
    from kmstui.ui.access.reasoning import KEY_POLICY, statement_text, texts_of
    from kmstui.ui.dialogs import TextDialog
    from kmstui.ui.widgets import code_lines

    if place is None or decision is None:
        return
    if place.source != KEY_POLICY:
        words = statement_text(place, texts_of(decision))
        title = f"From {place.source}"
        context.app.push_screen(TextDialog(title, code_lines(words)))
        return
    context.app.work(
        lambda: go_to_offset(context.app, place.span.start), group="go", what="going to a statement"
    )


async def _what_if(context: Context) -> None:
    await bring_forward(context, ACCESS)
    view = _view(context)
    if view is not None:
        view.open_what_if()


def _ask_kms(context: Context) -> None:
    from kmstui.ui.access.kms_answers import (
        KmsAnswers,
        asked_key,
        asked_with,
        asking_question,
        what_to_ask,
    )

    view, session = _view(context), context.app.session
    inquiry = view.inquiry if view is not None else None
    if inquiry is None:
        return
    key = asked_key(inquiry.key, inquiry.caller)
    wanted = what_to_ask(key)
    if not wanted.sent:
        session.notify("No dry run can be made up for a key of this kind, so KMS is not asked.")
        return

    session = session.of(inquiry.key.id)
    gateway = session.gateway

    def go_on(line: str) -> None:
        asked = what_to_ask(asked_with(key, line))
        context.app.push_screen(KmsAnswers(session, gateway, inquiry, asked, context.app.symbols))

    context.app.ask(asking_question(session, key, wanted), go_on)


def _needs_caller(context: Context) -> str | None:
    view = _view(context)
    inquiry = view.inquiry if view is not None else None
    if inquiry is None:
        return _needs_table(context)
    return None if inquiry.caller else "KMS is asked as you, and who you are is not known."


def _escape(context: Context) -> None:
    view = _view(context)
    if view is None or not (view.close_what_if() or view.stop()):
        go_back(context)


def _legend(context: Context) -> None:
    from kmstui.ui.access.cells import LEGEND
    from kmstui.ui.dialogs import TextDialog

    context.app.push_screen(TextDialog("What the words of the table mean", LEGEND))


def _role(context: Context) -> RoleView | None:
    from kmstui.ui.access.role_view import RoleView

    view = main_of(context.app).key_pane.view
    return view if isinstance(view, RoleView) else None


def _open_line(context: Context) -> None:
    """The reasoning of an effect, or the text of a policy."""
    from kmstui.policy.evaluation import explain
    from kmstui.ui.dialogs import TextDialog
    from kmstui.ui.policy import pretty
    from kmstui.ui.widgets import code_lines

    view = _role(context)
    if view is None:
        return
    effect, policy = view.effect, view.policy
    if effect is not None:
        decision = effect.decision
        title = (
            f"{decision.request.principal.short}: {effect.mark.value}, to {decision.request.action}"
        )
        if len(effect.actions) > 1:
            title += f" and {len(effect.actions) - 1} others that are decided alike"
        _show_reasoning(context, title, explain(decision), decision)
    elif policy is not None:
        title, text = f"IAM policy {policy.name}", pretty(policy.text)
        context.app.push_screen(TextDialog(title, code_lines(text)))


async def _choose_role(context: Context) -> None:
    from kmstui.ui.editing import ask_for_role

    await bring_forward(context, ROLE)
    view = _role(context)
    chosen = await ask_for_role(context, context.key, "What can which role do?")
    if view is not None and chosen is not None:
        view.choose(chosen)


async def _edit_role(context: Context) -> None:
    from kmstui.ui.editing import choose_policy

    view = _role(context)
    if view is None or view.identity is None:
        return
    policy = await choose_policy(context, view.identity, context.key)
    if policy is not None:
        open_role_policy(context, view.identity, policy)


def _needs_identity(context: Context) -> str | None:
    view = _role(context)
    if view is None or view.identity is None:
        return "No role or user is shown. O chooses one."
    return None


def _needs_role(context: Context) -> str | None:
    view = _role(context)
    identity = view.identity if view is not None else None
    if identity is not None and identity.kind != "role":
        return f"{identity.name} is a user: only policies of roles are edited here."
    return _needs_identity(context)


def _open_endpoints(context: Context) -> None:
    from kmstui.ui.access.endpoints_screen import EndpointsScreen

    def connect(url: str) -> None:
        switch(context, replace(context.session.target, endpoint_url=url))

    context.app.ask(EndpointsScreen(context.connection, context.app.symbols), connect)


def _needs_connection(context: Context) -> str | None:
    return None if context.store.info is not None else "There is no connection yet."


COMMANDS = (
    Command(
        id="access.open", label="Access", help="Show who can do what with the key, and why",
        keys=("c",), available=needs_key, run=_open(ACCESS), opens=True,
    ),
    Command(
        id="access.reason", label="Why", help="Show the reasoning, and go to the statement",
        keys=("enter",), scope=ACCESS, available=_needs_table, run=_reason, bar=10, opens=True,
    ),
    Command(
        id="access.what-if", label="What if", help="Change principal, action or context of the "
        "question", keys=("w",), scope=ACCESS, available=_can_ask, run=_what_if, bar=20,
        opens=True,
    ),
    Command(
        id="access.ask-kms", label="Ask KMS", help="Ask KMS by dry runs what you may do, beside"
        " the predictions", keys=("K",), scope=ACCESS, available=_needs_caller, run=_ask_kms,
        bar=30,
    ),
    Command(
        id="access.right", label="Next group", help="Look at the next group of actions",
        keys=("right",), scope=ACCESS,
        run=_with_view(lambda view: view.turn_group(1)), palette=False,
    ),
    Command(
        id="access.left", label="Previous group", help="Look at the group of actions before",
        keys=("left",), scope=ACCESS,
        run=_with_view(lambda view: view.turn_group(-1)), palette=False,
    ),
    Command(
        id="access.more", label="More roles", help="Read IAM policies of further roles and users",
        keys=("m",), scope=ACCESS, available=_needs_table,
        run=_with_view(lambda view: view.read_more()),
    ),
    Command(
        id="access.legend", label="Words", help="Show what the words of the access table mean",
        scope=ACCESS, run=_legend,
    ),
    Command(
        id="access.escape", label="Back", help="Close the question, stop reading, or go back",
        keys=("escape",), scope=ACCESS, run=_escape, palette=False,
    ),
    Command(
        id="what-if.reason", label="Why", help="Show the reasoning of the answer", keys=("enter",),
        scope=WHAT_IF, run=_reason, bar=10, opens=True, palette=False,
    ),
    Command(
        id="what-if.complete", label="Complete", help="Take the proposal, or what it asks for",
        keys=("tab",), scope=WHAT_IF,
        run=_with_view(lambda view: view.what_if.action_take()), bar=20, palette=False,
    ),
    Command(
        id="what-if.bring-back", label="Earlier", help="Bring back the long question"
        " that was typed before", keys=("ctrl+r",), scope=WHAT_IF, available=_needs_earlier,
        run=_with_view(lambda view: view.what_if.bring_back()),
        palette=False,
    ),
    Command(
        id="what-if.close", label="Close", help="Close the question", keys=("escape",),
        scope=WHAT_IF, run=_escape, bar=30, palette=False,
    ),
    Command(
        id="endpoints.open", label="VPC endpoints", help="Show the VPC endpoints of KMS in this"
        " Region, whether requests go through one, and connect through one",
        available=_needs_connection, run=_open_endpoints,
    ),
    Command(
        id="role.open", label="Role", help="Show what your role can do with the key, and why",
        keys=("p",), available=needs_key, run=_open(ROLE), opens=True,
    ),
    Command(
        id="role.line", label="Why", help="Show the reasoning, or the policy's text",
        keys=("enter",), scope=ROLE, available=_needs_identity, run=_open_line, bar=10,
    ),
    Command(
        id="role.choose", label="Other role", help="Show what another role can do with the key",
        keys=("O",), scope=ROLE, available=needs_key, run=_choose_role, bar=11, opens=True,
    ),
    Command(
        id="role.edit-this", label="Edit role", help="Edit an inline policy of the role shown",
        keys=("e",), scope=ROLE, available=_needs_role, run=_edit_role, opens=True,
    ),
)  # fmt: skip
