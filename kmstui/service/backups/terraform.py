"""Keys as Terraform: a resource and an import block for each key, alias and grant.

Sources: documentation of Terraform's AWS provider, aws_kms_key, aws_kms_external_key,
aws_kms_replica_key, aws_kms_replica_external_key, aws_kms_alias, aws_kms_grant;
https://developer.hashicorp.com/terraform/language/expressions/strings
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kmstui.model import Grant
from kmstui.service.backups.files import policy_file
from kmstui.service.backups.record import PENDING_DELETION, KeyRecord

_TEMPLATE = re.compile(r"([$%]*)([$%])\{")
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def terraform(keys: Sequence[tuple[KeyRecord, Sequence[Grant]]]) -> str:
    """The file for these keys, each with its grants as they are listed, with their IDs."""
    names = unique_names(record.name for record, _ in keys)
    aliases = [alias for record, _ in keys for alias in record.aliases]
    labels = dict(zip(aliases, unique_names(aliases), strict=True))
    blocks = [
        "\n".join(_key(record, grants, name, labels))
        for (record, grants), name in zip(keys, names, strict=True)
    ]
    return "\n\n".join(blocks) + "\n"


def unique_names(
    names: Iterable[str], allowed: str = "a-zA-Z0-9_", instead: str = "_"
) -> list[str]:
    """A name that a language takes for each alias or ID, no two the same."""
    found: list[str] = []
    for name in names:
        plain = re.sub(rf"[^{allowed}]+", instead, name.removeprefix("alias/")).strip("_")
        plain = plain if plain[:1].isalpha() else f"key{instead}{plain}"
        unique, number = plain, 1
        while unique.lower() in (each.lower() for each in found):
            number += 1
            unique = f"{plain}{instead}{number}"
        found.append(unique)
    return found


def quoted(text: str) -> str:
    """A quoted string: nothing in it is a template, or ends it."""
    escaped = "".join(
        _ESCAPED.get(each) or (each if each.isprintable() else _code(each)) for each in text
    )
    return f'"{_TEMPLATE.sub(_twice, escaped)}"'


def _code(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _twice(match: re.Match[str]) -> str:
    """A template's beginning as text; a sign before it would be taken for part of its escape."""
    before = f'${{"{match[1]}"}}' if match[1] else ""
    return f"{before}{match[2]}{match[2]}{{"


def heredoc(text: str) -> str:
    """A text of lines as it is; a mark that ends no line of it closes it."""
    mark = "POLICY"
    while mark in text:
        mark += "_"
    return f"<<{mark}\n{_TEMPLATE.sub(_twice, text.rstrip())}\n{mark}"


def resource_type(record: KeyRecord) -> str:
    """Of which type a key is."""
    replica, external = record.multi_region == "REPLICA", record.origin == "EXTERNAL"
    middle = f"{'replica_' * replica}{'external_' * external}"
    return f"aws_kms_{middle}key"


def _key(
    record: KeyRecord, grants: Sequence[Grant], name: str, labels: Mapping[str, str]
) -> Iterator[str]:
    kind = resource_type(record)
    if record.state in PENDING_DELETION:
        yield f"# {record.id} is pending deletion: cancel that before it is imported."
    for part in record.not_read:
        yield f"# Its {part} could not be read, so they are missing here."
    yield from _import(kind, name, record.id)
    yield from _block(kind, name, _attributes(record, kind))
    target = f"{kind}.{name}"
    for alias in record.aliases:
        label = labels[alias]
        yield ""
        yield from _import("aws_kms_alias", label, alias)
        values = {"name": quoted(alias), "target_key_id": f"{target}.key_id"}
        yield from _block("aws_kms_alias", label, values)
    for number, grant in enumerate(sorted(grants, key=lambda each: (each.name, each.id)), 1):
        yield ""
        if grant.grantee_service or grant.retiring_service or grant.source_arn:
            yield f"# The grant {grant.id} is of an AWS service, which Terraform has no words for."
            continue
        label = f"{name}_{number}"
        yield from _import("aws_kms_grant", label, f"{record.id}:{grant.id}")
        yield from _block("aws_kms_grant", label, _grant(grant, target))


def _import(kind: str, name: str, id_: str) -> Iterator[str]:
    yield "import {"
    yield f"  to = {kind}.{name}"
    yield f"  id = {quoted(id_)}"
    yield "}"
    yield ""


def _block(kind: str, name: str, values: Mapping[str, str]) -> Iterator[str]:
    width = max(map(len, values))
    yield f'resource "{kind}" "{name}" {{'
    for attribute, value in values.items():
        if value.startswith("{\n") and attribute == "constraints":
            yield f"  {attribute} {value}"
        else:
            yield f"  {attribute:<{width}} = {value}"
    yield "}"


def _attributes(record: KeyRecord, kind: str) -> dict[str, str]:
    enabled = record.state != "Disabled"
    found = {"description": quoted(record.description)}
    if record.multi_region == "REPLICA":
        arn = record.arn.split(":")
        primary = record.regions[0] if record.regions else record.region
        found["primary_key_arn"] = quoted(":".join((*arn[:3], primary, *arn[4:])))
    elif kind == "aws_kms_key":
        found["customer_master_key_spec"] = quoted(record.spec)
        found["key_usage"] = quoted(record.usage)
        if record.custom_key_store_id:
            found["custom_key_store_id"] = quoted(record.custom_key_store_id)
        if record.external_key_id:
            found["xks_key_id"] = quoted(record.external_key_id)
    if record.multi_region == "PRIMARY":
        found["multi_region"] = "true"
    if record.state in ("Enabled", "Disabled"):
        found["is_enabled" if kind == "aws_kms_key" else "enabled"] = str(enabled).lower()
    if record.rotation is not None and kind == "aws_kms_key":
        found["enable_key_rotation"] = str(record.rotation.enabled).lower()
        if record.rotation.period_days:
            found["rotation_period_in_days"] = str(record.rotation.period_days)
    tags = {tag.key: tag.value for tag in record.tags if not tag.key.startswith("aws:")}
    if tags:
        found["tags"] = _map(tags)
    found["policy"] = heredoc(policy_file(record.policy))
    return found


def _map(pairs: Mapping[str, str], indent: str = "  ") -> str:
    lines = [f"{indent}  {quoted(name)} = {quoted(value)}" for name, value in pairs.items()]
    return "\n".join(["{", *lines, f"{indent}}}"])


def _grant(grant: Grant, target: str) -> dict[str, str]:
    found = {"key_id": f"{target}.key_id", "grantee_principal": quoted(grant.grantee)}
    if grant.name:
        found = {"name": quoted(grant.name), **found}
    if grant.retiring:
        found["retiring_principal"] = quoted(grant.retiring)
    found["operations"] = f"[{', '.join(map(quoted, sorted(grant.operations)))}]"
    limits = {
        "encryption_context_equals": dict(grant.context_equals),
        "encryption_context_subset": dict(grant.context_subset),
    }
    lines = [f"    {name} = {_map(pairs, '    ')}" for name, pairs in limits.items() if pairs]
    if lines:
        found["constraints"] = "\n".join(["{", *lines, "  }"])
    return found
