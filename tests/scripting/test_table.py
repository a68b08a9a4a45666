"""One writer for all rows: text is data in every format."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from kmstui.scripting.table import FORMATS, Column, Row, write_rows
from tests.scripting.bench import Terminal

COLUMNS = (Column("name", "NAME"), Column("tags", "TAGS"), Column("on", "ON"))
ODD = "a|b\n\x1b[2J\u202e"
ROWS: list[Row] = [
    {"name": "鍵", "tags": {"env": "prod", "empty": ""}, "on": True},
    {"name": ODD, "tags": None, "on": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)},
]


def written(form: str, stream: type[io.StringIO] = io.StringIO) -> str:
    out = stream()
    write_rows(ROWS, COLUMNS, form, out)
    return out.getvalue()


def test_a_table_is_aligned_by_the_cells_of_a_terminal() -> None:
    head, wide, odd = written("table").splitlines()
    assert head == "NAME                TAGS            ON"
    # Two cells for one character.
    assert wide == "鍵                  env=prod empty  yes"
    assert odd == "a|b\\n\\x1b[2J\\u202e  -               2026-01-02 03:04"


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_that_a_terminal_would_obey_is_shown_on_one(form: str) -> None:
    assert not {"\x1b", "\u202e"} & set(written(form, Terminal))


def test_json_and_csv_keep_the_text_itself() -> None:
    rows = json.loads(written("json"))
    assert [row["name"] for row in rows] == ["鍵", ODD]
    assert rows[0]["tags"] == {"env": "prod", "empty": ""}
    assert rows[1] == {"name": ODD, "tags": None, "on": "2026-01-02T03:04:00+00:00"}
    _, first, second = csv.reader(io.StringIO(written("csv")))
    assert first == ["鍵", "env=prod empty", "yes"]
    assert second == [ODD, "", "2026-01-02T03:04:00+00:00"]


def test_a_cell_of_markdown_stays_one_cell() -> None:
    *_, odd = written("md").splitlines()
    assert odd.startswith("| a\\|b\\\\n")
    assert odd.replace("\\|", "").count("|") == len(COLUMNS) + 1
