"""`kmstui config`: whether config.toml is right, and the schema that editors check it by."""

from __future__ import annotations

import argparse
import json

from kmstui.model import visible
from kmstui.scripting.definition import Command
from kmstui.scripting.parser import Parser
from kmstui.scripting.surroundings import Surroundings

RIGHT, WRONG = 0, 1


def _nothing(parser: Parser) -> None:
    """It takes nothing."""


def _check(_options: argparse.Namespace, around: Surroundings) -> int:
    from kmstui.config import config_path, problems_of

    problems = problems_of()
    for sentence in problems:
        print(visible(sentence), file=around.streams.out)
    if problems:
        return WRONG
    path = config_path()
    told = "nothing is wrong" if path.exists() else "there is no such file, which is fine"
    print(f"{visible(str(path))}: {told}.", file=around.streams.out)
    return RIGHT


def _schema(_options: argparse.Namespace, around: Surroundings) -> int:
    from kmstui.config_schema import schema

    json.dump(schema(), around.streams.out, indent=2)
    around.streams.out.write("\n")
    return RIGHT


CHECK = Command(
    "Say all that is wrong with config.toml and the variables KMSTUI_…, not the first of it alone.",
    _nothing,
    _check,
    examples=(
        ("config check", "the usual file, or that of KMSTUI_CONFIG"),
        ("config check || exit", "in a script"),
    ),
    exits={0: "nothing is wrong, or there is no file", 1: "something is, as told"},
)
SCHEMA = Command(
    "Print the JSON Schema of config.toml, by which editors complete and check it.",
    _nothing,
    _schema,
    examples=(("config schema > config.schema.json", "for an editor, as taplo or VS Code"),),
    exits={0: "it was printed"},
)
