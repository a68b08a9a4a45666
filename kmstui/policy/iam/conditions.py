"""Conditions, compiled once and tested against requests of which not everything is known.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html,
…/reference_policies_condition-single-vs-multi-valued-context-keys.html and
…/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import NamedTuple

from kmstui.model import late_pattern
from kmstui.policy.iam.match_value import Test, is_readable, literal, value_test
from kmstui.policy.iam.operators import FOR_ANY_VALUE, Operator, parse_operator
from kmstui.policy.iam.requests import Lookup, Values
from kmstui.policy.iam.vocabulary import knowledge
from kmstui.policy.syntax import VARIABLES_SINCE, ConditionEntry, scalar_text


class Truth(IntEnum):
    """Three-valued truth; `max` is or, `min` is and."""

    NO = 0
    MAYBE = 1
    YES = 2

    def __invert__(self) -> Truth:
        return _NEGATION[self]


_NEGATION = {Truth.NO: Truth.YES, Truth.MAYBE: Truth.MAYBE, Truth.YES: Truth.NO}


class Doubt(StrEnum):
    """Why something can be neither affirmed nor denied."""

    CONTEXT = "the request context does not say"
    MULTIVALUED = (
        "a key of several values and no ForAnyValue or ForAllValues: the documents leave it open"
    )
    ANY_IF_EXISTS = (
        "ForAnyValue fails and IfExists holds where the key is absent: the documents do not say"
        " which goes first"
    )
    BOOL_VARIABLE = "a policy variable under Bool: the documents say both that it works and not"
    OPERATOR = "not a condition operator of AWS"
    UNREADABLE = (
        "a value is not of the operator's type, and the documents do not say what AWS makes of it"
    )
    NOT_PRINCIPAL = (
        "NotPrincipal is not predictable: AWS may deny unless the account, the role and the very"
        " session are all listed"
    )
    NOT_PRINCIPAL_ALLOW = "AWS does not support NotPrincipal with Allow"
    SESSION = "it depends on the session"
    SESSION_POLICIES = (
        "a federated user has what its session policies leave, and these were not read"
    )
    PROVIDER = "that depends on the identity provider behind the session"
    CANONICAL_USER = "it names an account by its canonical user ID"
    VARIABLE = "a policy variable in Resource has no known value"
    IAM = "the identity policies were not read"
    LEVEL = "the control policies given for a level allow nothing, and FullAWSAccess may be beside"
    GRANTS = "the grants were not read, and a grant alone says who may retire it"
    GRANT_CONSTRAINT = "the grant has a constraint that could not be read"
    GRANT_UNREAD = "a grant of the key could not be read"
    GRANTEE_ACCOUNT = (
        "the grant is for an account, and the documents do not say for whom in it besides root"
    )
    ISSUER = (
        "another account than the key's issued the grant, and the documents do not say whether it"
        " may retire it"
    )


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """What became of one condition."""

    entry: ConditionEntry
    truth: Truth
    given: Values | None
    """The request's values: empty where it lacks the key, None where nothing is known."""
    doubt: Doubt | None = None
    never_carried: bool = False
    """See `Condition.never_carried`; `given` is empty then, whatever the request says."""


class UnknownVariableError(Exception):
    """A policy variable stands for a key of which nothing is known."""


_VARIABLE = late_pattern(r"\$\{([^{}]*)\}")
_DEFAULT = late_pattern(r"\s*([^,\s]+)\s*,\s*'(.*)'\s*", re.DOTALL)
_LITERALS = {"*": literal("*"), "?": literal("?"), "$": "$"}


class Variable(NamedTuple):
    """A policy variable in a value."""

    key: str
    """In lower case."""
    default: str | None = None
    """What it stands for in a request without the key."""

    def value(self, lookup: Lookup) -> str | None:
        """What it stands for, as a part of a pattern; None where it has no value.

        Keys of several values are not variables.

        Raises:
            UnknownVariableError: nothing is known of its key.
        """
        values = lookup(self.key)
        if values is None:
            raise UnknownVariableError
        if len(values) == 1:
            return literal(values[0])
        return None if values or self.default is None else literal(self.default)


@lru_cache(maxsize=4096)
def pieces_of(text: str) -> tuple[str | Variable, ...]:
    """A value that may hold policy variables, taken apart into those and the text between."""
    found: list[str | Variable] = []
    end = 0
    for match in _VARIABLE.finditer(text):
        name = match.group(1)
        default = _DEFAULT.fullmatch(name)
        key = (default.group(1) if default else name.split(",", 1)[0].strip()).lower()
        known = _LITERALS.get(name)
        found += (text[end : match.start()], known or Variable(key, default and default.group(2)))
        end = match.end()
    return tuple(each for each in (*found, text[end:]) if each)


