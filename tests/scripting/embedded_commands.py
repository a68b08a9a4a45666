"""Commands as a shell runs them, in this process, against the embedded KMS."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from kmstui.cli import run
from tests.control import ControlledKms
from tests.embedded import client
from tests.scripting.bench import Outcome

Kmstui = Callable[..., Outcome]


@pytest.fixture
def kmstui(
    aws_environment: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Kmstui:
    """Runs a command; settings and journal are the test's own."""
    settings = tmp_path / "config.toml"
    settings.touch()
    monkeypatch.setenv("KMSTUI_CONFIG", str(settings))
    monkeypatch.setenv("KMSTUI_STATE_DIRECTORY", str(tmp_path / "state"))

    def begin(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        told = capsys.readouterr()
        return Outcome(code, told.out, told.err)

    return begin


def stored_policy(embedded: ControlledKms, alias: str) -> dict[str, Any]:
    """What boto3 reads of a key's policy."""
    kms = client(embedded, "kms", "admin")
    key_id = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
    policy: dict[str, Any] = json.loads(kms.get_key_policy(KeyId=key_id)["Policy"])
    return policy


def put_by_boto3(embedded: ControlledKms, alias: str, policy: Mapping[str, Any]) -> None:
    """Somebody else changes a policy."""
    kms = client(embedded, "kms")
    key_id = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
    kms.put_key_policy(KeyId=key_id, Policy=json.dumps(policy))
