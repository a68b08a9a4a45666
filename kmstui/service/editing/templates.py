"""The templates at hand, a person's own among them, and what their fields are filled with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kmstui.model import Arn, Caller, ConnectionInfo, Key, VpcEndpoint
from kmstui.policy.authoring import Facts, Template, built_in_templates, own_template
from kmstui.service.access import caller_principal

_ENDPOINT = re.compile(r"https?://(vpce-[0-9a-f]{8,})-")
_LARGEST = 1_000_000
"""Bytes; nothing larger is a template."""


@dataclass(frozen=True, slots=True)
class Library:
    """All templates."""

    templates: tuple[Template, ...]
    problems: tuple[str, ...] = ()
    """Why files of the person's own were left out, as sentences."""


def read_library(directory: Path | None) -> Library:
    """The built-in templates and those of `directory`, the person's own first."""
    own: list[Template] = []
    problems: list[str] = []
    for path in _files(directory, problems):
        try:
            if path.stat().st_size <= _LARGEST:
                own.append(own_template(path.stem, path.read_text(encoding="utf-8")))
            else:
                problems.append(f"{path} is not a template: it is larger than any policy.")
        except OSError as error:
            problems.append(f"{path} cannot be read: {error.strerror}.")
        except UnicodeDecodeError:
            problems.append(f"{path} is not a template: it is not UTF-8 text.")
        except ValueError as error:
            problems.append(f"{path} is not a template: {error}")
    return Library((*own, *built_in_templates()), tuple(problems))


def _files(directory: Path | None, problems: list[str]) -> list[Path]:
    if directory is None or not directory.is_dir():
        return []
    try:
        return sorted(directory.glob("*.json"))
    except OSError as error:
        problems.append(f"{directory} cannot be read: {error.strerror}.")
        return []


def facts_for(
    key: Key,
    caller: Caller | None,
    info: ConnectionInfo | None,
    contexts: Mapping[str, tuple[str, ...]],
    endpoints: Sequence[VpcEndpoint] = (),
) -> Facts:
    """What the fields of a template are for this key, as far as it is known."""
    arn = Arn.maybe(key.arn)
    fields = {
        "account": arn.account if arn else "",
        "region": arn.region if arn else "",
        "partition": arn.partition if arn else "",
        "role": caller_principal(caller) if caller is not None and caller.role_name else "",
        "user": _user_name(caller),
        "vpc-endpoint": _endpoint(info, endpoints),
        "bucket": _bucket(contexts),
    }
    metadata = key.metadata
    return Facts(
        fields,
        usage=metadata.usage if metadata else "",
        spec=metadata.spec if metadata else "",
    )


def _user_name(caller: Caller | None) -> str:
    arn = Arn.maybe(caller.arn) if caller else None
    return arn.name if arn is not None and arn.resource_type == "user" else ""


def _endpoint(info: ConnectionInfo | None, endpoints: Sequence[VpcEndpoint]) -> str:
    """The ID of the VPC endpoint in use, whose DNS name begins with it, or else of the only one.

    Source: KMS Developer Guide, "Connecting to a VPC endpoint".
    """
    found = _ENDPOINT.match(info.endpoint_url) if info else None
    if found is None and len(endpoints) == 1:
        return endpoints[0].id
    return found[1] if found else ""


def _bucket(contexts: Mapping[str, tuple[str, ...]]) -> str:
    """The bucket whose objects the key was used for, where it was one alone.

    S3 sends the object's or the bucket's ARN (S3 User Guide, "Encryption context").
    """
    names = {
        arn.resource.split("/", 1)[0]
        for value in contexts.get("aws:s3:arn", ())
        if (arn := Arn.maybe(value)) is not None
    }
    return names.pop() if len(names) == 1 else ""
