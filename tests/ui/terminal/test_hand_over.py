"""What the keys of a program on the terminal do to kmstui behind it."""

import os
import signal
import subprocess
import threading

import pytest

from kmstui.ui.terminal.hand_over import _interrupts_for_the_program, _returned


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_what_ends_another_program_on_the_terminal_does_not_end_kmstui(number):
    before = signal.getsignal(number)
    with _interrupts_for_the_program():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_a_signal_that_another_thread_gets_is_obeyed_while_a_program_has_the_terminal():
    # As the system may do: it looks for a thread that has none waiting.
    process = subprocess.Popen(["sleep", "600"])

    def get_it() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda _number, _frame: process.kill())
    try:
        thread = threading.Timer(0.1, get_it)
        thread.start()
        assert _returned(process) == -signal.SIGKILL
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
