"""Key policies that tools write and teams run: each finding on them must be right and useful.

Written after what the AWS CDK, terraform-aws-modules/kms and the user guides named produce.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmstui.model.arn import Arn
from kmstui.policy.lint.core import KeyContext
from kmstui.policy.lint.linter import lint
from tests.policy.documented import ACCOUNT, KEY_ARN, allow, deny, role, root, service

REGION = "us-west-2"
ORGANIZATION = "o-a1b2c3d4e5"
USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
ACCOUNT_ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
EVERYBODY = {"AWS": "*"}
OWN = {"kms:CallerAccount": ACCOUNT}
SOURCE = {"aws:SourceAccount": ACCOUNT}


def via(name: str) -> dict[str, str]:
    return {"kms:ViaService": f"{name}.{REGION}.amazonaws.com"}


def equals(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"StringEquals": {key: value for each in conditions for key, value in each.items()}}


def of_service(name: str, actions: object, *conditions: dict[str, Any]) -> dict[str, Any]:
    return allow(name, service(name), actions, Condition=equals(SOURCE, *conditions))


WELL_KNOWN: dict[str, tuple[dict[str, Any], ...]] = {
    "CDK: a bucket's key in the bootstrap stack": (
        allow("Files", EVERYBODY, USE, Condition=equals(OWN, via("s3"))),
        allow("Publishing", role("cdk-hnb659fds-file-publishing-role-111122223333-us-west-2"), USE),
    ),
    "CDK: a queue subscribed to a topic": (
        allow(
            "Topic",
            service("sns"),
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            Condition={"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"}},
        ),
    ),
    "Terraform: administrators, users, Auto Scaling": (
        allow("KeyAdministration", role("admin"), ["kms:Put*", "kms:ReplicateKey", "kms:Get*"]),
        allow("KeyUsage", role("current"), USE),
        allow(
            "KeyServiceRolesASG",
            role("aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
            USE,
        ),
        allow(
            "KeyServiceRolesASGPersistentVol",
            role("aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
            ["kms:CreateGrant"],
            Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ),
    "EBS for everybody of the account": (
        allow("EBS", EVERYBODY, [*USE, "kms:CreateGrant"], Condition=equals(OWN, via("ec2"))),
    ),
    "AWS Config": (of_service("config", ["kms:Decrypt", "kms:GenerateDataKey"]),),
    "GuardDuty exports findings": (
        of_service(
            "guardduty",
            "kms:GenerateDataKey",
            {"aws:SourceArn": f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/12abc34d567e8fa9"},
        ),
    ),
    "log delivery": (
        allow(
            "Delivery",
            service("delivery.logs"),
            USE,
            Condition={
                **equals(SOURCE),
                "ArnLike": {"aws:SourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:delivery-source:*"},
            },
        ),
    ),
    "SES receives mail": (
        allow(
            "Mail",
            service("ses"),
            ["kms:Encrypt", "kms:GenerateDataKey*"],
            Condition={
                "Null": {"kms:EncryptionContext:aws:ses:rule-name": "false"},
                **equals({"kms:EncryptionContext:aws:ses:source-account": ACCOUNT}),
            },
        ),
    ),
    "CloudFront reads a bucket": (
        allow(
            "Origin",
            service("cloudfront"),
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            Condition=equals(
                {"aws:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/EDFDVBD6EXAMPLE"}
            ),
        ),
    ),
    "EventBridge bus": (
        of_service(
            "events",
            ["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"],
            {
                "kms:EncryptionContext:aws:events:event-bus:arn": (
                    f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders"
                )
            },
        ),
    ),
    "Secrets Manager by its encryption context": (
        allow(
            "Secret",
            role("app"),
            "kms:Decrypt",
            Condition=equals(
                {
                    "kms:EncryptionContext:SecretARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}"
                    ":secret:app-123456"
                }
            ),
        ),
    ),
    "an organization's unit": (
        allow(
            "Unit",
            EVERYBODY,
            ["kms:Decrypt", "kms:DescribeKey"],
            Condition={
                "ForAnyValue:StringLike": {
                    "aws:PrincipalOrgPaths": f"{ORGANIZATION}/r-ab12/ou-ab12-11111111/*"
                }
            },
        ),
    ),
    "data perimeter: whose identities": (
        deny(
            "Identities",
            EVERYBODY,
            "kms:*",
            Condition={
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        ),
    ),
    "data perimeter: for whom services ask": (
        deny(
            "Deputies",
            EVERYBODY,
            "kms:*",
            Condition={
                "StringNotEqualsIfExists": {"aws:SourceOrgID": ORGANIZATION},
                "Null": {"aws:SourceAccount": "false"},
                "Bool": {"aws:PrincipalIsAWSService": "true"},
            },
        ),
    ),
    "guard rails": (
        deny("TLS", EVERYBODY, "kms:*", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        deny(
            "Region", EVERYBODY, "kms:*",
            Condition={"StringNotEquals": {"aws:RequestedRegion": REGION}},
        ),
        deny(
            "Window", EVERYBODY, "kms:ScheduleKeyDeletion",
            Condition={"NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}},
        ),
        deny(
            "Grants", EVERYBODY, "kms:CreateGrant",
            Condition={"Bool": {"kms:GrantIsForAWSResource": "false"}},
        ),
        deny(
            "Deletion", EVERYBODY, ["kms:ScheduleKeyDeletion", "kms:DisableKey"],
            Condition={
                "ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/break-glass"}
            },
        ),
    ),
}  # fmt: skip

DESERVED: dict[str, tuple[tuple[dict[str, Any], ...], set[tuple[str, str]]]] = {
    "CDK: a secret": (
        (
            allow("Secret", ACCOUNT_ROOT, USE, Condition=equals(via("secretsmanager"))),
            allow(
                "Grant", ACCOUNT_ROOT, "kms:CreateGrant", Condition=equals(via("secretsmanager"))
            ),
        ),
        {("info", "KMS520")},
    ),
    "EventBridge for a bus or for a topic": (
        (of_service("events", ["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"]),),
        {("info", "KMS408")},
    ),
    "log delivery of old": (
        (allow("Delivery", service("delivery.logs"), USE),),
        {("warning", "KMS513")},
    ),
    "tags of the key, by which no key policy decides": (
        (
            allow(
                "Team",
                ACCOUNT_ROOT,
                "kms:Decrypt",
                Condition=equals({"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}),
            ),
        ),
        {("error", "KMS414")},
    ),
}


def _found(statements: tuple[dict[str, Any], ...], key: KeyContext) -> set[tuple[str, str]]:
    text = json.dumps({"Version": "2012-10-17", "Statement": [root(), *statements]}, indent=2)
    return {(each.severity.name.lower(), each.rule) for each in lint(text, key)}


@pytest.mark.parametrize("name", WELL_KNOWN)
@pytest.mark.parametrize("arn", [None, Arn.parse(KEY_ARN)], ids=["no key", "key known"])
def test_nothing_is_said_about_what_is_right(name: str, arn: Arn | None) -> None:
    assert _found(WELL_KNOWN[name], KeyContext(arn=arn)) == set()


@pytest.mark.parametrize("name", DESERVED)
def test_no_more_is_said_than_is_deserved(name: str) -> None:
    statements, deserved = DESERVED[name]
    assert _found(statements, KeyContext(arn=Arn.parse(KEY_ARN))) == deserved
