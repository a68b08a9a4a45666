"""How long a change is waited for until reads show it, and how long a quota is waited for.

KMS and IAM are eventually consistent: most changes show within seconds, some take up to five
minutes (KMS Developer Guide, "Eventual consistency"; IAM User Guide, "Changes that I make are not
always immediately visible"). Nobody likes to watch that, so each schedule ends earlier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

Sleep = Callable[[float], Awaitable[None]]
"""Waits for seconds."""

# Seconds between two reads; the first read follows the change at once.

FOR_A_POLICY = (0.5, 1.0, 2.0, 4.0, 8.0)
"""A put of a policy: fifteen in all, since a person wants to be sure of it, and can stop it."""

FOR_AN_OPENED_POLICY = (0.5, 1.0)
"""A person who opens a policy waits for what an earlier put should show."""

FOR_A_KEY = (0.3, 0.7, 1.5, 3.0)
"""A change of one key, alias or grant, behind a dialog that is closed already."""

FOR_A_PRIMARY = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Another primary Region: both keys are Updating for "a few more seconds" (KMS Developer Guide,
"Change the primary key in a set of multi-Region keys")."""

FOR_ONE_OF_MANY = (0.1, 0.3, 0.6, 1.0, 2.0)
"""The tags of one key among many: read back beside the sending of the next ones."""

ONCE: Sequence[float] = ()
"""What was sent long ago: what is read is what is stored."""

FOR_QUOTA = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Before a change is sent again that was throttled or failed inside the service: others use the
account's quota too, and the gateway has slowed down meanwhile."""

BETWEEN_TURNS = 0.2
"""Before one looks again whether another kmstui has saved the policy: it takes a second, and up to
a minute where AWS turns puts away."""

PROPAGATION = timedelta(minutes=5)
"""After this time what is read is what is stored."""

SURE_AFTER = 3
"""So many reads in a row of the same third value: it is no stale answer."""


class Waiting:
    """Waits between reads by a schedule, until the person has seen enough."""

    def __init__(self, pauses: Sequence[float], sleep: Sleep = asyncio.sleep) -> None:
        self.pauses = pauses
        self._sleep = sleep
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Wait no longer: what is known now is the result."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether the person waits no longer."""
        return self._stopped.is_set()

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until `stop`."""
        tasks = [
            asyncio.ensure_future(self._sleep(seconds)),
            asyncio.ensure_future(self._stopped.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
