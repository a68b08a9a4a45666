"""How resources, grants and events name a key, and which resource a context names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kmstui.model import Arn, Key, KeyEvent
from kmstui.service.uses.sources import Use

CRYPTOGRAPHIC = (
    "Encrypt",
    "Decrypt",
    "ReEncrypt",
    "GenerateDataKey",
    "GenerateMac",
    "VerifyMac",
    "Sign",
    "Verify",
    "DeriveSharedSecret",
    "Encapsulate",
    "Decapsulate",
    "GetPublicKey",
)
"""Beginnings of the operations that use a key, and GetPublicKey, which lets others use it.

KMS Developer Guide, "Key states": cryptographic operations."""

_NAMING = {
    "SecretARN": "Secrets Manager",
    "PARAMETER_ARN": "Systems Manager",
    "aws:dynamodb:tableName": "dynamodb",
}
"""Names in encryption contexts that do not follow `aws:SERVICE:…`, or stand beside others that do:
Secrets Manager User Guide, Systems Manager User Guide and DynamoDB Developer Guide."""


@dataclass(frozen=True, slots=True)
class KeyNames:
    """Everything that means one key in its own account and Region."""

    key: Key
    aliases: frozenset[str]

    def names(self, text: str) -> bool:
        """Whether a text of a service's configuration means the key."""
        if text in (self.key.id, self.key.arn, self.key.bare_id):
            return True
        if text.startswith("alias/"):
            return text in self.aliases
        arn = Arn.maybe(text)
        return (
            arn is not None
            and (arn.service, arn.region, arn.account) == ("kms", self.key.region, self.key.account)
            and arn.resource in self.aliases
        )

    def occur_in(self, text: str) -> bool:
        """Whether the text of a policy writes the key out, by its ID or one of its aliases."""
        return self.key.bare_id in text or any(each in text for each in self.aliases)


def resource_in(context: Iterable[tuple[str, str]]) -> str:
    """The resource that an encryption context of an AWS service names; "" for none.

    Services name it `aws:SERVICE:…` (KMS Developer Guide, "How AWS services use AWS KMS").
    """
    return " ".join(filter(None, _service_and_resource(context)))


def _service_and_resource(context: Iterable[tuple[str, str]]) -> tuple[str, str]:
    pairs = dict(context)
    for name, service in _NAMING.items():
        if name in pairs:
            return service, pairs[name]
    for name, value in pairs.items():
        prefix, _, rest = name.partition(":")
        if prefix == "aws" and rest:
            return rest.partition(":")[0], value
    return "", ""


def service_of(event: KeyEvent) -> str:
    """The AWS service through which a request came; "" where the caller came by itself."""
    for text in (event.source_ip, event.user_agent):
        if text.endswith(".amazonaws.com"):
            return text.partition(".")[0]
    return ""


def service_for(event: KeyEvent) -> str:
    """The AWS service through which a request came, or for which, as its encryption context tells.

    "" where neither names one.
    """
    return service_of(event) or _service_and_resource(event.encryption_context)[0]


def is_use(event: KeyEvent) -> bool:
    """Whether an event is use of the key, gone well or not."""
    return event.name.startswith(CRYPTOGRAPHIC)


def uses_in(events: Sequence[KeyEvent]) -> tuple[Use, ...]:
    """Events of use by resource, service and caller, those used last first."""
    groups: dict[tuple[str, str, str], list[KeyEvent]] = {}
    for event in filter(is_use, events):
        place = resource_in(event.encryption_context), service_of(event), event.principal
        groups.setdefault(place, []).append(event)
    found = [_use(*place, group) for place, group in groups.items()]
    return tuple(sorted(found, key=lambda use: -(use.at.timestamp() if use.at else 0)))


def _use(resource: str, service: str, caller: str, events: Sequence[KeyEvent]) -> Use:
    counts = Counter(event.name for event in events)
    done = ", ".join(f"{name} {count}" for name, count in counts.most_common())
    failed = sum(bool(event.error_code) for event in events)
    words = [
        done,
        f"{failed} of them failed" if failed else "",
        f"via {service}" if service else "",
    ]
    times = [event.time for event in events if event.time]
    who = short_arn(caller) or "unknown caller"
    how = ", ".join(filter(None, (f"by {who}" if resource else "", *words)))
    return Use(resource or who, how, max(times, default=None))


def short_arn(arn: str) -> str:
    """A principal as short as it can be told: `role/app`, or a service as it is."""
    parsed = Arn.maybe(arn)
    return parsed.resource if parsed else arn
