"""`kmstui keys` on the world of the fake gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from kmstui.model import Key, KeyMetadata
from kmstui.scripting import LiveSource
from kmstui.service.errors import AccessDeniedError, IncompleteListError
from kmstui.service.ports import Target, Urgency
from tests.fakes import IMPORTED, FakeConnector, FakeGateway
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
