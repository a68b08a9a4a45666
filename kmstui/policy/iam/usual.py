"""What key policies mostly say: actions and condition keys, the usual ones first."""

from __future__ import annotations

from functools import lru_cache

from kmstui.policy.iam.vocabulary import ActionInfo, ConditionKeyInfo, knowledge

_ACTIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "DescribeKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Sign",
    "Verify",
    "GetPublicKey",
    "GenerateMac",
    "VerifyMac",
    "CreateGrant",
    "ListGrants",
    "RevokeGrant",
)
"""Those of key users and of AWS services that use grants, in the default key policy that the
console writes (KMS Developer Guide, "Default key policy")."""

_CONDITION_KEYS = (
    "kms:ViaService",
    "kms:CallerAccount",
    "kms:GrantIsForAWSResource",
    "kms:EncryptionContext:",
    "kms:EncryptionContextKeys",
    "aws:SourceVpce",
    "aws:SourceVpc",
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceIp",
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:PrincipalTag/",
    "aws:PrincipalIsAWSService",
    "aws:MultiFactorAuthPresent",
)
"""Those in the example policies of the KMS Developer Guide and of the workshop."""


def _usage_of(name: str, usual: tuple[str, ...]) -> int:
    return usual.index(name) if name in usual else len(usual)


@lru_cache(maxsize=64)
def usual_actions(usage: str = "", spec: str = "") -> tuple[ActionInfo, ...]:
    """Every action: what a key of this KeyUsage and KeySpec can do first, then the usual ones."""

    def rank(info: ActionInfo) -> tuple[bool, bool, int, str]:
        place = _usage_of(info.name.removeprefix("kms:"), _ACTIONS)
        return info.iam_only, not info.works_with(usage, spec), place, info.name

    return tuple(sorted(knowledge().actions.values(), key=rank))


@lru_cache(maxsize=1)
def usual_condition_keys() -> tuple[ConditionKeyInfo, ...]:
    """Every condition key, the usual ones first."""
    infos = knowledge().condition_keys.values()
    return tuple(sorted(infos, key=lambda info: _usage_of(info.name, _CONDITION_KEYS)))
