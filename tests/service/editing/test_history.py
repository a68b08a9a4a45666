"""The versions of a policy: listed, compared, restored, exported."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kmstui.model import KeyEvent
from kmstui.service.editing.history import cloudtrail_items, export, journal_items
from kmstui.service.errors import InvalidInputError
from tests.fakes import IMPORTED, MemoryJournal, arn_of
from tests.service.editing.conftest import HERE, MINE, OLD, Service, Time

WHEN = datetime(2026, 11, 24, tzinfo=UTC)


async def test_versions_say_whether_they_changed_anything(journal: MemoryJournal) -> None:
    for text, kind in (
        (OLD, "fetched"),
        (MINE, "sent"),
        (MINE, "stored"),
        (MINE.replace("\n", ""), "fetched"),
    ):
        await journal.keep_version(HERE, IMPORTED, text, kind)
    entries = await journal_items(journal, HERE, IMPORTED)
    assert [(each.kind, each.differs) for each in entries] == [
        ("fetched", False),
        ("stored", True),
        ("sent", True),
        ("fetched", True),
    ]
    assert entries[0].what == "read again, the same"
    assert entries[3].what == "read from the service"


async def test_a_role_s_policy_that_iam_spells_differently_has_not_changed(
    journal: MemoryJournal,
) -> None:
    statement = {"Effect": "Allow", "Action": ["kms:Decrypt", "s3:Get*"], "Resource": "*"}
    spelled = {"Resource": ["*"], "Action": ["s3:get*", "kms:decrypt"], "Effect": "Allow"}
    for each in (statement, spelled, {**statement, "Action": "kms:Decrypt"}):
        text = json.dumps({"Version": "2012-10-17", "Statement": each})
        await journal.keep_version(HERE, "role/app/access", text, "fetched")
    entries = await journal_items(journal, HERE, "role/app/access")
    assert [each.differs for each in entries] == [True, False, True]


async def test_a_draft_stands_where_it_was_typed_beside_what_was_stored_then(
    journal: MemoryJournal, time: Time
) -> None:
    await journal.keep_version(HERE, IMPORTED, OLD, "fetched")
    time.now += timedelta(seconds=1)
    await journal.save_draft(HERE, IMPORTED, MINE, base=OLD)
    time.now += timedelta(seconds=1)
    await journal.keep_version(HERE, IMPORTED, MINE, "stored")
    await journal.close_draft(HERE, IMPORTED)
    entries = await journal_items(journal, HERE, IMPORTED)
    assert [(each.kind, each.differs) for each in entries] == [
        ("stored", True),
        ("draft", True),
        ("fetched", True),
    ]


def test_an_exported_version_is_private_and_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    export(MINE, path)
    assert path.read_text() == MINE + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(InvalidInputError, match="exists and is not written over"):
        export(OLD, path)
    assert path.read_text() == MINE + "\n"
    with pytest.raises(InvalidInputError, match="cannot be written"):
        export(OLD, tmp_path / "missing" / "policy.json")
    with pytest.raises(InvalidInputError, match="cannot be written"):
        export(OLD, path / "below")


def test_any_text_can_be_exported(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    export("\ud800\0\r\n", path)
    assert path.read_bytes() == "\ud800\0\r\n".encode("utf-8", "surrogatepass")


async def test_policies_that_others_put_come_from_cloudtrail(service: Service) -> None:
    arn = arn_of(IMPORTED)
    service.world.events[arn] = (
        *(KeyEvent(f"{n}", WHEN, "Decrypt", "someone") for n in range(60)),
        KeyEvent("a", WHEN, "PutKeyPolicy", "someone", policy=MINE),
        KeyEvent("b", WHEN, "PutKeyPolicy", "other", policy=OLD, error_code="AccessDenied"),
        KeyEvent("c", WHEN, "PutKeyPolicy", "hidden"),
    )
    found = [(v.who, v.text, v.what) async for v in cloudtrail_items(service, arn)]
    assert found == [
        ("someone", MINE, "put, says CloudTrail"),
        ("other", OLD, "put, says CloudTrail, refused: AccessDenied"),
    ]
    assert [v async for v in cloudtrail_items(service, arn, pages=1)] == []
