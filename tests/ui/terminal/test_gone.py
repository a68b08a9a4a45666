"""A terminal that has gone, or takes no more, does not keep the program for ever."""

from __future__ import annotations

import signal
import subprocess
import sys
from io import StringIO
from threading import Thread

from textual.drivers._writer_thread import MAX_QUEUED_WRITES

from kmstui.ui.textual_internals.terminal_input import LastingWriter

ENOUGH_SECONDS = 30


class Gone(StringIO):
    """What a pseudo-terminal is after a hang-up."""

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


def test_who_draws_on_a_terminal_that_has_gone_is_not_kept_waiting():
    writer = LastingWriter(Gone())
    writer.start()

    def draw() -> None:
        for _ in range(MAX_QUEUED_WRITES * 2):
            writer.write("text")
        writer.stop()

    drawing = Thread(target=draw, daemon=True)
    drawing.start()
    drawing.join(ENOUGH_SECONDS)
    assert not drawing.is_alive()


_WAITS_FOR_EVER = """
import asyncio
from queue import Queue
from kmstui.ui.terminal import signals

async def main():
    signals.END_AT_LATEST_SECONDS = 0.0
    with signals.ending_in_order(print):
        print("waits", flush=True)
        Queue().get()

asyncio.run(main())
"""


def test_a_loop_that_waits_for_the_terminal_or_an_editor_ends_all_the_same():
    with subprocess.Popen(
        [sys.executable, "-c", _WAITS_FOR_EVER], stdout=subprocess.PIPE, text=True
    ) as waits:
        assert waits.stdout
        assert waits.stdout.readline() == "waits\n"
        waits.send_signal(signal.SIGTERM)
        try:
            assert waits.wait(ENOUGH_SECONDS) == 128 + signal.SIGTERM
        finally:
            waits.kill()
