"""The rules of the linter, one module a family; importing the package registers them all."""

from kmstui.policy.rules import (
    actions,
    conditions_keys,
    conditions_operators,
    conditions_presence,
    conditions_values,
    conditions_variables,
    conditions_vocabulary,
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
    "conditions_keys",
    "conditions_operators",
    "conditions_presence",
    "conditions_values",
    "conditions_variables",
    "conditions_vocabulary",
    "grammar",
    "grammar_types",
    "principals",
    "principals_services",
    "resources",
    "syntax",
]
