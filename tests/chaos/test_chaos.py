"""A short round of chaos; `python -m tests.chaos` is the long one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kmstui.service.ports import ChangeRecord, Scope
from tests.chaos.people import Typed
from tests.chaos.referee import Kept, judge
from tests.chaos.rounds import play
from tests.control import ControlledKms
from tests.embedded import client, embedded, embedded_server

__all__ = ["embedded", "embedded_server"]

SEED = 20261201
SECONDS = 15.0
"""Of acting; to start, to settle and to judge take as long again."""


# Longer than all that it may wait for: what it waited for in vain is what the referee tells.
@pytest.mark.timeout(600)
def test_whatever_people_programs_and_networks_do_nothing_is_lost_and_nothing_said_untrue(
    tmp_path: Path,
) -> None:
    tally = play(SEED, SECONDS, tmp_path)
    assert tally.troubles == []
    assert tally.figures["policies read"]


@pytest.fixture
def put(embedded: ControlledKms) -> ChangeRecord:
    """A put of one key, carried out, as a journal would tell of it."""
    key_id = str(embedded.control.key("alias/orders/api").metadata["KeyId"])
    policy = embedded.control.key(key_id).policy
    began = datetime.now(UTC)
    client(embedded, "kms", "admin").put_key_policy(KeyId=key_id, Policy=policy)
    return ChangeRecord(
        1, began, Scope(embedded.account, embedded.region), "", "", "kms:PutKeyPolicy", key_id,
        "{}", json.dumps({"policy": policy}), "done", ended=datetime.now(UTC),
    )  # fmt: skip


@pytest.mark.parametrize(("outcome", "lies"), [("done", 0), ("unknown", 0), ("failed", 1)])
def test_the_referee_sees_what_is_said_untrue(
    embedded: ControlledKms, tmp_path: Path, put: ChangeRecord, outcome: str, lies: int
) -> None:
    told = replace(put, outcome=outcome)
    found = judge(embedded, [Kept(tmp_path, "", (told,))], [], ["orders/api"])
    assert len(found.troubles) == lies, found.troubles


def test_the_referee_sees_what_is_lost_changed_and_not_done(
    embedded: ControlledKms, tmp_path: Path, put: ChangeRecord
) -> None:
    other = json.loads(json.loads(put.after)["policy"])
    other["Id"] = "another"
    embedded.control.change_key("alias/orders/api", policy=json.dumps(other))
    never = replace(put, after=json.dumps({"policy": "{}"}))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "faults.log").write_text("Traceback", encoding="utf-8")
    kept = Kept(tmp_path, "only this", (never,))
    found = judge(embedded, [kept], [Typed("word", "orders/api", tmp_path)], ["orders/api"])
    assert [each.split()[0] for each in found.troubles[:2]] == ["word,", "the"]
    assert any("another policy than was put last" in each for each in found.troubles)
    assert any("Traceback" in each for each in found.troubles)
