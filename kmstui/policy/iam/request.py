"""What is asked: who wants to do what with which key, and what is known of the request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from kmstui.model import Arn
from kmstui.policy.iam.principals import Principal

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
    """By lower-case key; an empty tuple says that the request does not carry the key."""
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


NOTHING_KNOWN = Context()
"""The context of a question that names none."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question."""

    principal: Principal
    action: str
    """With its prefix, in any case: `kms:Decrypt`."""
    resource: str
    """The key's ARN."""
    context: Context = NOTHING_KNOWN

    @property
    def owner(self) -> str:
        """The account that the key belongs to; empty where the ARN names none."""
        return account_of(self.resource)


@lru_cache(maxsize=1024)
def account_of(arn: str) -> str:
    """The account in an ARN; empty where there is none."""
    parsed = Arn.maybe(arn)
    return "" if parsed is None else parsed.account


@lru_cache(maxsize=1024)
def resource_facts(arn: str) -> Mapping[str, Values]:
    """Condition keys that follow from the key alone; of an ARN without Region, none of that.

    KMS answers over TLS only. Source: IAM User Guide, "AWS global condition context keys".
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

    def lookup(key: str) -> Values | None:
        for known in (given, principal, resource):
            values = known.get(key)
            if values is not None:
                return values
        if complete or key in absent:
            return ()
        # kms:EncryptionContext:NAME and its like stand in `absent` without their name.
        return () if key.count(":") == 2 and f"{key.rpartition(':')[0]}:" in absent else None

    return lookup
