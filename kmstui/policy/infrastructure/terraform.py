"""Terraform and OpenTofu: what the expressions of a file come to before anything is applied.

https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    pieces_of,
    spelled,
    unresolved,
)
from kmstui.policy.syntax import Span

if TYPE_CHECKING:
    from tree_sitter import Node

    from kmstui.model import Arn

_ESCAPES = late_pattern(r'\\(?:[nrt"\\]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|\$\$\{|%%\{')
_MARKS = late_pattern(r"\$\$\{|%%\{")
_MEANINGS = {r"\n": "\n", r"\r": "\r", r"\t": "\t", r"\"": '"', r"\\": "\\"}
_ACCOUNT = late_pattern(r"data\.aws_caller_identity\.[\w-]+\.account_id")
_PARTITION = late_pattern(r"data\.aws_partition\.[\w-]+\.(?:partition|id)")
_DNS_SUFFIX = late_pattern(r"data\.aws_partition\.[\w-]+\.dns_suffix")
_REGION = late_pattern(r"data\.aws_region\.[\w-]+\.(?:name|region|id)")
_LOCAL = late_pattern(r"local\.([\w-]+)")
_SAME = ("jsonencode", "jsondecode", "tolist", "toset", "tomap", "sort", "distinct", "sensitive",
         "nonsensitive", "compact", "flatten", "trimspace", "chomp")  # fmt: skip
"""Functions whose result says, in a policy, what their argument says."""
_MOST_STEPS = 20
"""From one local to another."""
_MOST_VALUES = 100_000
"""Of a file, each local counted as often as it is used: a few lines can make billions."""


class Block:
    """A block of a file, as `resource "aws_kms_key" "a" { … }`."""

    def __init__(self, file: TerraformFile, node: Node) -> None:
        self._file, self.node = file, node
        words = [each for each in node.named_children if each.type in ("identifier", "string_lit")]
        self.type, *self.labels = [file.source_of(each).strip('"') for each in words] or [""]
        body = next((each for each in node.named_children if each.type == "body"), None)
        self.body = body.named_children if body is not None else []
        self.span = file.span(node)

    @property
    def head(self) -> Span:
        """The words before its brace: where a default stands that nobody wrote."""
        brace = next((each for each in self.node.children if each.type == "block_start"), None)
        end = self.span.end if brace is None else self._file.span(brace).start
        return Span(self.span.start, max(self.span.start, end - 1))

    def attributes(self) -> Iterator[tuple[Text, Node]]:
        """Each attribute's name and expression."""
        for each in self.body:
            if each.type == "attribute" and len(each.named_children) > 1:
                name, expression = each.named_children[0], each.named_children[-1]
                span = self._file.span(name)
                yield Text((Piece(self._file.source_of(name), span),), span), expression

    def expression(self, name: str) -> Node | None:
        """The expression of an attribute."""
        return next((node for text, node in self.attributes() if text.text == name), None)

    def value(self, name: str) -> Value | None:
        """What an attribute comes to."""
        node = self.expression(name)
        return None if node is None else self._file.value(node)

    def blocks(self, type_: str) -> list[Block]:
        """The blocks of a type inside it."""
        found = (Block(self._file, each) for each in self.body if each.type == "block")
        return [each for each in found if each.type == type_]

    def properties(self) -> Table:
        """Its attributes as a table."""
        members = [(name, self._file.value(node)) for name, node in self.attributes()]
        return Table(tuple(members), self.span)


