"""A megabyte pasted by mistake, wherever text is taken: said at once, and the next key counts."""

from __future__ import annotations

from functools import partial

from textual.events import Paste
from textual.widgets import Input

from tests.fakes import IMPORTED
from tests.screens import WIDE, Running, running

MEGABYTE = 1_000_000
REFUSED = "What you pasted (1,000,000 characters) is not inserted here"

LINES = {
    "filter": ("slash",),
    "palette": ("colon",),
    "search in a text": ("3", "slash"),
    "name of an alias": ("A", "c"),
    "description": ("x", "d"),
    "a new key": ("x", "c", *["down"] * 4),
    "filter of findings": ("F", "slash"),
    "another key": ("2", "A", "m"),
}
"""The keys to each line that is typed into."""


async def test_a_line_takes_no_megabyte_and_esc_leaves_it() -> None:
    async with running(size=WIDE) as run:
        for name, keys in LINES.items():
            await _open(run, keys)
            line = run.app.focused
            assert isinstance(line, Input), name
            run.store.notices.clear()
            run.app.post_message(Paste("x" * MEGABYTE))
            await run.wait_for(lambda: any(REFUSED in each.text for each in run.store.notices))
            assert "xx" not in line.value, name
            await run.press("escape")
            await run.wait_for(partial(_has_lost_the_focus, run, line))
            while run.app.screen is not run.main:
                await run.press("escape")


async def _open(run: Running, keys: tuple[str, ...]) -> None:
    await run.choose(IMPORTED)
    for key in keys:
        await run.press(key)
    await run.wait_for(lambda: isinstance(run.app.focused, Input))


def _has_lost_the_focus(run: Running, line: Input) -> bool:
    return run.app.focused is not line


async def test_what_was_no_line_does_not_come_into_one_by_ctrl_v_either() -> None:
    async with running(size=WIDE) as run:
        await _open(run, ("slash",))
        run.app.post_message(Paste("one\ntwo"))
        await run.wait_for("What you pasted (2 lines) is not inserted here")
        await run.press("ctrl+v", "a")
        assert run.main.keys_pane.filter_text == "a"
