"""What is typed while the disk takes nothing: the person is told why at once, not when leaving."""

from __future__ import annotations

import asyncio

import pytest

from kmstui.service.errors import JournalError
from kmstui.ui.dialogs import DraftKeeper
from tests.fakes import MemoryJournal
from tests.ui.editing.conftest import MINE


async def test_why_it_is_not_kept_is_said_while_it_is_typed_and_until_it_is_kept_again(editing):
    async with editing() as bench:
        await bench.open()
        bench.run.session.journal.error = JournalError(
            "there is no space left to write journal.db", "Free some space."
        )
        await bench.run.type("x")
        await bench.run.wait_for("What you type is not kept. Journal: there is no space left")
        await bench.run.wait_for("NOT KEPT")
        bench.run.session.journal.error = None
        await bench.run.type("y")
        await bench.run.wait_for("draft kept")


async def test_a_screen_that_fails_is_told_no_more_that_it_is_closed_and_keeps_its_text(editing):
    def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with editing() as bench:
            screen, journal = await bench.open(), bench.run.session.journal
            screen.editor.replace_text(MINE)
            assert screen.call_later(fails)
            await bench.run.wait_for(lambda: not bench.run.app.is_running)
    (draft,) = await journal.drafts(bench.run.session.scope)
    assert draft.text == MINE


async def test_a_text_is_kept_though_the_writing_of_the_one_before_was_ended_with_the_program():
    written: list[str] = []
    gate = asyncio.Event()

    async def write(text: str) -> None:
        await gate.wait()
        written.append(text)

    keeper = DraftKeeper(write, MemoryJournal(), lambda: None)
    first = asyncio.ensure_future(keeper.keep("first"))
    await asyncio.sleep(0)
    last = asyncio.ensure_future(keeper.keep("last"))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    await last
    assert written == ["last"]
