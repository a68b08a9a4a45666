"""The one writer of rows: a table for people, JSON, CSV and Markdown for what reads them.

Text is shown as data: in a table, in Markdown and on a terminal every character that does not
print is written as its code. JSON is ASCII, and CSV in a file or a pipe holds the text itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from kmstui.model import visible

if TYPE_CHECKING:
    from kmstui.scripting.parser import Parser

FORMATS = ("table", "json", "csv", "md")

Row = Mapping[str, Any]
"""Values by the ids of the columns: text, numbers, truth, moments, lists and mappings of such."""


class Column(NamedTuple):
    """One column."""

    id: str
    """What JSON and CSV call it, and `--columns`."""
    title: str


def add_format_option(parser: Parser) -> None:
    """Add `--format`."""
    parser.add_argument(
        "--format", choices=FORMATS, default="table", help="default: table, for people"
    )


def write_rows(rows: Iterable[Row], columns: Sequence[Column], form: str, out: TextIO) -> None:
    """Write rows, each with a value for every column, in one of `FORMATS`."""
    writers = {"json": _write_json, "csv": _write_csv, "md": _write_markdown}
    writers.get(form, _write_table)(rows, columns, out)


def words(value: Any) -> str:
    """A value in words: nothing for None, dates in UTC, `name=value` of mappings."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case Mapping():
            # A tag may have no value.
            pairs = ((name, words(each)) for name, each in value.items())
            return " ".join(f"{name}={each}" if each else name for name, each in pairs)
        case list() | tuple():
            between = "; " if any(isinstance(each, Mapping) for each in value) else " "
            return between.join(map(words, value))
        case _:
            return str(value)


def sort_text(value: Any) -> str:
    """What a value is sorted by: moments in the order of time, words whatever their case."""
    return value.isoformat() if isinstance(value, datetime) else words(value).casefold()


def width_of(text: str) -> int:
    """How many cells of a terminal printable text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _write_table(rows: Iterable[Row], columns: Sequence[Column], out: TextIO) -> None:
    lines = [[column.title for column in columns]]
    lines += [[visible(words(row[column.id])) or "-" for column in columns] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = [
            cell + " " * (width - width_of(cell)) for cell, width in zip(line, widths, strict=True)
        ]
        out.write("  ".join(padded).rstrip() + "\n")


def _write_json(rows: Iterable[Row], columns: Sequence[Column], out: TextIO) -> None:
    write_json([{column.id: row[column.id] for column in columns} for row in rows], out)


def write_json(value: Any, out: TextIO) -> None:
    """A value as JSON, in ASCII: a terminal that shows it obeys nothing that stands in it."""
    json.dump(value, out, indent=2, default=_as_json)
    out.write("\n")


def _as_json(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _write_csv(rows: Iterable[Row], columns: Sequence[Column], out: TextIO) -> None:
    import csv

    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.id for column in columns])
    shown = visible if out.isatty() else str
    for row in rows:
        writer.writerow([shown(_of_csv(row[column.id])) for column in columns])


def _of_csv(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else words(value)


def _write_markdown(rows: Iterable[Row], columns: Sequence[Column], out: TextIO) -> None:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |\n"

    out.write(line(column.title for column in columns))
    out.write(line("---" for _ in columns))
    for row in rows:
        out.write(line(_of_markdown(words(row[column.id])) for column in columns))


def _of_markdown(text: str) -> str:
    """As it is, in a cell: what Markdown would take for a sign of its own is escaped."""
    shown = visible(text)
    return "".join(f"\\{each}" if each in "\\|`*_<>[]" else each for each in shown)
