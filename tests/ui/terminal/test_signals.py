"""What signals do to the program while it is too busy to hear of them."""

import os
import subprocess
import sys

STORM = """
import asyncio, os, signal
from kmstui.ui.terminal.signals import ending_in_order

async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, lambda: None)
    with ending_in_order(lambda number: None):
        # As many as no loop's pipe holds, of two kinds, so that one comes while one is handled.
        for _ in range(3000):
            os.kill(os.getpid(), signal.SIGWINCH)
            os.kill(os.getpid(), signal.SIGUSR1)
    print("alive")

signal.signal(signal.SIGUSR1, lambda *_: None)
asyncio.run(main())
"""


def test_more_signals_than_the_loop_can_take_leave_the_program_alive_and_silent():
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", STORM], capture_output=True, text=True, timeout=60, env=environment,
        check=False,
    )  # fmt: skip
    assert (ended.stdout, ended.stderr) == ("alive\n", "")
