"""What IAM Access Analyzer says of the change under review, beside kmstui's own diff of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from kmstui.policy.iam import same_meaning
from kmstui.policy.syntax import Span
from kmstui.service.access import (
    READ_ONLY,
    Agreement,
    CheckAnswer,
    PolicyChange,
    actions_in,
    announcement_of_checks,
    ask_analyzer,
    expected_of_not_granted,
)
from kmstui.service.editing import json_problem
from kmstui.service.ports import AnalyzerGateway
from kmstui.ui.commands import Program
from kmstui.ui.dialogs import AnswersDialog, Line, QuestionDialog
from kmstui.ui.style import Symbols
from kmstui.ui.widgets import Block

_STYLES = {
    Agreement.AGREES: "good",
    Agreement.SETTLES: "accent",
    Agreement.DIFFERS: "bad",
    Agreement.NOTHING: "warn",
}


def check_change(
    program: Program,
    change: PolicyChange,
    symbols: Symbols,
    go_to: Callable[[Span], object] = lambda span: None,
) -> str:
    """Say what would be sent; once that is confirmed send it, and show what comes of it.

    `go_to` is told the statement of the new policy that a person wants to see. Returns why there is
    nothing to check, as a sentence; empty where there is.
    """
    if not change.key_arn:
        return "Access Analyzer is asked about changes of key policies, and this is a role's."
    if json_problem(change.old) or json_problem(change.new):
        return "Access Analyzer is not asked about what is not valid JSON."
    if same_meaning(change.old, change.new):
        return "Access Analyzer is not asked: the two policies mean the same."
    session = program.session.of(change.key_arn)
    gateway = session.gateway

    def asked(line: str) -> None:
        program.ask(AnalyzerAnswers(gateway, change, actions_in(line), symbols), go_to)

    region = session.info.region if session.info else ""
    program.ask(AnalyzerQuestion(change, region, read_only=session.read_only), asked)
    return ""


class AnalyzerQuestion(QuestionDialog):
    """Names what is sent before it is; returns the line of actions."""

    def __init__(self, change: PolicyChange, region: str, *, read_only: bool) -> None:
        self._change = change
        self._suggested: tuple[str, ...] | None = None
        words = announcement_of_checks(change, region, None)
        super().__init__(
            "Let IAM Access Analyzer check the change?",
            f"{words} {READ_ONLY}" if read_only else words,
            yes="Check",
            no="Leave",
            style="title",
            line=Line(
                "Actions that nobody shall have (none: CheckNoNewAccess alone):",
                check=self._problem,
                preview=self._expected,
            ),
        )

    def on_mount(self) -> None:
        """Suggest what to ask about, once it is worked out."""
        self.run_worker(self._suggest(), exit_on_error=True)

    async def _suggest(self) -> None:
        suggested = await asyncio.to_thread(lambda: self._change.suggested)
        self._suggested = suggested
        if self.line is not None and not self.line.value:
            self.line.value = " ".join(suggested)

    def _problem(self, line: str) -> str:
        if self._suggested is None:
            return "What to ask about is still being worked out; try again in a moment."
        try:
            actions_in(line)
        except ValueError as error:
            return str(error)
        return ""

    def _expected(self, line: str) -> str:
        actions = actions_in(line)
        if not actions:
            return ""
        return f"kmstui expects: {expected_of_not_granted(self._change, actions).word}."


class AnalyzerAnswers(AnswersDialog[Span]):
    """Asks while it is open, and shows each answer beside what kmstui makes of the change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "leave", "leave", show=False),
        Binding("enter", "go_to", "go to the statement", show=False),
    ]

    def __init__(
        self,
        gateway: AnalyzerGateway,
        change: PolicyChange,
        actions: Sequence[str],
        symbols: Symbols,
    ) -> None:
        """`gateway` is the connection that the person was told of; another one is not asked."""
        keys = [("Enter", "Go to the statement")]
        super().__init__("What IAM Access Analyzer says of the change", symbols, keys)
        self._gateway = gateway
        self._change = change
        self._actions = actions
        self._answers: tuple[CheckAnswer, ...] = ()

    async def ask(self) -> None:
        """Ask for both checks."""
        self.state.say("Asking IAM Access Analyzer… (Esc stops)", "dim")
        self._answers = await ask_analyzer(self._gateway, self._change, self._actions)
        differ = any(each.agreement is Agreement.DIFFERS for each in self._answers)
        self.state.say("AWS and kmstui differ." if differ else "", "bad")
        self.rows.show(self._blocks())

    def _blocks(self) -> Iterator[Block]:
        for number, answer in enumerate(self._answers):
            about = str(number) if answer.statement else ""
            mark = self.symbols.warning if answer.agreement is Agreement.DIFFERS else " "
            yield Block(answer.title, _STYLES[answer.agreement], f"{mark} ", about)
            yield from (Block(words, "", "  ", about) for words in answer.words)
            yield Block(f"kmstui: {answer.expected.reason}", "dim", "  ")
            if answer.causes:
                yield Block("It may be:", lead="  ")
                yield from (Block(cause, lead="  - ") for cause in answer.causes)
            yield Block("")
        yield Block(
            "Both go by the policies alone: IAM policies, grants, control policies and VPC"
            " endpoints are not considered here. Of several statements that make a check fail,"
            " Access Analyzer names one.",
            "dim",
        )

    def action_go_to(self) -> None:
        """Go to the statement that the line is about."""
        about = self.rows.about
        statement = self._answers[int(about)].statement if about else None
        if statement is not None:
            self.dismiss(statement.node.span)
