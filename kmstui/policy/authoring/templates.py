"""Policy templates: what they are, which fields they have, and how fields are filled.

A field is written `${name}` in a template. What is not known stays in the text as it is, which
the linter calls a placeholder (KMS601), so nothing half filled is saved by accident, and the
editor's Tab goes from one to the next. `${name}` with a colon in it is a policy variable of IAM
and left alone.

The built-in ones are entries of `templates_workshop.json` and `templates_aws.json` beside this
module; `Template` says what an entry holds.
A person's own are JSON files of one template each.

An inline policy of a role names the key in Resource and no principal, since the role is that (KMS
Developer Guide, "Examples of IAM policies").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from kmstui.model import late_pattern
from kmstui.policy.iam import canonical_statement
from kmstui.policy.syntax import (
    ArrayNode,
    Edit,
    ObjectNode,
    append_item,
    apply_edits,
    delete_items,
    free_sid,
    insert_member,
    parse,
    root_statement,
    wrap_in_list,
)

_BUILT_IN = ("templates_workshop.json", "templates_aws.json")
_OWN_GROUP = "Yours"
_FIELD = late_pattern(r"\$\{([A-Za-z][\w-]*)\}")

_SYMMETRIC = ("Encrypt", "Decrypt", "ReEncrypt*", "GenerateDataKey*", "DescribeKey")
_USE: Mapping[str, tuple[str, ...]] = {
    "SIGN_VERIFY": ("DescribeKey", "GetPublicKey", "Sign", "Verify"),
    "GENERATE_VERIFY_MAC": ("DescribeKey", "GenerateMac", "VerifyMac"),
    "KEY_AGREEMENT": ("DeriveSharedSecret", "DescribeKey", "GetPublicKey"),
    "ENCAPSULATE_DECAPSULATE": ("Encapsulate", "Decapsulate", "DescribeKey", "GetPublicKey"),
}
"""Source: KMS Developer Guide, "Default key policy", allows key users to use the KMS key."""
_ASYMMETRIC_ENCRYPTION = ("Encrypt", "Decrypt", "DescribeKey", "GetPublicKey")


@dataclass(frozen=True, slots=True)
class Template:
    """One template."""

    id: str
    title: str
    """A few words for a list."""
    group: str
    """The list's heading: `Workshop`, `AWS`, `Yours`."""
    does: str
    """What it really does, in a sentence or two."""
    statements: tuple[Mapping[str, Any], ...]
    source: str = ""
    """The page that documents it."""
    corrects: str = ""
    """What the source gets wrong, where it does."""
    symmetric_only: bool = False
    """Whether it is of use for symmetric encryption keys only."""
    with_root: bool = True
    """Whether the whole policy begins with the account's root statement."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known for filling fields, by field name; an empty value is not known."""

    fields: Mapping[str, str] = field(default_factory=dict)
    usage: str = ""
    spec: str = ""

    @property
    def partition(self) -> str:
        """`aws` where it is not known."""
        return self.fields.get("partition") or "aws"


@lru_cache(maxsize=1)
def built_in_templates() -> tuple[Template, ...]:
    """First the templates of the workshop, then those that AWS documents."""
    found: list[Template] = []
    for name in _BUILT_IN:
        held = json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
        for entry in held["templates"]:
            statements = tuple(entry.pop("statements"))
            found.append(Template(**entry, group=held["group"], statements=statements))
    return tuple(found)


