"""How long a lone Esc waits for the rest of a key's sequence."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Any

from textual import constants

ESCAPE_SECONDS = 0.05
"""A terminal sends a key's sequence in one piece, and SSH passes it on in one packet, so that
the pieces are milliseconds apart; Neovim's `ttimeoutlen` is the same. Textual waits 100 ms."""


def shorten_escape(environ: MutableMapping[str, str] = os.environ) -> None:
    """Let Esc work sooner, unless the person has set ncurses' `ESCDELAY`."""
    if "ESCDELAY" not in environ:
        # Its one knob is read from the environment at import, which $EDITOR would inherit.
        module: Any = constants
        module.ESCAPE_DELAY = ESCAPE_SECONDS
