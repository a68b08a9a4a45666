"""What the keys table shows while keys come and a person types a filter."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from kmstui.model import Alias, Key
from kmstui.service.inventory.filter import parse_filter
from kmstui.service.inventory.store import Store, Topic
from kmstui.service.inventory.time_slices import TimeSlices
from kmstui.ui.main.key_rows import EARLY, KeyRows
from kmstui.ui.main.palette import _named_keys
from tests.fakes import arn_of, key_id_of, metadata_of, until


class HastySlices(TimeSlices):
    """Calls every slice over at once, so that all that can come between does."""

    @property
    def over(self):
        return True


def a_key(number, **metadata):
    key_id = key_id_of(number)
    return Key.of(key_id, arn_of(key_id), metadata_of(**metadata))


@asynccontextmanager
async def rows_of(count, chosen=lambda: None, *, told_late=False):
    """Rows over a store with keys `app/000`, `app/001` …, and what the table was told."""
    store = Store(asyncio.get_running_loop().call_later)
    numbers = range(count)
    store.add_keys(a_key(number) for number in numbers)
    store.add_aliases(Alias(f"alias/app/{number:03d}", key_id_of(number)) for number in numbers)
    shown = []
    rows = KeyRows(store, HastySlices(), lambda ids, moved: shown.append(list(rows.rows)), chosen)
    loop = asyncio.get_running_loop()

    def tell(ids):
        if told_late:
            loop.call_later(0.02, rows.touch, ids)
        else:
            rows.touch(ids)

    store.subscribe(Topic.KEYS, tell)
    running = asyncio.create_task(rows.run())
    await rows.wait_settled()
    shown.clear()
    yield store, rows, shown
    running.cancel()


def ids(*numbers):
    return [key_id_of(number) for number in numbers]


async def test_the_first_screen_full_is_shown_before_the_last_key_was_looked_at():
    async with rows_of(400) as (_, rows, shown):
        rows.set_filter(parse_filter("app"))
        await rows.wait_settled()
        # On a slow machine there is more than one part of the whole.
        first, *_, whole = shown
        assert EARLY <= len(first) < 400
        assert first == whole[: len(first)] == ids(*range(len(first)))
        assert len(whole) == 400


async def test_the_row_under_the_cursor_is_among_the_first_that_are_shown():
    async with rows_of(400, chosen=lambda: key_id_of(250)) as (_, rows, shown):
        rows.set_filter(parse_filter("app"))
        await rows.wait_settled()
        assert key_id_of(250) in shown[0]


@pytest.mark.parametrize("texts", [["2", "24", "24", "2"], ["24", "", "-24"], ["1", "11", "3"]])
async def test_what_was_found_before_is_never_mixed_up(texts):
    async with rows_of(300) as (store, rows, _):
        for text in texts:
            rows.set_filter(parse_filter(text))
            await rows.wait_settled()
            expected = [
                key_id
                for key_id in store.keys
                if rows.filter.matches(store.keys[key_id], store.aliases_of(key_id))
            ]
            assert list(rows.rows) == expected


async def test_a_filter_that_changes_in_the_middle_is_looked_for_anew():
    async with rows_of(400) as (_, rows, _):
        rows.set_filter(parse_filter("app/1"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        rows.set_filter(parse_filter("app/39"))
        await rows.wait_settled()
        assert list(rows.rows) == ids(*range(390, 400))


async def test_keys_that_change_come_and_go_under_a_filter():
    async with rows_of(50) as (store, rows, _):
        rows.set_filter(parse_filter("state:disabled"))
        await rows.wait_settled()
        assert list(rows.rows) == []
        for number in (30, 10, 20):
            store.put_key(a_key(number, state="Disabled"))
        store.flush()
        await rows.wait_settled()
        assert list(rows.rows) == ids(10, 20, 30)
        store.put_key(replace(store.keys[key_id_of(20)], metadata=metadata_of()))
        store.remove_keys(ids(30))
        store.flush()
        await rows.wait_settled()
        assert list(rows.rows) == ids(10)
        rows.set_filter(parse_filter(""))
        await rows.wait_settled()
        assert len(rows.rows) == 49


async def test_another_order_keeps_the_filter():
    async with rows_of(40) as (_, rows, _):
        rows.set_filter(parse_filter("app/01"))
        rows.set_sort("alias", reverse=True)
        await rows.wait_settled()
        assert list(rows.rows) == ids(*range(19, 9, -1))


async def test_another_account_that_comes_while_a_filter_looks_through_the_first():
    async with rows_of(400, told_late=True) as (store, rows, _):
        rows.set_filter(parse_filter("arn:aws"))
        store.clear()
        store.add_keys(a_key(number) for number in (901, 902))
        await until(lambda: rows.settled and list(rows.rows) == ids(901, 902))


async def test_a_cleared_store_shows_nothing_at_once():
    async with rows_of(40) as (store, rows, _):
        rows.set_filter(parse_filter("app"))
        await rows.wait_settled()
        store.clear()
        rows.clear()
        assert list(rows.rows) == []
        await rows.wait_settled()
        assert list(rows.rows) == []


async def test_keys_may_come_while_the_palette_goes_through_those_there_are():
    store = Store(asyncio.get_running_loop().call_later)
    store.add_keys(a_key(number) for number in range(3))
    store.add_aliases([Alias("alias/app", key_id_of(0))])
    named = _named_keys(store)
    assert next(named) == ("app", key_id_of(0))
    store.add_aliases([Alias("alias/new", key_id_of(1))])
    assert next(named) == (key_id_of(2), key_id_of(2))
    store.add_keys([a_key(9)])
    assert list(named) == []
