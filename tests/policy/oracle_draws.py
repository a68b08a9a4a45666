"""Draw worlds for the oracle: policies, and requests whose values just meet or miss them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.policy.oracle_vocabulary import (
    ACTION_PATTERNS,
    ACTIONS,
    KEY,
    NAMED,
    NEAR,
    OF_ACCOUNTS,
    OF_SERVICES,
    OPERATORS,
    PRINCIPALS,
    RESOURCES,
    ROOT,
    SUBJECTS,
    TAGGED,
    Subject,
    Who,
)

Statement = dict[str, Any]
Values = str | list[str]


@dataclass
class World:
    """The policies that bear on requests for one key."""

    key: Mapping[str, Any]
    identity: Sequence[Mapping[str, Any]] = ()
    boundary: Mapping[str, Any] | None = None
    session: Mapping[str, Any] | None = None
    scps: Sequence[Sequence[Mapping[str, Any]]] = ()
    """From the root of the organization down to the account; each level has some policies."""
    rcps: Sequence[Sequence[Mapping[str, Any]]] = ()
    endpoint: Mapping[str, Any] | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def policies(self) -> Iterable[Mapping[str, Any]]:
        """All of them."""
        single = (self.key, self.boundary, self.session, self.endpoint)
        yield from (each for each in single if each is not None)
        yield from self.identity
        yield from (
            policy for levels in (self.scps, self.rcps) for each in levels for policy in each
        )

    @property
    def conditions(self) -> Iterable[tuple[str, str, list[str]]]:
        """Operator, key and values of every condition."""
        for policy in self.policies:
            for statement in policy["Statement"]:
                for operator, block in statement.get("Condition", {}).items():
                    for key, values in block.items():
                        yield operator, key, [values] if isinstance(values, str) else values


class Draw:
    """Random worlds; the same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _some(self, of: Sequence[Any], most: int) -> list[Any]:
        return self.random.sample(of, self.random.randint(1, min(most, len(of))))

    def _one_or_many(self, values: list[Any]) -> Any:
        return values[0] if len(values) == 1 and self._chance(0.7) else values

    def _operator(self, subject: Subject) -> str:
        base = self.random.choice(OPERATORS[subject.type])
        if_exists = "IfExists" if self._chance(0.25) else ""
        prefix = ""
        if self._chance(0.85 if subject.many else 0.06):
            prefix = self.random.choice(("ForAnyValue:", "ForAllValues:"))
        return f"{prefix}{base}{if_exists}"

    def _spelled(self, key: str) -> str:
        """Condition keys are not case-sensitive."""
        change = self.random.choice((str.lower, str.upper, str.swapcase))
        return change(key) if self._chance(0.08) else key

    def conditions(self, most: int = 2) -> dict[str, Any]:
        """A Condition block."""
        block: dict[str, Any] = {}
        for key in self._some(list(SUBJECTS), most):
            subject = SUBJECTS[key]
            if self._chance(0.12):
                operator, values = "Null", [self.random.choice(("true", "false"))]
            else:
                operator, values = self._operator(subject), self._some(subject.wanted, 3)
            block.setdefault(operator, {})[self._spelled(key)] = self._one_or_many(values)
        return block

    def statement(
        self, *, principal: bool, allow: float = 0.65, conditions: float = 0.8
    ) -> Statement:
        """A statement of a key policy, or of an identity policy without `principal`."""
        effect = "Allow" if self._chance(allow) else "Deny"
        statement: Statement = {"Effect": effect}
        if principal:
            negated = effect == "Deny" and self._chance(0.15)
            statement["NotPrincipal" if negated else "Principal"] = self.random.choice(NAMED)
        actions = self._one_or_many(self._some(ACTION_PATTERNS, 2))
        statement["NotAction" if self._chance(0.12) else "Action"] = actions
        if self._chance(0.7):
            statement["Resource"] = "*"
        else:
            resources = self._one_or_many(self._some(RESOURCES, 2))
            statement["NotResource" if self._chance(0.3) else "Resource"] = resources
        if self._chance(conditions):
            statement["Condition"] = self.conditions()
        return statement

    def policy(self, statements: list[Statement]) -> dict[str, Any]:
        """A policy of these statements, seldom of the old version."""
        version = "2008-10-17" if self._chance(0.07) else "2012-10-17"
        return {"Version": version, "Statement": statements}

    def _iam(self, share: float) -> dict[str, Any]:
        """A policy without principals; with probability `share` it allows everything first."""
        everything = [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]
        drawn = [self.statement(principal=False) for _ in range(self.random.randint(0, 1))]
        statements = (everything if self._chance(share) else []) + drawn
        return self.policy(statements or everything)

    def _levels(
        self, statement: Callable[[], Statement], full: Statement
    ) -> list[list[dict[str, Any]]]:
        levels = []
        for _ in range(self.random.randint(1, 2)):
            policies = [self.policy([full])] if self._chance(0.8) else []
            if self._chance(0.7) or not policies:
                policies.append(self.policy([statement()]))
            levels.append(policies)
        return levels

    def _rcp_statement(self) -> Statement:
        """Resource control policies deny, to everybody (Organizations, "RCP syntax")."""
        statement = self.statement(principal=False, allow=0)
        action = statement.pop("Action", None) or statement.pop("NotAction")
        actions = [action] if isinstance(action, str) else action
        return {
            **statement,
            "Principal": "*",
            "Action": [each for each in actions if each != "*"] or "kms:*",
        }

    def world(self) -> World:
        """Policies, without requests yet."""
        statements = [self.statement(principal=True) for _ in range(self.random.randint(1, 3))]
        if self._chance(0.45):
            root = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*"}
            statements.insert(0, {**root, "Resource": "*"})
        world = World(self.policy(statements))
        if self._chance(0.7):
            world.identity = [self._iam(0.6) for _ in range(2 if self._chance(0.2) else 1)]
        if self._chance(0.15):
            world.boundary = self._iam(0.5)
        if self._chance(0.12):
            world.session = self._iam(0.5)
        full: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        if self._chance(0.12):
            world.scps = self._levels(lambda: self.statement(principal=False, allow=0.3), full)
        if self._chance(0.12):
            denying = [{"Version": "2012-10-17", "Statement": [self._rcp_statement()]}]
            world.rcps = [denying] if self._chance(0.7) else [[], denying]
        if self._chance(0.06):
            world.endpoint = self._iam(0.5)
            for statement in world.endpoint["Statement"]:
                statement["Principal"] = "*"
        return world

    def _given(self, key: str, wanted: list[str]) -> Values:
        subject = SUBJECTS[key]
        near = NEAR[subject.type]
        pool = [each for value in wanted for each in self._near(near, value)]
        if not subject.many:
            return str(self.random.choice(pool))
        return self._some(sorted(set(pool)), 3)

    @staticmethod
    def _near(near: Callable[[str], list[str]], value: str) -> list[str]:
        for variable in TAGGED:
            value = value.replace(variable, "blue" if "PrincipalTag" in variable else "anna")
        for escaped in ("${*}", "${?}", "${$}"):
            value = value.replace(escaped, escaped[2])
        return near(value)

    def context(self, world: World, who: Who, action: str) -> dict[str, Values]:
        """What a request says besides what follows from who asks: near what conditions want."""
        spelled = {key.lower(): key for key in SUBJECTS}
        wanted: dict[str, list[str]] = {}
        for _, key, values in world.conditions:
            name = spelled[key.lower()]
            if not SUBJECTS[name].derived:
                usable = [each for each in values if each not in ("true", "false")]
                if SUBJECTS[name].type == "Bool":
                    usable = ["true"]
                wanted.setdefault(name, []).extend(usable)
        if world.endpoint is not None:
            wanted.setdefault("aws:SourceVpce", [])
        text = str(list(world.policies))
        if "PrincipalTag/team" in text:
            wanted.setdefault("aws:PrincipalTag/team", []).extend(("blue", "anna"))
        context: dict[str, Values] = {}
        for name, values in wanted.items():
            if name in OF_SERVICES and not who.is_service:
                continue
            if name in OF_ACCOUNTS and not who.account:
                continue
            if SUBJECTS[name].only and action not in SUBJECTS[name].only:
                continue
            if self._chance(0.78):
                context[name] = self._given(name, values or list(SUBJECTS[name].wanted))
        if "PrincipalTag/key" in text and who.account and self._chance(0.8):
            context["aws:PrincipalTag/key"] = KEY.rpartition("/")[2]
        return context

    def _asked(self, world: World) -> str:
        written = str(list(world.policies))
        named = [action for action in ACTIONS if action in written]
        keys = {key.lower() for _, key, _ in world.conditions}
        named += [each for key, of in SUBJECTS.items() if key.lower() in keys for each in of.only]
        return self.random.choice(named if named and self._chance(0.6) else ACTIONS)

    def _asking(self, world: World) -> str:
        written = str(world.key)
        named = [name for name, who in PRINCIPALS.items() if who.arn in written and who.arn != "*"]
        return self.random.choice(named if named and self._chance(0.45) else list(PRINCIPALS))

    def requests(self, world: World, count: int) -> list[dict[str, Any]]:
        """Requests, many of which differ from the one before in one value alone."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            name, action = self._asking(world), self._asked(world)
            context = self.context(world, PRINCIPALS[name], action)
            found.append({"who": name, "do": action, "with": context})
            for key in self._some(list(context), 3) if context else ():
                again = self.context(world, PRINCIPALS[name], action)
                if context.get(key) != again.get(key):
                    changed = {k: v for k, v in {**context, key: again.get(key)}.items() if v}
                    found.append({"who": name, "do": action, "with": changed})
        return found[:count]