class TerraformFile:
    """A file that was read.

    Raises:
        InfrastructureError: it is not Terraform, or the library for it is not there.
    """

    def __init__(self, source: str, arn: Arn | None) -> None:
        self.source = source
        data = source.encode("utf-8")
        self._characters = _characters(source) if len(data) != len(source) else None
        root = _parse(data)
        if root.has_error:
            line, column = _first_error(root)
            raise InfrastructureError(
                f"this is not Terraform: it cannot be read from line {line + 1},"
                f" column {column + 1}, on"
            )
        body = next((each for each in root.named_children if each.type == "body"), None)
        nodes = body.named_children if body is not None else []
        self.blocks = [Block(self, each) for each in nodes if each.type == "block"]
        self._locals: dict[str, Node] = {
            name.text: node
            for block in self.blocks
            if block.type == "locals"
            for name, node in block.attributes()
        }
        self._known: Mapping[re.Pattern[str], str] = {
            _PARTITION: arn.partition if arn is not None else "aws",
            _DNS_SUFFIX: "amazonaws.com",
        } | ({_ACCOUNT: arn.account, _REGION: arn.region} if arn is not None else {})
        self._steps = 0
        self._values = 0

    def span(self, node: Node) -> Span:
        """Where a node stands, in characters."""
        if self._characters is None:
            return Span(node.start_byte, node.end_byte)
        return Span(self._characters[node.start_byte], self._characters[node.end_byte])

    def source_of(self, node: Node) -> str:
        """The text of a node as it is written."""
        start, end = self.span(node)
        return self.source[start:end]

    def behind_locals(self, node: Node) -> Node:
        """The expression that a name of `locals` in this file stands for."""
        for _ in range(_MOST_STEPS):
            name = _LOCAL.fullmatch(self.source_of(node))
            if name is None or name[1] not in self._locals:
                break
            node = self._locals[name[1]]
        return node

    def value(self, node: Node) -> Value:
        """What an expression comes to; what only Terraform can know is a placeholder."""
        self._values += 1
        if self._values > _MOST_VALUES:
            raise InfrastructureError("its locals make more of it than any policy has")
        only = node.named_children
        if node.type in ("expression", "literal_value", "collection_value", "template_expr"):
            inner = [each for each in only if each.type != "comment"]
            if len(inner) == 1:
                return self.value(inner[0])
        handler = self._HANDLERS.get(node.type, TerraformFile._reference)
        return handler(self, node)

    def _reference(self, node: Node) -> Value:
        """A name, or whatever is not worked out here."""
        written, span = self.source_of(node), self.span(node)
        for pattern, value in self._known.items():
            if pattern.fullmatch(written):
                return spelled(value, span)
        target = self.behind_locals(node)
        if target is node or self._steps >= _MOST_STEPS:
            return unresolved(written, span)
        self._steps += 1
        try:
            return self.value(target)
        finally:
            self._steps -= 1

    def _number(self, node: Node) -> Value:
        written = self.source_of(node)
        try:
            number: float = float(written) if re.search(r"[.eE]", written) else int(written)
        except ValueError:
            return unresolved(written, self.span(node))
        return Constant(number, self.span(node))

    def _bool(self, node: Node) -> Value:
        return Constant(self.source_of(node) == "true", self.span(node))

    def _null(self, node: Node) -> Value:
        return Constant(None, self.span(node))

    def _tuple(self, node: Node) -> Value:
        items = (self.value(each) for each in node.named_children if each.type == "expression")
        return Items(tuple(items), self.span(node))

    def _object(self, node: Node) -> Value:
        members = []
        for each in node.named_children:
            if each.type == "object_elem":
                key, *_, value = [one for one in each.named_children if one.type != "comment"]
                member = self.value(value)
                # Terraform writes no null into a policy's JSON that a person wants there.
                members.append((self._key(key), member))
        return Table(tuple(members), self.span(node))

    def _key(self, node: Node) -> Text:
        """A name in an object: a bare word there is itself, not a reference."""
        written, span = self.source_of(node), self.span(node)
        if re.fullmatch(r"[\w-]+", written):
            return Text((Piece(written, span),), span)
        value = self.value(node)
        return value if isinstance(value, Text) else unresolved(written, span)

    def _conditional(self, node: Node) -> Value:
        """The first of the two that says anything: a file is written for both."""
        first, second = (self.value(each) for each in node.named_children[1:3])
        nothing = isinstance(first, Constant) and first.value is None
        return second if nothing else first

    def _call(self, node: Node) -> Value:
        name, *rest = node.named_children
        written = self.source_of(name)
        arguments = [
            each
            for one in rest
            if one.type == "function_arguments"
            for each in one.named_children
            if each.type == "expression"
        ]
        if written in _SAME and len(arguments) == 1:
            return self.value(arguments[0])
        values = [self.value(each) for each in arguments]
        span = self.span(node)
        if written == "concat":
            lists = (each.items if isinstance(each, Items) else (each,) for each in values)
            return Items(tuple(item for items in lists for item in items), span)
        if written == "merge" and all(isinstance(each, Table) for each in values):
            tables = (each for each in values if isinstance(each, Table))
            return Table(tuple(member for each in tables for member in each.members), span)
        if written == "format" and values and all(isinstance(each, Text) for each in values):
            return _formatted([each for each in values if isinstance(each, Text)], span)
        return unresolved(self.source_of(node), span)

    def _quoted(self, node: Node) -> Value:
        span = self.span(node)
        return self._template(node, Span(span.start + 1, span.end - 1), span, _ESCAPES, _meaning)

    def _heredoc(self, node: Node) -> Value:
        span = self.span(node)
        start = self.source.find("\n", span.start) + 1
        end = self.source.rfind("\n", start, span.end) + 1
        inside = Span(start, max(start, end))
        return self._template(node, inside, span, _MARKS, lambda mark: mark[1:])

    def _template(
        self,
        node: Node,
        inside: Span,
        span: Span,
        escapes: re.Pattern[str],
        meaning: Callable[[str], str],
    ) -> Text:
        pieces: list[Piece] = []
        at = inside.start
        for each in node.named_children:
            if each.type not in ("template_interpolation", "template_directive"):
                continue
            hole = self.span(each)
            pieces += pieces_of(self.source, Span(at, hole.start), escapes, meaning)
            pieces += self._filled(each, hole)
            at = hole.end
        pieces += pieces_of(self.source, Span(at, inside.end), escapes, meaning)
        return Text(tuple(pieces), span)

    def _filled(self, node: Node, hole: Span) -> Sequence[Piece]:
        """What stands for `${…}` inside a text."""
        expressions = [each for each in node.named_children if each.type == "expression"]
        value = self.value(expressions[0]) if len(expressions) == 1 else None
        if not isinstance(value, Text):
            value = unresolved(self.source_of(node)[2:-1], hole)
        return [
            Piece(each.text, hole, Origin.SPELLED if each.origin is Origin.COPIED else each.origin)
            for each in value.pieces
        ]

    _HANDLERS: Mapping[str, Callable[[TerraformFile, Any], Value]] = {
        "numeric_lit": _number,
        "bool_lit": _bool,
        "null_lit": _null,
        "string_lit": _quoted,
        "quoted_template": _quoted,
        "heredoc_template": _heredoc,
        "tuple": _tuple,
        "object": _object,
        "conditional": _conditional,
        "function_call": _call,
    }


