"""The safe edit over the real gateway, against the embedded KMS, with a real journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kmstui.aws.session.connector import AwsConnector
from kmstui.journal import SqliteJournal
from kmstui.service.changes.runner import ChangeScope
from kmstui.service.ports import Gateway, Scope, Target
from tests.embedded import aws_environment, embedded, embedded_server

__all__ = ["aws_environment", "embedded", "embedded_server"]


@pytest.fixture
async def gateway(aws_environment: Mapping[str, str]) -> AsyncIterator[Gateway]:
    opened = await AwsConnector(lambda _: None, lambda _: "").connect(Target())
    yield opened
    opened.close()


@pytest.fixture
async def scope(gateway: Gateway, tmp_path: Path) -> AsyncIterator[ChangeScope]:
    caller = await gateway.caller()
    journal = SqliteJournal(tmp_path / "state")
    scope = Scope(caller.account, gateway.info.region)
    yield ChangeScope(journal, scope, caller.arn, lambda: datetime.now(UTC))
    journal.close()
