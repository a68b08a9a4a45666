"""A save was accepted and reads show the policy from before it: the person is told and decides."""

from __future__ import annotations

import json

from kmstui.service.errors import ThrottledError
from kmstui.ui.editing.edit_screen import EditScreen
from tests.ui.editing.conftest import MINE, OLD, ROLE, ROOT_STATEMENT, allow, policy

MORE = policy(
    ROOT_STATEMENT, allow("Use", ROLE, "kms:Encrypt"), allow("More", ROLE, "kms:DescribeKey")
)


async def test_a_put_that_is_throttled_says_that_it_waits_and_can_be_ended(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        await bench.review()
        bench.gateway.fail("kms:PutKeyPolicy", ThrottledError("too many requests"))
        await bench.run.press("y")
        await bench.run.wait_for("Turned away, for now: waiting to look again")
        await bench.run.press("escape")
        await bench.run.wait_for("Refused: nothing has changed")
        await bench.run.wait_for("too many requests")
        assert bench.gateway.count("kms:PutKeyPolicy") == 1


async def test_a_save_that_reads_do_not_show_is_no_dead_end(editing):
    async with editing() as bench:
        await bench.open()
        await bench.write(MINE)
        await bench.review()
        bench.gateway.stale = [OLD] * 100
        await bench.run.press("y")
        await bench.run.wait_for("Waiting until reads show it")
        await bench.run.press("escape")
        await bench.run.wait_for("Saved, still propagating")
        await bench.run.press("enter")
        await bench.run.wait_for(lambda: bench.run.app.screen is bench.run.main)

        await bench.open()
        await bench.run.wait_for("or somebody has put that policy back")
        assert json.loads(bench.screen.viewer.text) == json.loads(MINE)
        await bench.write(MORE)
        await bench.run.press("ctrl+s")
        await bench.run.wait_for(lambda: "Wait and review again, or decide now" in bench.said)
        await bench.run.press("y")
        await bench.run.wait_for("m decides what to go on from, or wait")
        await bench.run.press("m")
        await bench.run.wait_for("Overwrite theirs")
        await bench.run.press("o")
        await bench.run.wait_for("if reads are only late, it replaces your last save")
        await bench.run.press("y")
        await bench.run.wait_for(lambda: "After this save" in bench.said)
        assert "gains DescribeKey" in bench.said
        bench.gateway.stale = []
        await bench.run.press("y")
        await bench.run.wait_for(lambda: not isinstance(bench.run.app.screen, EditScreen))
        await bench.run.wait_for(lambda: json.loads(bench.gateway.stored) == json.loads(MORE))
