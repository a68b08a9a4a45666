"""Cases for the rules about security: one statement, changed, beside the root statement."""

from __future__ import annotations

from typing import Any

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import KeyContext, Severity
from tests.policy.rule_cases import (
    ACCOUNT,
    KEY_ARN,
    NO_KEY,
    Case,
    policy,
    root_statement,
    statement,
)

FOREIGN = "222233334444"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ANNA = f"arn:aws:iam::{ACCOUNT}:user/anna"
INSTANCE = f"arn:aws:iam::{ACCOUNT}:role/KMSWorkshop-InstanceInitRole"
VIA = {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
VPCE = {"aws:SourceVpce": "vpce-1234abcdf5678c90a"}
SHA = {"kms:RecipientAttestation:ImageSha384": "9fedcba8abcdef7abcdef6abcdef5abcdef4"}
NETWORK: dict[str, Any] = {"Effect": "Deny", "Principal": "*"}


PRESENT = "aws:MultiFactorAuthPresent"
AGE = "aws:MultiFactorAuthAge"


def caller(arn: str) -> KeyContext:
    return KeyContext(arn=Arn.parse(KEY_ARN), caller=Arn.parse(arn))


def case(
    rule: str,
    note: str,
    /,
    *,
    root: bool = True,
    fixable: bool | None = None,
    severity: Severity | None = None,
    key: KeyContext = NO_KEY,
    also: tuple[dict[str, Any], ...] = (),
    **changes: Any,
) -> Case:
    """One statement, changed, beside the root statement and others."""
    statements = [*([root_statement()] if root else []), *also, statement(**changes)]
    return Case(rule, policy(Statement=statements), key, severity, fixable, note)
