"""What the keys of a program on the terminal do to kmstui behind it."""

import os
import signal

import pytest

from kmstui.ui.terminal.hand_over import _interrupts_for_the_program


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_what_ends_another_program_on_the_terminal_does_not_end_kmstui(number):
    before = signal.getsignal(number)
    with _interrupts_for_the_program():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before
