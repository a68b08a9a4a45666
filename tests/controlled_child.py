"""The process of an embedded AWS that tests can switch: behind a front with faults."""

from __future__ import annotations

from collections.abc import Sequence

from kmstui.demo import child


def main(arguments: Sequence[str]) -> None:
    """Be the child of a `ControlledKms`."""
    child.main(arguments, "tests.controlled_front:ControlledFront")
