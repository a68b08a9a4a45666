"""The AWS pages that the rules about conditions cite, beside those that all rules share."""

from kmstui.policy.lint.core.pages import CONDITION, KMS_CONDITION_KEYS

__all__ = [
    "CONDITION",
    "GLOBAL_KEYS",
    "IF_EXISTS",
    "KMS_CONDITION_KEYS",
    "OPERATORS",
    "RESOURCE_ALIASES",
    "SETS",
    "VARIABLES",
    "VIA_SERVICE",
]

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"

OPERATORS = _IAM + "reference_policies_elements_condition_operators.html"
IF_EXISTS = OPERATORS + "#Conditions_IfExists"
SETS = _IAM + "reference_policies_condition-single-vs-multi-valued-context-keys.html"
GLOBAL_KEYS = _IAM + "reference_policies_condition-keys.html"
VARIABLES = _IAM + "reference_policies_variables.html"
VIA_SERVICE = KMS_CONDITION_KEYS + "#conditions-kms-via-service"
RESOURCE_ALIASES = KMS_CONDITION_KEYS + "#conditions-kms-resource-aliases"
