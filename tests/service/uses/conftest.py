import asyncio

import pytest

from kmstui.service.inventory.store import Store
from kmstui.service.ports import Target
from kmstui.service.session import Session
from kmstui.service.uses.reader import UsesReader
from tests.fakes import IMPORTED, NOW, FakeConnector, FakeGateway, MemoryJournal


class Bench:
    """A session over fakes, and what reads the uses of its keys."""

    def __init__(self):
        self.gateway = FakeGateway()
        self.world = self.gateway.world
        store = Store(lambda seconds, callback: asyncio.get_running_loop().call_soon(callback))
        connector = FakeConnector(self.gateway)
        self.session = Session(store, connector, MemoryJournal(), lambda: NOW)
        self.reader = UsesReader(self.session)

    @property
    def key(self):
        return self.session.store.keys[IMPORTED]

    async def read(self, *sources, again=False):
        """The reading of the last of these sources."""
        uses = await self.reader.read(self.key, sources, again=again)
        return uses.of(sources[-1])


@pytest.fixture
async def bench():
    made = Bench()
    await made.session.open(Target())
    made.gateway.calls.clear()
    yield made
    made.session.close()
