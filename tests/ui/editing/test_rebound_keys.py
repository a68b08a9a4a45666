"""Keys that a person gave the screens around an edit."""

from __future__ import annotations

from kmstui.ui.commands.registry import rebinding
from kmstui.ui.editing.edit_screen import EditScreen
from kmstui.ui.editing.history_screen import HistoryScreen
from kmstui.ui.runtime.options import UiOptions
from tests.ui.editing.conftest import MINE


async def test_keys_of_the_review_the_history_and_the_find_bar_can_be_given_others(editing):
    given = [
        ("review.save", ["F7"]), ("history.mark", ["Q"]), ("find.regex", ["Alt-q"]),
        ("edit.history", ["F11"]),
    ]  # fmt: skip
    async with editing(options=UiOptions(keys=rebinding(given))) as bench:
        run = bench.run
        screen = await bench.open()
        await run.press("ctrl+f", "alt+q")
        await run.wait_for(lambda: screen.viewer._bar.regex)
        await run.press("escape", "f6", "f11")
        await run.wait_for_screen(HistoryScreen)
        assert "Q Compare with" in run.lines[-1]
        await run.press("f11")
        await run.wait_for_screen(EditScreen)
        await bench.write(MINE)
        await bench.review()
        assert "F7 Save" in run.lines[-1]
        await run.press("question_mark")
        await run.wait_for(lambda: any(line.split()[1:3] == ["F7", "save"] for line in run.lines))
        await run.press("escape", "y")
        assert bench.gateway.puts == []
        await run.press("f7")
        await run.wait_for("holds your policy, read back")
