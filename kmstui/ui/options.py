"""What the screens need to know of a person's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kmstui.service.ports import Target


@dataclass(frozen=True, slots=True)
class UiOptions:
    """Settings as far as they concern the screens."""

    target: Target = field(default_factory=Target)
    """What to connect to first."""
    key: str = ""
    """The key to open on: ID, ARN or alias; empty for none."""
    theme: str = ""
    """A theme's name; empty for what suits the terminal."""
    columns: tuple[str, ...] = ()
    """Columns of the keys table in order; empty for the usual ones."""
    ascii: bool = False
    """Draw marks and lines with ASCII alone."""
    fault_log: Path | None = None
    """Where details of a fault in the program itself are written; None: nowhere."""
