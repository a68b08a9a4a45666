"""Keeps the garbage collector from walking the whole inventory while a person scrolls."""

from __future__ import annotations

import gc

from kmstui.service.store import Progress


class Garbage:
    """Freezes what was read: after the first page, and when everything is here."""

    def __init__(self) -> None:
        self._first_page = False
        self._loading = False

    def progress(self, progress: Progress) -> None:
        """Look whether a moment has come at which most objects are there to stay."""
        first = progress.listed > 0 and not self._first_page
        finished = self._loading and not progress.loading
        self._first_page = progress.listed > 0
        self._loading = progress.loading
        if finished:
            # A collection of 100,000 keys takes 100 ms; frozen objects are never looked at again.
            gc.collect()
        if first or finished:
            # Without a collection the first time: the first keys are being drawn, and what the
            # start left behind is little.
            gc.freeze()
