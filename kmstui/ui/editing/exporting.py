"""Writing a version of a policy to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kmstui.service.editing.history import export
from kmstui.service.errors import ServiceError
from kmstui.ui.dialogs.prompt import Prompt
from kmstui.ui.editing.history_source import HistoryItem

if TYPE_CHECKING:
    from kmstui.ui.commands.program import Program


def ask_and_export(app: Program, item: HistoryItem) -> None:
    """Ask for a file and write the version to it."""

    def write(name: str | None) -> None:
        if not name:
            return
        try:
            path = Path(name).expanduser()
        except RuntimeError:
            app.session.notify(f"Not written: nobody knows whose home {name} is in.", "error")
            return
        try:
            export(item.text, path)
        except ServiceError as error:
            app.session.notify(error.sentence, "error")
        else:
            app.session.notify(f"Written to {path}, readable by you alone.")

    suggestion = f"policy-{item.time:%Y%m%d-%H%M%S}.json"
    app.push_screen(
        Prompt("Write this version to a new file", "An existing file is left alone.",
               value=suggestion), write,
    )  # fmt: skip
