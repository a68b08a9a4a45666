"""Windows of a few cells, as while one is dragged smaller: everything that can be open survives."""

import pytest

from tests.fakes import IMPORTED
from tests.screens import NARROW, running

SIZES = ((1, 1), (2, 50), (3, 3), (4, 24), (9, 2), (200, 1))

OPENED = {
    "a filter": ["slash"],
    "the tag line": ["t"],
    "tags to remove": ["u"],
    "a plan of tags": ["t", *"a=b", "enter"],
    "the editor": ["e"],
    "find in the editor": ["e", "ctrl+f"],
    "templates": ["e", "ctrl+t"],
    "the review": ["e", "space", "ctrl+s"],
    "a statement": ["S", "enter"],
    "aliases": ["A"],
    "a new alias": ["A", "enter"],
    "more": ["x"],
    "copying": ["y"],
    "the palette": ["colon"],
    "help": ["question_mark"],
    "messages": ["exclamation_mark"],
    "findings": ["F"],
    "access": ["c"],
    "what if": ["c", "w"],
    "a role": ["p"],
    "history": ["3", "left_square_bracket"],
    "Regions": ["R"],
}


@pytest.mark.parametrize("keys", OPENED.values(), ids=OPENED)
async def test_what_is_open_survives_any_size(keys):
    async with running() as run:
        await run.choose(IMPORTED)
        await run.press(*keys)
        for size in SIZES:
            await run.pilot.resize_terminal(*size)
            await run.press("down")
        await run.pilot.resize_terminal(*NARROW)
        await run.pilot.pause()
        assert run.app.is_running
        assert run.app._exception is None
