"""Keys that arrive in one burst, as over a slow line, never tag another key than was meant."""

import asyncio

import pytest
from textual import events

from kmstui.model import Tag
from tests.fakes import FakeGateway, key_id_of, large_world
from tests.screens import running

NAMES = {"\n": "enter", "*": "asterisk", "/": "slash", "-": "minus", "=": "equals_sign"}


def burst(run, text):
    """Send keys without waiting for anything between them."""
    for character in text:
        shown = "\r" if character == "\n" else character
        run.app.post_message(events.Key(NAMES.get(character, character), shown))


async def sent_on(run, left):
    """Let all keys but the last `left` go to whom they are meant for."""
    while len(run.app.type_ahead._waiting) > left:  # noqa: ASYNC110
        await asyncio.sleep(0)
    for _ in range(500):
        await asyncio.sleep(0)


@pytest.fixture
def slow_rows():
    """Lets a filter's rows come late, as they do with very many keys."""

    def slow(run):
        rows = run.main.keys_pane.key_rows
        gate, find = asyncio.Event(), rows._find

        async def late():
            await gate.wait()
            await find()

        rows._find = late
        return gate

    return slow


async def test_a_filter_and_what_is_done_with_its_rows_in_one_burst(slow_rows):
    async with running(FakeGateway(large_world(300))) as run:
        gate = slow_rows(run)
        burst(run, "/key-000234\nta=1\n\n")
        await sent_on(run, 6)
        assert run.app.screen is run.main
        gate.set()
        await run.wait_for("now has a=1")
        assert run.gateway.world.tags[key_id_of(234)][0] == Tag("a", "1")
        assert run.gateway.count("kms:TagResource") == 1


async def test_marking_all_that_a_filter_shows_in_one_burst(slow_rows):
    async with running(FakeGateway(large_world(300))) as run:
        gate = slow_rows(run)
        burst(run, "/key-00029\n*ta=1\n")
        await sent_on(run, 6)
        gate.set()
        await run.wait_for("10 keys of 10 will change; this adds 10 tags.")
