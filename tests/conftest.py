"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.quiet import quiet_pilots

# Hypothesis fails an example that takes 0.2 s, which any may on a busy machine.
settings.register_profile("kmstui", deadline=None)
settings.load_profile("kmstui")


@pytest.fixture(scope="session", autouse=True)
def pilots_wait_for_quiet() -> Iterator[None]:
    """Pilots wait until the program is at rest, not until its process looks idle."""
    with quiet_pilots():
        yield
