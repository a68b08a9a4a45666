"""From the store to a screen: changes arrive in the screen's own task, several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from textual.widget import Widget

from kmstui.service.inventory import Store, Topic

Changes = dict[Topic, frozenset[str]]
"""What changed, by topic; an empty set: everything of that topic may have."""


class StoreFeed:
    """Subscribes a widget to topics of the store.

    The store tells its subscribers from whatever task changed it. Widgets draw in theirs. It
    ends by itself once the widget is gone: make it in the widget's own task, when it is mounted.
    """

    def __init__(
        self, store: Store, topics: Iterable[Topic], widget: Widget, tell: Callable[[Changes], None]
    ) -> None:
        self._widget = widget
        self._tell = tell
        self._waiting: Changes = {}
        self._ends = [store.subscribe(topic, self._keeper(topic)) for topic in topics]
        # Not only when there is news: of some topics there may be none for a day, and the store
        # would keep the widget with all of its screen.
        # (Not `widget.task`: from Python 3.12 on a task runs before Textual has it there.)
        own = asyncio.current_task()
        if own is None:
            raise RuntimeError("a feed is made in the task of its widget")
        own.add_done_callback(lambda _: self._close())

    def _keeper(self, topic: Topic) -> Callable[[frozenset[str]], None]:
        def keep(ids: frozenset[str]) -> None:
            if not self._widget.is_running:
                self._close()
                return
            if not self._waiting:
                self._widget.call_later(self._flush)
            before = self._waiting.get(topic, ids)
            self._waiting[topic] = before | ids if before and ids else frozenset()

        return keep

    def _flush(self) -> None:
        changes, self._waiting = self._waiting, {}
        if changes:
            self._tell(changes)

    def _close(self) -> None:
        for end in self._ends:
            end()
        self._waiting = {}
