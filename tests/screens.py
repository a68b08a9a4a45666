"""The whole program on a terminal without a screen, over fakes: what a person sees and presses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from textual.pilot import Pilot
from textual.screen import Screen

from kmstui.service.inventory.store import Store
from kmstui.service.session import Session
from kmstui.service.sessions import Sessions
from kmstui.ui.app import KmsApp
from kmstui.ui.main.main_screen import MainScreen
from kmstui.ui.main.panes import Pane
from kmstui.ui.main.views import KeyView
from kmstui.ui.runtime.options import UiOptions
from tests.fakes import NOW, FakeConnector, FakeGateway, MemoryJournal

S = TypeVar("S", bound=Screen[Any])
V = TypeVar("V", bound=KeyView)

NARROW = (80, 24)
WIDE = (160, 45)
MOST_SECONDS = 30.0
"""How long something is waited for."""
_POLL_SECONDS = 0.005


def _prose(lines: Sequence[str]) -> str:
    return " ".join(" ".join(line.strip(" │") for line in lines).split())


@dataclass
class Running:
    """A program that runs."""

    app: KmsApp
    pilot: Pilot[int]
    session: Session
    store: Store
    gateway: FakeGateway
    connector: FakeConnector
    journal: MemoryJournal

    @property
    def main(self) -> MainScreen:
        return self.app.main

    def focused_pane(self) -> Pane:
        """The pane that has the focus, or had it last."""
        # Called, since mypy takes a property to stay what a test found it to be.
        return self.main.focused_pane

    def front(self, kind: type[S]) -> S:
        """The screen in front, which must be of this class."""
        screen = self.app.screen
        assert isinstance(screen, kind), screen
        return screen

    def view(self, kind: type[V]) -> V:
        """The view that the key pane shows, which must be of this class."""
        view = self.main.key_pane.view
        assert isinstance(view, kind), view
        return view

    async def wait_for_screen(self, kind: type[S]) -> S:
        """Wait until a screen of this class is in front."""
        await self.wait_for(lambda: isinstance(self.app.screen, kind))
        return self.front(kind)

    @property
    def lines(self) -> list[str]:
        """What the terminal shows, line by line."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)

    @property
    def prose(self) -> str:
        """What the terminal shows as one line, so that a sentence is found though it wraps."""
        return _prose(self.lines)

    def shows(self, text: str) -> bool:
        """Whether the terminal shows this text, on one line or as a sentence that wraps."""
        lines = self.lines
        return text in "\n".join(line.rstrip() for line in lines) or text in _prose(lines)

    async def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            await self.pilot.press(key)
            while self.app.is_running and self.app.type_ahead.is_settling:
                await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type text, character by character."""
        await self.press(*text)

    async def wait_for(self, what: str | Callable[[], object]) -> None:
        """Wait until a text is on the screen, or a condition holds; fails with the screen."""
        end = time.monotonic() + MOST_SECONDS
        while time.monotonic() < end:
            await self.pilot.pause()
            with suppress(AssertionError):  # Of a condition about a screen that is not there yet.
                if what() if callable(what) else self.shows(what):
                    return
            await asyncio.sleep(_POLL_SECONDS)
        raise AssertionError(f"never came: {what}\n{self.text}")

    async def wait_until_gone(self, text: str) -> None:
        """Wait until a text is no more on the screen."""
        await self.wait_for(lambda: text not in self.text)

    async def wait_for_key(self, key_id: str) -> None:
        """Wait until the panes show this key, with its policy read."""
        await self.wait_for(
            lambda: self.main.key_pane.key_id == key_id and key_id in self.store.policies
        )

    async def choose(self, key_id: str) -> None:
        """Put the cursor on a key and wait until the panes show it."""
        assert await self.main.go_to_key(key_id)
        await self.wait_for_key(key_id)


@asynccontextmanager
async def running(
    gateway: FakeGateway | None = None,
    *,
    size: tuple[int, int] = NARROW,
    connector: FakeConnector | None = None,
    options: UiOptions | None = None,
    journal: MemoryJournal | None = None,
    read_only: bool = False,
    demo: bool = False,
    loaded: bool = True,
) -> AsyncIterator[Running]:
    """Run the program; `loaded` waits until the inventory is read."""
    gateway = gateway or FakeGateway()
    connector = connector or FakeConnector(gateway)
    loop = asyncio.get_running_loop()
    store = Store(lambda seconds, callback: loop.call_later(0, callback))
    gateway.observer = gateway.observer or store.record_call
    journal = journal or MemoryJournal()
    session = Sessions(store, connector, journal, lambda: NOW, read_only=read_only, demo=demo)
    options = options or UiOptions()
    app = KmsApp(session, replace(options, theme=options.theme or "kmstui-dark"))
    async with app.run_test(size=size) as pilot:
        run = Running(app, pilot, session, store, gateway, connector, journal)
        if loaded:
            await run.wait_for(
                lambda: (
                    store.keys
                    and not store.progress.loading
                    and session.of("").caller
                    and run.main.keys_pane.key_rows.settled
                    and run.main.aliases_pane.alias_rows.settled
                )
            )
        yield run
        # A fault in drawing what no test looked at shall be told, too.
        if app.is_running:
            app.screen._compositor.render_strips()
