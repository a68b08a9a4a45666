"""The workshop's policies do what AWS's documents say, not what the section claims of them."""

from __future__ import annotations

from typing import Any

from kmstui.model import Identity, IdentityPolicy
from kmstui.model.arn import Arn
from kmstui.policy.access import Direction, access_diff
from kmstui.policy.access.table import KeyFacts, Mark, role_effect
from kmstui.policy.evaluation.lockout import CanPut, can_still_administer
from kmstui.policy.iam.requests import Context
from tests.policy.asking import ALLOWED, DENIED, SILENT, iam, iam_allow, outcome
from tests.policy.workshop import (
    ACCOUNT,
    ACCOUNT_ONLY,
    DEFAULT,
    ENDPOINT,
    KEY,
    MFA,
    ROLE,
    ROLE_NAME,
    ROLE_ONLY,
    SESSION,
)

PERMITTING = [iam(iam_allow())]
USER_A = f"arn:aws:iam::{ACCOUNT}:user/userA"
FACTS = KeyFacts(KEY, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT")


def test_the_role_less_decrypt_can_encrypt_and_not_decrypt() -> None:
    """The section's first exercise: the box "Decrypt" is taken out of the inline policy."""
    inline = iam(
        iam_allow(["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:DescribeKey"])
    )
    name = "KMSWorkshop-AditionalPermissions"
    role = Identity(ROLE, ROLE_NAME, "role", (IdentityPolicy(name, inline, inline=True),))
    effect = role_effect(role, DEFAULT, FACTS)
    can, cannot = effect.actions(Mark.YES), effect.actions(Mark.NO)
    assert "kms:Encrypt" in can and "kms:Decrypt" in cannot
    assert "can DescribeKey, Encrypt, GenerateDataKey*, ReEncrypt*" in effect.summary
    why = next(each.sentence for each in effect.effects if "kms:Decrypt" in each.actions)
    assert why.startswith("Cannot ") and "no identity policy" in why
    allowing = next(each.sentence for each in effect.effects if "kms:Encrypt" in each.actions)
    assert name in allowing and '"Enable IAM User Permissions"' in allowing
    assert "service control policies" in effect.not_considered


def test_only_from_the_account_restricts_nobody_and_gives_the_role_everything() -> None:
    """An Allow takes nothing away; the root statement and IAM still let others in."""
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    assert outcome(ACCOUNT_ONLY, bob, identity_policies=PERMITTING, key=KEY) is ALLOWED
    assert outcome(ACCOUNT_ONLY, SESSION, "kms:PutKeyPolicy", key=KEY) is ALLOWED
    diff = access_diff(DEFAULT, ACCOUNT_ONLY, KEY)
    assert not diff.of(Direction.LOSES)
    (gain,) = diff.changes
    assert (gain.who, gain.what, gain.condition) == (f"role/{ROLE_NAME}", "all actions", "")


def test_only_from_a_role_denies_everybody_else_and_the_roles_own_sessions() -> None:
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    assert outcome(ROLE_ONLY, bob, identity_policies=PERMITTING, key=KEY) is DENIED
    assert outcome(ROLE_ONLY, SESSION, identity_policies=PERMITTING, key=KEY) is DENIED
    admin = Arn.parse(f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/me")
    verdict = can_still_administer(ROLE_ONLY, admin, Arn.parse(KEY))
    assert verdict.answer is CanPut.NO
    own = can_still_administer(ROLE_ONLY, Arn.parse(SESSION), Arn.parse(KEY))
    assert own.answer is CanPut.NO
    assert "NotPrincipal must list the session" in own.reason


def test_the_mfa_statement_is_bypassed_by_the_root_statement() -> None:
    no_mfa = Context.of(absent=["aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent"])
    asked: dict[str, Any] = {"action": "kms:PutKeyPolicy", "context": no_mfa, "key": KEY}
    assert outcome(MFA, USER_A, identity_policies=PERMITTING, **asked) is ALLOWED
    assert outcome(MFA, USER_A, identity_policies=[], **asked) is SILENT
    recent = Context.of({"aws:MultiFactorAuthAge": "60"})
    assert outcome(MFA, USER_A, "kms:PutKeyPolicy", context=recent, key=KEY) is ALLOWED
    late = Context.of({"aws:MultiFactorAuthAge": "300"})
    more: dict[str, Any] = {"context": late, "identity_policies": [], "key": KEY}
    assert outcome(MFA, USER_A, "kms:PutKeyPolicy", **more) is SILENT


def test_only_from_the_endpoint_denies_the_services_that_work_for_the_role() -> None:
    """S3 does not come through the endpoint, so with it the role cannot read encrypted objects."""
    inside = Context.of({"aws:SourceVpce": "vpce-1xxxxxxxx1"})
    through_s3 = Context.of(
        {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "aws:ViaAWSService": "true"},
        absent=["aws:SourceVpce"],
    )
    for context, expected in ((inside, ALLOWED), (through_s3, DENIED)):
        got = outcome(ENDPOINT, SESSION, identity_policies=PERMITTING, context=context, key=KEY)
        assert got is expected
    diff = access_diff(DEFAULT, ENDPOINT, KEY)
    (loss,) = diff.changes
    assert loss.sentence == (
        f"role/{ROLE_NAME} loses Decrypt, Encrypt, GenerateDataKey*, ReEncrypt* when"
        " aws:sourceVpce is absent or other than vpce-1xxxxxxxx1"
        " (if IAM policies allow it → explicitly denied)."
    )
