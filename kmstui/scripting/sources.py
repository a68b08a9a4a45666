"""What the commands ask of a live account, as ports: `live_source` implements them over AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kmstui.policy.lint import KeyContext

if TYPE_CHECKING:
    from kmstui.model import Grant, Identity
    from kmstui.service.ports import Target


class LivePolicy(NamedTuple):
    """The policy of one key as it is stored, or why it could not be read."""

    label: str
    """What to call the key: its alias or its ID."""
    key: KeyContext
    text: str = ""
    error: str = ""
    """A sentence; empty where the text was read."""


class KeyAccess(NamedTuple):
    """What a live key and its account tell about access to it."""

    key_arn: str
    policy: str
    """The key policy as stored."""
    grants: tuple[Grant, ...] | None = None
    """None where they may not be read."""
    identity: Identity | None = None
    """The role or user asked about, with its IAM policies; None where they may not be read."""


class PolicySource(Protocol):
    """Reads stored policies.

    Its methods raise `ServiceError` when nothing at all can be read, and nothing else; that one
    key of many cannot be read is a `LivePolicy` with an error.
    """

    def policy(self, target: Target, key: str) -> LivePolicy:
        """The policy of `key`: ID, ARN or alias."""
        ...

    def policies(
        self, target: Target, progress: Callable[[int, int], None]
    ) -> Iterator[LivePolicy]:
        """The policies of all customer managed keys of the account and Region.

        `progress` is told how many of how many are read.
        """
        ...


class AccessSource(Protocol):
    """Reads what bears on access to a key. Its methods raise `ServiceError` and nothing else."""

    def caller(self, target: Target) -> str:
        """The ARN of who asks, for `me`."""
        ...

    def key_access(self, target: Target, key: str, principal: str) -> KeyAccess:
        """What is stored about `key` (ID, ARN or alias) and about `principal` (an ARN).

        What may not be read besides the policy is None, so that the answer says so.
        """
        ...
