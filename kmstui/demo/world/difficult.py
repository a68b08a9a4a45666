"""Keys that are hard for a program: limits, denials, dead principals, hostile text."""

from __future__ import annotations

from kmstui.demo.kms.policies import root_statement
from kmstui.demo.world.building import (
    ADMINISTER,
    USE,
    Builder,
    Statement,
    allow,
    policy,
)
from kmstui.demo.world.people import INSTANCE_ROLE, PARTNER

# A role that was deleted: IAM shows its unique ID in the policies that named it.
DELETED_ROLE = "AROAWC4ZJ7Q5T2VXK3PLM"

HOSTILE_DESCRIPTION = (
    "[bold red]URGENT[/] click [@click=app.quit]here[/] "
    "\x1b[31mred\x1b[0m \x1b]0;owned\x07 bell\x07 back\x08space "
    "\u202egnp.yek\u202c \u2066isolate\u2069 zero\u200bwidth line\u2028break tab\tnew\nline "
    "e\u0301 👩\u200d👩\u200d👧 表示幅 " + "a very long description that goes on and on " * 60
)


def add_difficult_keys(build: Builder) -> None:
    """Add them."""
    _add_limits(build)
    _add_denied(build)
    _add_dead_principals(build)
    _add_shared(build)
    build.key(
        "odd/markup",
        description=HOSTILE_DESCRIPTION,
        age_days=77,
        # Put by a service that checks less than TagResource does.
        tags={
            "note": "[blink]x[/blink] [link=https://example.com]y[/]",
            "direction": "\u202eltr\u202c",
            "control": "\x1b[2Jcleared\x07",
            "long value": "0123456789abcdef" * 16,
            "名前": "鍵管理 テスト",
            "empty": "",
        },
    )


def _add_limits(build: Builder) -> None:
    build.key(
        "limits/fifty-tags",
        description="Has as many tags as KMS allows",
        age_days=150,
        tags={f"label-{number:02d}": f"value {number}" for number in range(1, 51)},
    )
    build.key(
        "limits/long-policy",
        description="Tenants of the data lake, one statement each; near 32 KB",
        age_days=990,
        policy=_long_policy(build),
        tags={"project": "data-lake", "env": "prod"},
    )


def _long_policy(build: Builder) -> str:
    fixed = [
        root_statement(build.account),
        allow("Administrators", build.administrator, ADMINISTER),
    ]
    base = len(policy(*fixed))
    each = len(policy(*fixed, _tenant(build, 1001))) - base
    count = (32_400 - base) // each
    return policy(*fixed, *(_tenant(build, 1001 + number) for number in range(count)))


def _tenant(build: Builder, tenant: int) -> Statement:
    return allow(
        f"Tenant {tenant}",
        {"AWS": build.arn("role/data-lake-etl")},
        ["kms:Decrypt", "kms:GenerateDataKey"],
        {
            "StringEquals": {
                "kms:EncryptionContext:tenant": str(tenant),
                "kms:EncryptionContext:zone": "curated",
            }
        },
    )


def _add_denied(build: Builder) -> None:
    # No statement for the account: IAM policies count for nothing here.
    build.key(
        "hr/payroll",
        description="Payroll; only HR",
        age_days=1420,
        policy=policy(
            allow("Administrators", build.administrator, ADMINISTER),
            allow("Payroll service", {"AWS": build.arn("role/hr/payroll-service")}, USE),
        ),
        tags={"project": "hr", "env": "prod", "confidentiality": "high"},
    )
    build.key(
        "security/forensics",
        description="Sealed evidence",
        age_days=260,
        policy=build.with_root(
            allow(
                "Not from workshop instances",
                {"AWS": build.arn(f"role/{INSTANCE_ROLE}")},
                "kms:*",
                effect="Deny",
            ),
        ),
        tags={"project": "security", "env": "prod"},
    )
    # May be described, but not opened for editing.
    build.key(
        "security/read-only-here",
        description="Policy may be read from the instance but not put",
        age_days=120,
        policy=build.with_root(
            allow(
                "No policy changes from instances",
                {"AWS": build.arn(f"role/{INSTANCE_ROLE}")},
                ["kms:PutKeyPolicy", "kms:TagResource", "kms:UntagResource"],
                effect="Deny",
            ),
        ),
        tags={"project": "security", "env": "prod"},
    )


def _add_dead_principals(build: Builder) -> None:
    build.key(
        "legacy/reports",
        description="Its policy names a role that was deleted",
        age_days=1720,
        policy=build.with_root(
            allow(
                "Allow use of the key",
                {"AWS": [DELETED_ROLE, build.arn("role/orders-api")]},
                USE,
            )
        ),
        tags={"project": "reports", "env": "prod", "owner": "unknown"},
    )


def _add_shared_by_partner(build: Builder) -> None:
    """A key of the partner's account, which Resource Access Manager shares with this one."""
    away = Builder(build.stores, PARTNER, build.region, build.now)
    key = away.key(
        "shared/exchange",
        description="Files exchanged with customers",
        age_days=140,
        policy=away.with_root(
            allow(
                "Customers",
                {"AWS": build.arn("root")},
                ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GetKeyRotationStatus"],
            ),
        ),
    )
    key.shared_with = (build.account,)


def _add_shared(build: Builder) -> None:
    key = build.key(
        "partners/analytics",
        description="Shared with the analytics partner's account",
        age_days=370,
        policy=build.with_root(
            allow(
                "Partner may use",
                {"AWS": f"arn:aws:iam::{PARTNER}:root"},
                ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"],
            ),
        ),
        tags={"project": "partners", "env": "prod"},
    )
    key.shared_policy = policy(
        allow(
            "RAM share of the partner",
            {"AWS": f"arn:aws:iam::{PARTNER}:root"},
            ["kms:Decrypt", "kms:DescribeKey"],
        ),
        id_="AWS_RAM",
    )
    _add_shared_by_partner(build)
    build.key(
        "public/by-mistake",
        description="Anybody in AWS may use it",
        age_days=45,
        policy=build.with_root(
            allow("Everybody", {"AWS": "*"}, ["kms:Encrypt", "kms:DescribeKey"]),
        ),
        tags={"project": "sandbox", "env": "dev"},
    )
