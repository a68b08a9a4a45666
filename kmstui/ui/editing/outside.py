"""The person's own editor, and the journal that takes what comes back before its file goes."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kmstui.service.editing.edit import PolicyEditing
from kmstui.ui.policy.external import ExternalEdit, edit_externally

if TYPE_CHECKING:
    from textual.app import App

    from kmstui.ui.commands.program import Program


def edit_outside(app: Program, text: str, editing: PolicyEditing) -> ExternalEdit:
    """Give the terminal to `$VISUAL` or `$EDITOR` until it ends."""
    directory = app.options.state_directory or Path(tempfile.gettempdir())
    return edit_externally(
        cast("App[object]", app),
        text,
        directory=directory,
        keep=lambda edited: keep_at_once(editing, edited),
    )


def keep_at_once(editing: PolicyEditing, text: str) -> None:
    """Keep a draft before returning.

    The event loop stands still while the terminal is away, so another one waits for the
    journal's thread.

    Raises:
        ServiceError: it is not kept.
    """
    failures: list[Exception] = []

    def work() -> None:
        try:
            asyncio.run(editing.keep_draft(text))
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=work, name="keep-draft", daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
