"""The end of the program when the system asks for it: in order, as if the person had quit.

A shutdown sends SIGTERM; a line that drops or a window that closes sends SIGHUP; whoever thinks
that the program hangs sends SIGQUIT. What Python does by itself leaves the terminal, which may live
on in tmux or under a shell, on the alternate screen, with no cursor, and with no echo of what is
typed.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

END_AT_LATEST_SECONDS = 5.0
"""A terminal that takes no more output, or an editor that is open in the program's place, must not
keep it for ever. What is in the editor's file is offered at the next start."""


@contextmanager
def ending_in_order(end: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Call `end` when a signal asks to; whoever started the program with `nohup` is obeyed."""
    loop = asyncio.get_running_loop()
    obeyed = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]

    def end_at_latest(number: int, _: object) -> None:
        last = Timer(END_AT_LATEST_SECONDS, os._exit, (128 + number,))
        last.daemon = True
        last.start()

    for number in obeyed:
        loop.add_signal_handler(number, end, number)
        # In the place of asyncio's own, which does nothing: the loop hears of a signal by a pipe,
        # but not while it waits for room in the output, or for $EDITOR.
        signal.signal(number, end_at_latest)
    if obeyed:
        # The loop's pipe holds some 280 signals. Of one that finds it full (a window that is
        # resized while a slow machine draws) Python takes note behind a lock, inside the signal's
        # handler: the next signal waits for that lock, and the program for ever. A full pipe wakes
        # the loop as well.
        signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)
    try:
        yield
    finally:
        for number in obeyed:
            loop.remove_signal_handler(number)


def die_of(number: signal.Signals) -> None:
    """End as the signal would have ended it, so that whoever started the program learns of it."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
