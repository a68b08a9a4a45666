"""What the linter says, and what it is told about the key at hand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from kmstui.model.arn import Arn
from kmstui.policy.syntax.nodes import Fix, Span


class Severity(IntEnum):
    """How bad a finding is; a larger number is worse."""

    INFO = 1
    """Worth knowing."""
    WARNING = 2
    """Very likely not what was meant."""
    ERROR = 3
    """KMS would reject the save, or the save would open the key or lock everyone out."""

    @property
    def word(self) -> str:
        """`info`, `warning` or `error`."""
        return self.name.lower()


class Finding(NamedTuple):
    """One thing a rule found."""

    rule: str
    """Its stable id, `KMS301`."""
    severity: Severity
    title: str
    """The rule's short name."""
    message: str
    """One sentence that names the offending text."""
    why: str
    """One or two sentences on what comes of it."""
    url: str
    """The AWS page that says so."""
    span: Span
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class KeyContext:
    """What is known about the key that the policy is for; all of it optional."""

    arn: Arn | None = None
    usage: str = ""
    """KeyUsage, such as `ENCRYPT_DECRYPT`."""
    spec: str = ""
    """KeySpec, such as `SYMMETRIC_DEFAULT`."""
    multi_region: bool | None = None
    caller: Arn | None = None
    """Who is asking: a user, role session, role or root ARN."""
