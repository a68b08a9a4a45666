"""Eventual consistency: for a while after a change, a read still answers what was before.

https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency
"""

from __future__ import annotations

import threading
import time
from typing import TypeVar

_Value = TypeVar("_Value")


class Consistency:
    """What reads still see. ``lag`` is in seconds; zero, the default, shows changes at once."""

    def __init__(self) -> None:
        self.lag = 0.0
        self._lock = threading.Lock()
        self._before: dict[tuple[str, str], tuple[float, object]] = {}

    def changing(self, arn: str, what: str, before: object) -> None:
        """Note what ``what`` ("policy", "tags", …) of a key was, just before it changes."""
        if not self.lag:
            return
        now = time.monotonic()
        with self._lock:
            held = self._before.get((arn, what))
            if held is None or held[0] <= now:
                self._before[arn, what] = (now + self.lag, before)

    def seen(self, arn: str, what: str, current: _Value) -> _Value:
        """What a read is answered: the value before while the lag lasts, else the current one."""
        if not self._before:
            return current
        held = self._before.get((arn, what))
        if held is None:
            return current
        if held[0] <= time.monotonic():
            with self._lock:
                self._before.pop((arn, what), None)
            return current
        return held[1]  # type: ignore[return-value]

    def clear(self) -> None:
        """Show every change at once again."""
        with self._lock:
            self.lag = 0.0
            self._before.clear()
