"""What is pasted is text, whatever is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.message import Message

_BEGIN, _END = "\x1b[200~", "\x1b[201~"
"""What a terminal puts around a paste (xterm's "bracketed paste mode")."""

_ESCAPE_SHOWN = "␛"


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

    def feed(self, data: str) -> Iterable[Message]:
        """Read one portion of what the terminal sent; an empty one is the last."""
        harmless = "".join(self._harmless(data))
        return super().feed(harmless) if harmless or not data else ()

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


def _split_off(text: str, end: str) -> tuple[str, str]:
    """The text without the part at its end with which `end` may begin, and that part."""
    for length in range(min(len(text), len(end) - 1), 0, -1):
        if text.endswith(end[:length]):
            return text[:-length], text[-length:]
    return text, ""


def take_pastes_as_text() -> None:
    """Let the driver read the terminal by this parser."""
    # Its driver has no knob for that, but for the name by which it finds the parser.
    module: Any = linux_driver
    module.XTermParser = PasteParser
