"""What the modules of the API's nouns share."""

from __future__ import annotations

from kmstui.aws.calls.answer import Answer
from kmstui.aws.calls.call import Calls


class Noun:
    """Operations on one kind of thing, over one connection."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls


def nothing(_: Answer) -> None:
    """For operations that answer nothing, or nothing of use."""
