"""Commands of the safe edit: a key's policy, a role's, a statement on several keys, the history."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from kmstui.ui.commands import (
    Command,
    Context,
    needs_customer_key,
    needs_key,
    needs_policy,
    needs_writing,
)
from kmstui.ui.main import main_of, with_marks_told

if TYPE_CHECKING:
    from kmstui.model import Identity, Key
    from kmstui.service.editing import EditTarget
    from kmstui.service.session import Session
    from kmstui.ui.editing.history_panel import HistoryPanel
    from kmstui.ui.editing.history_screen import HistoryView
    from kmstui.ui.editing.role_policies import PolicyChoice
    from kmstui.ui.editing.statement_screen import Statements

    Choose = Callable[[Context, Identity, Key | None], Awaitable[PolicyChoice | None]]


def open_editor(
    context: Context,
    target: EditTarget,
    *,
    session: Session | None = None,
    outside: bool = False,
    begin_with: str = "",
) -> None:
    """Open a policy in the editor; over a connection of its own where that is given.

    Raises:
        JournalError: the account is not known yet.
    """
    from kmstui.ui.editing.edit_screen import EditScreen

    session = (session or context.session).of(target.location.subject)
    scope = session.change_scope()
    screen = EditScreen(
        session, target, scope, context.app.symbols, outside=outside, begin_with=begin_with
    )
    context.app.push_screen(screen)


def edit_key(
    context: Context,
    key_id: str,
    *,
    session: Session | None = None,
    outside: bool = False,
    begin_with: str = "",
) -> None:
    """Open the policy of a key in the editor; over a connection of its own where that is given.

    Raises:
        ServiceError: there is no connection, or the account is not known yet.
    """
    from kmstui.service.editing import KeyPolicyTarget

    session = session or context.session
    key = session.store.keys[key_id]
    disabled = context.app.options.rules_off(key.id)
    target = KeyPolicyTarget(session, key, disabled)
    open_editor(context, target, session=session, outside=outside, begin_with=begin_with)


def _edit(context: Context, *, outside: bool = False) -> None:
    if context.key is not None:
        edit_key(context, context.key.id, outside=outside)


def _statement(context: Context) -> None:
    from kmstui.ui.dialogs import Menu, MenuItem

    number = len(context.targets)
    what = "this key" if number == 1 else f"{number} marked keys"
    items = [
        MenuItem("add", f"Add a statement to {what}", key="a"),
        MenuItem("remove", f"Remove a statement from {what}", key="r"),
    ]

    def go(choice: str) -> None:
        if choice == "add":
            _add_statement(context)
        else:
            worker = context.app.work(
                lambda: _remove_statement(context), group="batch", what="reading policies"
            )
            context.app.type_ahead.opens(worker, context.app.screen)

    context.app.ask(Menu("The same statement for several keys", items), go)


def _add_statement(context: Context) -> None:
    from kmstui.service.editing import KeyPolicyTarget
    from kmstui.ui.editing.statement_screen import StatementScreen

    key_ids = context.targets
    first = KeyPolicyTarget(context.session, context.store.keys[key_ids[0]])

    scope = context.session.of("").change_scope()
    screen = StatementScreen(first, len(key_ids), scope, context.app.symbols)
    context.app.ask(screen, partial(_review_batch, context, key_ids, remove=False))


def _review_batch(
    context: Context, key_ids: Sequence[str], statements: Statements, *, remove: bool
) -> None:
    from kmstui.ui.editing.batch_screen import BatchScreen

    context.app.push_screen(
        BatchScreen(context.session, key_ids, statements, context.app.symbols, remove=remove)
    )


async def _remove_statement(context: Context) -> None:
    from kmstui.service.editing import common_statements
    from kmstui.ui.dialogs import Menu, MenuItem
    from kmstui.ui.editing.reading_dialog import read_in_front

    key_ids = context.targets
    number = len(key_ids)
    await read_in_front(
        context,
        "the policy of this key" if number == 1 else f"the policies of {number} keys",
        asyncio.gather(*(context.session.read_policies(key_id) for key_id in key_ids)),
    )
    texts = {
        key_id: policy.text
        for key_id in key_ids
        if (policy := context.store.default_policy(key_id)) and not policy.problem
    }
    rows = common_statements(texts)
    if not rows:
        context.session.notify("None of these policies can be read, or has statements.", "warning")
        return
    items = [
        MenuItem(str(index), statement.label.strip('"'), detail=f"on {holders} of {number}")
        for index, (statement, _, holders) in enumerate(rows)
    ]
    chosen = await context.app.push_screen_wait(Menu("Remove which statement?", items))
    if chosen is not None:
        _review_batch(context, key_ids, (rows[int(chosen)][1],), remove=True)


def open_role_policy(context: Context, identity: Identity, policy: PolicyChoice) -> None:
    """Open an inline policy of a role in the editor, about the chosen key.

    Raises:
        JournalError: the account is not known yet.
    """
    from kmstui.ui.editing.role_policies import target_for

    target = target_for(context, identity, policy.name, context.key)
    open_editor(context, target, begin_with=policy.begin_with)


async def _edit_role(context: Context) -> None:
    from kmstui.ui.editing.role_policies import choose_policy

    await _choose_and_open(context, "Edit a policy of which role?", choose_policy)


async def _new_policy(context: Context) -> None:
    from kmstui.ui.editing.role_policies import create_policy

    await _choose_and_open(context, "A new inline policy for which role?", create_policy)


async def _choose_and_open(context: Context, heading: str, choose: Choose) -> None:
    from kmstui.ui.editing.role_policies import choose_role

    identity = await choose_role(context, context.key, heading)
    policy = None if identity is None else await choose(context, identity, context.key)
    if identity is not None and policy is not None:
        open_role_policy(context, identity, policy)


async def _take_from_role(context: Context) -> None:
    from kmstui.policy.authoring import CannotTakeError
    from kmstui.ui.editing.role_policies import (
        choose_action,
        choose_role,
        take_action,
        target_for,
    )

    key = context.key
    identity = await choose_role(context, key, "Take a KMS action from which role?")
    if identity is None:
        return
    action = await choose_action(context, identity, key)
    if action is None:
        return
    try:
        taken = take_action(identity, action)
    except CannotTakeError as error:
        context.session.notify(str(error), "warning")
        return
    if taken.elsewhere:
        context.session.notify(
            f"{action} stays allowed by {', '.join(taken.elsewhere)}.", "warning"
        )
    target = target_for(context, identity, taken.policy, key)
    open_editor(context, target, begin_with=taken.text)


HISTORY = "history"
"""The scope of the view."""


def _panel(context: Context) -> HistoryPanel:
    # Of the view in front: its commands work nowhere else.
    return cast("HistoryView", main_of(context.app).key_pane.view).panel


def _open_history(context: Context) -> None:
    from kmstui.ui.editing.history_screen import HistoryScreen

    panel, key = _panel(context), context.key
    if panel.source is None or key is None:
        return
    screen = HistoryScreen(
        panel.source,
        context.store.short_name(key.id),
        context.app.symbols,
        may_restore=needs_customer_key(context) is None,
    )
    context.app.ask(screen, lambda text: edit_key(context, key.id, begin_with=text))


def _bring_back(context: Context) -> None:
    panel, key = _panel(context), context.key
    if panel.chosen is not None and key is not None:
        edit_key(context, key.id, begin_with=panel.chosen.text)


def _ask_analyzer(context: Context) -> None:
    why_not = _panel(context).ask_analyzer()
    if why_not:
        context.session.notify(why_not)


async def _ask_cloudtrail(context: Context) -> None:
    context.session.notify("Asking CloudTrail…")
    await _tell(context, _panel(context).ask_cloudtrail())


async def _tell(context: Context, outcome: Awaitable[str]) -> None:
    context.session.notify(await outcome)


COMMANDS = (
    Command(
        id="policy.edit", label="Edit", help="Edit the key's policy, checked while you type",
        keys=("e",), available=needs_policy, run=_edit, bar=15,
    ),
    Command(
        id="policy.edit-outside", label="$EDITOR",
        help="Edit the key's policy in $VISUAL or $EDITOR", keys=("E",), available=needs_policy,
        run=lambda context: _edit(context, outside=True),
    ),
    Command(
        id="policy.statement", label="Statement", help="Add a statement to the policies of the"
        " marked keys, or remove one", keys=("S",), available=needs_writing,
        run=with_marks_told(_statement),
    ),
    Command(
        id="role.edit", label="Role policy", help="Edit an inline policy of a role: yours, or one"
        " that the key policy names", keys=("i",), available=needs_key, run=_edit_role, opens=True,
    ),
    Command(
        id="role.new-policy", label="New role policy", help="Write a new inline policy for a role,"
        " about the chosen key", available=needs_writing, run=_new_policy, opens=True,
    ),
    Command(
        id="role.take", label="Take from role", help="Take a KMS action, such as Decrypt, from a"
        " role's policy", keys=("I",), available=needs_writing, run=_take_from_role, opens=True,
    ),
    Command(
        id="history.open", label="Full size", help="Open the history on a screen of its own",
        keys=("enter",), scope=HISTORY, run=_open_history, bar=10,
    ),
    Command(
        id="history.mark", label="Compare with", help="Compare with the version under the cursor",
        keys=("space",), scope=HISTORY, run=lambda context: _panel(context).mark(),
        bar=20,
    ),
    Command(
        id="history.restore", label="Bring back", help="Bring this version back, through a review",
        keys=("b",), scope=HISTORY, available=needs_customer_key, run=_bring_back, bar=30,
    ),
    Command(
        id="history.export", label="Write to a file", help="Write this version to a file",
        keys=("w",), scope=HISTORY, run=lambda context: _panel(context).export(), bar=40,
    ),
    Command(
        id="history.cloudtrail", label="Ask CloudTrail",
        help="Ask CloudTrail who put which policy in the last 90 days", keys=("f",), scope=HISTORY,
        run=_ask_cloudtrail, bar=50,
    ),
    Command(
        id="history.analyzer", label="Access Analyzer", help="Let IAM Access Analyzer check the"
        " change from one version to the other", keys=("V",), scope=HISTORY, run=_ask_analyzer,
        palette=False,
    ),
    Command(
        id="history.more", label="Older", help="List older versions too", keys=("m",),
        scope=HISTORY, run=lambda context: _tell(context, _panel(context).list_more()),
    ),
)  # fmt: skip
