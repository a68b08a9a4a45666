"""What a command reads before it can ask anything: keys wait for it, and it can be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from textual.worker import get_current_worker

from kmstui.service.errors import CancelledByPersonError
from kmstui.ui.commands import KeyBar
from kmstui.ui.dialogs import Dialog

if TYPE_CHECKING:
    from kmstui.ui.commands import Context

Answer = TypeVar("Answer")

HOLDING_SECONDS = 1.0
"""So long keys typed ahead are held for the menu that comes; then a dialog says what is read.

Shorter than `type_ahead.OPENING_SECONDS`, so that no key slips through to the screen below.
"""


class ReadingDialog(Dialog[None]):
    """Stands in front while something is read; Esc stops it, any other key does nothing."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Reading {what}…")
        self._ended = False
        self.parts = (self.heading_line(), KeyBar([("Esc", "Stop")]))

    def end(self) -> None:
        """It was read: go, at once or when whatever stands in front has gone."""
        self._ended = True
        if self.is_current:
            self.dismiss(None)

    def on_screen_resume(self) -> None:
        """In front again."""
        if self._ended:
            self.dismiss(None)


async def read_in_front(context: Context, what: str, reading: Awaitable[Answer]) -> Answer:
    """Wait for `reading`, called from a command's worker; no key reaches the screen meanwhile.

    Raises:
        CancelledByPersonError: Esc was pressed.
        ServiceError: as `reading` does.
    """
    app = context.app
    # Each reading anew: the menu before may have been looked at for long.
    app.type_ahead.opens(get_current_worker(), app.screen)
    task = asyncio.ensure_future(reading)

    def stop(_: None) -> None:
        task.cancel()

    try:
        await asyncio.wait([task], timeout=HOLDING_SECONDS)
        if not task.done():
            dialog = ReadingDialog(what)
            app.push_screen(dialog, stop)
            try:
                await asyncio.wait([task])
            finally:
                if dialog in app.screen_stack:
                    dialog.end()
        if task.cancelled():
            raise CancelledByPersonError(f"reading {what} was stopped")
        return task.result()
    finally:
        task.cancel()
