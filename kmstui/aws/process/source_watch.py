"""Notices sources of credentials that take long: a helper, a metadata service, a sign-in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

SLOW_SECONDS = 3.0
"""After so long a person is told what is waited for."""

_STEP_SECONDS = 0.5

_now = time.monotonic


class SourceWatch:
    """Looks now and then, while calls are under way, for a source that does not answer."""

    def __init__(
        self,
        is_busy: Callable[[], bool],
        asked: Callable[[], Iterable[str]],
        tell: Callable[[str], None],
    ) -> None:
        """Keep whom to ask.

        Args:
            is_busy: Whether anything is under way.
            asked: The sources that are being asked at the moment.
            tell: Told of a source when it has been asked for `SLOW_SECONDS`.
        """
        self._is_busy = is_busy
        self._asked = asked
        self._tell = tell
        self._since: dict[str, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Something is under way."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_STEP_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._is_busy():
            self._since.clear()
            return
        now = _now()
        before = self._since
        self._since = {source: before.get(source, now) for source in self._asked()}
        for source, since in self._since.items():
            if since + SLOW_SECONDS <= now:
                # Once: it is never that late again.
                self._since[source] = float("inf")
                self._tell(source)
        self.begin()
