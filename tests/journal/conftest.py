"""A journal in a directory of its own, and a clock that a test moves."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kmstui.journal import SqliteJournal
from kmstui.service.ports import ChangeRecord, Scope

HERE = Scope("111111111111", "eu-central-1")
ELSEWHERE = Scope("111111111111", "us-east-1")


def noise(seed: int, size: int) -> str:
    """Text that cannot be packed: what is written of it takes its whole size."""
    return "".join(random.Random(seed).choices(ALPHABET, k=size))


ALPHABET = [chr(number) for number in range(0x4E00, 0x4E00 + 4096)]


class FakeClock:
    """Goes one second further at each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def change(subject: str = "key-1", batch: str = "", **fields: object) -> ChangeRecord:
    values: dict[str, object] = {
        "id": 0,
        "time": datetime(2026, 11, 24, tzinfo=UTC),
        "scope": HERE,
        "caller": "arn:aws:iam::111111111111:user/a",
        "batch": batch,
        "operation": "kms:TagResource",
        "subject": subject,
        "before": "{}",
        "after": '{"project": "kmsworkshop"}',
        "outcome": "pending",
    }
    return ChangeRecord(**(values | fields))  # type: ignore[arg-type]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "kmstui"


@pytest.fixture
def journal(directory: Path) -> Iterator[SqliteJournal]:
    opened = SqliteJournal(directory, FakeClock())
    yield opened
    opened.close()
