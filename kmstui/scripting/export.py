"""`kmstui export`: keys that exist as Terraform or CloudFormation, ready to be imported."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kmstui.model import Grant, visible
from kmstui.scripting.command import CommandError, complain, reason, rewrite
from kmstui.scripting.definition import Command
from kmstui.scripting.live_source import find
from kmstui.scripting.parser import COULD_NOT_RUN, Parser, add_connection_options, target_of
from kmstui.service.backups import (
    KeyRecord,
    as_json,
    cloudformation,
    not_importable,
    read_record,
    terraform,
)
from kmstui.service.errors import FailedError

if TYPE_CHECKING:
    from kmstui.scripting.surroundings import Surroundings
    from kmstui.service.ports import Gateway

_NEEDED = ("policy", "tags", "aliases", "rotation")
"""What would be taken away by the next run of the tool, were it missing."""


class _Exported(NamedTuple):
    record: KeyRecord
    grants: Sequence[Grant]


def _options(parser: Parser) -> None:
    add = parser.add_argument
    add("keys", metavar="KEY", nargs="+", help="key IDs, ARNs or aliases")
    add(
        "--format",
        choices=("terraform", "cloudformation"),
        default="terraform",
        help="default: terraform",
    )
    add("--out", metavar="FILE", help="where to write it; default: standard output")
    add(
        "--resources-to-import",
        metavar="FILE",
        help="with cloudformation: where to write what `create-change-set` takes",
    )
    add_connection_options(parser)


def _run(options: argparse.Namespace, around: Surroundings) -> int:
    err, problems = around.streams.err, []
    if options.resources_to_import and options.format != "cloudformation":
        raise CommandError("--resources-to-import is for --format cloudformation.")

    async def read(gateway: Gateway) -> list[_Exported]:
        found: dict[str, _Exported] = {}
        for name in dict.fromkeys(options.keys):
            try:
                exported = await _exported(gateway, name, options.format)
            except (CommandError, FailedError) as error:
                problems.append(f"{name}: {error}")
            else:
                found.setdefault(exported.record.arn, exported)
        return list(found.values())

    keys = around.live().run(target_of(options), read)
    for problem in problems:
        complain(problem, err, "kmstui export")
    if not keys:
        return COULD_NOT_RUN
    if options.format == "terraform":
        text = terraform(keys)
    else:
        template, resources = cloudformation([each.record for each in keys])
        text = as_json(template)
        if options.resources_to_import:
            _write(options.resources_to_import, as_json(resources))
        if any(each.grants for each in keys):
            print("kmstui export: CloudFormation has no grants; they are left out.", file=err)
    if options.out:
        _write(options.out, text)
    else:
        out = around.streams.out
        lines = text.splitlines()
        out.write("".join(f"{visible(line)}\n" for line in lines) if out.isatty() else text)
    return COULD_NOT_RUN if problems else 0


async def _exported(gateway: Gateway, name: str, form: str) -> _Exported:
    """One key.

    Raises:
        CommandError: it is none that the tool can have, or something of it could not be read.
        FailedError: it cannot be described.
    """
    key, _ = await find(gateway, name)
    record, unread = await read_record(gateway, key.id)
    if record.manager == "AWS":
        raise CommandError("AWS makes and manages it: nothing else can.")
    if form == "cloudformation" and (why := not_importable(record)):
        raise CommandError(why)
    missing = [f"No {part}: {unread[part]}" for part in _NEEDED if part in unread]
    if missing:
        raise CommandError(" ".join((*missing, "The next run would take that away, so no export.")))
    grants = () if "grants" in unread else await gateway.list_grants(key.id)
    return _Exported(record, grants)


def _write(name: str, text: str) -> None:
    path = Path(name)
    try:
        if not path.exists():
            path.touch(0o644)
        rewrite(path, text)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {reason(error)}.") from error


COMMAND = Command(
    "Write keys that exist as Terraform or CloudFormation: a resource for each key, alias and grant"
    " with the policy, tags and rotation that are stored, and what imports it (import blocks, or"
    " --resources-to-import). Nothing is sent.",
    _options,
    _run,
    examples=(
        ("export alias/ImportedCMK --out key.tf", "then: terraform plan"),
        (
            "export alias/x --format cloudformation --resources-to-import import.json",
            "then: aws cloudformation create-change-set --change-set-type IMPORT",
        ),
    ),
    exits={0: "every key was written", 2: "some could not be read, and are not in it"},
)
