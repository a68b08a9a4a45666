"""The person's own editor on the policy text, in the terminal that the app gives up for it."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App

from kmstui.service.changes import ChangeScope
from kmstui.service.editing import PolicyEditing
from kmstui.service.errors import ServiceError
from kmstui.ui.editing.edited_files import (
    EditedFile,
    forget_file,
    note_file,
    read_edited,
    reason_of,
    remove,
)
from kmstui.ui.terminal import run_on_terminal

if TYPE_CHECKING:
    from kmstui.ui.commands import Program

_FALLBACKS = ("vi", "nano")

_WAITING = dict.fromkeys(
    ("code", "code-insiders", "codium", "cursor", "zed", "subl", "atom", "mate", "gedit"), "--wait"
) | {"gvim": "-f", "mvim": "-f", "kate": "--block"}
"""Editors that open a window and return at once, and the option with which they do not."""


@dataclass(frozen=True, slots=True)
class ExternalEdit:
    """What came back from the person's editor."""

    text: str
    """The text to go on with; the one given where nothing could be read back."""
    trouble: str = ""
    """A sentence on what went wrong; empty where nothing did."""
    kept: Path | None = None
    """The file where it was kept, because it holds what may be the only copy."""


def edit_externally(
    app: App[Any],
    text: str,
    *,
    directory: Path,
    keep: Callable[[str], None],
    note: Callable[[Path], None] = lambda _: None,
    environ: Mapping[str, str] | None = None,
) -> ExternalEdit:
    """Let the person edit `text` in `$VISUAL` or `$EDITOR`, else in vi or nano.

    Args:
        app: Gives up the terminal meanwhile.
        text: What to edit.
        directory: A private directory; the file in it is readable by its owner only.
        keep: Puts what came back into the journal. The file is deleted after it has returned;
            where it raises, the file stays.
        note: Writes down where the file is, before the editor starts; where it raises, none does.
        environ: The environment to look for the editor in; the process's by default.

    Never raises for anything that an editor or a file system does: the result says what happened.
    """
    command, trouble = _command(os.environ if environ is None else environ)
    if not command:
        return ExternalEdit(text, trouble)
    try:
        file = EditedFile(text, directory)
    except (OSError, UnicodeError) as error:
        return ExternalEdit(
            text, f"No file could be written for your editor: {reason_of(error)}. Nothing is lost."
        )
    try:
        note(file.path)
    except ServiceError as error:
        file.close()
        remove(file.path)
        return ExternalEdit(text, f"Your editor was not opened. {error.sentence}")
    path = file.path
    failed = _run(app, [*command, str(path)], file.lock)
    file.close()
    try:
        edited = read_edited(path)
    except (OSError, UnicodeError) as error:
        # What cannot be read here may still be what the person wrote.
        return ExternalEdit(
            text,
            f"What you wrote could not be read from {path}: {reason_of(error)}. "
            "The text here is the one from before.",
            path if os.path.lexists(path) else None,
        )
    edited = edited if text.endswith("\n") else edited.removesuffix("\n")
    unwaited = _unwaited(command) if edited == text else ""
    trouble = " ".join(filter(None, (trouble, failed, unwaited)))
    return _kept(edited, path, keep, trouble)


def _unwaited(command: list[str]) -> str:
    """What to say where the editor may have a window of its own and left the text as it was."""
    name, options = Path(command[0]).name, command[1:]
    wait = _WAITING.get(name)
    if wait is None or any(each in options for each in (wait, wait[1:3])):
        return ""
    return (
        f"{name} returned and left the text as it was: it does not wait for its window. Set"
        f" EDITOR='{name} {wait}', and close the window there."
    )


def _kept(text: str, path: Path, keep: Callable[[str], None], trouble: str) -> ExternalEdit:
    try:
        keep(text)
    except Exception as error:
        return ExternalEdit(
            text,
            f"{trouble} It could not be written to the journal ({reason_of(error)}); "
            f"a copy stays in {path}.".lstrip(),
            path,
        )
    try:
        remove(path)
    except OSError as error:
        return ExternalEdit(
            text, f"{trouble} {path} could not be deleted: {reason_of(error)}.".lstrip(), path
        )
    return ExternalEdit(text, trouble)


def _command(environ: Mapping[str, str]) -> tuple[list[str], str]:
    """The editor's command, and what to say about it; no command where there is no editor."""
    trouble = ""
    for name in ("VISUAL", "EDITOR"):
        value = environ.get(name, "").strip()
        if not value:
            continue
        try:
            words = shlex.split(value)
        except ValueError as error:
            trouble = f"${name} ({value!r}) is not a valid command: {error}."
            continue
        program = shutil.which(words[0], path=environ.get("PATH")) if words else None
        if program:
            return [program, *words[1:]], trouble
        trouble = f"${name} names {value!r}, which is not installed here."
    for fallback in _FALLBACKS:
        if program := shutil.which(fallback, path=environ.get("PATH")):
            return [program], f"{trouble} {fallback} was opened instead." if trouble else ""
    return [], (trouble or "$VISUAL and $EDITOR are not set.") + (
        " Neither vi nor nano is installed either: edit the text here."
    )


def _run(app: App[Any], command: list[str], lock: int) -> str:
    """Run the editor on the terminal; what went wrong, as a sentence."""
    ended = run_on_terminal(app, command, pass_fds=(lock,))
    if not ended.trouble:
        return ""
    left = "; the text is what it left in its file" if ended.code is not None else ""
    return f"{ended.trouble}{left}."


def edit_outside(
    app: Program, text: str, editing: PolicyEditing, scope: ChangeScope
) -> ExternalEdit:
    """Give the terminal to `$VISUAL` or `$EDITOR` until it ends."""
    directory = app.options.state_directory or Path(tempfile.gettempdir())
    noted: list[Path] = []

    def note(path: Path) -> None:
        _at_once(note_file(scope, path, editing.location.subject, editing.base))
        noted.append(path)

    edit = edit_externally(
        app,
        text,
        directory=directory,
        keep=lambda typed: _at_once(editing.keep_draft(typed)) if typed != text else None,
        note=note,
    )
    if edit.kept is None:
        # What cannot be crossed out is looked for in vain once, by the next start.
        with suppress(ServiceError):
            for path in noted:
                _at_once(forget_file(scope, path))
    return edit


def _at_once(job: Coroutine[Any, Any, None]) -> None:
    """Do it before returning.

    The event loop stands still while the terminal is away, so another one waits for the
    journal's thread.
    """
    with ThreadPoolExecutor(1, "keep-draft") as pool:
        pool.submit(asyncio.run, job).result()
