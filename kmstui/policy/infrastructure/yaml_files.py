"""YAML: the documents of a file as values, the short forms of CloudFormation as the long ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kmstui.model import late_pattern
from kmstui.policy.infrastructure.values import (
    Constant,
    InfrastructureError,
    Items,
    Origin,
    Piece,
    Table,
    Text,
    Value,
    spelled,
)
from kmstui.policy.syntax import Span

if TYPE_CHECKING:
    from yaml.events import Event, ScalarEvent

_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
"""Plain words that mean no text. Numbers and dates are left as they are written: `Version:
2012-10-17` means the text, and so does an account ID."""
_MOST_DEEP = 200
_MOST_VALUES = 100_000
"""In a document, each anchor counted as often as it is used: a few lines can make billions."""
_WORD = late_pattern(r"\S+")
_BLOCK_HEADER = late_pattern(r"[^\n]*\n")


def values_of(source: str) -> Sequence[Value]:
    """What each document of a YAML file holds.

    Raises:
        InfrastructureError: it is not YAML, or the library for it is not there.
    """
    try:
        import yaml
    except ImportError:
        raise InfrastructureError(
            "YAML is read by the extra `lint`: install kmstui[lint], as `pipx install"
            " 'kmstui[lint]'` does"
        ) from None
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return list(_documents(source, yaml.parse(source, Loader=loader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise InfrastructureError(f"this is not YAML: {error.problem}{where}") from None
    except yaml.YAMLError as error:
        raise InfrastructureError(f"this is not YAML: {' '.join(str(error).split())}") from None


class _Open:
    """A list or table whose end has not come yet."""

    def __init__(self, event: Event, *, table: bool) -> None:
        self.event, self.table = event, table
        self.values: list[Value] = []
        self.weight = 1
        """How many values it holds, itself among them."""


def _documents(source: str, events: Iterator[Event]) -> Iterator[Value]:
    """The root of each document, by its events, so that depth costs no recursion."""
    from yaml import events as kinds

    anchors: dict[str, tuple[Value, int]] = {}
    stack: list[_Open] = []
    for event in events:
        value: Value
        weight = 1
        if isinstance(event, kinds.SequenceStartEvent | kinds.MappingStartEvent):
            stack.append(_Open(event, table=isinstance(event, kinds.MappingStartEvent)))
            if len(stack) > _MOST_DEEP:
                raise InfrastructureError("it is nested deeper than any template")
            continue
        if isinstance(event, kinds.ScalarEvent):
            value = _scalar(source, event)
        elif isinstance(event, kinds.AliasEvent):
            nothing = spelled("*", _span(source, event)), 1
            value, weight = anchors.get(str(event.anchor), nothing)
        elif isinstance(event, kinds.SequenceEndEvent | kinds.MappingEndEvent):
            opened = stack.pop()
            weight = opened.weight
            span = Span(_start(source, opened.event), _end(source, _index(event.end_mark)))
            value = _table(opened.values, span) if opened.table else Items((*opened.values,), span)
            event = opened.event  # noqa: PLW2901 (anchor and tag stand at the beginning)
        else:
            continue
        if isinstance(event, kinds.NodeEvent) and not isinstance(event, kinds.AliasEvent):
            value = _tagged(getattr(event, "tag", None), value)
            if event.anchor:
                anchors[event.anchor] = value, weight
        if stack:
            stack[-1].values.append(value)
            stack[-1].weight += weight
            if stack[-1].weight > _MOST_VALUES:
                raise InfrastructureError("its anchors make more of it than any template has")
        else:
            anchors.clear()
            yield value


def _table(values: Sequence[Value], span: Span) -> Table:
    members: list[tuple[Text, Value]] = []
    for name, value in zip(values[::2], values[1::2], strict=True):
        merged = isinstance(name, Text) and name.text == "<<"
        if merged:
            tables = value.items if isinstance(value, Items) else (value,)
            # What is written here goes before what is merged: the last one of a name counts.
            members[:0] = [
                each for table in tables if isinstance(table, Table) for each in table.members
            ]
        else:
            members.append((name if isinstance(name, Text) else spelled("?", name.span), value))
    return Table(tuple(members), span)


def _tagged(tag: str | None, value: Value) -> Value:
    """`!Sub x` as `{"Fn::Sub": x}`.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
    """
    if not tag or not tag.startswith("!") or tag == "!":
        return value
    name = tag[1:]
    long = name if name in ("Ref", "Condition") else f"Fn::{name}"
    return Table(((spelled(long, Span(value.span.start, value.span.start)), value),), value.span)


def _start(source: str, event: Event) -> int:
    """Where a value begins: behind its anchor and tag."""
    at = _index(event.start_mark)
    while mark := re.compile(r"[&!]\S*\s*").match(source, at):
        at = mark.end()
    return at


def _index(mark: Any) -> int:
    """The character at which a mark stands; each event of a parser has its marks."""
    return int(mark.index)


def _end(source: str, at: int) -> int:
    """A block ends where the next one begins; what is blank between them belongs to neither."""
    return len(source[:at].rstrip())


def _span(source: str, event: Event) -> Span:
    start = _start(source, event)
    return Span(start, max(start, _index(event.end_mark)))


def _scalar(source: str, event: ScalarEvent) -> Value:
    span, value = _span(source, event), str(event.value)
    plain = event.style in (None, "")
    if plain and event.implicit[0] and value.lower() in _CONSTANTS:
        return Constant(_CONSTANTS[value.lower()], span)
    inside = span if plain else Span(span.start + 1, span.end - 1)
    if source[inside.start : inside.end] == value:
        return Text((Piece(value, inside),) if value else (), span)
    pieces = _lines(source, span, value) if event.style == "|" else _words(source, inside, value)
    return Text(pieces or (Piece(value, span, Origin.SPELLED),), span)


def _lines(source: str, span: Span, value: str) -> tuple[Piece, ...]:
    """The pieces of a block whose lines are kept; none where they cannot be told."""
    header = _BLOCK_HEADER.match(source, span.start)
    if header is None:
        return ()
    at, pieces = header.end(), []
    for line in value.splitlines(keepends=True):
        end = source.find("\n", at)
        end = len(source) if end < 0 else end + 1
        written = source[at:end]
        if not written.endswith(line):
            return _words(source, span, value)
        pieces.append(Piece(line, Span(end - len(line), end)))
        at = end
    return tuple(pieces)


def _words(source: str, span: Span, value: str) -> tuple[Piece, ...]:
    """The pieces of a text whose lines are folded; none where a word is written in another way."""
    at, done, pieces = span.start, 0, []
    for word in _WORD.finditer(value):
        found = source.find(word[0], at, span.end)
        if found < 0:
            return ()
        if word.start() > done:
            blank = value[done : word.start()]
            pieces.append(Piece(blank, Span(at, found), Origin.SPELLED))
        at, done = found + len(word[0]), word.end()
        pieces.append(Piece(word[0], Span(found, at)))
    return tuple(pieces)
