"""What comes from the terminal: bytes that are no text, and the thread that reads them."""

from __future__ import annotations

import codecs
import sys
from functools import partial
from typing import Any

from textual.drivers import linux_driver

_SWITCH_SECONDS = 0.0002


def let_the_reader_in() -> None:
    """Let the thread that reads the terminal have the interpreter as soon as a key is there.

    It asks for it after having waited for one switch interval, and counts anew whenever the
    event loop lets go for a moment. A loop that works in slices does so every millisecond: with
    the default of 5 ms a key came through when the work was done, a third of a second later.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)


def take_any_bytes() -> None:
    """Read what is no UTF-8 as U+FFFD, which is seen, and which the linter calls an error.

    A terminal set to Latin-1, a paste from a binary file or a disturbed line sends such bytes.
    Textual 8.2.8 decodes strictly, and ends the program with a traceback at the first of them.
    """
    # Its driver has no knob for that, but for the name by which it finds the decoder.
    module: Any = linux_driver
    module.getincrementaldecoder = lambda encoding: partial(
        codecs.getincrementaldecoder(encoding), errors="replace"
    )
