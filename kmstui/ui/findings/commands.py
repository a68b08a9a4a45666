"""Commands of the findings of all keys, and of what Access Analyzer says of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmstui.ui.commands import POLICY, Command, Context, needs_key
from kmstui.ui.main import go_to_offset, main_of, show_policy

if TYPE_CHECKING:
    from kmstui.ui.findings.screen import GoTo


def _open(context: Context) -> None:
    from kmstui.ui.findings.screen import FindingsScreen

    def follow(place: GoTo) -> None:
        context.app.work(
            lambda: go_to_finding(context, place), group="go", what="going to a finding"
        )

    context.app.ask(FindingsScreen(context.session, context.app.symbols), follow)


async def go_to_finding(context: Context, place: GoTo) -> None:
    """Choose the key and show the place in its policy.

    Raises:
        ServiceError: the policy cannot be read.
    """
    main = main_of(context.app)
    await context.session.read_policies(place.key_id)
    if not await main.go_to_key(place.key_id, open_keys=False):
        context.session.notify(
            f"{place.key_id} is not among the keys listed. Press r to read again.", "warning"
        )
        return
    main.key_pane.show_key(place.key_id)
    await go_to_offset(context.app, place.offset)


def _needs_connection(context: Context) -> str | None:
    return None if context.store.keys else "There are no keys yet."


async def _analyze(context: Context) -> None:
    from kmstui.ui.findings.analyzer import analyzer_question, ask_analyzer

    view = await show_policy(context.app)
    if view is None:
        return
    session = context.session

    def sure(_: str) -> None:
        context.app.work(
            lambda: ask_analyzer(session, view), group="analyzer", what="asking Access Analyzer"
        )

    context.app.ask(analyzer_question(session, view), sure)


COMMANDS = (
    Command(
        id="findings.all", label="All findings", help="Show the findings of all keys, worst first",
        keys=("F",), available=_needs_connection, run=_open,
    ),
    Command(
        id="findings.analyzer", label="Access Analyzer", help="Ask IAM Access Analyzer about the "
        "key's policy", keys=("V",), scope=POLICY, available=needs_key, run=_analyze, opens=True,
    ),
)  # fmt: skip
