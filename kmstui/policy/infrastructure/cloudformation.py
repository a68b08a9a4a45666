"""CloudFormation: the keys of a template, and what its functions come to before it is deployed.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kmstui.model import late_pattern
from kmstui.policy.infrastructure.values import (
    Constant,
    Items,
    Origin,
    Piece,
    Table,
    Text,
    Value,
    pieces_of,
    unresolved,
)
from kmstui.policy.syntax import Span

if TYPE_CHECKING:
    from kmstui.model import Arn

_NO_VALUE = "AWS::NoValue"
_VARIABLE = late_pattern(r"\$\{!?[^{}]*\}")


class Functions:
    """What the functions of a template come to.

    What only the deployment knows becomes a placeholder, which means nobody. Of `Fn::If` the first
    of the two is taken that says anything, since a template is written for both.
    """

    def __init__(self, arn: Arn | None) -> None:
        self._pseudo = {
            "AWS::Partition": arn.partition if arn is not None else "aws",
            "AWS::URLSuffix": "amazonaws.com",
        }
        if arn is not None:
            self._pseudo |= {"AWS::AccountId": arn.account, "AWS::Region": arn.region}

    def resolve(self, value: Value) -> Value:
        """The value with all functions in it worked out as far as they can be."""
        return self._resolved(value) or Constant(None, value.span)

    def _resolved(self, value: Value) -> Value | None:
        """The same; None where it is `AWS::NoValue`."""
        if isinstance(value, Items):
            items = (self._resolved(each) for each in value.items)
            return Items(tuple(each for each in items if each is not None), value.span)
        if not isinstance(value, Table):
            return value
        if len(value.members) == 1:
            name, argument = value.members[0]
            if name.text == "Ref" or name.text.startswith("Fn::"):
                return self._call(name.text, argument, value.span)
        members = ((name, self._resolved(each)) for name, each in value.members)
        return Table(tuple((name, each) for name, each in members if each is not None), value.span)

    def _call(self, name: str, argument: Value, span: Span) -> Value | None:
        if name == "Ref" and isinstance(argument, Text):
            return None if argument.text == _NO_VALUE else self._named(argument.text, span)
        if name == "Fn::Sub":
            return self._sub(argument, span)
        if name == "Fn::GetAtt":
            parts = argument.items if isinstance(argument, Items) else (argument,)
            return unresolved(".".join(_words(each) for each in parts), span)
        if name == "Fn::Join":
            return self._join(argument, span) or unresolved("Fn::Join", span)
        if name == "Fn::If" and isinstance(argument, Items):
            branches = [self._resolved(each) for each in argument.items[1:]]
            return next((each for each in branches if each is not None), None)
        if name == "Fn::ToJsonString":
            return self._resolved(argument)
        return unresolved(f"{name} {_words(argument)}".strip(), span)

    def _named(self, name: str, span: Span) -> Text:
        """What `Ref` or a variable in `Fn::Sub` stands for."""
        known = self._pseudo.get(name)
        if known is not None:
            return Text((Piece(known, span, Origin.SPELLED),), span)
        return unresolved(name, span)

    def _sub(self, argument: Value, span: Span) -> Value:
        given: Mapping[str, Value] = {}
        if isinstance(argument, Items) and len(argument.items) == 2:
            argument, table = argument.items
            if isinstance(table, Table):
                given = {name.text: self.resolve(each) for name, each in table.members}
        if not isinstance(argument, Text):
            return unresolved("Fn::Sub", span)
        pieces: list[Piece] = []
        for piece in argument.pieces:
            pieces += self._substituted(piece, given)
        return Text(tuple(pieces), argument.span)

    def _substituted(self, piece: Piece, given: Mapping[str, Value]) -> Sequence[Piece]:
        """A piece of a text with `${Name}` in it; `${!Name}` stands for itself without the mark."""
        if piece.origin is not Origin.COPIED:
            return [piece]
        found: list[Piece] = []
        offset = piece.span.start
        for part in pieces_of(piece.text, Span(0, len(piece.text)), _VARIABLE, lambda text: text):
            span = Span(part.span.start + offset, part.span.end + offset)
            name = part.text[2:-1].strip()
            if part.origin is Origin.COPIED:
                found.append(Piece(part.text, span))
            elif name.startswith("!"):
                found.append(Piece(f"${{{name[1:]}}}", span, Origin.SPELLED))
            else:
                value = given.get(name) or self._named(name, span)
                pieces = value.pieces if isinstance(value, Text) else unresolved(name, span).pieces
                found += (Piece(each.text, span, _spelled(each.origin)) for each in pieces)
        return found

    def _join(self, argument: Value, span: Span) -> Text | None:
        """The parts of `Fn::Join` in a row; None where they are not known to be a list."""
        if not isinstance(argument, Items) or len(argument.items) != 2:
            return None
        between, parts = argument.items[0], self.resolve(argument.items[1])
        if not isinstance(between, Text) or not isinstance(parts, Items):
            return None
        pieces: list[Piece] = []
        for part in parts.items:
            if not isinstance(part, Text):
                return None
            if pieces and between.text:
                at = Span(part.span.start, part.span.start)
                pieces.append(Piece(between.text, at, Origin.SPELLED))
            pieces += part.pieces
        return Text(tuple(pieces), span)


def _spelled(origin: Origin) -> Origin:
    return Origin.SPELLED if origin is Origin.COPIED else origin


def _words(value: Value) -> str:
    return value.text if isinstance(value, Text) else ""
