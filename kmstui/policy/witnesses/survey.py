"""What key policies ask about who calls: by Principal elements and by condition keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from kmstui.model import Arn
from kmstui.policy.iam import (
    Condition,
    Principal,
    PrincipalKind,
    brought_to_role,
    compile_condition,
    has_wildcard,
    knowledge,
    named,
    parse_operator,
)
from kmstui.policy.syntax import ConditionEntry, Policy, Statement
from kmstui.policy.witnesses.automaton import (
    NOT_SLASH,
    Pattern,
    Patterns,
    arn_pattern,
    glob_pattern,
    some,
    star,
    text_pattern,
)
from kmstui.policy.witnesses.values import EXACTLY, FRESH, ValueTest, as_test, grouped, joined
from kmstui.policy.witnesses.variables import Tie, Ties, tie_of, tied_together

ARN_KEYS = frozenset({"aws:principalarn"})
_ACCOUNT_KEYS = frozenset({"aws:principalaccount", "kms:calleraccount"})
_USERNAME_KEYS = frozenset({"aws:username"})
SERVICE_KEYS = frozenset({"aws:principalservicename"})
_OWN = dict.fromkeys(_ACCOUNT_KEYS, "(own account)") | {"aws:username": "(own name)"}
_WHO_KEYS = ARN_KEYS | _ACCOUNT_KEYS | _USERNAME_KEYS | SERVICE_KEYS


class Test(NamedTuple):
    """Something about an ARN that a policy asks."""

    words: str
    patterns: Patterns
    account: bool = False
    """Whether it asks about the account alone."""


class Survey:
    """What two policies ask about callers."""

    def __init__(
        self, policies: Sequence[Policy], account: str, partition: str, *, coarse: bool = False
    ) -> None:
        self.policies = policies
        self.account, self.partition = account, partition
        constants = {"aws:resourceaccount": (account,)}
        places = [
            (at, statement, entry)
            for at, policy in enumerate(policies)
            for statement in policy.statements
            for entry in statement.conditions
        ]
        compiled = {
            number: compile_condition(entry, policies[at].version).resolved(constants.get)
            for number, (at, _, entry) in enumerate(places)
        }
        about_who = {
            number: each
            for group in tied_together(compiled)
            if any(not _WHO_KEYS.isdisjoint((c.key, *c.variable_keys)) for c in group.values())
            for number, each in group.items()
        }
        asking = {number: each for number, each in about_who.items() if each.key in _WHO_KEYS}
        self.conditions = [*asking.values()]
        self._users_of: list[object] = [
            _asked_alike(*places[number]) if coarse else number for number in asking
        ]
        """What asks the same of callers as each of the conditions."""
        self._about_who = [*about_who.values()]
        self.own_names: list[tuple[Test, bool]] = []
        """Tests of an ARN by the caller's own account or name, and whether users alone pass."""
        self.complete = True
        """Whether a search among them came to its end."""
        self._open: set[str] = set()
        self.ties = Ties(map(self._without_own_names, about_who.values()), _nothing)
        self._open |= self.ties.open
        self.marks = [
            Test("", (pattern,))
            for tie in self.ties.each
            for text in self._marked(tie)
            if (test := as_test("StringLike", text)) is not None
            for pattern in test.patterns
        ]
        """What the names of callers are like who have nothing in common with other values."""
        self._users = self._by_users()
        self._tests: dict[frozenset[str], list[ValueTest]] = {}
        written = [*(each for policy in policies for each in named(policy))]
        written += (each for test in self.tests_on(ARN_KEYS) if (each := _principal(test)))
        own = Principal.maybe(f"arn:{partition}:iam::{account}:root")
        self.named = tuple(
            dict.fromkeys(
                brought_to_role(principal, policies)
                for principal in (*(() if own is None else (own,)), *written)
                if not principal.account or f"arn:{partition}:" in principal.name
            )
        )
        self.places: dict[object, set[int]] = {}
        """Where each name, role or account is written, as the numbers of the lists."""
        self._find_places()
        self.accounts = self._accounts()

    @property
    def open(self) -> tuple[str, ...]:
        """The condition keys by which more callers may be told apart than are found."""
        spelled = {each.key: each.entry.key.value for each in self._about_who}
        return tuple(sorted(spelled.get(key) or _spelled(key) for key in self._open))

    def _without_own_names(self, condition: Condition) -> Condition:
        """A condition on an ARN without the values in which the caller's own name stands."""
        operator = condition.operator
        if condition.key not in _WHO_KEYS or operator is None or not condition.has_variables:
            return condition
        kept = []
        for value in condition.values:
            tie = tie_of(condition.key, operator.positive, value, _nothing)
            about = {key for key, _, _ in tie.variables} if tie is not None else set[str]()
            if tie is None or about.isdisjoint(_WHO_KEYS):
                kept.append(value)
            elif not {condition.key, *about} <= _ACCOUNT_KEYS:
                found = own_name_patterns(tie) if condition.key in ARN_KEYS else None
                if found is None:
                    self._open |= {condition.key, *about}
                else:
                    words = "".join(
                        each if isinstance(each, str) else _OWN[each.key] for each in tie.pieces
                    )
                    self.own_names.append((Test(f"like {words}", found), "aws:username" in about))
        return replace(condition, values=tuple(kept))

    def _marked(self, tie: Tie) -> Iterator[str]:
        """Patterns of what is compared as no other value is."""
        for key, head, tail in tie.variables:
            if tie.key in ARN_KEYS:
                yield f"{head}*{FRESH[0]}*{tail}"
            elif key in _WHO_KEYS - _ACCOUNT_KEYS or tie.key in _USERNAME_KEYS:
                yield f"*{FRESH[0]}*"

    def _by_users(self) -> dict[str, dict[ValueTest, frozenset[object]]]:
        """The tests of each key, and which conditions use them."""
        users: dict[str, dict[ValueTest, frozenset[object]]] = {}
        for user, condition in zip(self._users_of, self.conditions, strict=True):
            operator = condition.operator
            if operator is not None and operator.type != "Null" and not condition.has_variables:
                found = users.setdefault(condition.key, {})
                for value in condition.values:
                    if (test := as_test(operator.positive, value)) is not None:
                        found[test] = found.get(test, frozenset()) | {user}
        derived = [
            (key, test, by) for key, tests in self.ties.tests.items() for test, by in tests.items()
        ]
        derived += [
            (tie.key, test, frozenset({test}))
            for tie in self.ties.each
            for test in self._asked_by(tie)
        ]
        for key, test, by in derived:
            if key in _WHO_KEYS:
                users.setdefault(key, {}).setdefault(test, by)
        return users

    def _asked_by(self, tie: Tie) -> Iterator[ValueTest]:
        """What a value with variables asks, with what is asked of the variables in their places."""
        if tie.key not in _WHO_KEYS or tie.is_whole:
            return
        positive = "ArnLike" if tie.positive.startswith("Arn") else "StringLike"
        variables = [*tie.variables]
        for key, head, tail in variables:
            asked = [*self.ties.tests.get(key, ())]
            for text in ("*", *(glob for each in asked if (glob := each.glob) is not None)):
                if (test := as_test(positive, f"{head}{text}{tail}")) is not None:
                    yield test
            is_single = len(variables) == 1 and "*" not in head + tail and "?" not in head + tail
            if asked and not (is_single and all(each.glob is not None for each in asked)):
                self._open |= {tie.key, key}

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
            # Whose own name stands for something is like nobody else.
            principal if self.ties.each or self.own_names else None,
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
        """The tests of the conditions on some keys."""
        if keys not in self._tests:
            users: dict[ValueTest, frozenset[object]] = {}
            for key in keys:
                for test, by in self._users.get(key, {}).items():
                    users[test] = users.get(test, frozenset()) | by
            self._tests[keys] = [*dict.fromkeys(grouped(users).values())]
        return self._tests[keys]

    def _accounts(self) -> list[tuple[str, ...]]:
        """The accounts that are written out, in groups that are treated alike; the own first."""
        arns = [
            value.split(":", 5)
            for test in self.tests_on(ARN_KEYS)
            for value in (test.value, *test.others)
        ]
        in_patterns = {
            parts[4] for parts in arns if len(parts) == 6 and any("*" in p for p in parts)
        }
        derived = [test.value for test in self.tests_on(_ACCOUNT_KEYS)]
        written = dict.fromkeys(
            each for each in (*self.places, *derived, *in_patterns) if isinstance(each, str)
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
                patterns = tuple(map(_of_account, (test.value, *test.others)))
                tests.append(Test(f"of an account {test.words}", patterns, True))
        for test in self.tests_on(ARN_KEYS):
            if test.patterns:
                tests.append(Test(test.words, test.patterns))
        tests += (
            test for test, of_users in self.own_names if kind is PrincipalKind.USER or not of_users
        )
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


def _asked_alike(policy: int, statement: Statement, entry: ConditionEntry) -> object:
    """The same for conditions of statements which are one statement, but for the values.

    Whether one of several such statements applies is all that counts then.
    """
    operator = parse_operator(entry.operator.value)
    if operator is None or operator.negated or operator.set_prefix:
        return policy, id(entry)
    others = tuple(each for each in statement.conditions if each is not entry)
    return policy, operator, entry.key.value.lower(), replace(statement, conditions=others).meaning


def _nothing(_key: str) -> None:
    """Nothing is known of any key."""


def _spelled(key: str) -> str:
    known = knowledge().condition_key(key)
    return key if known is None or known.name.endswith(("/", ":")) else known.name


def _principal(test: ValueTest) -> Principal | None:
    return Principal.maybe(test.value) if test.positive == EXACTLY else None


def own_name_patterns(tie: Tie) -> Patterns | None:
    """The ARNs that hold the caller's own account or name in its place; None: it is no pattern.

    An account has twelve digits, and a user's name is the end of its ARN.
    """
    text = ""
    for at, piece in enumerate(tie.pieces):
        if isinstance(piece, str):
            text += piece
        elif piece.key in _ACCOUNT_KEYS and text.count(":") == 4 and text.endswith(":"):
            if "*" in text and not tie.positive.startswith("Arn"):
                return None
            text += "?" * 12
        elif piece.key in _USERNAME_KEYS and at == len(tie.pieces) - 1 and "/" in text:
            # Before the name, the ARN has a slash.
            heads = [f"{text}/", text[:-1]] if text.endswith("*") else [text]
            heads = [head for head in heads if head.endswith("/")]
            if text.endswith("?"):
                return None
            name = some(NOT_SLASH) + star(NOT_SLASH)
            return tuple(each + name for head in heads for each in _arns(tie, head))
        else:
            return None
    return _arns(tie, text)


def _arns(tie: Tie, text: str) -> Patterns:
    if tie.positive.startswith("Arn"):
        pattern = arn_pattern(text)
        return () if pattern is None else (pattern,)
    return (glob_pattern(text),)


def _of_account(account: str) -> Pattern:
    pattern = arn_pattern(f"arn:*:*:*:{account}:*")
    return Pattern(()) if pattern is None else pattern


def _by_username(test: ValueTest) -> Test:
    start = glob_pattern("arn:*:iam::*:user/")
    names = [
        glob_pattern(value, NOT_SLASH)
        if test.positive == "StringLike"
        else text_pattern(value, ignore_case=test.positive != EXACTLY)
        for value in (test.value, *test.others)
    ]
    patterns = (start + path + name for name in names for path in (_NO_PATH, _SOME_PATH))
    return Test(f"named {test.words}", tuple(patterns))


_NO_PATH = text_pattern("")
_SOME_PATH = star() + text_pattern("/")
