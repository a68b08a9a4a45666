"""`kmstui keys` on the world of the fake gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from kmstui.model import Key, KeyMetadata, LastUsage
from kmstui.scripting import LiveSource
from kmstui.service.errors import AccessDeniedError, IncompleteListError
from kmstui.service.ports import Target, Urgency
from tests.fakes import IMPORTED, NOW, FakeConnector, FakeGateway
from tests.scripting.bench import Outcome, command


def keys(*arguments: str, gateway: FakeGateway | None = None, terminal: bool = False) -> Outcome:
    source = LiveSource(lambda: FakeConnector(gateway or FakeGateway()), Target())
    return command("keys", *arguments, source=source, terminal=terminal)


def test_the_filter_is_that_of_the_screens_and_json_has_every_column() -> None:
    done = keys("alias:imported", "state:enabled", "--format", "json")
    assert (done.code, done.err) == (0, "")
    (row,) = done.rows
    assert (row["id"], row["alias"], row["state"]) == (IMPORTED, "alias/ImportedCMK", "Enabled")
    assert row["arn"].endswith(row["id"])


def test_that_no_key_matches_is_said_and_has_an_exit_code() -> None:
    done = keys("nothing-like-it", "--format", "json")
    assert (done.code, done.rows, done.err) == (1, [], "kmstui keys: No key matches.\n")


def test_rows_are_sorted_by_the_columns_named_and_what_has_no_value_comes_last() -> None:
    rows = keys("--sort=-alias,id", "--format", "json", "--aws").rows
    names = [row["alias"] for row in rows]
    known = [name for name in names if name]
    assert known == sorted(known, key=str.casefold, reverse=True)
    assert names[len(known) :] == [None] * (len(names) - len(known))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--columns", "id,nonsense"),
            "--columns: there is no column 'nonsense'; there are alias,",
        ),
        (("--sort", "nonsense"), "--sort: there is no column 'nonsense'"),
        (("/(/",), "The regular expression /(/ is not valid"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    arguments: tuple[str, ...], said: str
) -> None:
    gateway = FakeGateway()
    done = keys(*arguments, gateway=gateway)
    assert done.code == 2
    assert said in done.err
    assert not gateway.calls


class _Refusing(FakeGateway):
    """One key may not be described, and the list is not whole."""

    async def describe(
        self, key_id: str, urgency: Urgency = Urgency.ASKED
    ) -> tuple[Key, KeyMetadata]:
        if key_id == IMPORTED:
            raise AccessDeniedError("not this one")
        return await super().describe(key_id, urgency)

    async def key_pages(self) -> AsyncIterator[Sequence[Key]]:
        async for page in super().key_pages():
            yield page
        raise IncompleteListError("an item cannot be read")


def test_what_could_not_be_read_is_said_and_the_rest_is_listed() -> None:
    done = keys("--format", "json", gateway=_Refusing())
    assert done.code == 2
    (row,) = (row for row in done.rows if row["id"] == IMPORTED)
    assert (row["state"], "not this one" in row["problem"]) == (None, True)
    assert len(done.rows) > 1
    assert "an item cannot be read" in done.err
    assert "(alias/ImportedCMK): " in done.err


def test_on_a_terminal_it_tells_how_far_it_is_and_wipes_that_out() -> None:
    done = keys(terminal=True)
    assert "keys read" in done.err
    assert done.err.endswith("\r\x1b[K")


def test_a_filter_that_costs_a_call_a_key_is_read_for_it() -> None:
    gateway = FakeGateway()
    since = NOW - timedelta(days=9000)
    for key_id in gateway.world.metadata:
        gateway.world.usages[key_id] = LastUsage(None, tracking_since=since)
    gateway.world.usages[IMPORTED] = LastUsage(datetime.now(UTC), "Decrypt", since)
    done = keys("used:7d", "--columns", "id,last_use,cost", "--format", "json", gateway=gateway)
    (row,) = done.rows
    assert (done.code, row["id"], row["cost"]) == (0, IMPORTED, 1.0)
    asked = {key for name, key in gateway.calls if name == "kms:ListKeyRotations"}
    assert asked == {IMPORTED}, "what is shown is read of the keys found alone"
    gateway.closed = False
    unused = keys("no:use", "--columns", "id,last_use", gateway=gateway)
    assert f"none since {since:%Y-%m-%d}" in unused.out


def test_a_key_of_which_nobody_can_say_whether_it_matches_is_told_and_ends_with_2() -> None:
    gateway = FakeGateway()
    gateway.fail("kms:GetKeyLastUsage", AccessDeniedError("not for you", "Ask."), IMPORTED)
    done = keys("used:7d", gateway=gateway)
    assert done.code == 2
    assert f"{IMPORTED} (alias/ImportedCMK) may match or not: " in done.err
    assert "not for you" in done.err


def test_json_has_no_column_that_costs_a_call_a_key_unless_it_is_named() -> None:
    gateway = FakeGateway()
    (row,) = keys("alias:imported", "--format", "json", gateway=gateway).rows
    assert "expires" in row
    assert "last_use" not in row
    assert not {name for name, _ in gateway.calls} & {"kms:GetKeyLastUsage", "kms:ListGrants"}
