"""The vocabulary of condition operators: what `ForAnyValue:StringLikeIfExists` is made of.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and …/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

FOR_ALL_VALUES = "ForAllValues"
FOR_ANY_VALUE = "ForAnyValue"
_SET_PREFIXES = {prefix.lower(): prefix for prefix in (FOR_ALL_VALUES, FOR_ANY_VALUE)}
_IF_EXISTS = "IfExists"


@dataclass(frozen=True, slots=True)
class Operator:
    """One condition operator, taken apart and in AWS's own case."""

    base: str
    """Without set prefix and IfExists: `StringNotLike`."""
    positive: str
    """The base without its negation: `StringLike`."""
    type: str
    """What it compares: `String`, `Numeric`, `Date`, `Bool`, `Binary`, `IPAddress`, `ARN`; for
    `Null`, which takes a key of any type, `Null`."""
    set_prefix: str = ""
    """`ForAllValues`, `ForAnyValue`, or empty."""
    if_exists: bool = False
    """True for `NullIfExists` too, which AWS does not have and a rule speaks of."""

    @property
    def negated(self) -> bool:
        """Whether it holds where the values differ: then it also holds where the key is absent."""
        return self.base != self.positive

    @property
    def name(self) -> str:
        """The whole operator as AWS spells it."""
        prefix = f"{self.set_prefix}:" if self.set_prefix else ""
        return f"{prefix}{self.base}{_IF_EXISTS if self.if_exists else ''}"

    @property
    def wildcards(self) -> bool:
        """Whether `*` and `?` in its values stand for other characters.

        ArnEquals behaves as ArnLike (the same page, "ARN condition operators").
        """
        return self.type == "ARN" or self.positive == "StringLike"

    @property
    def holds_when_absent(self) -> bool:
        """Whether a request without the key meets it, `Null` aside, which depends on its value.

        True also where only `unsettled_when_absent`.
        """
        if self.type == "Null":
            return False
        if self.set_prefix == FOR_ANY_VALUE:
            return self.if_exists
        return self.if_exists or self.negated or self.set_prefix == FOR_ALL_VALUES

    @property
    def unsettled_when_absent(self) -> bool:
        """Whether the documents say both of a request without the key.

        ForAnyValue: "if the key does not exist, the condition returns false"; IfExists: "If the
        key is not present, evaluate the condition element as true".
        """
        return self.set_prefix == FOR_ANY_VALUE and self.if_exists

    def with_(
        self,
        *,
        base: str | None = None,
        set_prefix: str | None = None,
        if_exists: bool | None = None,
    ) -> Operator:
        """The same operator with a part replaced.

        Raises:
            KeyError: `base` names no operator.
        """
        chosen = self if base is None else OPERATORS[base.lower()]
        return replace(
            chosen,
            set_prefix=self.set_prefix if set_prefix is None else set_prefix,
            if_exists=self.if_exists if if_exists is None else if_exists,
        )


_NAMES: Mapping[str, tuple[str, ...]] = {
    "String": (
        "StringEquals", "StringEqualsIgnoreCase", "StringLike",
        "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike",
    ),
    "Numeric": (
        "NumericEquals", "NumericLessThan", "NumericLessThanEquals",
        "NumericGreaterThan", "NumericGreaterThanEquals", "NumericNotEquals",
    ),
    "Date": (
        "DateEquals", "DateLessThan", "DateLessThanEquals",
        "DateGreaterThan", "DateGreaterThanEquals", "DateNotEquals",
    ),
    "Bool": ("Bool",),
    "Binary": ("BinaryEquals",),
    "IPAddress": ("IpAddress", "NotIpAddress"),
    "ARN": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
    "Null": ("Null",),
}  # fmt: skip

OPERATORS: Mapping[str, Operator] = {
    name.lower(): Operator(name, name.replace("Not", "", 1), type_)
    for type_, names in _NAMES.items()
    for name in names
}
"""The operators of the IAM User Guide by lower-case name, without set prefix and IfExists."""


@lru_cache(maxsize=512)
def parse_operator(text: str) -> Operator | None:
    """Take an operator apart as written in a policy; None where AWS has no such operator.

    The case of letters does not matter, to agree with evaluation; white space does.
    """
    prefix, colon, rest = text.rpartition(":")
    set_prefix = _SET_PREFIXES.get(prefix.lower(), "")
    if colon and not set_prefix:
        return None
    name = rest.lower()
    stem = name.removesuffix(_IF_EXISTS.lower())
    operator = OPERATORS.get(stem)
    if operator is None:
        return None
    return replace(operator, set_prefix=set_prefix, if_exists=stem != name)
