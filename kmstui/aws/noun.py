"""What the modules of the API's nouns share."""

from __future__ import annotations

from kmstui.aws.calls import Calls
from kmstui.aws.fields import Answer


class Noun:
    """Operations on one kind of thing, over one connection."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls


def nothing(_: Answer) -> None:
    """For operations that answer nothing, or nothing of use."""
