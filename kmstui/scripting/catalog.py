"""All commands without screens: their names, a line for each, and where they are."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from kmstui.scripting.parser import Parser

if TYPE_CHECKING:
    from kmstui.scripting.definition import Command


class Entry(NamedTuple):
    """One command; of two words where it stands in a group."""

    name: str
    summary: str
    module: str
    """Where it is, in this package."""
    attribute: str = "COMMAND"


COMMANDS = (
    Entry("keys", "list keys, filtered and sorted, as a table or for scripts", "keys"),
    Entry("aliases", "list aliases", "details", "ALIASES"),
    Entry("show", "everything of one key", "details", "SHOW"),
    Entry("grants", "the grants of a key", "details", "GRANTS"),
    Entry("events", "CloudTrail's events of a key", "details", "EVENTS"),
    Entry("lint", "check key policies in files, of keys, of all keys", "lint"),
    Entry("findings", "what is wrong with keys and their policies, in the account", "findings"),
    Entry("diff", "who gains and who loses by a change of a key policy", "diff"),
    Entry("can", "whether somebody may do something with a key, and why", "can"),
    Entry("policy get", "print the policy of a key, or write it to a file", "policy", "GET"),
    Entry("policy diff", "what a put of a file would do", "policy", "DIFF"),
    Entry("policy put", "put a file as the policy of a key, reviewed", "policy", "PUT"),
    Entry("policy edit", "edit the policy of a key in your editor", "policy_edit"),
    Entry("policy plan", "what it would do to put a folder of policies", "plan", "PLAN"),
    Entry("policy apply", "put a plan, key by key", "plan", "APPLY"),
    Entry("tag", "put tags on keys, by name or by a filter", "tags", "TAG"),
    Entry("untag", "remove tags from keys", "tags", "UNTAG"),
    Entry("undo", "take back the last change of tags", "tags", "UNDO"),
    Entry("backup", "write what keys are into a folder, for git and for restore", "backup"),
    Entry("restore", "bring keys back from a backup", "restore"),
    Entry("export", "write keys as Terraform or CloudFormation, with imports", "export"),
    Entry("info", "version, paths, connection, and missing permissions", "info"),
    Entry("config check", "say all that is wrong with config.toml", "settings", "CHECK"),
    Entry("config schema", "print the JSON Schema of config.toml", "settings", "SCHEMA"),
    Entry("completion", "print what makes a shell complete kmstui", "completion"),
)

GROUPS = {
    "policy": "read, review and change key policies",
    "config": "check the settings",
}
"""What the first word of those of two stands for."""

FIRST_WORDS = frozenset(entry.name.split()[0] for entry in COMMANDS)
"""What the first word is where no key is meant."""


def command_named(name: str) -> Command:
    """A command, for which its module is imported."""
    entry = next(each for each in COMMANDS if each.name == name)
    module = import_module(f"kmstui.scripting.{entry.module}")
    command: Command = getattr(module, entry.attribute)
    return command


def add_commands(parser: Parser, group: str = "") -> None:
    """Add the commands of a group, or all first words, to a parser that knows none yet."""
    subparsers = parser.add_subparsers(
        prog=parser.prog,
        title="commands",
        metavar="COMMAND",
        required=True,
        parser_class=type(parser),
    )
    for name, summary in GROUPS.items() if not group else ():
        subparsers.add_parser(
            name, help=summary, description=summary, fill=partial(add_commands, group=name)
        )
    for entry in COMMANDS:
        first, _, second = entry.name.rpartition(" ")
        if first == group:
            subparsers.add_parser(second, help=entry.summary, fill=partial(_fill, entry.name))


def _fill(name: str, parser: Parser) -> None:
    from kmstui.scripting.definition import fill_from

    fill_from(parser, name, command_named(name))
