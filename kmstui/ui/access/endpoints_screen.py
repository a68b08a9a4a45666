"""The VPC endpoints of KMS in the Region, and which one the connection goes through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar
from urllib.parse import urlsplit

from textual.binding import Binding, BindingType

from kmstui.model import ConnectionInfo, Route, VpcEndpoint
from kmstui.policy.lint import lint_endpoint
from kmstui.service.access import Endpoints, read_endpoints
from kmstui.service.session import Session
from kmstui.ui.commands import Context, aws_command, bound
from kmstui.ui.dialogs import ListScreen
from kmstui.ui.main import copy_text
from kmstui.ui.policy import PolicyViewer, pretty
from kmstui.ui.style import Part, Symbols
from kmstui.ui.widgets import Cells, Column, Sentences

COLUMNS = (
    Column("mark", "", 1, rank=0),
    Column("id", "ENDPOINT", 22, rank=1),
    Column("state", "STATE", 9, rank=2, most=18),
    Column("vpc", "VPC", 21, rank=3),
    Column("private", "PRIVATE DNS", 11, rank=4),
    Column("service", "SERVICE", 8, rank=5, most=40),
)
_MOST_ROWS = 8
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def command_through(endpoint: VpcEndpoint, info: ConnectionInfo) -> str:
    """The AWS CLI command of the workshop, which lists the keys through an endpoint."""
    through = replace(info, endpoint_url=endpoint.url, route=Route.VPC_ENDPOINT)
    return aws_command(through, "list-keys")


class EndpointsScreen(ListScreen[str]):
    """Returns the URL to connect by; an empty one is the usual name of KMS."""

    KEYS = (
        ("endpoints.connect", "Connect"),
        ("endpoints.usual", "Usual name"),
        ("endpoints.copy", "Copy command"),
        ("Tab", "Policy"),
        ("endpoints.read", "Read again"),
        ("Esc", "Close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("endpoints.connect", "through", "connect through the endpoint"),
        bound("endpoints.usual", "usual", "connect by the usual name"),
        bound("endpoints.copy", "copy", "copy the command"),
        bound("endpoints.read", "read", "read again"),
        Binding("escape,q", "leave", "close", show=False),
    ]

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(symbols, COLUMNS, "endpoints")
        self._session = session
        self._found: Endpoints | None = None
        self._by_id: dict[str, VpcEndpoint] = {}
        self.way = Sentences(least_lines=1, most_lines=4, classes="endpoints--words")
        self.words = Sentences(least_lines=1, most_lines=3, classes="endpoints--words")
        self.viewer = PolicyViewer(lint=lint_endpoint, symbols=symbols)
        self.body = (self.way, self.table, self.words, self.viewer)

    def begin(self) -> None:
        """Ask EC2."""
        self.action_read()

    @property
    def chosen(self) -> VpcEndpoint | None:
        """The endpoint under the cursor."""
        return self._by_id.get(self.table.cursor_row or "")

    def action_read(self) -> None:
        """Read the endpoints, and find out which way requests go."""
        self._show(None)
        self.program.work(self._read, group="endpoints", what="reading VPC endpoints")

    async def _read(self) -> None:
        found = await read_endpoints(self._session.gateway)
        if self.is_running:
            self._show(found)

    def _show(self, found: Endpoints | None) -> None:
        self._found = found
        self._by_id = {each.id: each for each in found.listed} if found else {}
        info = self._session.info
        region = f" in {info.region}" if info else ""
        count = f"  {len(self._by_id)}" if found and not found.problem else ""
        self.title_line.show([(f" VPC endpoints of KMS{region}", "title"), count])
        if found is None:
            self.way.say("")
            self.table.set_empty("Reading…")
        else:
            self.way.say(found.way)
            if found.problem:
                self.show_problem(found.problem)
            else:
                self.table.set_empty("There is none: every request leaves the VPC.")
        self.table.set_rows(list(self._by_id))
        self.table.styles.height = 1 + min(_MOST_ROWS, max(2, len(self._by_id)))
        self.show_chosen()

    def cells_of(self, row: str, columns: Sequence[str]) -> Cells:
        """What is told of an endpoint."""
        endpoint = self._by_id[row]
        here = self._found is not None and row == self._found.in_use
        cells: dict[str, Part] = {
            "mark": (self.symbols.done if here else "", "good"),
            "id": (endpoint.id, "accent"),
            "state": (endpoint.state, "good" if endpoint.is_available else "warn"),
            "vpc": endpoint.vpc,
            "private": "on" if endpoint.private_dns else ("off", "dim"),
            "service": (endpoint.service, "dim"),
        }
        return cells

    def show_chosen(self) -> None:
        """Show the endpoint's policy, and the command that goes through it."""
        endpoint, info = self.chosen, self._session.info
        self.viewer.display = endpoint is not None
        if endpoint is None or info is None:
            self.words.say("")
            return
        self.words.say(
            command_through(endpoint, info) if endpoint.url else "It has no DNS name yet."
        )
        text = pretty(endpoint.policy)
        if text != self.viewer.text:
            self.viewer.load(text)

    # What a person asks

    def choose(self) -> None:
        """Connect through the endpoint under the cursor."""
        self.action_through()

    def action_through(self) -> None:
        """Close with the URL of the endpoint under the cursor."""
        endpoint, info = self.chosen, self._session.info
        if endpoint is None or info is None:
            return
        reason = ""
        if (urlsplit(info.endpoint_url).hostname or "") in _THIS_MACHINE:
            reason = "This connection goes to a server on this machine, which no endpoint leads to."
        elif not endpoint.is_available or not endpoint.url:
            reason = f"{endpoint.id} is {endpoint.state}: it passes no requests on."
        if reason:
            self._session.notify(reason, "warning")
        else:
            self.dismiss(endpoint.url)

    def action_usual(self) -> None:
        """Close with no URL."""
        self.dismiss("")

    def action_copy(self) -> None:
        """Copy the command that goes through the endpoint."""
        endpoint, info = self.chosen, self._session.info
        if endpoint is None or info is None or not endpoint.url:
            return
        text = command_through(endpoint, info)
        context = Context(self.program, self)
        self.program.work(lambda: copy_text(context, text, "Command"), group="copy", what="copying")