def _meaning(escape: str) -> str:
    if escape[0] != "\\":
        return escape[1:]
    return _MEANINGS.get(escape) or chr(int(escape[2:], 16))


def _formatted(values: Sequence[Text], span: Span) -> Value:
    """What `format` makes of texts; a placeholder where its pattern has more than `%s`."""
    pattern, *arguments = values
    parts = pattern.text.split("%s")
    if len(parts) != len(arguments) + 1 or "%" in "".join(parts):
        return unresolved("format(…)", span)
    pieces = [Piece(parts[0], span, Origin.SPELLED)]
    for argument, part in zip(arguments, parts[1:], strict=True):
        pieces += [Piece(each.text, span, _not_copied(each.origin)) for each in argument.pieces]
        pieces.append(Piece(part, span, Origin.SPELLED))
    return Text(tuple(each for each in pieces if each.text), span)


def _not_copied(origin: Origin) -> Origin:
    return Origin.SPELLED if origin is Origin.COPIED else origin


def _characters(source: str) -> list[int]:
    """Which character each byte belongs to; one more at the end."""
    found: list[int] = []
    for index, character in enumerate(source):
        found += [index] * len(character.encode("utf-8"))
    return [*found, len(source)]


def _parse(data: bytes) -> Node:
    try:
        import tree_sitter
        import tree_sitter_hcl
    except ImportError:
        raise InfrastructureError(
            "Terraform is read by the extra `lint`: install kmstui[lint], as `pipx install"
            " 'kmstui[lint]'` does"
        ) from None
    language = tree_sitter.Language(tree_sitter_hcl.language())
    return tree_sitter.Parser(language).parse(data).root_node


def _first_error(root: Node) -> tuple[int, int]:
    """Line and column, from 0, of what cannot be read first."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return node.start_point.row, node.start_point.column
        stack.extend(each for each in reversed(node.children) if each.has_error or each.is_missing)
    return 0, 0
