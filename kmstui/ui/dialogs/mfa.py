"""Asking for an MFA code from a worker thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kmstui.ui.dialogs.questions import Prompt

_DIGITS = 6
"""A code of an MFA device has six digits (IAM User Guide, "MFA in IAM")."""


def check_code(text: str) -> str:
    """Why this is no code, or ""."""
    code = text.replace(" ", "")
    if code.isascii() and code.isdigit() and len(code) == _DIGITS:
        return ""
    return f"A code has {_DIGITS} digits."


class MfaQuestion:
    """One question: asked on the event loop, waited for on a worker thread."""

    def __init__(self, serial: str) -> None:
        self._serial = serial
        self._answered = threading.Event()
        self._code = ""

    def dialog(self) -> Prompt:
        """The dialog to show."""
        from kmstui.ui.dialogs.questions import Prompt

        return Prompt("MFA code", f"For the device {self._serial}. Esc cancels.", check=check_code)

    def answer(self, code: str | None) -> None:
        """The dialog was left; None when it was cancelled."""
        self._code = (code or "").replace(" ", "")
        self._answered.set()

    def wait(self) -> str:
        """Block until it is answered; "" when cancelled."""
        self._answered.wait()
        return self._code


def ask_from_thread(
    loop: asyncio.AbstractEventLoop,
    show: Callable[[MfaQuestion], None],
    serial: str,
    open_questions: set[MfaQuestion],
) -> str:
    """Ask on the loop and block this thread; "" when cancelled or when the program ends."""
    question = MfaQuestion(serial)
    open_questions.add(question)
    try:
        loop.call_soon_threadsafe(show, question)
    except RuntimeError:
        # The loop is closed: the program has ended, and nobody can answer.
        return ""
    try:
        return question.wait()
    finally:
        open_questions.discard(question)
