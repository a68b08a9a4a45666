"""How Textual's driver reads the terminal here: any bytes, pastes as text, a quick Esc.

And how it writes to a terminal that has gone.

The driver of Textual 8.2.8 has no knob for any of it but the names that its modules look up.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from functools import partial
from time import monotonic
from typing import Any

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread
from textual.events import Key
from textual.message import Message

ESCAPE_SECONDS = 0.05
"""A terminal sends a key's sequence in one piece, and SSH passes it on in one packet, so that
the pieces are milliseconds apart; Neovim's `ttimeoutlen` is the same. Textual waits 100 ms."""

_SWITCH_SECONDS = 0.0002

_BEGIN, _END = "\x1b[200~", "\x1b[201~"
"""What a terminal puts around a paste (xterm's "bracketed paste mode")."""

_STALLED_SECONDS = 1.0
"""A paste comes without such a gap; where it does not, its end was lost, or is on its way still."""

_LEAVING = frozenset("\x1b\x03\x11")
"""Esc, Ctrl-c and Ctrl-q: what a person presses whom the program does not answer any more."""

_ESCAPE_SHOWN = "␛"

_TYPED_CIRCUMFLEX = "typed ^"


_driver_module: Any = linux_driver
_constants: Any = constants


def patch_textual() -> None:
    """Do all that is in this module, before the driver starts."""
    shorten_escape()
    take_any_bytes()
    _driver_module.XTermParser = PasteParser
    _driver_module.WriterThread = LastingWriter
    let_the_reader_in()


def shorten_escape(environ: MutableMapping[str, str] = os.environ) -> None:
    """Let Esc work sooner, unless the person has set ncurses' `ESCDELAY`.

    The one public knob is read from the environment at import, which $EDITOR would inherit.
    """
    if "ESCDELAY" not in environ:
        _constants.ESCAPE_DELAY = ESCAPE_SECONDS


def take_any_bytes() -> None:
    """Read what is no UTF-8 as U+FFFD, which is seen, and which the linter calls an error.

    A terminal set to Latin-1, a paste from a binary file or a disturbed line sends such bytes.
    Textual 8.2.8 decodes strictly, and ends the program with a traceback at the first of them.
    """
    _driver_module.getincrementaldecoder = lambda encoding: partial(
        codecs.getincrementaldecoder(encoding), errors="replace"
    )


def let_the_reader_in() -> None:
    """Let the thread that reads the terminal have the interpreter as soon as a key is there.

    It asks for it after having waited for one switch interval, and counts anew whenever the
    event loop lets go for a moment. A loop that works in slices does so every millisecond: with
    the default of 5 ms a key came through when the work was done, a third of a second later.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)


class LastingWriter(WriterThread):
    """Writes to nobody once the terminal has gone.

    The thread of Textual 8.2.8 ends at the first write that fails. Then its queue of 30 texts fills
    up, and the event loop waits for room in it for ever, often before it has heard of the hang-up.
    """

    def run(self) -> None:
        """Write until `stop`."""
        try:
            super().run()
        except OSError:
            while self._queue.get() is not None:
                pass


class PasteParser(XTermParser):
    """Obeys no escape sequence in a paste: its ESC becomes the visible "␛".

    Textual 8.2.8 reads such a sequence as the key it stands for, so that a text copied from a
    web page could press keys. xterm and others take ESC out of a paste, but tmux does not.
    """

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._is_pasting = False
        self._before = ""
        """The last characters, for a beginning that came in two portions."""
        self._held = ""
        """Characters with which the end may have begun."""
        self._fed = 0.0
        """When something came last, other than what a person in a hurry presses again and again."""

    def feed(self, data: str) -> Iterable[Message]:
        """Read one portion of what the terminal sent; an empty one is the last.

        A paste whose end was lost, as on a line that dropped for a moment, would swallow every
        key from then on: Esc, Ctrl-c or Ctrl-q, alone after a gap, end it. Time alone does not, for
        the rest of a paste that was held up would press keys.
        """
        if data not in _LEAVING:
            self._fed = monotonic()
        elif self._is_pasting and monotonic() - self._fed > _STALLED_SECONDS:
            yield from self.feed(_END)
        harmless = "".join(self._harmless(data))
        if harmless or not data:
            yield from map(_true_key, super().feed(harmless))

    def tick(self) -> Iterable[Message]:
        """Read on when nothing came for a moment."""
        return map(_true_key, super().tick())

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        """Give Esc its due where a burst brings other than a letter right behind it.

        Textual 8.2.8 takes ESC and a letter for Alt with that letter, as terminals send it, but
        drops the ESC before anything else: Esc and Enter, typed ahead to leave a dialog, said yes.
        """
        if alt and not sequence.isalnum():
            yield Key("escape", "\x1b")
        if sequence == "^":
            yield Key(_TYPED_CIRCUMFLEX, "^")
        else:
            yield from super()._sequence_to_key_events(sequence, alt)

    def _harmless(self, data: str) -> Iterator[str]:
        data, self._held = self._held + data, ""
        while data:
            if self._is_pasting:
                text, end, data = data.partition(_END)
                if not end:
                    text, self._held = _split_off(text, _END)
                yield text.replace("\x1b", _ESCAPE_SHOWN) + end
                self._is_pasting = not end
                self._before = ""
            else:
                seen = self._before + data
                begins = seen.find(_BEGIN)
                keys = len(data) if begins < 0 else begins + len(_BEGIN) - len(self._before)
                yield data[:keys]
                self._is_pasting = begins >= 0
                self._before, data = seen[-(len(_BEGIN) - 1) :], data[keys:]


def _true_key(message: Message) -> Message:
    """Turn what Textual makes of an Esc that came with much behind it, a "^", back into Esc."""
    if not isinstance(message, Key):
        return message
    if message.key == "circumflex_accent":
        return Key("escape", "\x1b")
    return Key("circumflex_accent", "^") if message.key == _TYPED_CIRCUMFLEX else message


def _split_off(text: str, end: str) -> tuple[str, str]:
    """The text without the part at its end with which `end` may begin, and that part."""
    for length in range(min(len(text), len(end) - 1), 0, -1):
        if text.endswith(end[:length]):
            return text[:-length], text[-length:]
    return text, ""
