"""Roles, users and groups, in moto's IAM, and the credentials of those who may be played."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.iam.models import iam_backends

from kmstui.demo.access.context import Caller, CallerRegistry, Credentials, session_caller
from kmstui.demo.embedded import MFA_CODE, mfa_serial

PARTNER = "290417736502"
"""Another company's account."""
INSTANCE_ROLE = "KMSWorkshop-InstanceInitRole"
INSTANCE_ID = "i-0b7f3c2d9e4a1586c"
INLINE_POLICY = "KMSWorkshop-AditionalPermissions"
"""Spelled as the workshop spells it."""

_ROLE_AGE_DAYS = 870
_EC2_TRUST = {"Service": "ec2.amazonaws.com"}
_GITHUB = "token.actions.githubusercontent.com"
_LAMBDA_TRUST = {"Service": "lambda.amazonaws.com"}


@dataclass(frozen=True, slots=True)
class _Role:
    name: str
    trust: Mapping[str, Any]
    statements: Sequence[Mapping[str, Any]] = ()
    policy_name: str = "access"
    path: str = "/"
    description: str = ""
    mfa: bool = False


def workshop_statements() -> list[dict[str, Any]]:
    """What the instance role may do: the workshop's KMS actions, and what kmstui reads beside."""
    kms = (
        "CancelKeyDeletion ConnectCustomKeyStore CreateAlias CreateGrant CreateKey Decrypt "
        "DeleteAlias DeleteImportedKeyMaterial DescribeCustomKeyStores DescribeKey DisableKey "
        "DisableKeyRotation DisconnectCustomKeyStore EnableKey "
        "EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext "
        "GenerateMac GenerateRandom GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus "
        "GetParametersForImport GetPublicKey ImportKeyMaterial ListAliases ListGrants "
        "ListKeyPolicies ListKeyRotations ListKeys ListResourceTags ListRetirableGrants "
        "PutKeyPolicy ReEncryptFrom ReEncryptTo ReplicateKey RetireGrant RevokeGrant "
        "RotateKeyOnDemand ScheduleKeyDeletion Sign TagResource UntagResource UpdateAlias "
        "UpdateKeyDescription UpdatePrimaryRegion Verify VerifyMac"
    )
    return [
        {
            "Sid": "WorkshopKms",
            "Effect": "Allow",
            "Action": [f"kms:{name}" for name in kms.split()],
            "Resource": "*",
        },
        {
            "Sid": "WorkshopReadAndRoles",
            "Effect": "Allow",
            "Action": [
                "access-analyzer:CheckAccessNotGranted",
                "access-analyzer:CheckNoNewAccess",
                "access-analyzer:CheckNoPublicAccess",
                "access-analyzer:ValidatePolicy",
                "cloudtrail:LookupEvents",
                "config:DescribeConfigurationRecorders",
                "config:DescribeConfigurationRecorderStatus",
                "config:SelectResourceConfig",
                "dynamodb:DescribeTable",
                "dynamodb:ListTables",
                "ec2:DescribeSnapshots",
                "ec2:DescribeVolumes",
                "ec2:DescribeVpcEndpoints",
                "iam:Get*",
                "iam:List*",
                "iam:PutRolePolicy",
                "lambda:ListFunctions",
                "logs:DescribeLogGroups",
                "rds:DescribeDBClusters",
                "rds:DescribeDBInstances",
                "s3:GetEncryptionConfiguration",
                "s3:ListAllMyBuckets",
                "secretsmanager:ListSecrets",
                "sns:GetTopicAttributes",
                "sns:ListTopics",
                "sqs:GetQueueAttributes",
                "sqs:ListQueues",
                "tag:GetResources",
            ],
            "Resource": "*",
        },
    ]


def _kms(actions: Sequence[str] | str, resource: str = "*", **extra: object) -> dict[str, Any]:
    listed = list(actions) if not isinstance(actions, str) else actions
    return {"Effect": "Allow", "Action": listed, "Resource": resource, **extra}


def _roles(account: str) -> list[_Role]:
    use = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:DescribeKey")
    account_trust = {"AWS": f"arn:aws:iam::{account}:root"}
    return [
        _Role(INSTANCE_ROLE, _EC2_TRUST, workshop_statements(), INLINE_POLICY,
              description="Role of the KMS workshop's working instance"),
        _Role("KeyAdministrator", account_trust,
              [_kms(("kms:*", "iam:*", "tag:*", "cloudtrail:LookupEvents"))]),
        _Role("SecurityAuditor", account_trust, [_kms(("kms:ListKeys", "kms:ListAliases"))]),
        _Role("KMSWorkshop-MfaAdmin", account_trust, [_kms("kms:*")], mfa=True),
        _Role("orders-api", _EC2_TRUST, [_kms(use)]),
        _Role("billing-worker", _EC2_TRUST, [_kms(use)]),
        _Role("data-lake-etl", {"Service": "glue.amazonaws.com"}, [_kms(use)]),
        _Role("payments-lambda", _LAMBDA_TRUST, [_kms(("kms:Decrypt", "kms:Sign"))],
              path="/service-role/"),
        _Role("token-signer", _LAMBDA_TRUST, [_kms(("kms:Sign", "kms:GetPublicKey"))]),
        _Role("payroll-service", _EC2_TRUST, [_kms(use)], path="/hr/"),
        _Role("github-actions-deploy",
              {"Federated": f"arn:aws:iam::{account}:oidc-provider/{_GITHUB}"},
              [_kms(("kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:TagResource"))]),
        _Role("backup-operator", {"Service": "backup.amazonaws.com"},
              [_kms(("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey"))]),
        _Role("sandbox-developer", account_trust, [_kms("kms:*")]),
        _Role("OrganizationAccountAccessRole", {"AWS": f"arn:aws:iam::{PARTNER}:root"}, []),
        _Role("AWSServiceRoleForAutoScaling", {"Service": "autoscaling.amazonaws.com"},
              path="/aws-service-role/autoscaling.amazonaws.com/"),
        _Role("AWSServiceRoleForRDS", {"Service": "rds.amazonaws.com"},
              path="/aws-service-role/rds.amazonaws.com/"),
    ]  # fmt: skip


