"""Keeps the garbage collector from walking the whole inventory while a person scrolls."""

from __future__ import annotations

import gc

from kmstui.service.store import Progress

_FULL_COLLECTIONS_PUT_OFF = 1000
"""Threshold of the oldest generation while keys come in; Python's own is 10."""


class Garbage:
    """Freezes what was read: after the first page, and when everything is here.

    Between the two there are no full collections: each would walk over all that came since, for
    10 ms and more, and find next to nothing.
    """

    def __init__(self) -> None:
        self._first_page = False
        self._loading = False
        self._thresholds = gc.get_threshold()

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
            gc.set_threshold(*self._thresholds[:2], _FULL_COLLECTIONS_PUT_OFF)
        if finished:
            gc.set_threshold(*self._thresholds)
            # A collection of 100,000 keys takes 100 ms; frozen objects are never looked at again.
            gc.collect()
        if first or finished:
            # Without a collection the first time: the first keys are being drawn, and what the
            # start left behind is little.
            gc.freeze()
            self.begin()
