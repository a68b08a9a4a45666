"""What is asked: who wants to do what with which key, and what is known of the request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-reqcontext.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from kmstui.model import Arn
from kmstui.policy.iam.principals import PRINCIPAL_TAG, WITHOUT_TAGS, Principal

Values = tuple[str, ...]
"""A condition key's values; empty where the request is known not to carry the key."""

Lookup = Callable[[str], Values | None]
"""A condition key in lower case to its values; None where nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a request's condition keys.

    A key that is known to be absent is something else than a key of which nothing is known:
    `BoolIfExists` holds for the first, and for the second nobody can say.
    """

    values: Mapping[str, Values] = field(default_factory=dict)
    """By lower-case key; an empty tuple says that the request does not carry the key.

    One that ends in a slash stands for all keys that begin so, as `aws:requesttag/` does.
    """
    complete: bool = False
    """Whether every key that is not in `values` is known to be absent."""

    @classmethod
    def of(
        cls,
        values: Mapping[str, str | Iterable[str]] | None = None,
        *,
        absent: Iterable[str] = (),
        complete: bool = False,
    ) -> Context:
        """A context of keys in any case, with single values or lists."""
        known: dict[str, Values] = {key.lower(): () for key in absent}
        for key, value in (values or {}).items():
            known[key.lower()] = (value,) if isinstance(value, str) else tuple(value)
        return cls(known, complete)

    def beside(self, more: Mapping[str, str | Iterable[str]]) -> Context:
        """The same context with further keys, which win over those that are there."""
        return Context({**self.values, **Context.of(more).values}, self.complete)


def key_and_value(pair: str, known: Collection[str] = ()) -> tuple[str, str] | None:
    r"""A condition key and its value, as people write them: `KEY=VALUE`.

    A key may hold `=`, as the name of a tag may. It is found where `known` has it, the keys that
    policies ask about, in lower case; else `\=` stands for it in the key. Returns None where
    there is no key.
    """
    ends = [match.start() for match in re.finditer(r"(?<!\\)=", pair)]
    halves = [(pair[:end].replace("\\=", "="), pair[end + 1 :]) for end in ends if end]
    asked = [each for each in halves if each[0].lower() in known]
    return next(iter(asked[-1:] or halves), None)


def time_keys(now: datetime) -> dict[str, str]:
    """The condition keys that tell the time of a request.

    Source: IAM User Guide, "aws:CurrentTime", "aws:EpochTime".
    """
    return {
        "aws:CurrentTime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(now.timestamp())),
    }


NOTHING_KNOWN = Context()
"""The context of a question that names none."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question."""

    principal: Principal
    action: str
    """With its prefix, in any case: `kms:Decrypt`."""
    resource: str
    """The key's ARN; an alias' for the permission on the alias, which IAM policies alone give."""
    context: Context = NOTHING_KNOWN

    @property
    def of_alias(self) -> bool:
        """Whether it is about an alias itself."""
        return ":alias/" in self.resource

    @property
    def partition(self) -> str:
        """The partition that the key is in; empty where `resource` is no ARN."""
        return partition_of(self.resource)

    def may_come_from(self, partition: str) -> bool:
        """Whether who is of a partition may ask; always where either is not known."""
        return "" in (partition, self.partition) or partition == self.partition

    @property
    def overrides_principal(self) -> bool:
        """Whether the context says a condition key that would follow from the principal."""
        said = self.context.values
        return bool(said) and not said.keys().isdisjoint(self.principal.facts)

    @property
    def owner(self) -> str:
        """The account that the key belongs to; empty where the ARN names none."""
        return account_of(self.resource)


@lru_cache(maxsize=1024)
def partition_of(arn: str) -> str:
    """The partition in an ARN; empty where there is none."""
    parsed = Arn.maybe(arn)
    return "" if parsed is None else parsed.partition


@lru_cache(maxsize=1024)
def account_of(arn: str) -> str:
    """The account in an ARN; empty where there is none."""
    parsed = Arn.maybe(arn)
    return "" if parsed is None else parsed.account


@lru_cache(maxsize=1024)
def resource_facts(arn: str) -> Mapping[str, Values]:
    """Condition keys that follow from the key alone; of an ARN without Region, none of that.

    KMS is reached over TLS only. Source: IAM User Guide, "AWS global condition context keys".
    """
    parsed = Arn.maybe(arn)
    if parsed is None:
        return {}
    facts: dict[str, Values] = {
        "aws:resourceaccount": (parsed.account,),
        "aws:securetransport": ("true",),
    }
    if parsed.region:
        facts["aws:requestedregion"] = (parsed.region,)
    return facts


def lookup_for(request: Request, absent: frozenset[str] = frozenset()) -> Lookup:
    """How condition keys resolve in a request: as given, else as they follow from it.

    `absent` names keys that requests of this action never carry, see `absent_keys`.
    """
    given = request.context.values
    principal = request.principal.facts
    resource = resource_facts(request.resource)
    complete = request.context.complete
    without_tags = request.principal.kind in WITHOUT_TAGS

    def lookup(key: str) -> Values | None:
        for known in (given, principal, resource):
            values = known.get(key)
            if values is not None:
                return values
        if (values := given.get(f"{key.partition('/')[0]}/")) is not None:
            return values
        if complete or key in absent or (without_tags and key.startswith(PRINCIPAL_TAG)):
            return ()
        # kms:EncryptionContext:NAME and its like stand in `absent` without their name.
        return () if key.count(":") == 2 and f"{key.rpartition(':')[0]}:" in absent else None

    return lookup
