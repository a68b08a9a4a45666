"""Policies in files, and how a key is told from a file on the command line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import TextIO

from kmstui.model import late_pattern
from kmstui.policy.syntax import ArrayNode, Document, ObjectNode, Statement, parse, read_policy
from kmstui.scripting.command import CommandError, read_text

_ID = r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = late_pattern(rf"arn:[\w-]+:kms:[\w-]*:\d*:(?:key|alias)/.+|alias/.+|(?:{_ID})")


def is_key(what: str) -> bool:
    """Whether a word names a key, by its ID, ARN or alias; a file of that name goes first."""
    return _KEY.fullmatch(what) is not None and not os.path.lexists(what)


def is_key_id(word: str) -> bool:
    """Whether a word has the form of a key ID."""
    return re.fullmatch(_ID, word) is not None


Check = Callable[[Statement], str]
"""Why AWS takes no policy of a kind with this statement, as a clause; empty where it does."""


def names_somebody(kind: str) -> Check:
    """The check of a policy that stands at a resource: each statement has a Principal.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    return lambda statement: (
        "" if _has_principal(statement) else f"has no Principal, which {kind} needs"
    )


def names_nobody(kind: str) -> Check:
    """The check of a policy that stands at an identity or caps one: Principal is not supported.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
    """
    return lambda statement: (
        f"has a Principal, which {kind} cannot have" if _has_principal(statement) else ""
    )


def _has_principal(statement: Statement) -> bool:
    return any(statement.node.get(name) is not None for name in ("Principal", "NotPrincipal"))


KEY_POLICY = names_somebody("a key policy")


def policy_in(name: str, check: Check, stdin: TextIO | None = None) -> Document:
    """The policy in a file, `-` for standard input; one in a string, or as a call returns it, too.

    Raises:
        CommandError: it cannot be read, is not JSON, holds no statements, or is not of the kind
            that is asked for; an empty list of statements is a policy that allows nothing.
    """
    text = read_text(name, stdin or sys.stdin)
    # Windows editors begin a file with it; here only what the policy says matters.
    document = _taken_out(parse(text.removeprefix("\ufeff")))
    if document.problems:
        problem = document.problems[0]
        line, column = document.location(problem.span.start)
        raise CommandError(
            f"{name} is not valid JSON, so KMS would not take it: {problem.message}"
            f" (line {line + 1}, column {column + 1}). `kmstui lint {name}` shows all of it."
        )
    statements = read_policy(document).statements
    if not statements and not _is_empty(document):
        raise CommandError(f"{name} does not hold a policy: there is no statement in it.")
    for statement in statements:
        why = check(statement)
        if why:
            raise CommandError(f"{name} is not such a policy: {statement.label} {why}.")
    return document


def _taken_out(document: Document) -> Document:
    """What a string, or a call that returned it, has of a policy; else the text as it is."""
    while document.problems or not read_policy(document).statements:
        # Most files hold a policy, and need nothing of the linter.
        from kmstui.policy.lint import without_wrapping

        inside = without_wrapping(document)
        if inside == document.text:
            break
        document = parse(inside)
    return document


def _is_empty(policy: Document) -> bool:
    holder = policy.root.get("Statement") if isinstance(policy.root, ObjectNode) else None
    return isinstance(holder, ArrayNode) and not holder.items
