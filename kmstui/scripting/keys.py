"""`kmstui keys`: the keys of an account and Region, filtered, sorted, as a table or for scripts."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from kmstui.model import Fact, Key
from kmstui.scripting.command import CommandError, Progress, complain
from kmstui.scripting.definition import Command
from kmstui.scripting.parser import COULD_NOT_RUN, Parser, add_connection_options
from kmstui.scripting.several import PLACE, read_each
from kmstui.scripting.table import Column, add_format_option, sort_text, write_rows
from kmstui.service.inventory import KEY_VALUES

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.inventory import Filter, Store
    from kmstui.service.ports import Gateway

FOUND, NONE_FOUND = 0, 1
"""Exit codes, besides `COULD_NOT_RUN`."""

MOST_TOLD = 5
"""Of keys that could not be described, each with the reason; the column `problem` has all."""

Aliases = Sequence[str]


class KeyField(NamedTuple):
    """One column of keys, and what stands in it."""

    column: Column
    value: Callable[[Key, Aliases], Any]
    fact: Fact | None = None
    """What has to be read of each key for it."""


def _field(id_: str, value: Callable[[Key, Aliases], Any]) -> KeyField:
    return KeyField(Column(id_, id_.upper()), value)


def _of(id_: str, name: str = "") -> KeyField:
    """What a column of the screens tells; `name` where scripts have another word for it."""
    known = KEY_VALUES[id_]

    def value(key: Key, aliases: Aliases) -> Any:
        found = known.read(key, aliases)
        # Without a value there may be words, as since when no use was seen.
        return (known.text(key, aliases) or None) if found in (None, "") else found

    return KeyField(Column(name or id_, known.title), value, known.fact)


FIELDS: Mapping[str, KeyField] = {
    each.column.id: each
    for each in (
        _field("alias", lambda key, aliases: aliases[0] if aliases else None),
        _field("aliases", lambda key, aliases: list(aliases)),
        _of("id"),
        _field("arn", lambda key, aliases: key.arn),
        *map(_of, ("account", "region", "state", "spec", "usage", "origin", "manager")),
        _of("multi", "multi_region"),
        *map(_of, ("created", "deletion", "expires", "replicas")),
        *map(_of, ("last_use", "rotation", "next_rotation", "grants", "cost")),
        _field(
            "tags",
            lambda key, aliases: (
                None if key.tags is None else {tag.key: tag.value for tag in key.tags}
            ),
        ),
        _of("description"),
        _field("problem", lambda key, aliases: key.problem or key.tags_problem or None),
    )
}
"""Every column, by its id."""

USUAL = ("alias", "id", "state", "spec", "usage", "tags")
"""Columns of a table where none are chosen; JSON and CSV then have all that cost no call a key."""


def _options(parser: Parser) -> None:
    add = parser.add_argument
    add(
        "filter",
        nargs="*",
        metavar="FILTER",
        help="words that must all match: any text, tag:project=x, state:enabled, spec:rsa,"
        " origin:external, owner:shared, alias:…, unused:90d, rotation:off, expires:30d, age:>1y,"
        " no:tag:owner, /regex/; -word excludes (behind --)",
    )
    add("--aws", action="store_true", help="AWS's own keys too")
    add(
        "--columns",
        metavar="A,B",
        default="",
        help=f"of {','.join(FIELDS)}; default: {','.join(USUAL)}, and for json and csv"
        " all but last_use, rotation, next_rotation, grants and cost, which take a call a key",
    )
    add(
        "--sort",
        metavar="A,B",
        default="alias,account,region,id",
        help="columns; -A the other way round, as in --sort=-created (default: alias, account,"
        " Region, id)",
    )
    add_format_option(parser)
    add_connection_options(parser)


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    free = [name for name, field in FIELDS.items() if field.fact is None]
    named = _named(options.columns, "--columns")
    order = _named(options.sort, "--sort", sign="-")
    wanted = parsed_filter(options.filter)
    progress = Progress(around.streams.err)
    usual: Sequence[str] = free if options.format in ("json", "csv") else USUAL

    async def read(gateway: Gateway) -> Store:
        store = await read_keys(gateway, progress)
        with told_of(store, progress):
            await read_facts(store, gateway, wanted, shown, aws=options.aws)
        return store

    shown = {FIELDS[name.removeprefix("-")].fact for name in (*(named or usual), *order)} - {None}
    stores = read_each(options, around, read)
    if stores.several and usual is USUAL:
        usual = (*(each.id for each in PLACE), *USUAL)
    columns = [FIELDS[name].column for name in named or usual]
    found = {store: matching(store, wanted, aws=options.aws) for store in stores.values}
    rows = [
        {name: field.value(key, store.aliases_of(key.id)) for name, field in FIELDS.items()}
        for store, keys in found.items()
        for key in keys
    ]
    write_rows(_sorted(rows, order), columns, options.format, around.streams.out)
    is_whole = stores.code == 0
    for store, keys in found.items():
        _tell(store, keys, around)
        unknown = undecided(store, wanted, aws=options.aws)
        _tell_undecided(store, wanted, unknown, around)
        is_whole = is_whole and not unknown and not store.banner
    if not rows and is_whole:
        any_keys = any(store.keys for store in stores.values)
        nothing = "No key matches." if any_keys else "There are no keys."
        complain(nothing, around.streams.err, "kmstui keys")
    if not is_whole:
        return COULD_NOT_RUN
    return FOUND if rows else NONE_FOUND


def _tell(store: Store, found: Sequence[Key], around: Surroundings) -> None:
    """What the rows do not show: what could not be read."""
    sentences = [store.banner] if store.banner else []
    unread = [key for key in found if key.problem]
    sentences += [f"{store.name_of(key.id)}: {key.problem}" for key in unread[:MOST_TOLD]]
    if len(unread) > MOST_TOLD:
        sentences.append(f"{len(unread) - MOST_TOLD:,} more keys could not be described.")
    for sentence in sentences:
        complain(sentence, around.streams.err, "kmstui keys")


def undecided(store: Store, wanted: Filter, *, aws: bool) -> list[Key]:
    """The keys of which nobody can say whether a filter means them."""
    return [
        key
        for key in store.keys.values()
        if (aws or not key.is_aws_managed) and wanted.judge(key, store.aliases_of(key.id)) is None
    ]


def _tell_undecided(
    store: Store, wanted: Filter, keys: Sequence[Key], around: Surroundings
) -> None:
    from kmstui.service.inventory import why_undecided

    sentences = [
        f"{store.name_of(key.id)} may match or not: {why_undecided(wanted, key)}"
        for key in keys[:MOST_TOLD]
    ]
    if len(keys) > MOST_TOLD:
        sentences.append(f"{len(keys) - MOST_TOLD:,} more keys may match or not.")
    for sentence in sentences:
        complain(sentence, around.streams.err, "kmstui keys")


async def read_facts(
    store: Store, gateway: Gateway, wanted: Filter, shown: Collection[Fact | None], *, aws: bool
) -> None:
    """Read what the filter needs of the keys that its other words mean, then what is shown.

    What is refused is kept as its reason.
    """
    from kmstui.service.inventory import FactReader, can_be_asked

    reader = FactReader(store, lambda key_id: gateway)

    async def read(keys: Sequence[Key], facts: Collection[Fact | None]) -> None:
        for key in keys:
            for fact in facts:
                if fact and can_be_asked(key, fact):
                    reader.want(fact, key.id)
        await reader.finish()

    if wanted.facts:
        await read(undecided(store, wanted, aws=aws), wanted.facts)
    if shown:
        await read(matching(store, wanted, aws=aws), shown)
    for fact, why in reader.problems.items():
        store.set_banner(f"{fact.capitalize()} is not read of all keys. {why}")
    reader.close()


def parsed_filter(words: Sequence[str]) -> Filter:
    """The filter that the words of a command line are.

    Raises:
        CommandError: it cannot be read.
    """
    from kmstui.service.inventory import FilterError, parse_filter

    try:
        return parse_filter(" ".join(words))
    except FilterError as error:
        raise CommandError(str(error)) from error


async def read_keys(gateway: Gateway, progress: Progress) -> Store:
    """Read the keys of a connection as the screens do: all at once, as fast as they may be.

    Raises:
        ServiceError: they cannot be listed.
    """
    from kmstui.service.inventory import Inventory, Store, TimeSlices

    store = Store(asyncio.get_running_loop().call_later)
    with told_of(store, progress):
        await Inventory(store, gateway, TimeSlices()).load()
    return store


@contextmanager
def told_of(store: Store, progress: Progress) -> Iterator[None]:
    """Tell how far the store is, while keys come in."""
    from kmstui.service.inventory import Topic

    def tell(_: frozenset[str]) -> None:
        progress.show(store.progress.described, store.progress.listed, "keys read")

    unsubscribe = store.subscribe(Topic.PROGRESS, tell)
    try:
        yield
    finally:
        unsubscribe()
        progress.end()


def matching(store: Store, wanted: Filter, *, aws: bool) -> list[Key]:
    """The keys that a filter means; `aws`: those that AWS manages, too.

    Raises:
        CommandError: a regular expression takes too long.
    """
    from kmstui.service.inventory import FilterError

    try:
        return [
            key
            for key in store.keys.values()
            if (aws or not key.is_aws_managed) and wanted.matches(key, store.aliases_of(key.id))
        ]
    except FilterError as error:
        raise CommandError(str(error)) from error


def _named(text: str, option: str, sign: str = "") -> list[str]:
    """The columns that an option names.

    Raises:
        CommandError: one is not there.
    """
    names = text.replace(",", " ").split()
    for name in names:
        if name.removeprefix(sign) not in FIELDS:
            raise CommandError(
                f"{option}: there is no column {name!r}; there are {', '.join(FIELDS)}."
            )
    return names


def _sorted(rows: list[dict[str, Any]], order: Sequence[str]) -> list[dict[str, Any]]:
    """Rows in the order of columns, the first one first; what has no value stands at the end."""
    for name in reversed(order):
        column = name.removeprefix("-")
        known = [row for row in rows if row[column] not in (None, [], {}, ())]
        known.sort(key=lambda row: sort_text(row[column]), reverse=name != column)
        rows = known + [row for row in rows if row[column] in (None, [], {}, ())]
    return rows


COMMAND = Command(
    "List the keys of an account and Region, with the filter language of the screens. Keys that"
    " AWS manages are left out. A key that may not be described has the reason in its column"
    " `problem`.",
    _options,
    _run,
    examples=(
        ("keys", "all customer managed keys"),
        ("keys tag:project=x state:enabled", "the enabled keys of a project"),
        ("keys --format json spec:rsa", "for scripts, with all columns"),
        ("keys unused:90d --columns alias,last_use,cost", "what nobody used, and what it costs"),
        ("keys --columns id,alias,created --sort=-created", "the newest first"),
        ("keys -- imported -state:disabled", "a word that excludes needs the --"),
        ("keys --profile prod,dev --all-regions", "of several accounts and Regions"),
    ),
    exits={
        0: "keys were found",
        1: "no key matches",
        2: "the keys could not be read, or not all of them: one of several connections is denied",
    },
)
