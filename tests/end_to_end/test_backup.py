"""A backup restored into an empty account: the AWS CLI finds the same account there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kmstui.demo import EmbeddedOptions
from tests.aws_cli import AwsCli
from tests.control import ControlledKms

REGION = "eu-north-1"
"""Where nobody has a key yet."""
OLD, NEW = "530184227963", "648201735590"
Environment = Callable[[str], dict[str, str]]


@pytest.fixture(scope="module")
def accounts() -> Iterator[ControlledKms]:
    with ControlledKms.start(EmbeddedOptions(elsewhere=True)) as server:
        yield server


@pytest.fixture
def environment(accounts: ControlledKms, bare_environment: Mapping[str, str]) -> Environment:
    def of(who: str) -> dict[str, str]:
        held = accounts.environment_for(who)
        return {**bare_environment, **held, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    return of


@pytest.fixture
def kmstui(environment: Environment):
    def run(who: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kmstui", *map(str, arguments)],
            env=environment(who),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return run


def policy(account: str, *more: dict[str, Any]) -> str:
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    own = {"Sid": "IAM", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [own, *more]})


def make_account(aws: AwsCli) -> None:
    """One key of each kind that a backup must tell apart."""
    administrator = f"arn:aws:iam::{OLD}:role/KeyAdministrator"
    through_s3 = {
        "Sid": f"Of {OLD}",
        "Effect": "Allow",
        "Principal": {"AWS": administrator},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": OLD,
                "kms:EncryptionContext:x": "${aws:username}%é",
            }
        },
    }

    def key(*more: str, aliases: tuple[str, ...] = (), text: str = "") -> str:
        made = aws("kms", "create-key", "--policy", text or policy(OLD), *more)
        key_id = str(made["KeyMetadata"]["KeyId"])
        for name in aliases:
            aws("kms", "create-alias", "--alias-name", name, "--target-key-id", key_id)
        return key_id

    tags = json.dumps([{"TagKey": "project", "TagValue": "x"}, {"TagKey": "empty", "TagValue": ""}])
    plain = key(
        "--description", "Orders – «été»", "--tags", tags,
        aliases=("alias/orders", "alias/orders-old"), text=policy(OLD, through_s3),
    )  # fmt: skip
    aws("kms", "enable-key-rotation", "--key-id", plain, "--rotation-period-in-days", "180")
    constraints = json.dumps({"EncryptionContextSubset": {"tenant": "1", "owner": OLD}})
    for more in (["--name", "one", "--constraints", constraints], []):
        aws(
            "kms", "create-grant", "--key-id", plain, "--grantee-principal", administrator,
            "--operations", "Encrypt", "Decrypt", "--retiring-principal", administrator, *more,
        )  # fmt: skip
    disabled = key(aliases=("alias/retired",))
    aws("kms", "enable-key-rotation", "--key-id", disabled)
    aws("kms", "disable-key", "--key-id", disabled)
    key("--key-spec", "RSA_2048", "--key-usage", "SIGN_VERIFY", aliases=("alias/signing",))
    key("--key-spec", "HMAC_256", "--key-usage", "GENERATE_VERIFY_MAC")
    key("--origin", "EXTERNAL", aliases=("alias/imported",))
    key("--multi-region", aliases=("alias/global",))
    # Its policy names itself and another one by ARN.
    own = f"arn:aws:kms:{REGION}:{OLD}:key/"
    itself = key(aliases=("alias/itself",))
    named = {**through_s3, "Sid": "Named", "Resource": f"{own}{itself}"}
    condition = {"StringLike": {"kms:EncryptionContext:key": f"{own}{plain}"}}
    text = policy(OLD, {**named, "Condition": condition})
    aws(
        "kms", "put-key-policy", "--key-id", itself, "--policy-name", "default", "--policy", text
    )  # fmt: skip


def account_of(aws: AwsCli, account: str) -> list[dict[str, Any]]:
    """All that the AWS CLI tells of the keys of an account, without what each key has of its own.

    Keys are called by their aliases, else by their kind.
    """
    listed = [each["KeyId"] for each in aws("kms", "list-keys")["Keys"]]
    aliases: dict[str, list[str]] = {}
    for each in aws("kms", "list-aliases")["Aliases"]:
        if "TargetKeyId" in each:
            aliases.setdefault(each["TargetKeyId"], []).append(each["AliasName"])
    names = {key_id: aliases.get(key_id, ["nameless"])[0] for key_id in listed}
    found = []
    for key_id in listed:
        at = ("--key-id", key_id)
        described = aws("kms", "describe-key", *at)["KeyMetadata"]
        kept = ("KeySpec", "KeyUsage", "Origin", "KeyState", "MultiRegion", "Description")
        rotation = {}
        if described["KeySpec"] == "SYMMETRIC_DEFAULT" and described["Origin"] == "AWS_KMS":
            rotation = aws("kms", "get-key-rotation-status", *at)
        grants = [
            {
                "who": [each["GranteePrincipal"], each["RetiringPrincipal"], each.get("Name")],
                "what": [sorted(each["Operations"]), each.get("Constraints")],
            }
            for each in aws("kms", "list-grants", *at)["Grants"]
        ]
        text = aws("kms", "get-key-policy", *at, "--policy-name", "default")["Policy"]
        whole = json.dumps(
            {
                **{name: described.get(name) for name in kept},
                "aliases": sorted(aliases.get(key_id, ())),
                "policy": json.loads(text),
                "tags": sorted(
                    (each["TagKey"], each["TagValue"])
                    for each in aws("kms", "list-resource-tags", *at)["Tags"]
                ),
                "grants": sorted(grants, key=json.dumps),
                "rotation": [
                    rotation.get("KeyRotationEnabled"),
                    rotation.get("RotationPeriodInDays"),
                ],
            }
        )
        for other, name in names.items():
            whole = whole.replace(other, name)
        found.append(json.loads(whole.replace(account, "ACCOUNT")))
    return sorted(found, key=json.dumps)


def files_in(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_backup_gives_the_same_account_in_an_empty_one_and_where_it_was_spoilt(
    kmstui, environment: Environment, tmp_path: Path
):
    folder = tmp_path / "keys"
    with AwsCli(environment("analytics")) as old, AwsCli(environment("sandbox")) as new:
        make_account(old)
        before = account_of(old, OLD)
        assert len(before) == 7
        assert new("kms", "list-keys")["Keys"] == []
        done = kmstui("analytics", "backup", folder)
        assert done.returncode == 0, done.stderr
        kept = files_in(folder)
        (folder / "README.md").write_text("mine")
        assert kmstui("analytics", "backup", folder).returncode == 0
        assert files_in(folder) == {**kept, "README.md": "mine"}
        assert {path.stat().st_mode & 0o077 for path in folder.rglob("*/*.json")} == {0}

        # What names the old account gives that account access, which needs a word of its own.
        refused = kmstui("sandbox", "restore", folder, "--yes")
        assert refused.returncode == 1
        assert "--allow-outside" in refused.stderr
        assert new("kms", "list-keys")["Keys"] == []
        mapped = ("restore", folder, "--map-account", f"{OLD}={NEW}")
        told = kmstui("sandbox", *mapped, "--dry-run")
        assert told.returncode == 3, told.stderr
        assert "7 of 7 keys would change, 7 of them be created." in told.stdout
        assert "decrypts nothing that was encrypted with that" in told.stdout
        assert new("kms", "list-keys")["Keys"] == []

        done = kmstui("sandbox", *mapped, "--yes", "--format", "json")
        assert done.returncode == 0, done.stderr
        assert {row["state"] for row in json.loads(done.stdout)} == {"created"}
        assert account_of(new, NEW) == before
        again = kmstui("sandbox", *mapped, "--dry-run")
        assert (again.returncode, again.stdout) == (
            0,
            "0 of 7 keys would change, 0 of them be created.\n",
        )

        # What somebody spoils in the old account is brought back there.
        orders = old("kms", "describe-key", "--key-id", "alias/orders")["KeyMetadata"]["KeyId"]
        signing = old("kms", "describe-key", "--key-id", "alias/signing")["KeyMetadata"]["KeyId"]
        at = ("--key-id", orders)
        old("kms", "put-key-policy", *at, "--policy-name", "default", "--policy", policy(OLD))
        old(
            "kms", "tag-resource", *at, "--tags", "TagKey=project,TagValue=y", "TagKey=z,TagValue=1"
        )
        old("kms", "update-key-description", *at, "--description", "spoilt")
        old("kms", "delete-alias", "--alias-name", "alias/orders-old")
        old("kms", "create-alias", "--alias-name", "alias/extra", "--target-key-id", orders)
        old("kms", "disable-key-rotation", *at)
        for grant in old("kms", "list-grants", *at)["Grants"]:
            old("kms", "revoke-grant", *at, "--grant-id", grant["GrantId"])
        old("kms", "schedule-key-deletion", "--key-id", signing)
        done = kmstui("analytics", "restore", folder, "--yes", "--prune", "--format", "json")
        assert done.returncode == 0, done.stderr
        states = {row["name"]: row["state"] for row in json.loads(done.stdout)}
        assert {name for name, state in states.items() if state != "same"} == {
            "alias/orders",
            "alias/signing",
        }
        assert account_of(old, OLD) == before
