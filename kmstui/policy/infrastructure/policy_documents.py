"""Terraform's keys: their policies, and the `aws_iam_policy_document` that many are made of.

Source: documentation of Terraform's AWS provider, data source aws_iam_policy_document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kmstui.model import late_pattern
from kmstui.policy.infrastructure.resources import (
    ENDPOINT,
    KEY,
    TERRAFORM_KEYS,
    TERRAFORM_POLICIES,
    Held,
    is_kms_service,
)
from kmstui.policy.infrastructure.terraform import Block, TerraformFile
from kmstui.policy.infrastructure.values import (
    Items,
    Origin,
    Piece,
    Table,
    Text,
    Value,
    spelled,
    unresolved,
)
from kmstui.policy.syntax import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_DOCUMENT = "aws_iam_policy_document"
_REFERENCE = late_pattern(rf"data\.{_DOCUMENT}\.([\w-]+)")
_OTHERS = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
_VARIABLE = late_pattern(r"&\{")
_ELEMENTS = (
    ("actions", "Action"),
    ("not_actions", "NotAction"),
    ("resources", "Resource"),
    ("not_resources", "NotResource"),
)
_PRINCIPALS = (("principals", "Principal"), ("not_principals", "NotPrincipal"))


def policies_of_terraform(file: TerraformFile, beside: Iterable[TerraformFile]) -> Iterator[Held]:
    """The policies of keys in a file, in the order written.

    Args:
        file: The file.
        beside: The other files of its module; asked only where they can tell what a policy
            document is for.
    """
    documents = [each for each in file.blocks if _is_document(each)]
    used = _of_keys([file, *(beside if documents else ())])
    for block in file.blocks:
        if _is_document(block):
            name = block.labels[1]
            if name in used or _looks_like_one(block):
                label = f"data.{_DOCUMENT}.{name}"
                others = any(block.expression(each) is not None for each in _OTHERS)
                yield Held(label, _document(block), partial=others or used.get(name, True))
            continue
        expression = _policy_of(block)
        if expression is None:
            continue
        if not _REFERENCE.match(file.source_of(file.behind_locals(expression))):
            kind = KEY if _is_key(block) else ENDPOINT
            yield Held(".".join(block.labels), file.value(expression), kind, block.properties())


def _is_document(block: Block) -> bool:
    return block.type == "data" and block.labels[:1] == [_DOCUMENT] and len(block.labels) > 1


def _is_key(block: Block) -> bool:
    if block.type == "module":
        source = block.value("source")
        return isinstance(source, Text) and "kms" in source.text
    return block.type == "resource" and bool(block.labels) and block.labels[0] in TERRAFORM_KEYS


def _is_endpoint(block: Block) -> bool:
    if block.type != "resource" or block.labels[:1] != ["aws_vpc_endpoint"]:
        return False
    service = block.value("service_name")
    return service is not None and is_kms_service(service)


def _policy_of(block: Block) -> Node | None:
    """The expression of the policy of a key, or of a VPC endpoint of KMS."""
    if not _is_key(block) and not _is_endpoint(block):
        return None
    found = (block.expression(each) for each in TERRAFORM_POLICIES)
    return next((each for each in found if each is not None), None)


def _of_keys(files: Sequence[TerraformFile]) -> dict[str, bool]:
    """The policy documents that keys have, and whether others add to each."""
    used: dict[str, bool] = {}
    documents: dict[str, list[str]] = {}
    for file in files:
        for block in file.blocks:
            if _is_document(block):
                written = [block.expression(each) for each in _OTHERS]
                text = " ".join(file.source_of(each) for each in written if each is not None)
                documents[block.labels[1]] = _REFERENCE.findall(text)
            elif _is_key(block) and (expression := _policy_of(block)) is not None:
                found = _REFERENCE.findall(file.source_of(file.behind_locals(expression)))
                used |= dict.fromkeys(found, False)
    left = list(used)
    while left:
        for name in documents.get(left.pop(), []):
            if name not in used:
                used[name] = True
                left.append(name)
    return used


def _looks_like_one(block: Block) -> bool:
    """Whether a document of which nobody says what it is for can only be a key's policy."""
    statements = block.blocks("statement")
    actions = [
        item.text
        for each in statements
        if isinstance(value := each.value("actions"), Items)
        for item in value.items
        if isinstance(item, Text)
    ]
    return (
        bool(actions)
        and all(each.startswith("kms:") for each in actions)
        and all(each.blocks("principals") or each.blocks("not_principals") for each in statements)
    )


