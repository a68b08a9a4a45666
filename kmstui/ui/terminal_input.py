"""Bytes from the terminal that are no text."""

from __future__ import annotations

import codecs
from functools import partial
from typing import Any

from textual.drivers import linux_driver


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
