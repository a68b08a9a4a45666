"""Two versions of a policy compared, in access and in text."""

from __future__ import annotations

from kmstui.policy.access_diff import access_diff
from kmstui.service.edit_targets import access_lines
from kmstui.ui.edit.diff_rows import diff_rows
from kmstui.ui.edit.history_source import HistoryItem
from kmstui.ui.edit.review_rows import access_rows
from kmstui.ui.edit.rows import Block, Row


def comparison(
    old: HistoryItem | None, new: HistoryItem, key_arn: str, *, width: int
) -> tuple[Row, ...]:
    """What changed from one version to the other; pure, and slow enough for a thread.

    Without an old one, the text itself. Access is told for key policies, not for a role's.
    """
    if old is None:
        head: Row = Block(f"{moment(new)}  {new.what}", "title")
        return (head, *diff_rows("", new.text, width=width))
    rows: list[Row] = [
        Block(f"{moment(old)}  {old.what}", "dim", "from "),
        Block(f"{moment(new)}  {new.what}", "dim", "to   "),
    ]
    if key_arn:
        rows += [Block("Who gains and who loses", "title")]
        rows += access_rows(access_lines(access_diff(old.text, new.text, key_arn)))
    rows += [Block("The text", "title"), *diff_rows(old.text, new.text, width=width)]
    return tuple(rows)


def moment(item: HistoryItem) -> str:
    """When, in UTC."""
    return f"{item.time:%Y-%m-%d %H:%M:%S} UTC"
