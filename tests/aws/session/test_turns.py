"""Connections of one process share its interpreter, and so the turns to compute."""

from __future__ import annotations

from pathlib import Path

import pytest

from kmstui.aws.session.connector import AwsConnector
from kmstui.service.ports import Target


async def test_several_connections_compute_one_after_the_other(
    no_aws: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    monkeypatch.setattr("kmstui.aws.session.open._addresses", lambda _: ())
    connector = AwsConnector(lambda record: None, lambda serial: "")
    regions = ("eu-west-1", "us-east-1")
    turns = [
        (await connector.connect(Target(region=each)))._calls._clients.turns for each in regions
    ]
    assert turns[0] is turns[1]
