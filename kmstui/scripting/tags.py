"""`kmstui tag`, `untag` and `undo`: changes of tags on many keys, planned, sent, read back."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from kmstui.model import Key, TagDelta, bare_name, visible
from kmstui.scripting.command import CommandError, Progress, complain, interruptible
from kmstui.scripting.definition import Command
from kmstui.scripting.key_edits import keys_named
from kmstui.scripting.keys import matching, parsed_filter, told_of
from kmstui.scripting.parser import Parser, add_connection_options
from kmstui.scripting.putting import called_off, is_interactive, tell_unread, with_session
from kmstui.scripting.several import columns_over, place_of
from kmstui.scripting.table import Column, add_format_option, write_rows
from kmstui.service.errors import FailedError
from kmstui.service.runs import RunOutcome, RunResult, UnfinishedRun
from kmstui.service.tags import (
    TAG_OPERATIONS,
    TagChange,
    Tagging,
    TagProblem,
    parse_tag_keys,
    parse_tags,
)

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.session import Session

DONE, NOT_ALL, WOULD_CHANGE, UNSURE = 0, 1, 3, 4
"""Exit codes, besides `COULD_NOT_RUN`."""

READ_AT_ONCE = 16
"""Keys that are looked up at once, where they are named one by one."""

COLUMNS = tuple(
    Column(name, name.upper()) for name in ("name", "key", "change", "outcome", "detail")
)

_BAD = {RunOutcome.FAILED, RunOutcome.CANCELLED, RunOutcome.REFUSED}
_OPEN = {RunOutcome.PROPAGATING, RunOutcome.UNREAD, RunOutcome.UNKNOWN}

Planner = Callable[[Tagging, Callable[[int], None]], Any]


def _options(parser: Parser, what: str) -> None:
    add = parser.add_argument
    add("tags", metavar=what, nargs="?", help=_GRAMMAR[what])
    add("keys", metavar="KEY", nargs="*", help="key IDs, ARNs or aliases")
    add(
        "--filter",
        metavar="FILTER",
        default="",
        help="all keys that a filter means, as of `kmstui keys`",
    )
    add("--resume", action="store_true", help="finish the run that was interrupted")
    _run_options(parser)


_GRAMMAR = {
    "TAGS": "in one argument: 'project=x env=prod', '\"cost center=42\"', or JSON as the AWS CLI"
    " prints it",
    "TAG-KEYS": "in one argument: 'project env'",
}


def _run_options(parser: Parser) -> None:
    add = parser.add_argument
    add("--dry-run", action="store_true", help="show what would change; send nothing")
    add("--yes", action="store_true", help="send without asking; needed where no terminal is")
    add_format_option(parser)
    add_connection_options(parser)


def _tag(options: argparse.Namespace, around: Surroundings) -> int:
    return _change(options, around, _put_delta)


def _untag(options: argparse.Namespace, around: Surroundings) -> int:
    return _change(options, around, _removal)


def _put_delta(text: str) -> TagDelta:
    parsed = parse_tags(text)
    _refuse(parsed.problems)
    return TagDelta(put=parsed.tags)


def _removal(text: str) -> TagDelta:
    keys, problems = parse_tag_keys(text)
    _refuse(problems)
    return TagDelta(remove=keys)


def _refuse(problems: Sequence[TagProblem]) -> None:
    if problems:
        raise CommandError(f"Tags: {'; '.join(each.message for each in problems)}.")


def _change(
    options: argparse.Namespace, around: Surroundings, read: Callable[[str], TagDelta]
) -> int:
    if options.resume:
        if options.tags or options.filter:
            raise CommandError("--resume finishes a run as it was begun: name no tags and no keys.")
        return with_session(around, partial(_resume, options=options, around=around))
    delta = read(options.tags or "")
    if not delta.put and not delta.remove:
        raise CommandError("Say which tags, in one argument: 'project=x env=prod'.")
    if bool(options.keys) == bool(options.filter):
        raise CommandError("Name keys, or give a --filter; one of both.")
    wanted = parsed_filter([options.filter])
    if wanted.facts:
        raise CommandError(
            f"--filter asks for what costs a call a key ({', '.join(sorted(wanted.facts))}), which"
            " is not read here: name the keys that `kmstui keys` lists for it."
        )

    async def change(session: Session) -> int:
        tagging = Tagging(session)
        await _tell_unfinished(tagging, session, around)
        ids, unread = await _keys_meant(session, options, around)
        # A connection that is not read may have keys that are meant.
        not_open = tell_unread(session, around, options.command)
        if options.filter:
            ids = [key.id for key in matching(session.store, wanted, aws=False)]
            if not ids:
                complain("No key matches.", around.streams.err, f"kmstui {options.command}")
                return not_open or NOT_ALL
        with _told(around, len(ids), "keys looked at") as told:
            changes = await tagging.plan(ids, delta, told)
        code = await _carry_out(tagging, session, changes, unread, options, around)
        return not_open or code

    return with_session(around, change)


async def _keys_meant(
    session: Session, options: argparse.Namespace, around: Surroundings
) -> tuple[list[str], list[RunResult[TagChange]]]:
    """The keys that are named, each once, and those that cannot be found, as results.

    With a filter all keys are read instead; raises as `Session.refresh`.
    """
    if options.filter:
        with told_of(session.store, Progress(around.streams.err)):
            await session.refresh()
        if len(session.each) == 1 and (banner := session.store.banner):
            complain(banner, around.streams.err, f"kmstui {options.command}")
        return [], []
    gate = asyncio.Semaphore(READ_AT_ONCE)

    unread: list[RunResult[TagChange]] = []

    async def one(name: str) -> Sequence[Key]:
        async with gate:
            try:
                return await keys_named(session, name)
            except FailedError as error:
                change = TagChange(name, (), (), error.sentence)
                unread.append(RunResult(change, RunOutcome.FAILED, error.sentence))
                return ()

    found = await asyncio.gather(*(one(name) for name in dict.fromkeys(options.keys)))
    return list(dict.fromkeys(key.id for keys in found for key in keys)), unread


async def _carry_out(
    tagging: Tagging,
    session: Session,
    changes: Sequence[TagChange],
    unread: Sequence[RunResult[TagChange]],
    options: argparse.Namespace,
    around: Surroundings,
    written: Callable[[], Any] | None = None,
) -> int:
    """Show what would change, or change it; returns the exit code."""
    to_send = [each for each in changes if each.will_be_sent]
    results: Sequence[RunResult[TagChange]] = [_planned(change) for change in changes]
    if to_send and not options.dry_run:
        if not options.yes and is_interactive(around.streams):
            rows = [_row(each, session) for each in results]
            write_rows(rows, columns_over(session, COLUMNS), "table", around.streams.err)
        why = _not_wanted(len(to_send), options, around)
        if why:
            complain(why, around.streams.err, f"kmstui {options.command}")
            return NOT_ALL
        async with interruptible() as cancelled:
            with _told(around, len(to_send), "keys done") as told:
                ended = 0

                def observe(_: int, result: RunResult[TagChange]) -> None:
                    nonlocal ended
                    ended += result.change.will_be_sent and result.outcome.ended
                    told(ended)

                results = await tagging.apply(changes, observe, cancelled, written)
    elif written is not None and not options.dry_run:
        await written()
    results = [*results, *unread]
    rows = [_row(result, session) for result in results]
    write_rows(rows, columns_over(session, COLUMNS), options.format, around.streams.out)
    return _code(results, dry_run=options.dry_run)


def _planned(change: TagChange) -> RunResult[TagChange]:
    if change.refused:
        return RunResult(change, RunOutcome.REFUSED, change.refused)
    outcome = RunOutcome.UNCHANGED if change.is_empty else RunOutcome.WAITING
    return RunResult(change, outcome, change.note)


def _not_wanted(number: int, options: argparse.Namespace, around: Surroundings) -> str:
    """Why nothing is sent, as a sentence; "" where it is wanted."""
    if options.yes:
        return ""
    if not is_interactive(around.streams):
        return "Nobody can be asked here, so nothing was sent; --yes sends without asking."
    return called_off(
        f"Change the tags of {number:,} key{'s' * (number != 1)}?", "yes", around.streams
    )


def _row(result: RunResult[TagChange], session: Session) -> dict[str, Any]:
    change = result.change
    names = session.store.aliases_of(change.key_id)
    before = dict(change.before)
    words = [
        f"+{name}={value}" if before[name] is None else f"{name}={before[name]}→{value}"
        for name, value in change.after
        if value is not None
    ]
    outcome = "would change" if result.outcome is RunOutcome.WAITING else result.outcome.value
    return {
        **place_of(change.key_id),
        "name": names[0] if names else None,
        "key": bare_name(change.key_id),
        "change": [*words, *(f"-{name}" for name in change.remove)],
        "outcome": outcome,
        "detail": result.detail or None,
    }


def _code(results: Sequence[RunResult[TagChange]], *, dry_run: bool) -> int:
    outcomes = {each.outcome for each in results}
    if outcomes & _BAD:
        return NOT_ALL
    if dry_run:
        return WOULD_CHANGE if RunOutcome.WAITING in outcomes else DONE
    return UNSURE if outcomes & _OPEN else DONE


# What an earlier run left


async def _unfinished(tagging: Tagging, session: Session) -> list[UnfinishedRun[TagChange]]:
    return [run for each in session.each for run in await tagging.unfinished(each)]


async def _tell_unfinished(tagging: Tagging, session: Session, around: Surroundings) -> None:
    for run in await _unfinished(tagging, session):
        words = (
            f"A change of tags of {run.began:%Y-%m-%d %H:%M} UTC was interrupted;"
            " `kmstui tag --resume` finishes it."
        )
        complain(words, around.streams.err, "kmstui tag")


async def _resume(session: Session, *, options: argparse.Namespace, around: Surroundings) -> int:
    tagging = Tagging(session)
    code = DONE
    runs = await _unfinished(tagging, session)
    if not runs:
        complain("No run was interrupted.", around.streams.err, f"kmstui {options.command}")
    for run in runs:
        rest = (*run.open, *(change for change, _ in run.unread))
        await _learn_names(session, rest)
        changes = await tagging.plan_again(rest)
        settle = partial(tagging.settle, run)
        code = max(code, await _carry_out(tagging, session, changes, (), options, around, settle))
    return code


def _undo(options: argparse.Namespace, around: Surroundings) -> int:
    async def undo(session: Session) -> int:
        tagging = Tagging(session)
        records = [
            record
            for each in session.each
            if (scope := each.scope) is not None
            for record in await each.journal.changes(
                scope, operations=tuple(TAG_OPERATIONS), limit=1
            )
        ]
        if not records:
            raise CommandError("The journal has no change of tags here, so none is taken back.")
        last = max(records, key=lambda record: record.time)
        began = f"{last.time:%Y-%m-%d %H:%M}"
        print(
            visible(f"kmstui undo: the change of tags of {began} UTC is taken back."),
            file=around.streams.err,
        )
        made = await tagging.changes_of(last)
        await _learn_names(session, made)
        changes = await tagging.plan_undo(made)
        return await _carry_out(tagging, session, changes, (), options, around)

    return with_session(around, undo)


async def _learn_names(session: Session, changes: Sequence[TagChange]) -> None:
    """Read keys and aliases of changes that the journal has by ID alone."""
    gate = asyncio.Semaphore(READ_AT_ONCE)

    async def one(key_id: str) -> None:
        async with gate:
            # What is wrong with a key, the plan says.
            with suppress(FailedError):
                await keys_named(session, key_id)

    await asyncio.gather(*(one(change.key_id) for change in changes))


# How far it is, and how it is stopped


@contextmanager
def _told(around: Surroundings, total: int, what: str) -> Iterator[Callable[[int], None]]:
    progress = Progress(around.streams.err)
    try:
        yield lambda done: progress.show(done, total, what)
    finally:
        progress.end()


_EXITS = {
    0: "every key has what was asked for",
    1: "some keys were not changed: refused, failed, or not wanted; or no key matches",
    2: "it could not be tried, or not over each of several connections: no connection, no such"
    " filter, tags that KMS would refuse",
    3: "with --dry-run: something would change",
    4: "some changes were accepted, and do not show yet",
}

TAG = Command(
    "Put tags on keys, named one by one or by a filter. A row tells how each ended. A run that was"
    " interrupted is finished by --resume, or by the same command again: what a key has already is"
    " not sent.",
    partial(_options, what="TAGS"),
    _tag,
    examples=(
        ("tag 'project=x env=prod' alias/ImportedCMK", "one key"),
        ("tag env=dev --filter alias:sandbox --dry-run", "what would change"),
        ("tag owner=me alias/app --profile a,b --region eu-west-1", "in each of them"),
        ("tag '\"cost center=42\"' alias/a alias/b --yes", "a tag key with a space"),
        ("tag --resume --yes", "finish what was interrupted"),
    ),
    exits=_EXITS,
)

UNTAG = Command(
    "Remove tags from keys, named one by one or by a filter.",
    partial(_options, what="TAG-KEYS"),
    _untag,
    examples=(
        ("untag 'project env' alias/ImportedCMK", "one key"),
        ("untag retire --filter tag:retire --yes", "all that have it"),
    ),
    exits=_EXITS,
)

UNDO = Command(
    "Take back the last change of tags in this account and Region, of all its keys. A tag that"
    " somebody has changed since stays.",
    _run_options,
    _undo,
    examples=(("undo --dry-run", "what it would take back"), ("undo --yes", "take it back")),
    exits=_EXITS,
)
