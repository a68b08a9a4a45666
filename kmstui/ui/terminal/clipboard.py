"""Copying over SSH and through tmux."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Mapping

OSC_52_MOST = 74_000
"""Characters of base64; xterm and others drop a longer escape sequence without a word."""

_TMUX_SECONDS = 2.0


class CopyError(Exception):
    """The text could not be copied; the message is a sentence."""


_SCREEN_MOST = 500
"""Characters of one string that GNU screen passes on; it drops one of more than 768."""


def osc_52(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """The escape sequence that asks the terminal to take `text` into its clipboard.

    GNU screen keeps OSC 52 to itself; what comes in its device control strings it passes on.

    Raises:
        CopyError: the text is too long for terminals.
    """
    encoded = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")
    if len(encoded) > OSC_52_MOST:
        raise CopyError(
            f"The text is too long for a terminal's clipboard ({len(text):,} characters)."
        )
    sequence = f"\x1b]52;c;{encoded}\a"
    if not environ.get("STY"):
        return sequence
    pieces = range(0, len(sequence), _SCREEN_MOST)
    return "".join(f"\x1bP{sequence[at : at + _SCREEN_MOST]}\x1b\\" for at in pieces)


def inside_tmux(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether tmux stands between us and the terminal."""
    return bool(environ.get("TMUX"))


async def copy_to_tmux(text: str) -> None:
    """Put `text` into tmux's buffer, and through it (`-w`) into the terminal's clipboard.

    tmux drops OSC 52 from programs in its panes by default (`set-clipboard external`); its own
    client may send it.

    Raises:
        CopyError: tmux refused, or is not there.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            "tmux", "load-buffer", "-w", "-",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        raise CopyError(f"tmux could not be started: {error.strerror}.") from error
    try:
        _, words = await asyncio.wait_for(
            process.communicate(text.encode("utf-8", "surrogatepass")), _TMUX_SECONDS
        )
    except TimeoutError:
        process.kill()
        await process.wait()
        raise CopyError("tmux did not answer.") from None
    if process.returncode:
        detail = words.decode("utf-8", "replace").strip()
        raise CopyError(f"tmux refused the text: {detail or process.returncode}.")
