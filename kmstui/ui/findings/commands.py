"""Commands of the findings of all keys, and of what Access Analyzer says of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kmstui.ui.commands import POLICY, Command, Context, needs_key
from kmstui.ui.main import show_policy

if TYPE_CHECKING:
    from kmstui.ui.findings.going import GoTo


def _open(context: Context) -> None:
    from kmstui.ui.findings.going import go_to_finding
    from kmstui.ui.findings.screen import FindingsScreen

    def follow(place: GoTo) -> None:
        context.app.work(
            lambda: go_to_finding(context, place), group="go", what="going to a finding"
        )

    context.app.ask(FindingsScreen(context.session, context.app.symbols), follow)


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
        id="findings.all", label="All findings",
        help="Show the findings of all keys and their policies, worst first",
        keys=("F",), available=_needs_connection, run=_open,
    ),
    Command(
        id="findings.analyzer", label="Access Analyzer", help="Ask IAM Access Analyzer about the "
        "key's policy", keys=("V",), scope=POLICY, available=needs_key, run=_analyze, opens=True,
    ),
)  # fmt: skip
