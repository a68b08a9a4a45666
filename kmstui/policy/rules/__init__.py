"""The rules of the linter, one module a family; importing the package registers them all."""

from kmstui.policy.rules import (
    actions,
    grammar,
    grammar_types,
    principals,
    principals_services,
    resources,
    syntax,
)
from kmstui.policy.rules.registry import RULES

__all__ = [
    "RULES",
    "actions",
    "grammar",
    "grammar_types",
    "principals",
    "principals_services",
    "resources",
    "syntax",
]
