"""The columns of a list of versions."""

from __future__ import annotations

from collections.abc import Sequence

from kmstui.ui.editing.history_source import HistoryItem
from kmstui.ui.widgets.columns import Column

_ROOMY = 120
"""Cells from which on there is room for a long WHAT beside whom it was."""
_LEAST, _NARROW, _WIDE = 12, 24, 60


def columns_for(items: Sequence[HistoryItem], width: int) -> tuple[Column, ...]:
    """When, what and who; what takes no more than it needs, and who gets the rest."""
    what = max((len(item.what) for item in items), default=_NARROW)
    most = _WIDE if width >= _ROOMY else _NARROW
    return (
        Column("time", "TIME UTC", 19, rank=1),
        Column("what", "WHAT", min(max(what, _LEAST), most), rank=0),
        Column("who", "WHO", 16, rank=2, most=_WIDE),
    )
