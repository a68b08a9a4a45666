"""IAM identities as far as they concern a key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """One policy document attached to a role or user."""

    name: str
    text: str
    """The document as JSON text."""
    inline: bool
    arn: str = ""
    """The managed policy's ARN; empty for an inline one."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A role or user with the policies that apply to it."""

    arn: str
    name: str
    kind: str
    """`role` or `user`."""
    policies: tuple[IdentityPolicy, ...] = ()
    boundary: IdentityPolicy | None = None
    """The permissions boundary, where one is set."""
    problem: str = ""
    """What of it could not be read, as a sentence; empty when all was."""
