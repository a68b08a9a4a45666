"""`kmstui findings`: what it says of an account's keys, and what of it is not known."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from botocore.exceptions import ClientError

from kmstui.model import LastUsage, Posture, Rotation
from kmstui.service.errors import AccessDeniedError
from kmstui.service.inventory import Store
from kmstui.service.ports import Target
from kmstui.service.session import Session
from tests.control import ControlledKms
from tests.embedded import aws_environment, client, embedded, embedded_server
from tests.fakes import NAMELESS, NOW, FakeConnector, FakeGateway, MemoryJournal
from tests.fakes.world import World
from tests.sarif_schema import SARIF_SCHEMA
from tests.scripting.bench import Outcome, command
from tests.scripting.embedded_commands import Kmstui, kmstui

__all__ = ["aws_environment", "embedded", "embedded_server", "kmstui"]


def findings(*arguments: str, gateway: FakeGateway, **around: Any) -> Outcome:
    @asynccontextmanager
    async def session() -> AsyncIterator[Session]:
        store = Store(asyncio.get_running_loop().call_later)
        made = Session(store, FakeConnector(gateway), MemoryJournal(), lambda: NOW)
        await made.attach(Target())
        yield made
        made.close()

    return command("findings", *arguments, session=session, **around)


def one_key() -> FakeGateway:
    """A key that is fine but for its rotation."""
    world = World()
    world.add(NAMELESS, "app")
    world.usages[NAMELESS] = LastUsage(NOW, "Decrypt", NOW)
    return FakeGateway(world)


def test_each_finding_is_a_row_with_the_controls_that_it_serves() -> None:
    done = findings("--format", "json", gateway=one_key())
    (row,) = done.rows
    assert (done.code, done.err) == (0, ""), "a warning is no error, and all is known"
    assert (row["rule"], row["id"], row["alias"]) == ("KEY01", NAMELESS, "alias/app")
    assert "PCI DSS v4.0.1 3.7.4" in row["controls"]


def test_severities_and_thresholds_are_a_persons_own_and_errors_have_an_exit_code() -> None:
    posture = Posture(required_tags=("owner",), severity=(("KEY01", "error"),))
    done = findings("--format", "csv", gateway=one_key(), posture=posture)
    assert done.code == 1
    assert [line.split(",")[:2] for line in done.out.splitlines()[1:]] == [
        ["error", "KEY01"], ["warning", "KEY08"],
    ]  # fmt: skip


def test_what_is_off_is_neither_told_nor_read() -> None:
    gateway = one_key()
    done = findings("--rule", "KEY07", gateway=gateway)
    assert (done.code, done.out.splitlines()[1:]) == (0, [])
    assert not gateway.count("kms:GetKeyRotationStatus")
    assert not gateway.count("kms:GetKeyLastUsage")
    gateway = one_key()
    findings("--severity", "warning", gateway=gateway)
    assert gateway.count("kms:GetKeyRotationStatus") == 1
    assert not gateway.count("kms:GetKeyLastUsage"), "no use seen is an info"
    off = {NAMELESS: ["KEY06"]}
    done = findings("--disable", "key01", gateway=one_key(), disabled_by_key=off)
    assert (done.code, len(done.out.splitlines())) == (0, 1)


@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        ("kms:GetKeyRotationStatus", "KEY01"),
        ("kms:GetKeyLastUsage", "KEY06"),
        ("kms:ListGrants", "KEY09"),
    ],
)
def test_what_may_not_be_read_is_told_and_is_no_zero(operation: str, rule: str) -> None:
    gateway = one_key()
    gateway.world.rotations[NAMELESS] = Rotation(enabled=True)
    gateway.fail(operation, AccessDeniedError("your role may not"))
    done = findings(gateway=gateway)
    assert done.code == 2
    assert f"{rule} is not known of 1 key. AccessDenied" in done.err


def test_that_kms_itself_does_not_know_is_told_and_fails_nothing() -> None:
    gateway = one_key()
    gateway.world.usages[NAMELESS] = LastUsage(None, "", NOW)
    done = findings("--rule", "KEY06", gateway=gateway)
    assert done.code == 0
    assert "KEY06 is not known of 1 key. KMS has seen no use of it since 2026-03-01" in done.err


def test_a_filter_says_which_keys() -> None:
    gateway = FakeGateway()
    rows = findings("alias:retired", "--format", "json", gateway=gateway).rows
    assert {row["alias"] for row in rows} <= {"alias/retired"}
    assert gateway.count("kms:GetKeyPolicy") == 1


def test_rules_explain_themselves() -> None:
    gateway = one_key()
    listed = findings("--list-rules", gateway=gateway).out
    assert "KEY01  warning  No automatic rotation" in listed
    told = findings("--explain", "key04", gateway=gateway).out
    assert "AWS Security Hub KMS.3" in told and "cancel the deletion" in told
    unknown = findings("--explain", "KEY99", gateway=gateway)
    assert unknown.code == 2 and "Those about keys are KEY01" in unknown.err


def test_the_demo_s_account_has_a_key_for_each_rule_and_boto3_says_the_same(
    kmstui: Kmstui, embedded: ControlledKms, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(
        "[posture]\nrequired_tags = ['owner']\nrotation_days = 180\ncustomer_keys = 'all'\n"
        "own_accounts = []\n"
    )
    done = kmstui("findings", "--format", "sarif")
    assert done.code == 1, "a public key is an error"
    sarif = json.loads(done.out)
    jsonschema.validate(sarif, SARIF_SCHEMA, cls=jsonschema.Draft7Validator)
    results = sarif["runs"][0]["results"]
    assert {each["ruleId"] for each in results} >= {f"KEY{n:02d}" for n in range(1, 11)}

    kms = client(embedded, "kms")
    wanted = set()
    for page in kms.get_paginator("list_keys").paginate():
        for each in page["Keys"]:
            try:
                told = kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]
            except ClientError:
                continue
            plain = (told["KeySpec"], told["Origin"], told["KeyState"], told["KeyManager"])
            replica = (
                told.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType") == "REPLICA"
            )
            if plain == ("SYMMETRIC_DEFAULT", "AWS_KMS", "Enabled", "CUSTOMER") and not replica:
                status = kms.get_key_rotation_status(KeyId=each["KeyId"])
                wanted |= set() if status["KeyRotationEnabled"] else {told["Arn"]}
    arns = {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in results
        if each["ruleId"] == "KEY01"
    }
    assert arns == wanted
    assert "What rules about keys would say is not known of 3 keys." in done.err
