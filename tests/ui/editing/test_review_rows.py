"""The review begins with its answer."""

from kmstui.service.editing.review import AccessLine, Weight
from kmstui.ui.editing.review_rows import access_rows
from kmstui.ui.widgets import Block


def test_who_loses_stands_before_who_gains_and_what_is_not_clear_comes_last():
    lines = [
        AccessLine(Weight.DOUBT, "everyone may gain Encrypt"),
        AccessLine(Weight.BAD, "role/ops gains Decrypt"),
        AccessLine(Weight.GOOD, "role/api loses Decrypt"),
    ]
    rows = [row for row in access_rows(lines) if isinstance(row, Block)]
    assert [row.text.split()[0] for row in rows] == ["role/api", "role/ops", "everyone"]
    assert [row.about for row in rows] == ["access 2", "access 1", "access 0"]
