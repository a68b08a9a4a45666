"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from quiet import quiet_pilots


@pytest.fixture(scope="session", autouse=True)
def pilots_wait_for_quiet() -> Iterator[None]:
    """Pilots wait until the program is at rest, not until its process looks idle."""
    with quiet_pilots():
        yield
