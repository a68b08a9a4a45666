import asyncio

import pytest

from kmstui.service.inventory.store import Store
from kmstui.service.ports import Target
from kmstui.service.session import Session
from kmstui.service.tags.tagging import Tagging
from tests.fakes import NOW, FakeConnector, FakeGateway, MemoryJournal


class Bench:
    """A session over fakes, with what a test looks at."""

    def __init__(self, gateway=None, journal=None):
        self.gateway = gateway or FakeGateway()
        self.journal = journal or MemoryJournal()
        self.store = Store(lambda seconds, callback: asyncio.get_running_loop().call_soon(callback))
        self.session = Session(
            self.store, FakeConnector(self.gateway), self.journal, lambda: NOW
        )  # fmt: skip
        self.paused = []
        self.seen = []
        self.tagging = Tagging(self.session, self.pause)

    async def pause(self, seconds):
        self.paused.append(seconds)
        await asyncio.sleep(0)

    def observe(self, index, result):
        self.seen.append((index, result.outcome))

    @property
    def sent(self):
        """The changes that reached KMS, in order."""
        names = {"kms:TagResource": "tag", "kms:UntagResource": "untag"}
        return [(names[name], key) for name, key in self.gateway.calls if name in names]

    async def apply(self, changes, **how):
        return await self.tagging.apply(changes, self.observe, **how)

    async def records(self):
        """Subject and outcome of every entry, oldest first."""
        return [(each.subject, each.outcome) for each in reversed(await self.journal.changes())]


@pytest.fixture
async def bench():
    made = Bench()
    await made.session.open(Target())
    made.gateway.calls.clear()
    yield made
    made.session.close()
