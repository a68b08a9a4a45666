"""The terminal that kmstui was started on: whether screens can be drawn there, and with what."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping
from typing import IO, Any

_FOR_SCRIPTS = "for scripts there are `kmstui lint` and `kmstui can`."


def why_no_screens(environ: Mapping[str, str] = os.environ) -> str:
    """Why there can be no screens, as a sentence; empty when there can."""
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)):
        return f"kmstui needs a terminal; {_FOR_SCRIPTS}"
    if environ.get("TERM") == "dumb":
        return (
            "TERM says that this terminal is dumb: it cannot place a cursor, so there can be no"
            " screens. If it can, set TERM to what it is, such as TERM=xterm-256color;"
            f" {_FOR_SCRIPTS}"
        )
    return ""


def draw_where_it_is_seen() -> None:
    """Draw on standard output where standard error was led elsewhere, as by `2>errors.log`.

    Textual 8.2.8 draws on standard error alone: the person would sit before an empty terminal.
    """
    if _is_terminal(sys.__stderr__) or sys.__stdout__ is None:
        return
    sys.__stdout__.reconfigure(errors="backslashreplace")
    streams: Any = sys
    streams.__stderr__ = sys.__stdout__


def takes_utf8(environ: Mapping[str, str] = os.environ, encoding: str | None = None) -> bool:
    """Whether what is drawn arrives as the characters meant.

    Without a charset, as in `LANG=C` over SSH, a locale says nothing: terminals take UTF-8.

    Args:
        environ: Names the locale, whether it is installed here or not.
        encoding: What Python writes; as standard error has it when not given.
    """
    name = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    charset = name.partition(".")[2].partition("@")[0]
    written = encoding or getattr(sys.__stderr__, "encoding", None) or "utf-8"
    return all(_is_utf8(each) for each in (charset or "utf-8", written))


def has_few_glyphs(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether it is the console of Linux: its fonts have letters, and hardly any signs."""
    return environ.get("TERM") == "linux"


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def _is_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()
