"""What key policies ask about who calls: by Principal elements and by condition keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kmstui.model import Arn
from kmstui.policy.iam import (
    Condition,
    Principal,
    PrincipalKind,
    brought_to_role,
    compile_condition,
    has_wildcard,
    named,
)
from kmstui.policy.syntax import Policy
from kmstui.policy.witnesses.automaton import (
    NOT_SLASH,
    Pattern,
    arn_pattern,
    glob_pattern,
    star,
    text_pattern,
)
from kmstui.policy.witnesses.values import EXACTLY, ValueTest, as_test
from kmstui.policy.witnesses.wording import joined

ARN_KEYS = frozenset({"aws:principalarn"})
_ACCOUNT_KEYS = frozenset({"aws:principalaccount", "kms:calleraccount"})
_USERNAME_KEYS = frozenset({"aws:username"})
SERVICE_KEYS = frozenset({"aws:principalservicename"})
_WHO_KEYS = ARN_KEYS | _ACCOUNT_KEYS | _USERNAME_KEYS | SERVICE_KEYS


class Test(NamedTuple):
    """Something about an ARN that a policy asks."""

    words: str
    patterns: tuple[Pattern, ...]
    account: bool = False
    """Whether it asks about the account alone."""


class Survey:
    """What two policies ask about callers."""

    def __init__(self, policies: Sequence[Policy], account: str, partition: str) -> None:
        self.policies = policies
        self.account, self.partition = account, partition
        self.conditions = [
            compile_condition(entry, policy.version)
            for policy in policies
            for statement in policy.statements
            for entry in statement.conditions
            if entry.key.value.lower() in _WHO_KEYS
        ]
        self.complete = not any(condition.has_variables for condition in self.conditions)
        own = Principal.maybe(f"arn:{partition}:iam::{account}:root")
        self.named = tuple(
            dict.fromkeys(
                brought_to_role(principal, policies)
                for principal in (
                    *(() if own is None else (own,)),
                    *(each for policy in policies for each in named(policy)),
                )
                if not principal.account or f"arn:{partition}:" in principal.name
            )
        )
        self.places: dict[object, set[int]] = {}
        """Where each name, role or account is written, as the numbers of the lists."""
        self._find_places()
        self.accounts = self._accounts()

    def _find_places(self) -> None:
        lists = [
            [entry.value.value for entry in entries]
            for policy in self.policies
            for statement in policy.statements
            for entries in (statement.principals, statement.not_principals)
        ]
        lists += (list(condition.values) for condition in self.conditions)
        for at, values in enumerate(lists):
            for value in values:
                self.places.setdefault(_place_key(value), set()).add(at)

    def alike(self, principal: Principal) -> object:
        """What two principals share that are written in all the same places."""
        places = self.places.get(_place_key(principal.role_arn or principal.name), ())
        name = principal.name.rpartition("/")[2]
        arn = principal.role_arn or principal.name
        return (
            principal.kind,
            frozenset(places),
            frozenset(self.places.get(name, ())) if principal.kind is PrincipalKind.USER else None,
            frozenset(self.places.get(principal.account, ())),
            principal.account == self.account,
            tuple(test.passes(arn) for test in self.tests_on(ARN_KEYS) if test.positive != EXACTLY),
            tuple(
                test.passes(principal.account)
                for test in self.tests_on(_ACCOUNT_KEYS)
                if test.positive != EXACTLY
            ),
            tuple(
                test.passes(name)
                for test in self.tests_on(_USERNAME_KEYS)
                if test.positive != EXACTLY
            ),
        )

    def tests_on(self, keys: frozenset[str]) -> list[ValueTest]:
        """The tests of the conditions on some keys; a variable in them stands for anything."""
        found: dict[ValueTest, None] = {}
        for condition in self.conditions:
            operator = condition.operator
            if condition.key not in keys or operator is None or operator.type == "Null":
                continue
            for value in condition.values:
                test = as_test(operator.positive, _with_stars(value, condition))
                if test is not None:
                    found[test] = None
        return list(found)

    def _accounts(self) -> list[tuple[str, ...]]:
        """The accounts that are written out, in groups that are treated alike; the own first."""
        arns = [test.value.split(":", 5) for test in self.tests_on(ARN_KEYS)]
        in_patterns = {
            parts[4] for parts in arns if len(parts) == 6 and any("*" in p for p in parts)
        }
        written = dict.fromkeys(
            each for each in (*self.places, *in_patterns) if isinstance(each, str)
        )
        groups: dict[object, list[str]] = {self.account: [self.account]}
        for account in written:
            if account != self.account and _is_account(account):
                alone = account if account in in_patterns else ""
                places = frozenset(self.places.get(account, ()))
                groups.setdefault((alone, places), []).append(account)
        return [tuple(each) for each in groups.values() if _is_account(each[0])]

    def arn_tests(self, kind: PrincipalKind) -> list[Test]:
        """Everything that is asked about the ARN of callers of one kind."""
        tests = [
            Test(f"of {joined(each)}", tuple(map(_of_account, each[:1])), True)
            for each in self.accounts
        ]
        for test in self.tests_on(_ACCOUNT_KEYS):
            if test.positive == "StringLike":
                tests.append(
                    Test(f"of an account like {test.value}", (_of_account(test.value),), True)
                )
        for test in self.tests_on(ARN_KEYS):
            if (pattern := test.pattern) is not None:
                tests.append(Test(test.words, (pattern,)))
        if kind is PrincipalKind.USER:
            tests += map(_by_username, self.tests_on(_USERNAME_KEYS))
        return tests


def _is_account(text: str) -> bool:
    return len(text) == 12 and text.isdigit()


def _place_key(value: str) -> object:
    """An account for its root, account and name for a role, which is unique whatever its path."""
    arn = Arn.maybe(value)
    if arn is None or arn.service != "iam":
        return value
    if arn.resource == "root":
        return arn.account
    if arn.resource_type == "role" and not has_wildcard(value):
        return arn.account, arn.name.rpartition("/")[2]
    return value


def _with_stars(value: str, condition: Condition) -> str:
    if not condition.has_variables:
        return value
    head, *rest = value.split("${")
    return head + "".join("*" + each.partition("}")[2] for each in rest)


def _of_account(account: str) -> Pattern:
    pattern = arn_pattern(f"arn:*:*:*:{account}:*")
    return Pattern(()) if pattern is None else pattern


def _by_username(test: ValueTest) -> Test:
    name = (
        glob_pattern(test.value, NOT_SLASH)
        if test.positive == "StringLike"
        else text_pattern(test.value, ignore_case=test.positive != EXACTLY)
    )
    start = glob_pattern("arn:*:iam::*:user/")
    return Test(f"named {test.words}", (start + name, start + star() + text_pattern("/") + name))
