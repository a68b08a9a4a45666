"""What the views of access have in common: they read what their answer rests on."""

from __future__ import annotations

import asyncio

from kmstui.service.errors import ServiceError
from kmstui.service.session import Session
from kmstui.ui.commands import program_of
from kmstui.ui.style import Symbols
from kmstui.ui.views import KeyView

READING_GROUP = "view"
"""The group in which the main screen loads views: a reading of one key ends the one before."""


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
        key_id = self._key_id
        if key_id is not None:
            program_of(self).work(
                lambda: self._load_guarded(key_id),
                group=READING_GROUP,
                what=f"the {self.title.lower()} view",
            )

    async def _load_guarded(self, key_id: str) -> None:
        try:
            await self.load(key_id)
        except ServiceError as error:
            self.show_problem(error.sentence)
