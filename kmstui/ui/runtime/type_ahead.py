"""Keys typed ahead of the screen reach what they were meant for.

Textual sends each key to the widget that has the focus when the key arrives. A slow line
delivers keys in bursts, so "/" and the word after it arrive together: the word would go to the
table as commands, before the filter that "/" opens has the focus. Here a key waits until the
one before it has been dealt with and the screen that it opened is there, be it after a question
to a service.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker

OPENED_SECONDS = 0.5
"""A key whose end nobody tells although another screen is in front, which its handler may wait
for, holds the next ones no longer than this."""

LAST_RESORT_SECONDS = 10.0
"""By what happens a hold ends much earlier, on the slowest machine too."""

OPENING_SECONDS = 3.0
"""A command that has to ask a service before its screen is there holds keys no longer than this."""

_POLL_SECONDS = 0.01

WALKS = 2
"""The first walk up from the focus finds the key dealt with. The app may have run an action for
it whose messages start at the focus again, such as that a line was submitted; the second walk
comes behind those."""

Forward = Callable[[events.Event], Awaitable[None]]


class TypeAhead:
    """Lets keys and pastes into the app one after the other, in the order typed."""

    def __init__(self, app: App[int], forward: Forward) -> None:
        self._app = app
        self._forward = forward
        self._waiting: deque[events.Event] = deque()
        self._current: events.Event | None = None
        self._target: DOMNode | None = None
        self._before: tuple[Screen[object] | None, Widget | None] = (None, None)
        self._followed = False
        self._walk = 0
        self._asked: DOMNode | None = None
        """Who is to tell that the key under way was dealt with."""
        self._deadline: asyncio.TimerHandle | None = None
        self._settling: asyncio.TimerHandle | None = None
        """Set while what the last key opened is not laid out yet; ends the wait at the latest."""
        self._opening: Worker[None] | None = None
        self._opening_from: Screen[Any] | None = None
        self._leaves: Collection[str] = ()
        self._opening_until = 0.0

    async def take(self, event: events.Event) -> None:
        """Send a key or paste on its way, now or when those before it are done."""
        if isinstance(event, events.Key) and event.key in self._leaves:
            self._opening = None
        held = self._waiting or self.is_settling or self._is_opening
        if self._current is None and not held:
            await self._send(event)
            return
        self._waiting.append(event)
        if self._current is not None:
            self._follow()
        elif len(self._waiting) == 1:
            self._go_on()

    def opens(
        self, worker: Worker[None], screen: Screen[Any], leaves: Collection[str] = ()
    ) -> None:
        """The key under way started a job that changes what the next keys are about.

        It may open several things one after the other, so keys wait for it whenever `screen`,
        from which it was started, is in front. The keys in `leaves` wait for nothing.
        """
        self._opening = worker
        self._leaves = leaves
        self._opening_from = screen
        self._opening_until = asyncio.get_running_loop().time() + OPENING_SECONDS

    @property
    def _is_opening(self) -> bool:
        if self._opening is None or self._app.screen is not self._opening_from:
            return False
        late = asyncio.get_running_loop().time() >= self._opening_until
        if late or self._opening.is_finished:
            self._opening = None
        return self._opening is not None

    def returned(self, event: events.Event) -> None:
        """Tell that a key has come all the way up and was dealt with."""
        if event is self._current and not self._waiting:
            self._finish()

    @property
    def is_settling(self) -> bool:
        """Whether what the last key opened is still to be laid out."""
        return self._settling is not None

    def answered(self, widget: Widget) -> None:
        """Tell that a key was written into `widget`, which let it go no further.

        Otherwise the next key has to find that out, which takes a dozen rounds of the event loop.
        It may be told late, when a key that does more than write is under way already.
        """
        event = self._current
        writes = isinstance(event, events.Key) and (event.is_printable or event.key == "backspace")
        if writes and self._target is widget and not self._waiting:
            self._finish()

    async def _send(self, event: events.Event) -> None:
        app = self._app
        self._current = event
        self._before = (app.screen, app.focused)
        self._target = app.focused or app.screen
        self._followed = False
        await self._forward(event)
        if not event.is_forwarded:
            # A priority binding took it, or nothing did; either way it is done.
            self._finish()
        elif self._waiting:
            self._follow()

    def _follow(self) -> None:
        """Learn when the key under way is done; only worth it while another one waits."""
        if self._followed or self._current is None or self._target is None:
            return
        self._followed = True
        self._walk = 1
        self._look(asyncio.get_running_loop().time())
        self._ask(self._target, self._current, again=True)

    def _look(self, since: float) -> None:
        """Let the next key go where nobody will tell of the one under way, or not for long."""
        loop = asyncio.get_running_loop()
        held = loop.time() - since
        gone = self._asked is not None and not self._asked.is_running
        opened = self._app.screen is not self._before[0] and held >= OPENED_SECONDS
        if gone or opened or held >= LAST_RESORT_SECONDS:
            self._finish()
        else:
            self._deadline = loop.call_later(_POLL_SECONDS, self._look, since)

    def _ask(self, node: DOMNode, event: events.Event, *, again: bool) -> None:
        # The question stands behind the key in the node's queue, so that it is asked when the
        # node is through with the key.
        self._asked = node
        if not node.call_later(self._passed, node, event, again) and event is self._current:
            self._finish()

    def _passed(self, node: DOMNode, event: events.Event, again: bool) -> None:
        if event is not self._current:
            return
        parent = node.parent  # the way that Textual bubbles messages
        if again:
            # Once more, behind what the node told itself because of the key.
            self._ask(node, event, again=False)
        elif node is not self._app and parent is not None:
            self._ask(parent, event, again=True)
        elif self._walk < WALKS and self._target is not None:
            self._walk += 1
            self._ask(self._target, event, again=True)
        else:
            self._finish()

    def _finish(self) -> None:
        self._current = self._asked = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if self._waiting and self._opening is not None:
            self._opening_until = asyncio.get_running_loop().time() + OPENING_SECONDS
        self._go_on()

    def _go_on(self) -> None:
        """Let the next key go, be it here or still to come, once what the last one opened is."""
        app = self._app
        if self.is_settling or not app.is_running:
            return
        if self._waiting and self._is_opening:
            asyncio.get_running_loop().call_later(_POLL_SECONDS, self._go_on)
        elif (app.screen, app.focused) != self._before:
            self._settle()
        elif self._waiting:
            app.call_later(self._next)

    def _settle(self) -> None:
        """Wait until what the key opened has been laid out and has its focus."""
        app = self._app
        self._before = (app.screen, app.focused)
        self._wait_for_layout(app.screen, asyncio.get_running_loop().time())
        app.screen.call_after_refresh(app.call_later, self._settled)

    def _wait_for_layout(self, screen: Screen[Any], since: float) -> None:
        """Wait no longer for a screen that is not in front any more; it is not drawn."""
        loop = asyncio.get_running_loop()
        late = loop.time() - since >= LAST_RESORT_SECONDS
        if late or not self._app.is_running or self._app.screen is not screen:
            self._settled()
        else:
            self._settling = loop.call_later(_POLL_SECONDS, self._wait_for_layout, screen, since)

    def _settled(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
            self._go_on()

    async def _next(self) -> None:
        if self._current is None and self._waiting:
            await self._send(self._waiting.popleft())
