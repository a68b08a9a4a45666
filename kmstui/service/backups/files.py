"""A key without its material as files that a person reads, and back.

Each file is whole in itself; names are those of the KMS API where it has some. Nothing stands in
them that changes by itself, such as the ID or the date of a grant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from kmstui.model import Arn, Grant, Tag
from kmstui.policy.iam import same_meaning
from kmstui.service.backups.record import PARTS, KeyRecord, RotationSetting, sorted_grants
from kmstui.service.errors import FailedError

T = TypeVar("T")

KEY_FILE = "key.json"
"""What a folder needs to be a key's."""
FILE_NAMES = (KEY_FILE, *(f"{part}.json" for part in PARTS))
_FORMAT = 1

_WORDS = {
    "description": "Description",
    "spec": "KeySpec",
    "usage": "KeyUsage",
    "origin": "Origin",
    "manager": "KeyManager",
    "state": "KeyState",
    "multi_region": "MultiRegionKeyType",
    "custom_key_store_id": "CustomKeyStoreId",
    "external_key_id": "XksKeyId",
}
"""Fields of a record that are words of DescribeKey."""

_PRINCIPALS = {
    "name": "Name",
    "grantee": "GranteePrincipal",
    "grantee_service": "GranteeServicePrincipal",
    "retiring": "RetiringPrincipal",
    "retiring_service": "RetiringServicePrincipal",
}


class BackupError(FailedError, title="Backup"):
    """A file of a backup cannot be understood, or belongs to something else."""


def as_files(record: KeyRecord) -> dict[str, str]:
    """The texts of a key's files by name; what was not read has none."""
    files = {KEY_FILE: as_json(_key(record))}
    for part in PARTS:
        if part not in record.not_read and (part != "rotation" or record.rotation):
            files[f"{part}.json"] = _WRITERS[part](record)
    return files


