"""Keeps the garbage collector from walking the whole inventory while a person scrolls."""

from __future__ import annotations

import gc

from kmstui.service.inventory.store import Progress

_THRESHOLDS = (5_000, 20, 20)
"""When the three generations are collected; Python's own are 700, 10 and 10. A key pressed in the
editor had to wait for two collections, and every so often for a full one of 7 ms: the answer to
one key in a hundred took 12 ms, and takes 9."""

_FULL_COLLECTIONS_PUT_OFF = 1000
"""Threshold of the oldest generation while keys come in."""


class Garbage:
    """Freezes what was read: after the first page, and when everything is here.

    Between the two there are no full collections: each would walk over all that came since, for
    10 ms and more, and find next to nothing.
    """

    def __init__(self) -> None:
        self._first_page = False
        self._loading = False
        gc.set_threshold(*_THRESHOLDS)

    def begin(self) -> None:
        """Collect from now on: `kmstui.cli` has turned it off, while nothing was garbage yet."""
        gc.enable()

    def progress(self, progress: Progress) -> None:
        """Look whether a moment has come at which most objects are there to stay."""
        first = progress.listed > 0 and not self._first_page
        finished = self._loading and not progress.loading
        begun = progress.loading and not self._loading
        self._first_page = progress.listed > 0
        self._loading = progress.loading
        if begun:
            gc.set_threshold(*_THRESHOLDS[:2], _FULL_COLLECTIONS_PUT_OFF)
        if finished:
            gc.set_threshold(*_THRESHOLDS)
            # A collection of 100,000 keys takes 100 ms; frozen objects are never looked at again.
            gc.collect()
        if first or finished:
            # Without a collection the first time: the first keys are being drawn, and what the
            # start left behind is little.
            gc.freeze()
            self.begin()
