"""A person's own templates: JSON files, and what may stand in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kmstui.policy.authoring.templates import Template

GROUP = "Yours"


def own_template(name: str, text: str) -> Template:
    """The template in a file called `name` (without its ending).

    The file holds a policy, one statement, a list of statements, or an object with `title`,
    `does` and `statements`. Fields are written `${field}`; those that the built-in templates use
    (`account`, `region`, `partition`, `role` …) are filled in the same way.

    Raises:
        ValueError: it holds none of these; a sentence that says why.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON ({error}).") from error
    title, does = name.replace("-", " ").replace("_", " "), "A template of yours."
    whole = False
    if isinstance(value, dict) and "statements" in value:
        title = _words(value.get("title"), title)
        does = _words(value.get("does"), does)
        value = value["statements"]
    elif isinstance(value, dict) and "Statement" in value:
        value, whole = value["Statement"], True
    statements = value if isinstance(value, list) else [value]
    if not statements:
        raise ValueError("it has no statements.")
    return Template(
        id=f"own.{name}",
        title=title,
        group=GROUP,
        does=does,
        statements=tuple(_statement(each) for each in statements),
        with_root=not whole,
    )


def _words(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) and value else otherwise


def _statement(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict) or "Effect" not in value:
        raise ValueError("a statement of it is no object with an Effect.")
    return value
