"""What IAM Access Analyzer says of a policy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckReason:
    """Why a custom policy check failed. Its words are the service's: data, never markup."""

    description: str
    statement: int | None = None
    """The statement's index, from 0; None where the service names none."""
    sid: str = ""


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """What a custom policy check of Access Analyzer came to."""

    passed: bool
    """PASS: the access is not given. FAIL: it "might" be (CheckNoNewAccess, response)."""
    message: str = ""
    reasons: tuple[CheckReason, ...] = ()
    """One statement at a time, where several make it fail (IAM User Guide, "Inspect failed custom
    policy checks")."""


@dataclass(frozen=True, slots=True)
class AnalyzerFinding:
    """One finding of Access Analyzer."""

    type: str
    """`ERROR`, `SECURITY_WARNING`, `WARNING`, `SUGGESTION`."""
    code: str
    message: str
    url: str = ""
    line: int = 0
    """1-based; 0 where the service names no place."""
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    statement: int | None = None
    """The index of the statement, from 0, where the service names that instead of a place."""
