"""What is said of a draft holds for the newest text."""

import asyncio

from kmstui.ui.dialogs import DraftKeeper
from tests.fakes import MemoryJournal


async def test_a_newer_text_is_not_called_kept_while_it_is_being_written():
    begun, free, told = asyncio.Event(), asyncio.Event(), []

    async def keep(text):
        if text == "newer":
            begun.set()
            await free.wait()

    drafts = DraftKeeper(keep, MemoryJournal(), lambda: told.append(drafts.kept))
    await drafts.keep("older")
    assert drafts.kept
    writing = asyncio.create_task(drafts.keep("newer"))
    await begun.wait()
    assert not drafts.kept
    free.set()
    await writing
    assert told == [True, False, True]
