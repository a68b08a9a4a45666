"""What is typed while the disk takes nothing: the person is told why at once, not when leaving."""

from __future__ import annotations

from kmstui.service.errors import JournalError


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