def own_template(name: str, text: str) -> Template:
    """The template in a file called `name` (without its ending).

    The file holds a policy, one statement, a list of statements, or an object with `title`,
    `does` and `statements`. Fields are written `${field}`; those that the built-in templates use
    (`account`, `region`, `partition`, `role` …) are filled in the same way.

    Raises:
        ValueError: it is not one of these; a sentence that says why.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not valid JSON ({error}).") from error
    title, does = name.replace("-", " ").replace("_", " "), "A template of yours."
    whole = False
    if isinstance(value, dict) and "statements" in value:
        title = _words(value.get("title"), title)
        does = _words(value.get("does"), does)
        value = value["statements"]
    elif isinstance(value, dict) and "Statement" in value:
        value, whole = value["Statement"], True
    statements = value if isinstance(value, list) else [value]
    if not statements:
        raise ValueError("it has no statements.")
    return Template(
        id=f"own.{name}",
        title=title,
        group=_OWN_GROUP,
        does=does,
        statements=tuple(_statement(each) for each in statements),
        with_root=not whole,
    )


def _words(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) and value else otherwise


def _statement(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict) or "Effect" not in value:
        raise ValueError("one of its statements is not an object with an Effect.")
    return value


def use_actions(usage: str, spec: str) -> tuple[str, ...]:
    """The actions that use a key, `kms:` included; those of a symmetric key where unknown."""
    names = _USE.get(usage)
    if names is None:
        symmetric = spec in ("", "SYMMETRIC_DEFAULT")
        names = _SYMMETRIC if symmetric else _ASYMMETRIC_ENCRYPTION
    return tuple(f"kms:{name}" for name in names)


def _cryptographic_actions(usage: str, spec: str) -> tuple[str, ...]:
    """As `use_actions`, without those that only read what the key is."""
    reading = ("kms:DescribeKey", "kms:GetPublicKey")
    return tuple(name for name in use_actions(usage, spec) if name not in reading)


_LISTS = {"${use-actions}": use_actions, "${cryptographic-actions}": _cryptographic_actions}
"""Fields that stand for several actions. The second are those that do something with data, which is
what a Deny of use is about."""


def unsuitable(template: Template, facts: Facts) -> str:
    """Why a template is of no use for the key, as a sentence; empty where it is."""
    if template.symmetric_only and facts.spec and facts.spec != "SYMMETRIC_DEFAULT":
        return f"It is for symmetric encryption keys; this one is {facts.spec}."
    return ""


def fields_of(value: object) -> tuple[str, ...]:
    """The fields of a template's statements, each once, in the order written."""
    found = dict.fromkeys(_FIELD.findall(json.dumps(value)))
    return tuple(name for name in found if f"${{{name}}}" not in _LISTS)


def fill(template: Template, facts: Facts) -> list[dict[str, Any]]:
    """The statements with all fields filled that are known."""
    filled = [_filled(dict(statement), facts) for statement in template.statements]
    return [statement for statement in filled if isinstance(statement, dict)]


def _filled(value: Any, facts: Facts) -> Any:
    if isinstance(value, dict):
        return {_text(name, facts): _filled(each, facts) for name, each in value.items()}
    if isinstance(value, str) and value in _LISTS:
        return list(_LISTS[value](facts.usage, facts.spec))
    if isinstance(value, list):
        items: list[Any] = []
        for each in value:
            made = _filled(each, facts)
            items += made if isinstance(made, list) else [made]
        return items
    return _text(value, facts) if isinstance(value, str) else value


def _text(text: str, facts: Facts) -> str:
    def put(match: re.Match[str]) -> str:
        return facts.fields.get(match[1]) or match[0]

    return _FIELD.sub(put, text)


