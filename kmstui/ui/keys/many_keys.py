"""Actions on all marked keys: what is asked for first, then the screen of the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from kmstui.service.changes import DESCRIPTION
from kmstui.service.keys import (
    DEFAULT_ROTATION_DAYS,
    DEFAULT_WINDOW_DAYS,
    GRANT_WORDS,
    ROTATION_DAYS,
    WINDOW_DAYS,
    KeyAction,
    KeyRuns,
    days_in,
    description_problem,
    parse_grant_pattern,
)
from kmstui.ui.commands import Context, Program
from kmstui.ui.dialogs import Line, QuestionDialog
from kmstui.ui.keys.shown_runs import ShownKeys
from kmstui.ui.runs import RunController, names_of


def shown_keys(program: Program) -> ShownKeys:
    """The kind of change that actions on many keys are; one for the program."""
    session = program.session
    return ShownKeys(KeyRuns(session), session, program.symbols)


def act_on_many(context: Context, action: KeyAction) -> None:
    """Ask what the action needs to know, and show what it does to each of the marked keys."""
    key_ids = tuple(context.targets)
    asked = _LINES.get(action)
    if asked is None:
        _show(context, action.value, key_ids, action, "")
        return
    words, line, read = asked()
    title = f"{action.value}: {names_of(context.store, key_ids)}"
    question = QuestionDialog(title, words, yes="Show", no="Back", style="title", line=line)

    def go(typed: str) -> None:
        value = read(typed)
        said = f" ({value} days)" if isinstance(value, int) else ""
        _show(context, f"{action.value}{said}", key_ids, action, value)

    context.app.ask(question, go)


def revoke_grants(context: Context) -> None:
    """Ask which grants are meant, and show them key by key."""
    key_ids = tuple(context.targets)
    line = Line(
        f"Which grants? {GRANT_WORDS} or words alone; * stands for anything:",
        placeholder="grantee:role/old-app operation:Decrypt",
        check=lambda text: (
            "" if parse_grant_pattern(text) else "Say which: a word, name:backup*, or * for all."
        ),
    )
    words = (
        "Every word must fit, in any case: grantee, name and retiring principal in part, an"
        " operation as a whole. What is found is shown before anything is revoked."
    )
    title = f"Revoke grants: {names_of(context.store, key_ids)}"
    question = QuestionDialog(title, words, yes="Show", no="Back", style="title", line=line)

    def go(typed: str) -> None:
        pattern = parse_grant_pattern(typed)
        if pattern is not None:
            kind = context.app.part(shown_keys)
            plan = partial(kind.key_runs.plan_revocations, key_ids, pattern)
            title = f"Revoke grants: {typed.strip()}"
            context.app.part(RunController).show(kind, title, plan)

    context.app.ask(question, go)


def _show(
    context: Context, title: str, key_ids: Sequence[str], action: KeyAction, value: str | int
) -> None:
    kind = context.app.part(shown_keys)
    plan = partial(kind.key_runs.plan, key_ids, action, value)
    context.app.part(RunController).show(kind, title, plan)


_Asked = tuple[str, Line, Callable[[str], str | int]]


def _days(ask: str, days: range, default: int, words: str) -> _Asked:
    span = f"{days[0]} to {days[-1]}"
    line = Line(
        f"{ask} ({span}):",
        str(default),
        check=lambda text: "" if days_in(text, days) is not None else f"{span} whole days.",
        replaced=True,
    )
    return words, line, int


def _description() -> _Asked:
    words = "All of them get this description, whatever each has now; z takes it back for each."
    return words, Line(check=description_problem, keeps=DESCRIPTION), str


_LINES: dict[KeyAction, Callable[[], _Asked]] = {
    KeyAction.DESCRIPTION: _description,
    KeyAction.ROTATION_ON: lambda: _days(
        "Period in days", ROTATION_DAYS, DEFAULT_ROTATION_DAYS,
        "KMS makes new key material each period and keeps the old for decrypting. Each of the"
        " first two rotations of a key adds to its monthly price.",
    ),
    KeyAction.SCHEDULE_DELETION: lambda: _days(
        "Waiting period in days", WINDOW_DAYS, DEFAULT_WINDOW_DAYS,
        "What uses the keys is shown before anything is sent. GENTLER FIRST: disable them (x, b),"
        " set an alarm on attempts to use them (y, w on each), and wait.",
    ),
}  # fmt: skip
