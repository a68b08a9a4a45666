"""Two versions of a policy compared, in access and in text."""

from __future__ import annotations

from collections.abc import Iterator

from kmstui.service.editing.history import CompareAccess
from kmstui.service.editing.location import ABSENT
from kmstui.service.editing.review import why_no_json
from kmstui.ui.editing.diff_rows import diff_rows
from kmstui.ui.editing.history_source import HistoryItem
from kmstui.ui.editing.review_rows import access_rows
from kmstui.ui.widgets.prose_rows import Block, Row


def comparison(
    old: HistoryItem | None, new: HistoryItem, compare_access: CompareAccess, *, width: int
) -> tuple[Row, ...]:
    """What changed from one version to the other; pure, and slow enough for a thread.

    Without an old one, the text itself.
    """
    if old is None:
        return (
            Block(f"{moment(new)}  {new.what}", "title"),
            Block(_who(new), "dim", "by "),
            *diff_rows("", new.text, width=width),
        )
    # Where the same one did both it is said once: an ARN takes lines of a small terminal.
    other = () if old.who == new.who else (Block(_who(old), "dim", "by   "),)
    return (
        Block(f"{moment(old)}  {old.what}", "dim", "from "),
        *other,
        Block(f"{moment(new)}  {new.what}", "dim", "to   "),
        Block(_who(new), "dim", "by   "),
        *_access(old.text, new.text, compare_access),
        Block("The text", "title"),
        *diff_rows(old.text, new.text, width=width),
    )


def moment(item: HistoryItem) -> str:
    """When, in UTC."""
    return f"{item.time:%Y-%m-%d %H:%M:%S} UTC"


def _who(item: HistoryItem) -> str:
    return item.who or "somebody who is not known"


def _access(old: str, new: str, compare_access: CompareAccess) -> Iterator[Row]:
    found = compare_access(old, new)
    yield Block(found.title, "title")
    for name, text in (("older", old), ("newer", new)):
        reason = why_no_json(text) if text != ABSENT else ""
        if reason:
            yield Block(
                f"The {name} text is no JSON ({reason}); of it only the part counts that could be"
                " read.",
                "warn",
                "   ",
            )
    yield from access_rows(found.lines)
    if found.rests_on:
        yield Block(found.rests_on, "dim", "   ")
