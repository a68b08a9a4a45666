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
