"""What a command finds around it: streams, settings, the clock, and what leads to AWS."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from kmstui.model import Posture
from kmstui.scripting.command import CommandError, Streams
from kmstui.scripting.parser import Parser

if TYPE_CHECKING:
    from kmstui.scripting.live_source import LiveSource
    from kmstui.service.session import Session


def _no_keys() -> LiveSource:
    raise CommandError("Keys cannot be read here; name a file.")


def _no_session() -> AbstractAsyncContextManager[Session]:
    raise CommandError("Keys cannot be changed here.")


class Permission(NamedTuple):
    """An IAM action that kmstui has a use for."""

    name: str
    """`kms:DescribeKey`."""
    service: str
    operation: str
    changes: bool
    """Whether it changes something, or is sent as a dry run, and so is not tried."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Made by the composition root, and by tests."""

    streams: Streams = field(default_factory=Streams.standard)
    live: Callable[[], LiveSource] = _no_keys
    """Makes what reads keys of a live account."""
    session: Callable[[], AbstractAsyncContextManager[Session]] = _no_session
    """Connects, with a journal, for what changes something; knows who asks, and no key yet."""
    names: Callable[[], Iterable[str]] = tuple
    """Aliases and ids of keys that were seen last; read quickly, without AWS."""
    parser: Callable[[], Parser] = Parser
    """Makes the parser of the whole command line."""
    installation: Callable[[], Mapping[str, str]] = dict
    """What is installed and where it keeps things, in words."""
    permissions: Callable[[], Sequence[Permission]] = tuple
    """The IAM actions that kmstui has a use for."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    disabled: Collection[str] = ()
    """Ids of the rules that the configuration turns off."""
    posture: Posture = field(default_factory=Posture)
    """What is wanted of keys themselves."""
    disabled_by_key: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Rules that it turns off for one key, by key ID."""
