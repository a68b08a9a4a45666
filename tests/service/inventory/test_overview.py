"""The overview: every key is in one group of each section, which the filter finds again."""

from datetime import timedelta

import pytest

from kmstui.model import LastUsage
from kmstui.service.inventory.filter import parse_filter
from kmstui.service.inventory.overview import NOT_READ, Overview
from kmstui.service.inventory.store import Store
from tests.fakes import NOW, FakeGateway

IDS = [f"0000000{number}-1111-4222-8333-000000000000" for number in range(6)]
AGES = (1, 40, 400, 2000, 2000, 40)
USES = (
    LastUsage(NOW - timedelta(days=1)), LastUsage(NOW - timedelta(days=20)),
    LastUsage(NOW - timedelta(days=400)), LastUsage(None, tracking_since=NOW),
    None, "denied",
)  # fmt: skip


@pytest.fixture
async def store():
    gateway = FakeGateway()
    gateway.world.metadata.clear()
    for number, key_id in enumerate(IDS):
        state = "Enabled" if number else "Disabled"
        created = NOW - timedelta(days=AGES[number])
        gateway.world.add(key_id, f"key-{number}", state=state, created=created)
    made = Store(lambda seconds, callback: None)
    for number, key_id in enumerate(IDS):
        key, _ = await gateway.describe(key_id)
        made.add_keys([key])
        if USES[number] is not None:
            made.know(key_id, last_use=USES[number])
    return made


def counted(store):
    overview = Overview(store, NOW, with_aws=False)
    for key_id in tuple(store.keys):
        overview.count(key_id)
    return overview


async def test_each_group_counts_what_its_filter_shows(store):
    overview = counted(store)
    for section, groups in overview.sections().items():
        assert sum(count for _, count in groups) == len(IDS), section
        for group, count in groups:
            if group.filter:
                wanted = parse_filter(group.filter, NOW)
                shown = [each for each in IDS if wanted.matches(store.keys[each], ())]
                assert len(shown) == count, group


async def test_what_was_not_read_and_what_was_refused_are_told_apart(store):
    last = {group.title: count for group, count in counted(store).sections()["Last use"]}
    assert last["not asked yet"] == 1
    assert last["refused or not told"] == 1
    assert last["no use recorded"] == 1
    assert list(counted(store).unread()) == [IDS[4]]


async def test_a_key_that_changed_is_counted_once(store):
    overview = counted(store)
    store.know(IDS[4], last_use=LastUsage(NOW))
    overview.count(IDS[4])
    assert overview.total == len(IDS)
    assert NOT_READ not in [group for group, _ in overview.sections()["Last use"]]
