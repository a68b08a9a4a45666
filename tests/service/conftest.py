import asyncio

import pytest

from kmstui.service.store import Store


@pytest.fixture
async def store():
    """A store that tells its subscribers as the program's does."""
    loop = asyncio.get_running_loop()
    return Store(lambda seconds, callback: loop.call_later(seconds, callback))
