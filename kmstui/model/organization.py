"""What an organization and a VPC endpoint set over requests, as AWS tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ControlPolicy:
    """One service control policy, resource control policy or VPC endpoint policy."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ControlLevel:
    """The policies of one type attached to one place: they unite, and levels intersect."""

    place: str
    """`the root r-ab12`, `the organizational unit ou-ab12-34cd`, `the account 111122223333`."""
    policies: tuple[ControlPolicy, ...]
    complete: bool = True
    """Whether these are known to be all that is attached there."""


@dataclass(frozen=True, slots=True)
class AccountControls:
    """What an organization sets over one account, from the root down.

    No levels: nothing applies, since the account is in no organization, is its management
    account, or the type of policy is not enabled.
    """

    account: str
    scps: tuple[ControlLevel, ...] | None = None
    """Service control policies; None where they could not be read."""
    rcps: tuple[ControlLevel, ...] | None = None
    """Resource control policies; None where they could not be read."""
    problem: str = ""
    """Why something could not be read, as a clause."""
    organization: str | None = None
    """The organization that it is a member of; empty for none, None where that is not known."""
    path: str = ""
    """`o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`, as aws:PrincipalOrgPaths has it; empty where it is
    not known."""
