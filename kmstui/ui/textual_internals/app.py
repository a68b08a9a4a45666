"""What of Textual 8.2.8 the app and its frames need and is not public.

Textual is pinned to this release, and `tests/ui/test_textual_internals.py` fails by name where
another one has changed what is used here. Nothing outside this package touches such a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.app import App, ReturnType
from textual.binding import BindingsMap, BindingType
from textual.css.model import RuleSet
from textual.dom import NoScreen
from textual.screen import Screen
from textual.strip import Strip

# A cache of two colours whose key holds, as the cache of a method does, the object too: a thousand
# widgets that are gone would stay with all their drawn lines.
_cached: Any = classmethod(lru_cache(1024)(StylesCache.get_inner_outer.__wrapped__))  # type: ignore[arg-type]
StylesCache.get_inner_outer = _cached  # type: ignore[method-assign]

# By identity, as Textual's own in Python, which is called 200 times for each style worked out.
RuleSet.__hash__ = object.__hash__  # type: ignore[method-assign]

Piece = tuple[int, int, Iterable[Strip]]
"""Row and column of the screen, and what shall stand from there on."""


class InsideApp(App[ReturnType]):
    """An app that encodes its frames itself, and ends after a fault with words of its own."""

    def encode_frame(self, pieces: Iterator[Piece], console: Console) -> str:
        """The sequence that makes the terminal show these pieces."""
        raise NotImplementedError

    def frame_failed(self, error: Exception) -> None:
        """Called when a frame could not be encoded; Textual's own encoding is sent instead."""
        raise NotImplementedError

    def last_words(self, error: Exception) -> str:
        """What to print when a widget has failed, which ends the program; "" for a traceback."""
        return ""

    def write_escape(self, sequence: str) -> None:
        """Send a control sequence to the terminal, such as one that copies."""
        if self._driver is not None:
            self._driver.write(sequence)

    def keep_for_paste(self, text: str) -> None:
        """Make this what Ctrl-v inserts, without telling the terminal's clipboard."""
        self._clipboard = text

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # There is no public place for this; every frame goes through here.
        shown: Any = renderable
        if isinstance(renderable, ChopsUpdate | LayoutUpdate):
            shown = _EncodedFrame(renderable, self.encode_frame, self.frame_failed)
        super()._display(screen, shown)

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        # Textual counts the screen below as visible even where the one in front is opaque, and
        # draws the one in front anew whenever something changes below: frames for nothing.
        return [] if self.screen.styles.background.a == 1 else super()._background_screens

    def _handle_exception(self, error: Exception) -> None:
        # What is opened while the program ends gets no widgets, though it is told that it is
        # there: nothing has failed.
        if not (self._exit and isinstance(error, NoScreen)):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        # A widget that has failed is dead, so the program ends; this would print a traceback.
        words = self.last_words(self._exception or RuntimeError("unknown"))
        if words:
            self.panic(Text(words))
        else:
            super()._fatal_error()


class _EncodedFrame(CompositorUpdate):
    """A frame of Textual's in the app's own encoding."""

    def __init__(
        self,
        update: ChopsUpdate | LayoutUpdate,
        encode: Callable[[Iterator[Piece], Console], str],
        failed: Callable[[Exception], None],
    ) -> None:
        self._update = update
        self._encode = encode
        self._failed = failed

    def render_segments(self, console: Console) -> str:
        """The sequence to write."""
        try:
            return self._encode(_pieces(self._update), console)
        except Exception as error:
            self._failed(error)
            return self._update.render_segments(console)


def _pieces(update: ChopsUpdate | LayoutUpdate) -> Iterator[Piece]:
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield y, update.region.x, strips
        return
    for y, start, end in update.spans:
        for stop, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and start < stop and x < end:
                yield y, x, [strip]


def draw_now(screen: Screen[Any]) -> None:
    """Draw what has changed, without waiting for the next of 60 frames a second."""
    screen._on_timer_update()


def bind(screen: Screen[Any], bindings: Iterable[BindingType]) -> None:
    """Bind keys that are known only when the screen is made; Textual takes those of a class alone.

    They go before those that the class has from Textual, such as Tab.
    """
    own = BindingsMap(bindings)
    screen._bindings.key_to_bindings.update(own.key_to_bindings)