def as_json(value: object) -> str:
    """JSON as people lay it out: letters as they are, what does not print as its code."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    shown = (
        each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text
    )
    return f"{''.join(shown)}\n"


def _key(record: KeyRecord) -> dict[str, object]:
    words = {member: getattr(record, name) for name, member in _WORDS.items()}
    found: dict[str, object] = {"kmstui_key": _FORMAT, "Arn": record.arn}
    found |= {name: word for name, word in words.items() if word or name == "Description"}
    if record.regions:
        found["Regions"] = list(record.regions)
    if record.not_read:
        found["NotRead"] = list(record.not_read)
    return found


def policy_file(text: str) -> str:
    """A policy laid out; as it is where that would change its meaning."""
    try:
        laid_out = as_json(json.loads(text))
    except (ValueError, RecursionError):
        return text
    return laid_out if same_meaning(text, laid_out) else text


def _rotation(record: KeyRecord) -> dict[str, object]:
    setting = record.rotation or RotationSetting(False)
    period = {"RotationPeriodInDays": setting.period_days} if setting.period_days else {}
    return {"KeyRotationEnabled": setting.enabled, **period}


def _grant(grant: Grant) -> dict[str, object]:
    limits = {
        "EncryptionContextEquals": dict(grant.context_equals),
        "EncryptionContextSubset": dict(grant.context_subset),
        "SourceArn": grant.source_arn,
    }
    named = {member: getattr(grant, name) for name, member in _PRINCIPALS.items()}
    constraints = {name: value for name, value in limits.items() if value}
    return {
        **{name: value for name, value in named.items() if value},
        "Operations": list(grant.operations),
        **({"Constraints": constraints} if constraints else {}),
    }


_WRITERS: Mapping[str, Callable[[KeyRecord], str]] = {
    "policy": lambda record: policy_file(record.policy),
    "tags": lambda record: as_json({tag.key: tag.value for tag in record.tags}),
    "aliases": lambda record: as_json(list(record.aliases)),
    "grants": lambda record: as_json([_grant(each) for each in record.grants]),
    "rotation": lambda record: as_json(_rotation(record)),
}


# Reading them


def record_of(files: Mapping[str, str], where: str) -> KeyRecord:
    """The key that files tell of; `where` they are, for sentences.

    Raises:
        BackupError: one is missing or is not what `as_files` writes.
    """
    key = _read(files, KEY_FILE, where, _as_mapping)
    if key.get("kmstui_key") != _FORMAT:
        raise BackupError(f"{where}/{KEY_FILE} is not a key's of `kmstui backup`")
    arn = key.get("Arn")
    parsed = Arn.maybe(arn) if isinstance(arn, str) else None
    if parsed is None or (parsed.service, parsed.resource_type) != ("kms", "key"):
        raise BackupError(f"{where}/{KEY_FILE} names no ARN of a key")
    words = {name: key.get(member, "") for name, member in _WORDS.items()}
    lists = {name: key.get(name, []) for name in ("Regions", "NotRead")}
    if not all(isinstance(each, str) for each in words.values()) or not all(
        isinstance(each, list) and all(isinstance(one, str) for one in each)
        for each in lists.values()
    ):
        raise BackupError(f"{where}/{KEY_FILE} has a value that is not text")
    not_read = tuple(lists["NotRead"])
    parts: dict[str, Any] = {}
    for part in PARTS:
        if part in not_read or (part == "rotation" and "rotation.json" not in files):
            continue
        parts[part] = _READERS[part](files, f"{part}.json", where)
    return KeyRecord(
        arn=str(arn), regions=tuple(lists["Regions"]), not_read=not_read, **words, **parts
    )


def _read(files: Mapping[str, str], name: str, where: str, take: Callable[[Any], T | None]) -> T:
    if name not in files:
        raise BackupError(f"{where}/{name} is missing, so this key's backup is not whole")
    try:
        value = json.loads(files[name])
    except (ValueError, RecursionError) as error:
        raise BackupError(f"{where}/{name} is not valid JSON: {error}") from error
    found = take(value)
    if found is None:
        raise BackupError(f"{where}/{name} does not hold what `kmstui backup` writes there")
    return found


def _as_mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _as_tags(value: Any) -> tuple[Tag, ...] | None:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        return None
    return tuple(sorted(Tag(name, each) for name, each in value.items()))


def _as_aliases(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(
        isinstance(each, str) and each.startswith("alias/") for each in value
    ):
        return None
    return tuple(sorted(value))


def _as_grants(value: Any) -> tuple[Grant, ...] | None:
    if not isinstance(value, list):
        return None
    found = [_as_grant(each) for each in value]
    return None if None in found else sorted_grants(found)


def _as_grant(value: Any) -> Grant | None:
    if not isinstance(value, dict):
        return None
    named = {name: value.get(member, "") for name, member in _PRINCIPALS.items()}
    operations, limits = value.get("Operations"), value.get("Constraints", {})
    if not isinstance(operations, list) or not isinstance(limits, dict):
        return None
    pairs = [limits.get(f"EncryptionContext{each}", {}) for each in ("Equals", "Subset")]
    source = limits.get("SourceArn", "")
    if not all(isinstance(each, dict) for each in pairs):
        return None
    texts = [*named.values(), *operations, source, *pairs[0].values(), *pairs[1].values()]
    if not all(isinstance(each, str) for each in texts) or not operations:
        return None
    equals, subset = (tuple(sorted(each.items())) for each in pairs)
    return Grant(
        id="",
        key_arn="",
        operations=tuple(sorted(operations)),
        context_equals=equals,
        context_subset=subset,
        source_arn=source,
        **named,
    )


def _as_rotation(value: Any) -> RotationSetting | None:
    if not isinstance(value, dict):
        return None
    enabled, days = value.get("KeyRotationEnabled"), value.get("RotationPeriodInDays")
    if not isinstance(enabled, bool) or isinstance(days, bool) or not isinstance(days, int | None):
        return None
    return RotationSetting(enabled, days)


def _policy(files: Mapping[str, str], name: str, where: str) -> str:
    _read(files, name, where, _as_mapping)
    return files[name]


_READERS: Mapping[str, Callable[[Mapping[str, str], str, str], Any]] = {
    "policy": _policy,
    "tags": partial(_read, take=_as_tags),
    "aliases": partial(_read, take=_as_aliases),
    "grants": partial(_read, take=_as_grants),
    "rotation": partial(_read, take=_as_rotation),
}
