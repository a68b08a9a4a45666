"""The JSON Schema of config.toml, made of the settings themselves.

https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from itertools import pairwise
from typing import Any

from kmstui.config import Settings, reader_of
from kmstui.config_values import SHAPES


def schema() -> dict[str, Any]:
    """The schema of config.toml: every setting, in both of its spellings."""
    told = dict(_docstrings())
    properties: dict[str, Any] = {}
    for setting in fields(Settings):
        shape = {**SHAPES[reader_of(setting.name)], "default": _default(setting)}
        if setting.name in told:
            shape = {"description": told[setting.name], **shape}
        properties[setting.name] = shape
        if "_" in setting.name:
            properties[setting.name.replace("_", "-")] = shape
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "config.toml of kmstui",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _default(setting: Field[Any]) -> object:
    if setting.metadata.get("file_only") == "a table":
        return {}
    default = None if setting.default is MISSING else setting.default
    return list(default) if isinstance(default, tuple) else default


def _docstrings() -> Iterator[tuple[str, str]]:
    """What is said below each setting; nothing where only compiled code was installed."""
    try:
        source = textwrap.dedent(inspect.getsource(Settings))
    except OSError:
        return
    (described,) = ast.parse(source).body
    assert isinstance(described, ast.ClassDef)  # noqa: S101 (it is the source of one)
    body = described.body
    for setting, following in pairwise(body):
        if isinstance(setting, ast.AnnAssign) and isinstance(setting.target, ast.Name):
            match following:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield setting.target.id, " ".join(text.replace("`", "").split())
