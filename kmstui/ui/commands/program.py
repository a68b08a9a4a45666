"""What commands and screens need of the program: the session, guarded work, unsaved texts.

The program itself, which knows every screen, inherits from this.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from textual import events
from textual.actions import SkipAction
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker

from kmstui.service.errors import CancelledByPersonError, ServiceError
from kmstui.service.ports import ChangeRecord, Target
from kmstui.service.session import Session
from kmstui.ui.runtime import Memory, TypeAhead, UiOptions, write_fault
from kmstui.ui.style import FANCY, PLAIN
from kmstui.ui.terminal import PaintedApp, has_shell_behind

Part = TypeVar("Part")
Answer = TypeVar("Answer")

LONG_SECONDS = 10.0
"""Whoever waits longer than this for something looks away meanwhile."""

LONGEST_LINE = 65_536
"""Characters of a paste into one line, as where tags are typed: nothing that is asked for in a line
is as long, and each key after it would draw all of it anew."""

SESSION_GROUP = "session"
"""The worker that connects and reads the inventory; a new one ends the old."""


class PanesScreen(Protocol):
    """What every capability may ask of the screen with the panes."""

    @property
    def is_current(self) -> bool:
        """Whether nothing is open over it."""

    @property
    def chosen(self) -> str | None:
        """ID of the key under the cursor."""

    @property
    def targets(self) -> tuple[str, ...]:
        """IDs of the marked keys, or of the chosen one when none is marked."""


@runtime_checkable
class Interrupted(Protocol):
    """A screen on which something may have ended because AWS refused the credentials."""

    def go_on(self) -> None:
        """The person has signed in: do it again; nothing where nothing has ended so."""


class Program(PaintedApp[int]):
    """Holds the session, and what every screen needs: guarded work and faults told in words.

    Attributes:
        session: The connection in use and the store.
        options: What the person chose.
        slices: The session's.
        last_change_command: The AWS CLI command of the change made last, for the copy menu.
        memory: What is remembered of how the person sets the screens.
        type_ahead: Holds keys until what the one before opened is there.
        unsaved: Asked before the program ends or switches: each returns a sentence about text
            that would be lost, or "".
        keepers: Called as the program ends: each keeps what was typed since the last pause. A
            screen that has failed is not told any more that it is closed.
    """

    def __init__(self, session: Session, options: UiOptions, **textual: Any) -> None:
        self.session = session
        self.options = options
        self.slices = session.slices
        self.symbols = PLAIN if options.ascii or options.plain_signs else FANCY
        self.unsaved: list[Callable[[], str]] = []
        self.keepers: list[Callable[[], Awaitable[None]]] = []
        self.last_change_command = ""
        self.memory = Memory(options, lambda words: session.notify(words, "warning"))
        self.type_ahead = TypeAhead(self, self._let_in)
        self._parts: dict[Callable[..., Any], Any] = {}
        super().__init__(**textual)

    @property
    @abstractmethod
    def main(self) -> PanesScreen:
        """The screen with the panes, in front or not."""

    @abstractmethod
    def undo_change(self, record: ChangeRecord, closed: Callable[[bool | None], None]) -> str:
        """Show what takes a change back that the journal tells of; returns why not, or ""."""

    def part(self, kind: Callable[[Program], Part]) -> Part:
        """The one object of this kind that a capability keeps, made when first asked for."""
        if kind not in self._parts:
            self._parts[kind] = kind(self)
        made: Part = self._parts[kind]
        return made

    def ask(self, screen: Screen[Answer], then: Callable[[Answer], object]) -> None:
        """Show a screen; `then` gets what it returns, unless it was left without a result."""

        def answered(answer: Answer | None) -> None:
            if answer is not None:
                then(answer)

        self.push_screen(screen, answered)

    # Pastes

    async def _let_in(self, event: events.Event) -> None:
        """Send a key or paste to what has the focus; no one-line field gets what is not for it."""
        focused = self.focused
        # Textual's takes the first line alone; a field that knows better has an `on_paste`.
        one_line = isinstance(focused, Input) and not hasattr(focused, "on_paste")
        pasted = event.text if isinstance(event, events.Paste) else ""
        if isinstance(event, events.Key) and event.key == "ctrl+v":
            pasted = self.clipboard
        if one_line and _is_no_line(pasted):
            self.on_paste(events.Paste(pasted))
        else:
            await super().on_event(event)

    def on_paste(self, event: events.Paste) -> None:
        """Keep a paste that came all the way up: nothing took it."""
        if event.text.strip():
            self.keep_for_paste(event.text)
            lines = event.text.strip().count("\n") + 1
            what = f"{lines:,} lines" if lines > 1 else f"{len(event.text):,} characters"
            self.session.notify(
                f"What you pasted ({what}) is not inserted here; Ctrl-v in a text inserts it.",
                "warning",
            )

    # The session

    def connect(self, target: Target) -> None:
        """Connect to another profile, Region or endpoint; all of the old one goes first."""
        self.work(
            lambda: self.session.open(target),
            group=SESSION_GROUP,
            what="connecting",
            quiet=True,
            rings=True,
        )

    def refresh_session(self) -> None:
        """Read everything again."""
        self.work(self.session.refresh, group=SESSION_GROUP, what="reading", quiet=True, rings=True)

    def go_on(self) -> None:
        """The person has signed in: go on with what was refused before."""
        if isinstance(self.screen, Interrupted):
            self.screen.go_on()
        if self.session.store.banner or self.main.is_current:
            self.refresh_session()

    def stop_reading(self) -> bool:
        """Cancel the reading of the inventory; returns whether there was any."""
        if not self.session.store.progress.loading:
            return False
        self.workers.cancel_group(self, SESSION_GROUP)
        return True

    def stop_connecting(self) -> bool:
        """Give up making a connection; returns whether one was being made."""
        if not self.session.is_connecting:
            return False
        self.workers.cancel_group(self, SESSION_GROUP)
        self.session.store.set_banner("Connecting was stopped. Press r to connect again.")
        return True

    def unsaved_words(self) -> str:
        """What would be lost now, in sentences; "" when nothing would."""
        return " ".join(words for ask in self.unsaved if (words := ask()))

    def action_to_shell(self) -> None:
        """Stop, as any program that runs under a shell; where a text is typed, Ctrl-z is undo."""
        if getattr(self.focused, "read_only", True) is False:
            raise SkipAction
        if has_shell_behind():
            self.action_suspend_process()
        else:
            self.session.notify("No shell waits behind kmstui; :shell starts one here.")

    # Work that may fail

    def work(
        self,
        job: Callable[[], Awaitable[None]],
        *,
        group: str,
        what: str,
        exclusive: bool = True,
        quiet: bool = False,
        rings: bool = False,
    ) -> Worker[None]:
        """Run a job in a worker; whatever it raises becomes a sentence.

        Args:
            job: Makes the coroutine.
            group: Jobs of one group: with `exclusive` a new one cancels the one before.
            what: Names the job if it is our fault.
            exclusive: Whether the job before is cancelled.
            quiet: Errors of the service are told already by whom the job calls.
            rings: Where the person wants that, the terminal rings when it ends after `LONG_SECONDS`
                or more.
        """
        if rings and self.options.bell:
            job = partial(self._ringing, job)
        return self.run_worker(
            # Made when it begins, so that one that is replaced before leaves no coroutine behind.
            partial(self._guarded, job, what, quiet),
            name=what,
            group=group,
            exclusive=exclusive,
            exit_on_error=False,
        )

    async def _ringing(self, job: Callable[[], Awaitable[None]]) -> None:
        began = monotonic()
        try:
            await job()
        finally:
            if monotonic() - began >= LONG_SECONDS:
                self.bell()

    async def _guarded(self, job: Callable[[], Awaitable[None]], what: str, quiet: bool) -> None:
        try:
            await job()
        except CancelledByPersonError:
            # The person knows: it was they who cancelled, switched, or closed.
            return
        except ServiceError as error:
            if not quiet:
                self.session.notify(error.sentence, "error")
        except Exception as error:
            self.tell_fault(what, error)

    def guard(self, action: Callable[[], None], what: str) -> None:
        """Run something at once; whatever it raises becomes a sentence."""
        try:
            action()
        except ServiceError as error:
            self.session.notify(error.sentence, "error")
        except Exception as error:
            self.tell_fault(what, error)

    def tell_fault(self, what: str, error: Exception) -> None:
        """Our own fault: say so, keep the details, and go on."""
        self.session.notify(write_fault(self.options.fault_log, what, error), "error")


def _is_no_line(text: str) -> bool:
    return "\n" in text.strip() or len(text) > LONGEST_LINE


def program_of(node: DOMNode) -> Program:
    """The program that a screen or widget belongs to."""
    return cast("Program", node.app)
