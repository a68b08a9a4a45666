"""Policy text to tree: exact spans, all syntax errors at once, never an exception."""

from __future__ import annotations

from kmstui.policy.syntax.nodes import Document
from kmstui.policy.syntax.repair import Recovering


def parse(text: str) -> Document:
    """Read a policy text.

    What strict JSON accepts gives the same value and no problems. Anything else gives a tree of
    all that could be read, with a problem (KMS001 … KMS006) for each error. Takes linear time;
    never raises.
    """
    reader = Recovering(text, guess=False)
    reader.read()
    if reader.unbalanced:
        guessing = Recovering(text, guess=True, tokens=reader.tokens)
        guessing.read()
        if len(guessing.problems) <= len(reader.problems):
            reader = guessing
    problems = tuple(sorted(reader.problems, key=lambda problem: problem.span))
    repeated = {node.span.start: node for node in reader.repeated}
    return Document(text, reader.root, problems, tuple(repeated.values()))
