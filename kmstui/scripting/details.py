"""`kmstui show`, `grants`, `events` and `aliases`: what KMS and CloudTrail tell of keys."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from kmstui.model import Alias, Grant, Key, KeyEvent
from kmstui.scripting.command import CommandError, complain
from kmstui.scripting.definition import Command
from kmstui.scripting.keys import FIELDS
from kmstui.scripting.live_source import find
from kmstui.scripting.parser import COULD_NOT_RUN, Parser, add_connection_options
from kmstui.scripting.several import PLACE, Answers, place_of, read_each
from kmstui.scripting.table import Column, add_format_option, sort_text, write_json, write_rows
from kmstui.service.errors import FailedError, IncompleteListError
from kmstui.service.inventory import never_rotates

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.ports import Gateway

T = TypeVar("T")

NONE_FOUND = 1
"""Exit code where there is nothing of the kind."""

MOST_EVENTS = 50
"""CloudTrail tells as many at a time."""


def _columns(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name.upper().replace("_", " ")) for name in names)


def _of_one_key(parser: Parser) -> None:
    parser.add_argument("key", metavar="KEY", help="key ID, ARN or alias")
    add_format_option(parser)
    add_connection_options(parser)


def _listed(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    options: argparse.Namespace,
    around: Surroundings,
    answers: Answers[Any],
    nothing: str,
) -> int:
    columns = (*PLACE, *columns) if answers.several else columns
    write_rows(rows, columns, options.format, around.streams.out)
    if not rows and not answers.code:
        complain(nothing, around.streams.err, f"kmstui {options.command}")
    return answers.code or (0 if rows else NONE_FOUND)


# show


def _show(options: argparse.Namespace, around: Surroundings) -> int:
    async def read(gateway: Gateway) -> tuple[dict[str, Any], list[str]]:
        return await _read(gateway, options.key)

    answers = read_each(options, around, read, options.key)
    found = [told for told, _ in answers.values]
    if options.format == "json":
        write_json(found if answers.several else found[0], around.streams.out)
    else:
        columns = _columns("field", "value")
        rows = [
            {**place_of(told["arn"]), "field": name, "value": value}
            for told in found
            for name, value in told.items()
            if value not in (None, "", (), [], {})
        ]
        columns = (*PLACE, *columns) if answers.several else columns
        write_rows(rows, columns, options.format, around.streams.out)
    problems = [problem for _, problems in answers.values for problem in problems]
    for problem in problems:
        complain(problem, around.streams.err, "kmstui show")
    return COULD_NOT_RUN if problems else answers.code


async def _read(gateway: Gateway, name: str) -> tuple[dict[str, Any], list[str]]:
    """Everything of a key, and what could not be read of it."""
    key, metadata = await find(gateway, name)
    problems: list[str] = []

    async def unless_refused(read: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await read()
        except FailedError as error:
            problems.append(error.sentence)
            return None

    async def aliases() -> list[str]:
        return [each.name async for page in gateway.alias_pages(key.id) for each in page]

    names = await unless_refused(aliases)
    tags = await unless_refused(lambda: gateway.list_tags(key.id)) if not key.sharer else None
    rotation = None
    if not never_rotates(metadata):
        rotation = await unless_refused(lambda: gateway.rotation(key.id))
    known = Key.of(key.id, key.arn, metadata, tags=tags)
    told = {
        name: field.value(known, names or ())
        for name, field in FIELDS.items()
        if name != "problem" and not field.fact
    }
    told |= {name: value for name, value in asdict(metadata).items() if name not in told}
    if rotation is not None:
        told["rotation"] = _known(asdict(rotation), without=("materials", "materials_problem"))
        told["materials"] = [_known(asdict(each)) for each in rotation.materials]
        problems += [rotation.materials_problem] if rotation.materials_problem else []
    return {name: None if value == "" else value for name, value in told.items()}, problems


def _known(values: Mapping[str, Any], without: Collection[str] = ()) -> dict[str, Any]:
    """What was told."""
    return {
        name: value
        for name, value in values.items()
        if value not in (None, "") and name not in without
    }


SHOW = Command(
    "Everything that KMS tells of one key: its description, aliases, tags and rotation.",
    _of_one_key,
    _show,
    examples=(
        ("show alias/ImportedCMK", "as a table"),
        ("show alias/ImportedCMK --format json", "for scripts"),
    ),
    exits={
        0: "it was read",
        2: "it could not be read, or not all of it, or not over each of several connections",
    },
)


# grants

_GRANTS = _columns(
    "grantee",
    "operations",
    "context_equals",
    "context_subset",
    "source_arn",
    "retiring",
    "created",
    "name",
    "id",
    "problem",
)
_GRANTS_SHOWN = _columns("grantee", "operations", "constraints", "created", "name", "id")


def _grants(options: argparse.Namespace, around: Surroundings) -> int:
    async def read(gateway: Gateway) -> tuple[str, tuple[Grant, ...]]:
        key, _ = await find(gateway, options.key)
        return key.arn, await gateway.list_grants(key.id)

    answers = read_each(options, around, read, options.key)
    rows = [
        {**place_of(arn), **_grant_row(each)}
        for arn, grants in answers.values
        for each in sorted(grants, key=lambda each: sort_text(each.created))
    ]
    columns = _GRANTS if options.format in ("json", "csv") else _GRANTS_SHOWN
    for each in (grant for _, grants in answers.values for grant in grants):
        if each.unread:
            complain(f"A grant: {each.unread}", around.streams.err, "kmstui grants")
    return _listed(rows, columns, options, around, answers, f"{options.key} has no grants.")


def _grant_row(grant: Grant) -> dict[str, Any]:
    constraints = {
        "equals": dict(grant.context_equals),
        "subset": dict(grant.context_subset),
        "for": grant.source_arn,
        "not read": grant.constraint_unread,
    }
    return {
        "grantee": grant.holder or None,
        "operations": list(grant.operations),
        "context_equals": dict(grant.context_equals),
        "context_subset": dict(grant.context_subset),
        "source_arn": grant.source_arn or None,
        "constraints": {name: value for name, value in constraints.items() if value},
        "retiring": grant.retirer or None,
        "created": grant.created,
        "name": grant.name or None,
        "id": grant.id or None,
        "problem": grant.unread or None,
    }


GRANTS = Command(
    "The grants of a key, the oldest first: who may do what without the key policy saying so.",
    _of_one_key,
    _grants,
    examples=(
        ("grants alias/ImportedCMK", "as a table"),
        ("grants alias/ImportedCMK --format csv", "with all constraints"),
    ),
    exits={0: "there are grants", 1: "there are none", 2: "they could not all be read"},
)


# events

_EVENTS = _columns(
    "time",
    "name",
    "principal",
    "source_ip",
    "vpc_endpoint",
    "error_code",
    "encryption_context",
    "error_message",
    "user_agent",
    "read_only",
    "id",
)
_EVENTS_SHOWN = _EVENTS[:7]


def _events_options(parser: Parser) -> None:
    add = parser.add_argument
    add(
        "--limit",
        type=int,
        default=MOST_EVENTS,
        metavar="N",
        help=f"so many, the newest; default: {MOST_EVENTS}",
    )
    add("--name", metavar="OPERATION", default="", help="of one operation, such as Decrypt")
    _of_one_key(parser)


def _events(options: argparse.Namespace, around: Surroundings) -> int:
    if options.limit < 1:
        raise CommandError("--limit is a number of events, 1 or more.")

    async def read(gateway: Gateway) -> tuple[str, list[KeyEvent]]:
        key, _ = await find(gateway, options.key)
        found: list[KeyEvent] = []
        token = ""
        while len(found) < options.limit:
            events, token = await gateway.events(key.arn, token, options.name)
            found += events
            if not token:
                break
        return key.arn, found[: options.limit]

    answers = read_each(options, around, read, options.key)
    rows = [
        {**place_of(arn), **_event_row(each)} for arn, events in answers.values for each in events
    ]
    columns = _EVENTS if options.format in ("json", "csv") else _EVENTS_SHOWN
    nothing = f"CloudTrail has no such event of {options.key} within its 90 days."
    return _listed(rows, columns, options, around, answers, nothing)


def _event_row(event: KeyEvent) -> dict[str, Any]:
    told = {column.id: getattr(event, column.id) for column in _EVENTS}
    told["encryption_context"] = dict(event.encryption_context)
    return {name: None if value == "" else value for name, value in told.items()}


EVENTS = Command(
    "CloudTrail's events of a key, the newest first. CloudTrail keeps 90 days, shows an event some"
    " minutes after it happened, and allows two lookups a second.",
    _events_options,
    _events,
    examples=(
        ("events alias/ImportedCMK", "the newest"),
        ("events alias/x --name PutKeyPolicy --limit 5", "who put its policy"),
    ),
    exits={0: "there are such events", 1: "there are none", 2: "they could not all be read"},
)


# aliases

_ALIASES = _columns("alias", "key", "created", "updated")


def _aliases_options(parser: Parser) -> None:
    parser.add_argument("text", metavar="TEXT", nargs="?", default="", help="part of the name")
    parser.add_argument("--aws", action="store_true", help="AWS's own aliases too")
    add_format_option(parser)
    add_connection_options(parser)


def _aliases(options: argparse.Namespace, around: Surroundings) -> int:
    async def read(gateway: Gateway) -> tuple[list[Alias], str]:
        found: list[Alias] = []
        try:
            async for page in gateway.alias_pages():
                found += page
        except IncompleteListError as error:
            return found, error.sentence
        return found, ""

    answers = read_each(options, around, read)
    wanted: Iterable[Alias] = (
        each
        for found, _ in answers.values
        for each in found
        if options.text.casefold() in each.name.casefold() and (options.aws or not each.is_aws)
    )
    rows = [
        {
            **place_of(f"{each.arn_prefix}{each.name}"),
            "alias": each.name,
            "key": each.key_id or None,
            "created": each.created,
            "updated": each.updated,
        }
        for each in sorted(wanted, key=lambda each: each.name.casefold())
    ]
    code = _listed(rows, _ALIASES, options, around, answers, "There is no such alias.")
    problems = [problem for _, problem in answers.values if problem]
    for problem in problems:
        complain(problem, around.streams.err, "kmstui aliases")
    return COULD_NOT_RUN if problems else code


ALIASES = Command(
    "The aliases of an account and Region, and the keys that they name.",
    _aliases_options,
    _aliases,
    examples=(("aliases", "all"), ("aliases orders --format json", "those with a text in them")),
    exits={0: "there are such aliases", 1: "there are none", 2: "they could not all be read"},
)
