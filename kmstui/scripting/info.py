"""`kmstui info`: what this kmstui is, over which connection, and which permissions are missing.

Permissions are tried, by the reads that need them; nothing is changed to find out about the others.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from kmstui.scripting.command import complain
from kmstui.scripting.definition import Command
from kmstui.scripting.live_source import find
from kmstui.scripting.parser import COULD_NOT_RUN, Parser, add_connection_options
from kmstui.scripting.putting import with_session
from kmstui.scripting.table import Column, write_json, write_rows
from kmstui.service.access import caller_principal
from kmstui.service.errors import FailedError

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Permission, Surroundings
    from kmstui.service.ports import CallRecord, Gateway
    from kmstui.service.session import Session

SECONDS = 20.0
"""For which all reads together are waited for."""

_FACTS = (Column("fact", "FACT"), Column("value", "VALUE"))
_PERMISSIONS = (
    Column("permission", "PERMISSION"),
    Column("state", "STATE"),
    Column("detail", "DETAIL"),
)
_DENIED = ("AccessDenied", "UnauthorizedOperation", "NotAuthorized")
"""How the codes of refusals for want of a permission begin."""
_STATES = ("missing", "not known", "allowed", "not asked")
"""In the order in which they are told."""


def _options(parser: Parser) -> None:
    add = parser.add_argument
    add("key", metavar="KEY", nargs="?", help="the key to try reads on; default: the first of all")
    add("--offline", action="store_true", help="ask AWS nothing: what is installed, and where")
    add("--format", choices=("table", "json", "md"), default="table", help="default: table")
    add_connection_options(parser)


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    facts: dict[str, Any] = dict(around.installation())
    rows: list[dict[str, Any]] = []
    problem = ""
    if not options.offline:

        async def look(session: Session) -> None:
            facts.update(_connection(session))
            await _try_reads(session, options.key)
            rows.extend(_states(around.permissions(), session.store.calls))

        try:
            with_session(around, look)
        except FailedError as error:
            problem = error.sentence
    _write(facts, rows, options.format, around)
    if problem:
        complain(problem, around.streams.err, "kmstui info")
        return COULD_NOT_RUN
    return 0


def _write(
    facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], form: str, around: Surroundings
) -> None:
    out = around.streams.out
    if form == "json":
        write_json({**facts, "permissions": rows}, out)
        return
    write_rows([{"fact": name, "value": each} for name, each in facts.items()], _FACTS, form, out)
    if rows:
        out.write("\n")
        write_rows(rows, _PERMISSIONS, form, out)


def _connection(session: Session) -> dict[str, Any]:
    info, caller = session.info, session.caller
    if info is None:
        return {}
    return {
        "profile": info.profile or None,
        "credentials from": info.credential_source,
        "region": info.region,
        "region from": info.region_from or None,
        "endpoint": without_user(info.endpoint_url),
        "route": info.route.value,
        "caller": caller.arn if caller else session.store.caller_problem,
        "read-only": session.read_only,
        "journal": session.journal.warning or "can be written",
    }


def without_user(url: str) -> str:
    """A URL without the user and the password that may stand in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


async def _try_reads(session: Session, name: str | None) -> None:
    """Send each read that needs a permission once; how it ended is in the log of calls."""
    gateway = session.gateway

    async def attempt(read: Callable[[], Awaitable[object]]) -> None:
        with suppress(FailedError):
            await read()

    async def first(pages: AsyncIterator[Any]) -> Any:
        async for page in pages:
            return page
        return None

    keys = await _listed(gateway)
    key_id = name or (keys[0] if keys else "")
    caller = session.caller
    reads: list[Callable[[], Awaitable[object]]] = [
        lambda: first(gateway.alias_pages()),
        lambda: first(gateway.tag_pages()),
        gateway.role_names,
        gateway.user_names,
        gateway.vpc_endpoints,
        gateway.custom_key_stores,
        lambda: gateway.identity(caller_principal(caller)),
        lambda: gateway.account_controls(caller.account if caller else ""),
    ]
    if key_id:
        reads += await _of_key(gateway, key_id)
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*map(attempt, reads))


async def _listed(gateway: Gateway) -> list[str]:
    with suppress(FailedError):
        async for page in gateway.key_pages():
            return [key.id for key in page]
    return []


async def _of_key(gateway: Gateway, name: str) -> list[Callable[[], Awaitable[object]]]:
    key_id, arn = name, name
    with suppress(FailedError):
        key, _ = await find(gateway, name)
        key_id, arn = key.id, key.arn
    return [
        lambda: gateway.get_policy(key_id),
        lambda: gateway.policy_names(key_id),
        lambda: gateway.list_tags(key_id),
        lambda: gateway.rotation(key_id),
        lambda: gateway.last_usage(key_id),
        lambda: gateway.list_grants(key_id),
        lambda: gateway.events(arn),
    ]


def _states(
    permissions: Sequence[Permission], calls: Sequence[CallRecord] | Any
) -> list[dict[str, Any]]:
    """What became of each permission: allowed, denied, not asked, or not told."""
    ended: dict[tuple[str, str], str] = {}
    for call in calls:
        known = ended.get((call.service, call.operation))
        # One that went well tells that the permission is there, whatever another key says.
        if known is None or not call.error:
            ended[call.service, call.operation] = call.error
    rows = [_state(each, ended.get((each.service, each.operation))) for each in permissions]
    return sorted(rows, key=lambda row: _STATES.index(row["state"]))


def _state(permission: Permission, error: str | None) -> dict[str, Any]:
    state, detail = "not asked", "no read of this look needs it"
    if permission.changes:
        detail = "it would change something"
    elif error == "":
        state, detail = "allowed", ""
    elif error is not None:
        denied = any(word in error for word in _DENIED)
        state, detail = ("missing", "") if denied else ("not known", error)
    return {"permission": permission.name, "state": state, "detail": detail or None}


COMMAND = Command(
    "What one pastes into a bug report: version, date of the KMS model, paths, profile, caller,"
    " Region, endpoint, and which of the IAM actions that the README names are missing. That is"
    " found out by trying the reads, on one key; what changes something is not asked. No"
    " credentials are in it, but the account and your name are.",
    _options,
    _run,
    examples=(
        ("info", "everything"),
        ("info alias/ImportedCMK --format md", "for a bug report"),
        ("info --offline", "without AWS"),
    ),
    exits={0: "told", 2: "there is no connection; what else is known is told"},
)
