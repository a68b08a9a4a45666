"""What the services ask of AWS about what happened to keys."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from kmstui.model import KeyEvent


class EventGateway(Protocol):
    """CloudTrail."""

    async def events(
        self, key_arn: str, token: str = "", name: str = ""
    ) -> tuple[tuple[KeyEvent, ...], str]:
        """One page of LookupEvents by resource name, newest first, and the next token or "".

        `name` keeps only events of that operation; it is filtered after the answer, since
        LookupEvents takes one attribute.
        """
        ...

    async def policy_puts(
        self, since: datetime, until: datetime
    ) -> tuple[tuple[str, KeyEvent], ...]:
        """The PutKeyPolicy events of all keys between two moments, each with its key's ID.

        LookupEvents by event name: a key in use has too many others.
        """
        ...
