"""`kmstui policy edit`: the stored policy in the person's own editor, then the review of a put."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import subprocess
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from kmstui.scripting.command import CommandError, complain, read_text, reason
from kmstui.scripting.definition import Command
from kmstui.scripting.parser import Parser, add_connection_options
from kmstui.scripting.policy import add_bypass_option, put_reviewed
from kmstui.scripting.putting import EXITS, with_session

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.session import Session


def _options(parser: Parser) -> None:
    from kmstui.scripting.key_edits import add_allowing_options

    parser.add_argument("key", metavar="KEY", help="key ID, ARN or alias")
    parser.add_argument(
        "--draft",
        action="store_true",
        help="go on with the text that was typed before and not put",
    )
    parser.set_defaults(format="text")
    add_allowing_options(parser)
    add_bypass_option(parser)
    add_connection_options(parser)


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    async def edit(session: Session) -> int:
        from kmstui.scripting.key_edits import KeyEdits

        opened = await KeyEdits(session, around).open(options.key)
        editing = opened.editing
        text = editing.base
        if options.draft:
            text = editing.take_draft()
        elif editing.draft is not None:
            words = f"{editing.draft.sentence} --draft goes on with it."
            complain(words, around.streams.err, "kmstui policy edit")
        file = Path(mkdtemp(prefix="kmstui-")) / f"{opened.key_id}.json"
        edited = await asyncio.to_thread(_edited, file, text)
        # Whatever becomes of it, what was typed is in the journal before the file goes.
        await editing.keep_draft(edited)
        file.unlink()
        file.parent.rmdir()
        return await put_reviewed(await opened.review(edited), options, around)

    return with_session(around, edit)


def _edited(file: Path, text: str) -> str:
    """What the person makes of a text in `$VISUAL`, `$EDITOR` or vi.

    Raises:
        CommandError: the editor does not start or fails, or its text cannot be read.
    """
    file.touch(0o600)
    file.write_text(text, encoding="utf-8", newline="")
    words = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        done = subprocess.run([*shlex.split(words), str(file)], check=False)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise CommandError(f"The editor {words} does not start: {why}.") from error
    if done.returncode:
        raise CommandError(
            f"The editor {words} ended with {done.returncode}, so nothing was put; what you typed"
            f" is in {file}."
        )
    with file.open(encoding="utf-8") as stream:
        edited = read_text(str(file), stream)
    return edited if text.endswith("\n") else edited.removesuffix("\n")


COMMAND = Command(
    "Edit the stored policy of a key in $VISUAL, $EDITOR or vi, and put it after the review. What"
    " was typed is kept as a draft, here and for the screens, until it is put.",
    _options,
    _run,
    examples=(
        ("policy edit alias/ImportedCMK", "edit, review, put"),
        ("policy edit alias/ImportedCMK --draft", "go on with what was not put"),
    ),
    exits=EXITS,
)
