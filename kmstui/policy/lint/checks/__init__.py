"""The rules of the linter, one module a family; importing the package registers them all."""

from kmstui.policy.lint.checks import access_too_wide as security_public
from kmstui.policy.lint.checks import (
    actions,
    conditions_keys,
    conditions_operators,
    conditions_presence,
    conditions_values,
    conditions_variables,
    conditions_vocabulary,
    grammar,
    grammar_types,
    leftovers,
    principals,
    principals_services,
    resources,
    syntax,
)
from kmstui.policy.lint.checks import lockout as security_lockout
from kmstui.policy.lint.checks import mfa as security_mfa
from kmstui.policy.lint.checks import negations as security_negations
from kmstui.policy.lint.checks import no_effect as security_shadow
from kmstui.policy.lint.checks import separation_of_duties as security_duties
from kmstui.policy.lint.checks import services as security_services
from kmstui.policy.lint.core.registry import RULES

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
    "leftovers",
    "principals",
    "principals_services",
    "resources",
    "security_duties",
    "security_lockout",
    "security_mfa",
    "security_negations",
    "security_public",
    "security_services",
    "security_shadow",
    "syntax",
]
