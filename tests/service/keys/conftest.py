import asyncio
import json

import pytest

from kmstui.service.inventory.store import Store
from kmstui.service.keys.aliases import Aliases
from kmstui.service.keys.grants import Grants
from kmstui.service.keys.lifecycle import Lifecycle
from kmstui.service.ports import Target
from kmstui.service.session import Session
from tests.fakes import NOW, FakeConnector, FakeGateway, MemoryJournal


class Bench:
    """A session over fakes, with what a test looks at."""

    def __init__(self):
        self.gateway = FakeGateway()
        self.world = self.gateway.world
        self.journal = MemoryJournal()
        self.store = Store(lambda seconds, callback: asyncio.get_running_loop().call_soon(callback))
        self.session = Session(self.store, FakeConnector(self.gateway), self.journal, lambda: NOW)
        self.pauses = []
        self.during_pause = lambda: None
        self.aliases = Aliases(self.session, self.pause)
        self.keys = Lifecycle(self.session, self.pause)
        self.grants = Grants(self.session, self.pause)

    async def pause(self, seconds):
        self.pauses.append(seconds)
        self.during_pause()

    @property
    def sent(self):
        """The changes that reached KMS, in order."""
        reads = ("kms:Describe", "kms:List", "kms:Get")
        return [(name, on) for name, on in self.gateway.calls if not name.startswith(reads)]

    async def entries(self):
        """Operation, subject, before, after and outcome of each journal entry, oldest first."""
        return [
            (each.operation, each.subject, json.loads(each.before), json.loads(each.after),
             each.outcome)
            for each in reversed(await self.journal.changes())
        ]  # fmt: skip

    async def newest(self):
        return (await self.journal.changes())[0]


@pytest.fixture
async def bench():
    made = Bench()
    await made.session.open(Target())
    made.gateway.calls.clear()
    yield made
    made.session.close()