def whole_policy(template: Template, facts: Facts) -> str:
    """A policy of the template's statements, behind the root statement where it has one."""
    account = facts.fields.get("account") or "${account}"
    root = [root_statement(facts.partition, account)] if template.with_root else []
    document = {
        "Version": "2012-10-17",
        "Id": "key-policy",
        "Statement": [*root, *fill(template, facts)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def with_statements(text: str, statements: Sequence[Mapping[str, Any]]) -> str:
    """The policy with statements added at its end; its formatting stays.

    A statement that is there already, with whatever Sid, is not added again. A Sid that is taken
    gets a number.

    Raises:
        ValueError: the text is not a JSON object whose Statement could take them; a sentence.
    """
    for statement in statements:
        text = _with_statement(text, dict(statement))
    return text


def _with_statement(text: str, statement: dict[str, Any]) -> str:
    root = parse(text).root
    if not isinstance(root, ObjectNode):
        message = "The text is not a JSON object, so no statement can be added to it."
        raise ValueError(message)  # noqa: TRY004 - the text is bad, not its type
    holder = root.member("Statement")
    if holder is None:
        return apply_edits(text, (insert_member(text, root, "Statement", [statement]),))
    present = list(statements_of(text))
    if any(_same_but_sid(statement, each) for each in present):
        return text
    if isinstance(holder.value, ObjectNode):
        return _with_statement(apply_edits(text, wrap_in_list(holder.value)), statement)
    if isinstance(holder.value, ArrayNode):
        _give_free_sid(statement, present)
        return apply_edits(text, (append_item(text, holder.value, statement),))
    raise ValueError("Statement is not a list, so no statement can be added to it.")


def without_statements(text: str, statements: Sequence[Mapping[str, Any]]) -> str:
    """The policy without statements that mean the same as these, whatever their Sid.

    Raises:
        ValueError: the text is not a JSON object with statements.
    """
    root = parse(text).root
    holder = root.member("Statement") if isinstance(root, ObjectNode) else None
    if holder is None:
        raise ValueError("The text has no statements.")
    present = list(statements_of(text))
    nodes = holder.value.items if isinstance(holder.value, ArrayNode) else (holder.value,)
    if len(nodes) != len(present):
        raise ValueError("The text is not valid JSON, so no statement can be taken out of it.")
    doomed = [
        node
        for node, each in zip(nodes, present, strict=True)
        if any(_same_but_sid(dict(wanted), each) for wanted in statements)
    ]
    if not isinstance(holder.value, ArrayNode):
        return apply_edits(text, tuple(Edit(each.span, "[]") for each in doomed))
    return apply_edits(text, tuple(delete_items(text, holder.value, doomed)))


def statements_of(text: str) -> Iterator[Any]:
    """The statements of a strict JSON policy as values; none where it is something else."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    found = document.get("Statement", []) if isinstance(document, dict) else []
    yield from found if isinstance(found, list) else [found]


def _same_but_sid(one: dict[str, Any], other: object) -> bool:
    if not isinstance(other, dict):
        return False
    plain = [{name: v for name, v in each.items() if name != "Sid"} for each in (one, other)]
    return canonical_statement(plain[0]) == canonical_statement(plain[1])


def _give_free_sid(statement: dict[str, Any], present: Sequence[Any]) -> None:
    """Two statements of one Sid cannot be told apart by a person."""
    sid = statement.get("Sid")
    taken = {each.get("Sid") for each in present if isinstance(each, dict)}
    if isinstance(sid, str) and sid in taken:
        statement["Sid"] = free_sid(sid, taken)


def first_field(text: str) -> tuple[int, int] | None:
    """Where the first field that is not filled stands."""
    found = _FIELD.search(text)
    return found.span() if found else None


@dataclass(frozen=True, slots=True)
class RoleTemplate:
    """One beginning."""

    id: str
    title: str
    """A few words for a list."""
    actions: tuple[str, ...]
    """With their prefix; empty: no statement."""

    def text(self, key_arn: str) -> str:
        """The policy for one key."""
        statement = {
            "Sid": self.id,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": key_arn,
        }
        statements = [statement] if self.actions else []
        return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


_PARTS: Mapping[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "ENCRYPT_DECRYPT": (
        ("EncryptOnly", "Encrypt with the key, and not decrypt", ("Encrypt", "DescribeKey")),
        ("DecryptOnly", "Decrypt with the key, and not encrypt", ("Decrypt", "DescribeKey")),
    ),
    "SIGN_VERIFY": (
        ("SignOnly", "Sign with the key", ("Sign", "GetPublicKey", "DescribeKey")),
        ("VerifyOnly", "Verify with the key, and not sign", ("Verify", "GetPublicKey")),
    ),
    "GENERATE_VERIFY_MAC": (
        ("VerifyOnly", "Verify MACs with the key, and not make them", ("VerifyMac", "DescribeKey")),
    ),
}
"""Parts of the use of a key that are often wanted alone, by its KeyUsage."""

NOTHING = RoleTemplate("Nothing", "No statement yet", ())


def role_templates(usage: str, spec: str) -> tuple[RoleTemplate, ...]:
    """What an inline policy can begin with for a key of this usage and spec, as far as known."""
    parts = _PARTS.get(usage or "ENCRYPT_DECRYPT", ())
    return (
        RoleTemplate("UseKey", "Use the key for all it is made for", use_actions(usage, spec)),
        *(
            RoleTemplate(name, title, tuple(f"kms:{action}" for action in actions))
            for name, title, actions in parts
        ),
        NOTHING,
    )
