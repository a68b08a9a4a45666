"""How the methods of gateways are marked that change something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

M = TypeVar("M", bound=Callable[..., object])


def changes(method: M) -> M:
    """Mark a method that changes something: without an answer it may or may not have happened."""
    method.changes = True  # type: ignore[attr-defined]
    return method


def is_change(method: Callable[..., object]) -> bool:
    """Whether a method of a port is marked with `changes`."""
    return getattr(method, "changes", False)
