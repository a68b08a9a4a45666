"""What a command finds around it: streams, settings, the clock, and what leads to AWS."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kmstui.scripting.command import CommandError, Streams

if TYPE_CHECKING:
    from kmstui.scripting.live_source import LiveSource


def _no_keys() -> LiveSource:
    raise CommandError("Keys cannot be read here; name a file.")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Made by the composition root, and by tests."""

    streams: Streams = field(default_factory=Streams.standard)
    live: Callable[[], LiveSource] = _no_keys
    """Makes what reads keys of a live account."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    disabled: Collection[str] = ()
    """Ids of the linter's rules that the configuration turns off."""
    disabled_by_key: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Rules that it turns off for one key, by key ID."""
