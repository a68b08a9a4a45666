"""Keys that arrive in one burst, as over a slow line, never tag another key than was meant."""

import asyncio

import pytest
from textual import events
from textual.widgets import Input

from kmstui.model import Tag
from kmstui.ui.dialogs.search_dialog import SearchDialog
from kmstui.ui.runtime import type_ahead
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


@pytest.fixture
def endless(monkeypatch):
    """Ends every hold that a clock ends before the last resort at once, as a slow machine does."""
    for name in ("LONGEST_HOLD_SECONDS", "OPENED_SECONDS"):
        monkeypatch.setattr(type_ahead, name, 0.0, raising=False)


async def rounds_of_the_clock():
    """Let timers that are due have their turn, many times."""
    loop = asyncio.get_running_loop()
    until = loop.time() + 20 * type_ahead._POLL_SECONDS
    while loop.time() < until:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def test_a_filter_that_opens_late_gets_every_letter_behind_its_key(endless):
    async with running(FakeGateway(large_world(30))) as run:
        gate, table = asyncio.Event(), run.main.keys_pane.table
        table.call_later(gate.wait)
        burst(run, "/alias")
        await rounds_of_the_clock()
        assert not run.main.keys_pane.key_rows.with_aws
        gate.set()
        await run.wait_for(lambda: run.main.keys_pane.filter_input.value == "alias")
        assert not run.main.keys_pane.key_rows.with_aws


async def test_a_palette_that_opens_late_gets_every_letter_behind_its_key(endless, monkeypatch):
    gate, mount = asyncio.Event(), SearchDialog.on_mount

    async def late(dialog):
        await gate.wait()
        mount(dialog)

    monkeypatch.setattr(SearchDialog, "on_mount", late)
    async with running(FakeGateway(large_world(30))) as run:
        for character, key in ((":", "colon"), *((letter, letter) for letter in "alias")):
            run.app.post_message(events.Key(key, character))
        await rounds_of_the_clock()
        gate.set()
        dialog = await run.wait_for_screen(SearchDialog)
        await run.wait_for(lambda: dialog.query_one(Input).value == "alias")
        assert not run.main.keys_pane.key_rows.with_aws
