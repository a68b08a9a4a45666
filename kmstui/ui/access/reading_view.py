"""What the views of access have in common: they read what their answer rests on."""

from __future__ import annotations

import asyncio

from kmstui.service.session import Session
from kmstui.ui.main import KeyView
from kmstui.ui.style import Symbols


class ReadingView(KeyView):
    """Reads again when something that it shows has changed; a failure is shown in its place."""

    def __init__(self, session: Session, symbols: Symbols) -> None:
        super().__init__(session, symbols)
        self._key_id: str | None = None
        self._shown = asyncio.Event()

    async def wait_until_shown(self) -> None:
        """Wait for the answer, or for why there is none."""
        await self._shown.wait()

    def begin(self) -> None:
        """Read what is missing, and show it."""
        if self._key_id is not None:
            self.read(self._key_id)
