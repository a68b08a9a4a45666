"""Read-only mode: whatever is pressed, no change is sent."""

import pytest

from kmstui.model import Grant
from kmstui.service.ports import CallRecord
from kmstui.ui.commands.registry import all_commands
from tests.fakes import IMPORTED, NAMELESS, NOW, ROLE_ARN, FakeGateway, arn_of
from tests.screens import running

_NOT_PRESSED = {"q", "P", "R", "e", "E", "y", "question_mark", "f1", "exclamation_mark", "s"}
"""They end the program, go to another connection, open the editor, or only show and sort."""

MOST_SCREENS = 3
"""So many dialogs in a row are answered with yes."""


@pytest.mark.usefixtures("clipboard")
@pytest.mark.parametrize("scope", ["keys", "aliases", "tags", "grants", "events"])
async def test_every_key_in_every_pane_and_view_sends_no_change(scope):
    gateway = FakeGateway()
    gateway.world.grants[IMPORTED] = (
        Grant("g", arn_of(IMPORTED), ROLE_ARN, ("Decrypt",), created=NOW),
    )
    seen: list[CallRecord] = []
    gateway.observer = seen.append
    keys = {key for command in all_commands() for key in command.keys} - _NOT_PRESSED
    async with running(gateway, read_only=True) as run:
        await run.choose(IMPORTED)
        if scope in ("grants", "events"):
            await run.main.key_pane.open_view(scope)
        pane = next(each for each in run.main.panes if each.scope == scope)
        for key in sorted(keys):
            run.main.open_pane(pane)
            await run.press(key)
            for _ in range(MOST_SCREENS):
                if run.app.screen is not run.main:
                    await run.press("y", "enter")
            # Enter opens something in a list each time that one is back there.
            while run.app.screen is not run.main:
                run.app.pop_screen()
                await run.pilot.pause()
    assert seen
    assert [record for record in seen if record.mutating] == []
    assert NAMELESS in gateway.world.metadata


@pytest.mark.parametrize("menu", ["A", "x"])
async def test_the_menus_of_changes_do_not_open_and_say_why(menu):
    async with running(read_only=True) as run:
        await run.choose(IMPORTED)
        await run.press(menu)
        await run.wait_for("This is read-only mode")
        assert run.app.screen is run.main
