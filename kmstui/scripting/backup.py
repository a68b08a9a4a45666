"""`kmstui backup`: what keys are besides their material, as files that a person reads."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kmstui.scripting.backup_folder import ONE_PLACE, BackupFolder
from kmstui.scripting.command import CommandError, Progress, complain
from kmstui.scripting.definition import Command
from kmstui.scripting.keys import matching, parsed_filter, read_facts, read_keys, undecided
from kmstui.scripting.live_source import AT_ONCE, find
from kmstui.scripting.parser import Parser, add_connection_options, target_of
from kmstui.scripting.table import Column, add_format_option, write_rows
from kmstui.service.backups import KeyRecord, read_record
from kmstui.service.errors import FailedError

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.ports import Gateway

DONE, NOT_ALL = 0, 1
"""Exit codes, besides `COULD_NOT_RUN`."""

COLUMNS = tuple(Column(name, name.upper()) for name in ("name", "key", "state", "files", "detail"))

_CHANGED = ("new", "changed", "gone")


class Reading(NamedTuple):
    """What was read of an account and Region."""

    account: str
    region: str
    records: Sequence[tuple[KeyRecord, Mapping[str, str]]]
    """Each with what of it could not be read, and why."""
    unread: Sequence[tuple[str, str]]
    """Keys that could not be described, or found, each with the reason."""
    existing: frozenset[str] | None
    """IDs of all keys that there are; None where nobody listed them all."""
    problems: Sequence[str] = ()


def _options(parser: Parser) -> None:
    add = parser.add_argument
    add("dir", metavar="DIR", help="the folder; made where it is not there")
    add("keys", metavar="KEY", nargs="*", help="key IDs, ARNs or aliases; default: all keys")
    add("--filter", metavar="FILTER", default="", help="keys that a filter means, as of `keys`")
    add("--aws", action="store_true", help="AWS's own keys too")
    add_format_option(parser)
    add_connection_options(parser)


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    if options.keys and options.filter:
        raise CommandError("Name keys, or give a --filter; not both.")
    progress = Progress(around.streams.err)

    async def read(gateway: Gateway) -> Reading:
        if options.keys:
            return await _read_named(gateway, options.keys, progress)
        return await _read_all(gateway, options, progress)

    live, target = around.live(), target_of(options)
    if live.is_several(target):
        raise CommandError(ONE_PLACE)
    found = live.run(target, read)
    folder = BackupFolder(Path(options.dir))
    folder.open_for(found.account, found.region)
    rows = [_written(folder, record, problems) for record, problems in found.records]
    rows += [
        {"name": name, "key": None, "state": "not written", "files": [], "detail": why}
        for name, why in found.unread
    ]
    if found.existing is not None:
        rows += [
            {"name": name, "key": key_id, "state": "gone", "files": [], "detail": f"now {place}"}
            for key_id, name, place in folder.set_aside(found.existing)
        ]
    folder.finish()
    # Of a thousand keys that are as they were nobody needs a line.
    shown = rows if options.format != "table" else [row for row in rows if row["state"] != "same"]
    if shown or options.format != "table":
        write_rows(shown, COLUMNS, options.format, around.streams.out)
    whole = _tell(rows, found, options, around)
    return DONE if whole else NOT_ALL


def _tell(
    rows: Sequence[Mapping[str, Any]],
    found: Reading,
    options: argparse.Namespace,
    around: Surroundings,
) -> bool:
    """Say how it ended; whether all was read and written."""
    err = around.streams.err
    for sentence in found.problems:
        complain(sentence, err, "kmstui backup")
    lacking = [row for row in rows if row["state"] in ("incomplete", "not written")]
    for row in lacking:
        complain(f"{row['name']}: {row['detail']}", err, "kmstui backup")
    changed = sum(row["state"] in _CHANGED for row in rows)
    words = f"{len(rows) - len(lacking):,} keys whole, {changed:,} of them new, changed or gone"
    if lacking:
        words += f", {len(lacking):,} not, or not whole"
    print(f"kmstui backup: {options.dir}: {words}.", file=err)
    return not lacking and not found.problems


def _written(
    folder: BackupFolder, record: KeyRecord, problems: Mapping[str, str]
) -> dict[str, Any]:
    written = folder.write(record)
    state, detail = written.state, written.problem
    if problems and not detail:
        state = "incomplete"
        detail = " ".join(f"No {part}: {why}" for part, why in problems.items())
    return {
        "name": record.name,
        "key": record.id,
        "state": state,
        "files": list(written.files),
        "detail": detail or None,
    }


# Reading


async def _read_all(gateway: Gateway, options: argparse.Namespace, progress: Progress) -> Reading:
    wanted = parsed_filter([options.filter])
    store = await read_keys(gateway, progress)
    await read_facts(store, gateway, wanted, (), aws=options.aws)
    problems = [store.banner] if store.banner else []
    if unknown := undecided(store, wanted, aws=options.aws):
        problems.append(f"Nobody can say whether the filter means {len(unknown):,} of the keys.")
    meant = [key for key in matching(store, wanted, aws=options.aws) if not key.sharer]
    # A key that may not be described is told of with the reason.
    ids = sorted(key.id for key in meant)
    records, unread = await _records(gateway, ids, progress, store.name_of)
    account = next((key.account for key in store.keys.values() if not key.sharer), "")
    if not account:
        account = (await gateway.caller()).account
    existing = None if store.banner else frozenset(store.keys)
    return Reading(account, gateway.info.region, records, unread, existing, problems)


async def _read_named(gateway: Gateway, names: Sequence[str], progress: Progress) -> Reading:
    ids: dict[str, str] = {}
    unread: list[tuple[str, str]] = []
    for name in dict.fromkeys(names):
        try:
            key, _ = await find(gateway, name)
        except FailedError as error:
            unread.append((name, error.sentence))
        else:
            ids.setdefault(key.id, name)
    if not ids:
        raise CommandError(" ".join(why for _, why in unread))
    records, others = await _records(gateway, list(ids), progress, lambda key_id: ids[key_id])
    places = {(record.account, record.region) for record, _ in records}
    if len(places) > 1:
        raise CommandError("The keys are of several accounts or Regions: back each up by itself.")
    account, region = places.pop() if places else ("", "")
    if not account:
        raise CommandError(" ".join(why for _, why in (*unread, *others)))
    return Reading(account, region, records, [*unread, *others], None)


async def _records(
    gateway: Gateway, ids: Sequence[str], progress: Progress, name_of: Any
) -> tuple[list[tuple[KeyRecord, Mapping[str, str]]], list[tuple[str, str]]]:
    gate = asyncio.Semaphore(AT_ONCE)
    unread: list[tuple[str, str]] = []
    done = 0

    async def one(key_id: str) -> tuple[KeyRecord, Mapping[str, str]] | None:
        nonlocal done
        async with gate:
            try:
                found = await read_record(gateway, key_id)
            except FailedError as error:
                unread.append((name_of(key_id), error.sentence))
                return None
            finally:
                done += 1
                progress.show(done, len(ids), "keys read")
        return found

    try:
        found = await asyncio.gather(*map(one, ids))
    finally:
        progress.end()
    return [each for each in found if each is not None], sorted(unread)


COMMAND = Command(
    "Write what keys are besides their material (policy, tags, aliases, grants, rotation and kind)"
    " into a folder, for git and for `kmstui restore`: one folder a key, in it files that a person"
    " reads. A second run changes what has changed. The folder of a key that does not exist any"
    " more is moved to DIR/gone; other files in DIR are left alone.",
    _options,
    _run,
    examples=(
        ("backup keys/", "all customer managed keys of the account and Region"),
        ("backup keys/ alias/ImportedCMK", "one key"),
        ("backup keys/ --filter tag:env=prod", "those of a filter"),
    ),
    exits={
        0: "every key is in the folder as it is stored",
        1: "some keys, or parts of them, could not be read",
        2: "nothing was written: no keys, no connection, or another account's folder",
    },
)