def resolve(text: str, lookup: Lookup) -> str | None:
    """`text` with its policy variables replaced; None where one of them has no value.

    What a variable brings in holds no wildcards.

    Raises:
        UnknownVariableError: nothing is known of a key that it names.
    """
    found = [piece if isinstance(piece, str) else piece.value(lookup) for piece in pieces_of(text)]
    texts = [each for each in found if each is not None]
    return "".join(texts) if len(texts) == len(found) else None


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition key under one operator, ready to be tested."""

    entry: ConditionEntry
    operator: Operator | None
    key: str
    """In lower case."""
    values: tuple[str, ...]
    has_variables: bool
    test: Test | None
    """Of all values; None where variables must be resolved first."""
    variable_keys: frozenset[str]
    """Lower-case keys that its variables name."""
    multivalued: bool
    """Whether a request can say several values of the key, and then each says a set: "Multivalued
    context keys require a condition set operator" (…-vs-multi-valued-context-keys.html)."""
    unreadable: bool = False
    """Whether one of its values is not of the operator's type. AWS documents neither that it
    refuses such a policy nor what the value is then taken for; IAM Access Analyzer calls it an
    error ("Type mismatch number", "Type mismatch IP range" … in "IAM policy validation check
    reference")."""
    never_carried: bool = False
    """Whether no request has the key for this policy: it stands in a key policy, where KMS does
    not support it."""

    inverted: bool = False
    """Whether it holds just where the policy's condition does not."""

    def result(self, lookup: Lookup) -> ConditionResult:
        """Test it, and keep what was found."""
        given = self._given(lookup)
        truth, doubt = self._judge(given, lookup)
        return ConditionResult(self.entry, truth, given, doubt, self.never_carried)

    def truth(self, lookup: Lookup) -> Truth:
        """Test it."""
        return self._judge(self._given(lookup), lookup)[0]

    def _given(self, lookup: Lookup) -> Values | None:
        return () if self.never_carried else lookup(self.key)

    def _judge(self, given: Values | None, lookup: Lookup) -> tuple[Truth, Doubt | None]:
        operator, test = self.operator, self.test
        if operator is None or (operator.type == "Null" and operator.if_exists):
            return Truth.MAYBE, Doubt.OPERATOR
        if given is None:
            return Truth.MAYBE, Doubt.CONTEXT
        if test is None and given and operator.type == "Bool":
            return Truth.MAYBE, Doubt.BOOL_VARIABLE
        if test is None and given and operator.type != "Null":
            resolved = self.resolved(lookup)
            if resolved.test is None:
                return Truth.MAYBE, Doubt.CONTEXT
            return resolved.settled(operator, len(given), map(resolved.test, given))
        return self.settled(operator, len(given), map(test, given) if test else ())

    def settled(
        self, operator: Operator, count: int, passed: Iterable[bool]
    ) -> tuple[Truth, Doubt | None]:
        """What comes of a request with `count` values, its doubt where that is open.

        Args:
            operator: The condition's, which AWS has.
            count: How many values of the key the request carries.
            passed: Whether each of them meets one of the policy's values, negation aside.
        """
        truth, doubt = self._settled(operator, count, passed)
        return ~truth if self.inverted else truth, doubt

    def _settled(
        self, operator: Operator, count: int, passed: Iterable[bool]
    ) -> tuple[Truth, Doubt | None]:
        if operator.type == "Null":
            absent = "false" if count else "true"
            if self.unreadable and absent not in map(str.lower, self.values):
                return Truth.MAYBE, Doubt.UNREADABLE
            return _truth(any(value.lower() == absent for value in self.values)), None
        if not count and operator.unsettled_when_absent:
            return Truth.MAYBE, Doubt.ANY_IF_EXISTS
        if not count:
            return _truth(operator.holds_when_absent), None
        if not operator.set_prefix and (self.multivalued or count > 1):
            return Truth.MAYBE, Doubt.MULTIVALUED
        every = operator.set_prefix != FOR_ANY_VALUE
        if self.unreadable:
            truths = (Truth.YES if each else Truth.MAYBE for each in passed)
            settled = (~each if operator.negated else each for each in truths)
            truth = min(settled) if every else max(settled)
            return truth, Doubt.UNREADABLE if truth is Truth.MAYBE else None
        outcomes = (each is not operator.negated for each in passed)
        return _truth(all(outcomes) if every else any(outcomes)), None

    def resolved(self, lookup: Lookup) -> Condition:
        """The condition with its variables replaced; as it is where nothing is known of one.

        Under Bool variables stay: whether they work there is open.
        """
        operator = self.operator
        if not self.has_variables or operator is None or operator.type == "Bool":
            return self
        try:
            texts = [resolve(value, lookup) for value in self.values]
        except UnknownVariableError:
            return self
        return replace(
            self,
            values=(values := tuple(text for text in texts if text is not None)),
            has_variables=False,
            test=value_test(operator.positive, values),
            variable_keys=frozenset(),
        )


def _truth(holds: bool) -> Truth:
    return Truth.YES if holds else Truth.NO


def compile_condition(
    entry: ConditionEntry, version: str, *, in_key_policy: bool = False
) -> Condition:
    """Make one condition ready; `version` is the policy's.

    In a key policy KMS supports neither aws:ResourceTag/… nor kms:ResourceAliases (KMS Developer
    Guide, "ABAC for AWS KMS"); it answers "These condition keys are not permitted in a key
    policy" (awsdocs/aws-kms-developer-guide, pull request 47).
    """
    operator = parse_operator(entry.operator.value)
    values = tuple(map(scalar_text, entry.values))
    # Variables work in String and ARN conditions (IAM User Guide, "Variables and tags"); under
    # Bool that page says that they do not, and "Condition operators" that they do.
    takes_variables = operator is not None and operator.type in ("String", "ARN", "Bool")
    has_variables = (
        version == VARIABLES_SINCE and takes_variables and any("${" in value for value in values)
    )
    test: Test | None = None
    if operator is not None and operator.type != "Null" and not has_variables:
        test = value_test(operator.positive, values)
    info = knowledge().condition_key(entry.key.value)
    return Condition(
        entry=entry,
        operator=operator,
        key=entry.key.value.lower(),
        values=values,
        has_variables=has_variables,
        test=test,
        variable_keys=_variable_keys(values) if has_variables else frozenset(),
        multivalued=info is not None and info.multivalued,
        unreadable=operator is not None
        and not all(is_readable(operator.positive, value) for value in values),
        never_carried=in_key_policy and info is not None and info.iam_only,
    )


def _variable_keys(values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(
        piece.key for value in values for piece in pieces_of(value) if isinstance(piece, Variable)
    )
