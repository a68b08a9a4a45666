"""Policies in files, and how a key is told from a file on the command line."""

from __future__ import annotations

import os
import re
import sys
from typing import TextIO

from kmstui.policy.syntax import ArrayNode, Document, ObjectNode, parse, read_policy
from kmstui.scripting.command import CommandError, read_text

_KEY = re.compile(
    r"arn:[\w-]+:kms:[\w-]*:\d*:(?:key|alias)/.+|alias/.+"
    r"|(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


def is_key(what: str) -> bool:
    """Whether a word names a key, by its ID, ARN or alias; a file of that name goes first."""
    return _KEY.fullmatch(what) is not None and not os.path.lexists(what)


def policy_in(name: str, stdin: TextIO | None = None) -> Document:
    """The policy in a file, `-` for standard input.

    Raises:
        CommandError: it cannot be read, is not JSON, or holds no statements; an empty list of them
            is a policy that allows nothing.
    """
    text = read_text(name, stdin or sys.stdin)
    # Windows editors begin a file with it; here only what the policy says matters.
    document = parse(text.removeprefix("\ufeff"))
    if document.problems:
        problem = document.problems[0]
        line, column = document.location(problem.span.start)
        raise CommandError(
            f"{name} is not valid JSON, so KMS would not take it: {problem.message}"
            f" (line {line + 1}, column {column + 1}). `kmstui lint {name}` shows all of it."
        )
    if not read_policy(document).statements and not _is_empty(document):
        raise CommandError(f"{name} does not hold a policy: there is no statement in it.")
    return document


def _is_empty(policy: Document) -> bool:
    holder = policy.root.get("Statement") if isinstance(policy.root, ObjectNode) else None
    return isinstance(holder, ArrayNode) and not holder.items
