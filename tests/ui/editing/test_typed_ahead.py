"""Keys that come right behind the one that opens the editor."""

from __future__ import annotations

import asyncio

from textual.events import Key

from tests.fakes import IMPORTED


async def test_a_key_that_comes_when_e_is_done_and_the_editor_not_there_yet_is_written(editing):
    async with editing() as bench:
        run = bench.run
        await run.choose(IMPORTED)
        ahead = run.app.type_ahead
        finish = ahead._finish
        typed: list[asyncio.Future[None]] = []

        def finish_and_type() -> None:
            finish()
            if not typed:
                typed.append(asyncio.ensure_future(ahead.take(Key("t", "t"))))

        ahead._finish = finish_and_type
        run.app.post_message(Key("e", "e"))
        await run.wait_for("1 ✖ t{")


async def test_what_is_typed_while_the_policy_is_read_is_written_into_it(editing):
    """A text that comes replaces what stands there: the first letters on a slow line were gone."""
    async with editing() as bench:
        run = bench.run
        await run.choose(IMPORTED)
        gate = bench.gateway.hold("kms:GetKeyPolicy")
        for key in "etyp":
            run.app.post_message(Key(key, key))
        await run.wait_for("Reading…")
        await run.wait_for(lambda: len(run.app.type_ahead._waiting) == 3)
        gate.set()
        await run.wait_for("1 ✖ typ{")


async def test_reading_a_policy_is_left_at_once(editing):
    async with editing() as bench:
        run = bench.run
        await run.choose(IMPORTED)
        bench.gateway.hold("kms:GetKeyPolicy")
        await run.press("e")
        await run.wait_for("Reading…")
        await run.press("escape")
        await run.wait_for(lambda: run.app.screen is run.main)
