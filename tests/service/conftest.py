import asyncio

import pytest

from kmstui.service.inventory.store import Store


@pytest.fixture
async def store():
    """A store that tells its subscribers as the program's does."""
    return Store(asyncio.get_running_loop().call_later)
