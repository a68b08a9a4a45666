"""A save was accepted and reads show the policy from before it: the person is told and decides."""

from __future__ import annotations

import json

from kmstui.ui.editing.edit_screen import EditScreen
from tests.ui.editing.conftest import MINE, OLD, ROLE, ROOT_STATEMENT, allow, policy

MORE = policy(
    ROOT_STATEMENT, allow("Use", ROLE, "kms:Encrypt"), allow("More", ROLE, "kms:DescribeKey")
)


async def test_a_save_that_reads_do_not_show_is_no_dead_end(at_desk):
    async with at_desk() as desk:
        await desk.open()
        await desk.write(MINE)
        await desk.review()
        desk.gateway.stale = [OLD] * 100
        await desk.run.press("y")
        await desk.run.wait_for("Waiting until reads show it")
        await desk.run.press("escape")
        await desk.run.wait_for("Saved, still propagating")
        await desk.run.press("enter")
        await desk.run.wait_for(lambda: desk.run.app.screen is desk.run.main)

        await desk.open()
        await desk.run.wait_for("or somebody has put that policy back")
        assert json.loads(desk.screen.viewer.text) == json.loads(MINE)
        await desk.write(MORE)
        await desk.run.press("ctrl+s")
        await desk.run.wait_for(lambda: "Wait and review again, or decide now" in desk.said)
        await desk.run.press("y")
        await desk.run.wait_for("m decides what to go on from, or wait")
        await desk.run.press("m")
        await desk.run.wait_for("Overwrite theirs")
        await desk.run.press("o")
        await desk.run.wait_for("if reads are only late, it replaces your last save")
        await desk.run.press("y")
        await desk.run.wait_for(lambda: "After this save" in desk.said)
        assert "gains DescribeKey" in desk.said
        desk.gateway.stale = []
        await desk.run.press("y")
        await desk.run.wait_for(lambda: not isinstance(desk.run.app.screen, EditScreen))
        await desk.run.wait_for(lambda: json.loads(desk.gateway.stored) == json.loads(MORE))