def _document(block: Block) -> Table:
    """The policy that a document makes."""
    head = block.head
    version = block.value("version") or spelled("2012-10-17", head)
    members = [(spelled("Version", head), version)]
    identifier = block.value("policy_id")
    if identifier is not None:
        members.append((spelled("Id", head), identifier))
    statements: list[Value] = [_statement(each) for each in block.blocks("statement")]
    statements += [
        unresolved(f"dynamic {each.labels[0]}", each.head)
        for each in block.blocks("dynamic")
        if each.labels[:1] == ["statement"]
    ]
    members.append((spelled("Statement", head), Items(tuple(statements), block.span)))
    return Table(tuple(members), block.span)


def _statement(block: Block) -> Table:
    head = block.head
    members: list[tuple[Text, Value]] = []
    for name, element in (("sid", "Sid"), ("effect", "Effect")):
        value = block.value(name)
        if value is not None or name == "effect":
            at = _name_of(block, name)
            members.append((spelled(element, at), value or spelled("Allow", head)))
    for name, element in _PRINCIPALS:
        if _has(block, name):
            members.append((spelled(element, _place(block, name)), _principals(block, name)))
    for name, element in _ELEMENTS:
        value = block.value(name)
        if value is not None:
            members.append((spelled(element, _name_of(block, name)), _with_variables(value)))
    if _has(block, "condition"):
        members.append((spelled("Condition", _place(block, "condition")), _conditions(block)))
    return Table(tuple(members), block.span)


def _has(block: Block, type_: str) -> bool:
    return bool(block.blocks(type_)) or _is_dynamic(block, type_)


def _is_dynamic(block: Block, type_: str) -> bool:
    return any(each.labels[:1] == [type_] for each in block.blocks("dynamic"))


def _place(block: Block, type_: str) -> Span:
    found = block.blocks(type_)
    return found[0].head if found else block.head


def _name_of(block: Block, attribute: str) -> Span:
    return next((name.span for name, _ in block.attributes() if name.text == attribute), block.head)


def _principals(block: Block, type_: str) -> Value:
    """`"*"` for everybody, else by type; not known where some are worked out elsewhere."""
    if _is_dynamic(block, type_):
        return unresolved(f"dynamic {type_}", _place(block, type_))
    members: list[tuple[Text, Value]] = []
    for each in block.blocks(type_):
        kind, who = each.value("type"), each.value("identifiers")
        if kind is None or who is None:
            continue
        if isinstance(kind, Text) and kind.text == "*":
            return spelled("*", who.span)
        name = kind if isinstance(kind, Text) else unresolved("type", kind.span)
        members.append((name, _with_variables(who)))
    return Table(_joined(members), _place(block, type_))


def _conditions(block: Block) -> Value:
    if _is_dynamic(block, "condition"):
        return unresolved("dynamic condition", _place(block, "condition"))
    tests: dict[str, tuple[Text, list[tuple[Text, Value]]]] = {}
    for each in block.blocks("condition"):
        test, variable, values = (each.value(one) for one in ("test", "variable", "values"))
        if isinstance(test, Text) and isinstance(variable, Text) and values is not None:
            of_test = tests.setdefault(test.text, (test, []))
            of_test[1].append((variable, _with_variables(values)))
    spans = [each.span for each in block.blocks("condition")]
    whole = Span(spans[0].start, spans[-1].end)
    return Table(
        tuple((test, Table(_joined(keys), test.span)) for test, keys in tests.values()), whole
    )


def _joined(members: Sequence[tuple[Text, Value]]) -> tuple[tuple[Text, Value], ...]:
    """Members of one name as one, since two blocks of a type add up."""
    found: dict[str, tuple[Text, list[Value], Span]] = {}
    for name, value in members:
        items = list(value.items) if isinstance(value, Items) else [value]
        _, values, _ = found.setdefault(name.text, (name, [], value.span))
        values += items
    return tuple(
        (name, values[0] if len(values) == 1 else Items(tuple(values), span))
        for name, values, span in found.values()
    )


def _with_variables(value: Value) -> Value:
    """The value with policy variables as AWS writes them: a document has `&{…}` for `${…}`."""
    if isinstance(value, Items):
        return Items(tuple(map(_with_variables, value.items)), value.span)
    if not isinstance(value, Text) or "&{" not in value.text:
        return value
    return Text(
        tuple(
            Piece(_VARIABLE.sub("${", each.text), each.span, Origin.SPELLED)
            if "&{" in each.text
            else each
            for each in value.pieces
        ),
        value.span,
    )