USERS = ("userA", "alice.ops", "bob.dev", "breakglass")

_PLAYED = {
    "instance": (INSTANCE_ROLE, INSTANCE_ID),
    "admin": ("KeyAdministrator", "alice.ops"),
    "auditor": ("SecurityAuditor", "carol.audit"),
    "ci": ("github-actions-deploy", "run-48213"),
}


def build_people(
    account: str, callers: CallerRegistry, held: Mapping[str, Credentials]
) -> dict[str, Credentials]:
    """Everybody, made anew; those in ``held`` keep their credentials.

    Returns the credentials of ``instance``, ``admin``, ``auditor``, ``ci``, ``user``,
    ``breakglass``, ``root`` and ``partner``.
    """
    backend = iam_backends[account]["aws"]
    for role in _roles(account):
        _make_role(backend, account, role)
    _make_users(backend, account)
    _make_managed(backend, account)
    profile = backend.create_instance_profile(INSTANCE_ROLE, "/", [], [])
    profile.roles.append(backend.get_role(INSTANCE_ROLE))
    _make_partner()
    credentials = {}
    for who, caller in _callers(account, backend).items():
        credentials[who] = held.get(who) or new_credentials(long_term=caller.kind != "AssumedRole")
        callers.register(credentials[who].access_key_id, caller)
    return credentials


def _callers(account: str, backend: Any) -> dict[str, Caller]:
    callers = {}
    for who, (role_name, session) in _PLAYED.items():
        role = backend.get_role(role_name)
        callers[who] = session_caller(account, role.arn, role.id, session)
    partner_role = iam_backends[PARTNER]["aws"].get_role("partner-analytics")
    callers["partner"] = session_caller(PARTNER, partner_role.arn, partner_role.id, "etl-17")
    for who, name in (("user", "userA"), ("breakglass", "breakglass")):
        user = backend.users[name]
        callers[who] = Caller(user.arn, user.arn, account, user.id, "User")
    root = f"arn:aws:iam::{account}:root"
    callers["root"] = Caller(root, root, account, account, "Account")
    return callers


def new_credentials(*, long_term: bool) -> Credentials:
    """Credentials that nobody has yet; those of a role end with a token."""
    letters = string.ascii_uppercase + "234567"
    tail = "".join(secrets.choice(letters) for _ in range(16))
    return Credentials(
        access_key_id=("AKIA" if long_term else "ASIA") + tail,
        secret_access_key=secrets.token_urlsafe(30),
        session_token="" if long_term else secrets.token_urlsafe(120),
    )


def _document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2)


def _make_role(backend: Any, account: str, role: _Role) -> None:
    trust: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": role.trust,
        "Action": "sts:AssumeRoleWithWebIdentity"
        if "Federated" in role.trust
        else "sts:AssumeRole",
    }
    if role.mfa:
        trust["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    made = backend.create_role(
        role.name, _document(trust), role.path, None, role.description, [], "3600"
    )
    made.create_date = utcnow() - timedelta(days=_ROLE_AGE_DAYS)
    if role.statements:
        made.put_policy(role.policy_name, _document(*role.statements))


def _make_users(backend: Any, account: str) -> None:
    for name in USERS:
        backend.create_user("us-east-1", name, "/", [])
    user = backend.users["userA"]
    user.put_policy(
        "kms-and-roles",
        _document(
            _kms(
                ("kms:List*", "kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy",
                 "kms:DeleteAlias", "kms:ScheduleKeyDeletion", "kms:DeleteImportedKeyMaterial")
            ),
            _kms("sts:AssumeRole", f"arn:aws:iam::{account}:role/*"),
        ),
    )  # fmt: skip
    backend.enable_mfa_device("userA", mfa_serial(account), MFA_CODE, MFA_CODE)
    backend.users["breakglass"].put_policy("everything", _document(_kms("*")))
    group = backend.create_group("kms-readers", "/")
    group.put_policy("read", _document(_kms(("kms:List*", "kms:Describe*", "kms:Get*"))))
    for name in ("alice.ops", "bob.dev"):
        backend.add_user_to_group("kms-readers", name)


def _make_managed(backend: Any, account: str) -> None:
    """Customer managed policies: one attached, one a permissions boundary."""
    reading = ("kms:Describe*", "kms:Get*", "kms:List*")
    attached = backend.create_policy("", "/", _document(_kms(reading)), "kms-read", [])
    backend.attach_role_policy(attached.arn, "billing-worker")
    allowed = _kms((*reading, "kms:Encrypt", "kms:GenerateDataKey*"))
    boundary = backend.create_policy("", "/boundaries/", _document(allowed), "no-decrypt", [])
    backend.put_role_permissions_boundary("sandbox-developer", boundary.arn)


def _make_partner() -> None:
    backend = iam_backends[PARTNER]["aws"]
    role = backend.create_role(
        "partner-analytics",
        _document({"Effect": "Allow", "Principal": _EC2_TRUST, "Action": "sts:AssumeRole"}),
        "/", None, "", [], "3600",
    )  # fmt: skip
    role.put_policy(
        "use-shared-keys",
        _document(
            _kms(("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:GetKeyPolicy"))
        ),
    )
