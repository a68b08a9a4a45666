"""A policy out of a file as the JSON that AWS gets, and the way back from there into the file."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from kmstui.model import late_pattern
from kmstui.policy.infrastructure.values import (
    Constant,
    InfrastructureError,
    Items,
    Origin,
    Table,
    Text,
    Value,
)
from kmstui.policy.syntax import Edit, Span

MOST_CHARACTERS = 256 * 1024
"""Of a policy; anchors of YAML and locals of Terraform can make much of little."""
_TOKEN = late_pattern(r'"(?:[^"\\]|\\.)*+"|\s+|[^\s"]')


class Segment(NamedTuple):
    """A range of the JSON, and where it comes from."""

    start: int
    end: int
    source: Span
    copied: bool
    """Whether both have the same characters."""


@dataclass
class Rendered:
    """The JSON of a policy, with its ways back."""

    text: str = ""
    segments: list[Segment] = field(default_factory=list)
    unresolved: list[Span] = field(default_factory=list)
    """The strings of the JSON that hold a placeholder of what is not known before it is deployed;
    a string that is nothing else is in `unknown` too."""
    unknown: set[Span] = field(default_factory=set)

    def to_source(self, span: Span) -> Span:
        """Where a range of the JSON stands in the file, or the nearest to it."""
        before = bisect_right(self.segments, span.start, key=lambda each: each.start) - 1
        first = max(before, 0)
        if self.segments[first].end <= span.start and first + 1 < len(self.segments):
            following = self.segments[first + 1]
            if following.start < max(span.end, span.start + 1):
                first += 1
        last = bisect_right(self.segments, max(span.start, span.end - 1), key=lambda s: s.start) - 1
        last = max(first, last)
        start = _forward(self.segments[first], span.start)
        end = _backward(self.segments[last], max(span.end, span.start))
        if end < start:
            # What is repeated by an anchor stands before the place that repeats it.
            end = self.segments[first].source.end
        return Span(start, max(start, end))

    def edits_in_source(self, wanted: str, *, across: bool) -> tuple[Edit, ...] | None:
        """The edits of the file that make this JSON another one; None where there are none.

        Args:
            wanted: The JSON that is to come out.
            across: Whether what lies between two copied places may be replaced with them: where
                the file holds the JSON itself, and not another language of the same meaning.
        """
        edits = []
        for edit in _differences(self.text, wanted):
            start, end = self._copied_at(edit.span.start), self._copied_at(edit.span.end, ends=True)
            if start is None or end is None or (start is not end and not across):
                return None
            span = Span(
                start.source.start + edit.span.start - start.start,
                end.source.start + edit.span.end - end.start,
            )
            if span.end < span.start:
                return None
            edits.append(Edit(span, edit.replacement))
        return tuple(edits)

    def _copied_at(self, at: int, *, ends: bool = False) -> Segment | None:
        """The copied segment in which a place of the JSON lies; its very end counts."""
        index = bisect_right(self.segments, at, key=lambda each: each.start) - 1
        for near in (index - 1, index) if ends else (index, index - 1):
            if 0 <= near < len(self.segments):
                segment = self.segments[near]
                if segment.copied and segment.start <= at <= segment.end:
                    return segment
        return None


def _forward(segment: Segment, at: int) -> int:
    if segment.copied and at <= segment.end:
        return segment.source.start + max(0, at - segment.start)
    return segment.source.start if at < segment.end else segment.source.end


def _backward(segment: Segment, at: int) -> int:
    if segment.copied and segment.start <= at <= segment.end:
        return segment.source.start + at - segment.start
    return segment.source.end


def _differences(old: str, new: str) -> Iterator[Edit]:
    """How one JSON becomes the other, in as few characters as can be."""
    from difflib import SequenceMatcher  # only fixes need it

    olds, news = _TOKEN.findall(old), _TOKEN.findall(new)
    starts = [0]
    for token in olds:
        starts.append(starts[-1] + len(token))
    for tag, first, last, new_first, new_last in SequenceMatcher(
        None, olds, news, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            continue
        before, after = "".join(olds[first:last]), "".join(news[new_first:new_last])
        head = _common(before, after)
        tail = _common(before[head:][::-1], after[head:][::-1])
        start, end = starts[first] + head, starts[last] - tail
        yield Edit(Span(start, end), after[head : len(after) - tail])


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def render(value: Value) -> Rendered:
    """The JSON of a policy; one that is a string holds its JSON already.

    Raises:
        InfrastructureError: it has more characters than any policy.
    """
    writer = _Writer()
    try:
        if isinstance(value, Text):
            writer.raw(value)
        else:
            writer.value(value)
    except RecursionError:
        raise InfrastructureError("it is nested deeper than any policy") from None
    return writer.done()


class _Writer:
    """The JSON on its way."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._at = 0
        self._made = Rendered()

    def done(self) -> Rendered:
        self._made.text = "".join(self._parts)
        return self._made

    def _put(self, text: str, source: Span | None = None, *, copied: bool = False) -> None:
        if source is not None and text:
            end = self._at + len(text)
            self._made.segments.append(Segment(self._at, end, source, copied))
        self._parts.append(text)
        self._at += len(text)
        if self._at > MOST_CHARACTERS:
            raise InfrastructureError(
                f"it comes to more than {MOST_CHARACTERS:,} characters, and a key policy has"
                " 32,768 at most"
            )

    def raw(self, text: Text) -> None:
        """JSON that stands in the file as a string."""
        for piece in text.pieces:
            start = self._at
            self._put(piece.text, piece.span, copied=piece.origin is Origin.COPIED)
            if piece.origin is Origin.UNRESOLVED:
                self._made.unresolved.append(Span(start, self._at))

    def value(self, value: Value) -> None:
        span = value.span
        opening, closing = Span(span.start, span.start + 1), Span(max(0, span.end - 1), span.end)
        if isinstance(value, Text):
            self._string(value)
        elif isinstance(value, Constant):
            self._put(json.dumps(value.value), span)
        elif isinstance(value, Items):
            self._put("[", opening)
            for index, item in enumerate(value.items):
                self._put(", " if index else "")
                self.value(item)
            self._put("]", closing)
        else:
            self._table(value, opening, closing)

    def _table(self, table: Table, opening: Span, closing: Span) -> None:
        self._put("{", opening)
        for index, (name, value) in enumerate(table.members):
            self._put(", " if index else "")
            self._string(name)
            self._put(": ")
            self.value(value)
        self._put("}", closing)

    def _string(self, text: Text) -> None:
        start, span = self._at, text.span
        first = text.pieces[0].span.start if text.pieces else span.start
        last = text.pieces[-1].span.end if text.pieces else span.end
        self._put('"', Span(span.start, max(span.start, first)))
        for piece in text.pieces:
            written = json.dumps(piece.text, ensure_ascii=False)[1:-1]
            same = piece.origin is Origin.COPIED and written == piece.text
            self._put(written, piece.span, copied=same)
        self._put('"', Span(min(last, span.end), span.end))
        if not text.resolved:
            whole = Span(start, self._at)
            self._made.unresolved.append(whole)
            if all(piece.origin is Origin.UNRESOLVED for piece in text.pieces):
                self._made.unknown.add(whole)
