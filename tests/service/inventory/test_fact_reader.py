"""What costs a call a key is read where it is wanted, what is in sight first, and no further."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from kmstui.model import NO_FACTS, Fact, Key, LastUsage, Rotation
from kmstui.service.errors import AccessDeniedError, NetworkError
from kmstui.service.inventory import Store, fact_reader
from kmstui.service.inventory.fact_reader import FactReader
from tests.fakes import NOW, large_world
from tests.fakes.gateway import FakeGateway
from tests.fakes.waiting import until

USAGE = "kms:GetKeyLastUsage"


class Bench:
    """A store of described keys, a gateway, and a reader between them."""

    def __init__(self, number):
        self.world = large_world(number)
        self.gateway = FakeGateway(self.world)
        self.store = Store(lambda seconds, callback: asyncio.get_running_loop().call_soon(callback))
        self.ids = list(self.world.metadata)
        self.store.add_keys(
            Key.of(each, self.world.arn(each), self.world.metadata[each]) for each in self.ids
        )
        self.reader = FactReader(self.store, lambda key_id: self.gateway)

    def want(self, fact, ids=None):
        for each in ids or self.ids:
            self.reader.want(fact, each)

    async def quiet(self):
        """Until nothing is left to do."""
        await until(lambda: not any(self.reader._workers.values()))

    def fact(self, key_id, fact=Fact.LAST_USE):
        return self.store.keys[key_id].facts.get(fact)


async def test_nothing_is_asked_that_nobody_wants():
    bench = Bench(30)
    bench.reader.show(bench.ids[:10], ())
    await bench.quiet()
    assert bench.gateway.calls == []


async def test_what_is_in_sight_comes_before_what_is_wanted_of_all():
    bench = Bench(100)
    bench.want(Fact.LAST_USE)
    bench.reader.show(bench.ids[90:], (Fact.LAST_USE,))
    await bench.quiet()
    asked = [key_id for name, key_id in bench.gateway.calls if name == USAGE]
    assert set(asked[:10]) == set(bench.ids[90:])
    assert sorted(asked) == sorted(bench.ids)


async def test_the_answer_is_kept_without_what_nobody_sorts_by():
    bench = Bench(1)
    (key_id,) = bench.ids
    bench.world.usages[key_id] = LastUsage(NOW, "Decrypt", NOW - timedelta(days=9), "event", "req")
    bench.world.rotations[key_id] = Rotation(enabled=True, next_rotation=NOW)
    for fact in Fact:
        bench.want(fact)
    await bench.quiet()
    assert bench.fact(key_id) == LastUsage(NOW, "Decrypt", NOW - timedelta(days=9))
    assert bench.store.keys[key_id].rotation is True
    assert bench.fact(key_id, Fact.ROTATIONS) == 0
    assert bench.fact(key_id, Fact.GRANTS).count == 0


async def test_what_is_wanted_no_more_is_not_asked():
    bench = Bench(200)
    gate = bench.gateway.hold(USAGE)
    bench.want(Fact.LAST_USE)
    await until(lambda: bench.gateway.count(USAGE) == fact_reader.AT_ONCE)
    assert bench.reader.left(Fact.LAST_USE) == 200
    assert bench.reader.stop()
    gate.set()
    await bench.quiet()
    assert bench.gateway.count(USAGE) == fact_reader.AT_ONCE


async def test_a_key_that_refuses_has_its_reason_and_stops_nothing():
    bench = Bench(5)
    bench.gateway.fail(USAGE, AccessDeniedError("not yours", "Ask for it."), bench.ids[2])
    bench.want(Fact.LAST_USE)
    await bench.quiet()
    assert "not yours" in bench.fact(bench.ids[2])
    assert all(bench.fact(each) == LastUsage(None) for each in bench.ids if each != bench.ids[2])


async def test_where_every_key_refuses_the_others_are_not_asked():
    bench = Bench(500)
    bench.gateway.fail(USAGE, AccessDeniedError("not yours", "Ask for it."))
    bench.want(Fact.LAST_USE)
    await bench.quiet()
    most = fact_reader.DENIALS_IN_A_ROW + fact_reader.AT_ONCE
    assert bench.gateway.count(USAGE) <= most
    assert "20 keys in a row refused it" in bench.reader.problems[Fact.LAST_USE]
    bench.reader.show(bench.ids[-9:], (Fact.LAST_USE,))
    await bench.quiet()
    assert bench.gateway.count(USAGE) <= most
    # A refresh asks again.
    bench.gateway.heal(USAGE)
    bench.reader.restart()
    bench.want(Fact.LAST_USE, bench.ids[-1:])
    await bench.quiet()
    assert bench.fact(bench.ids[-1]) == LastUsage(None)


async def test_without_a_network_reading_stops_and_says_why():
    bench = Bench(50)
    bench.gateway.fail(USAGE, NetworkError("nobody answers", "Check the network."))
    bench.want(Fact.LAST_USE)
    await bench.quiet()
    assert bench.gateway.count(USAGE) <= fact_reader.AT_ONCE
    assert "nobody answers" in bench.reader.problems[Fact.LAST_USE]
    assert bench.fact(bench.ids[0]) is None


async def test_rows_in_sight_that_are_described_later_are_read_then():
    bench = Bench(3)
    key = bench.store.keys[bench.ids[0]]
    bench.store.put_key(replace(key, metadata=None))
    bench.store.flush()
    bench.reader.show(bench.ids[:1], (Fact.ROTATION,))
    await bench.quiet()
    assert bench.gateway.calls == []
    bench.store.put_key(key)
    bench.store.flush()
    await bench.quiet()
    assert bench.gateway.calls == [("kms:GetKeyRotationStatus", key.id)]


async def test_after_the_connection_is_closed_nothing_more_is_asked():
    bench = Bench(50)
    bench.want(Fact.LAST_USE)
    bench.reader.close()
    await bench.quiet()
    assert bench.gateway.calls == []


@pytest.mark.parametrize("fact", list(Fact))
def test_every_fact_has_its_place(fact):
    assert replace(NO_FACTS, **{fact.name.lower(): "why"}).problem(fact) == "why"
    assert NO_FACTS.get(fact) is None
