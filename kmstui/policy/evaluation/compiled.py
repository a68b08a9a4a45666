"""A policy made ready for many questions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html,
…_notaction.html, …_resource.html, …_notresource.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from kmstui.policy.iam import (
    Condition,
    ConditionResult,
    Doubt,
    Lookup,
    NamedBy,
    Principal,
    PrincipalMatch,
    PrincipalTest,
    Truth,
    UnknownVariableError,
    compile_condition,
    resolve,
    resource_match,
    wildcard_match,
)
from kmstui.policy.syntax import VARIABLES_SINCE, Policy, Span, Statement

KEY_POLICY = "key policy"
"""What the policy of the key is called."""
_NAMED = PrincipalMatch(NamedBy.DIRECT, Truth.YES)
"""An identity policy is about the identity that carries it."""


@lru_cache(maxsize=8192)
def _stands_for(pattern: str, action: str) -> bool:
    """Whether an action pattern describes an action; policies repeat a few patterns."""
    return wildcard_match(pattern, action, ignore_case=True)


@dataclass(frozen=True, slots=True, eq=False)
class CompiledStatement:
    """One statement of effect Allow or Deny; equal to itself alone."""

    policy: Policy
    """The policy it stands in."""
    statement: Statement
    source: str
    """What that policy is called: `key policy`, or an identity policy's name."""
    deny: bool
    conditions: tuple[Condition, ...]
    principal: PrincipalTest | None
    """None in an identity policy."""
    variables: bool
    """Whether the policy's version has policy variables."""

    @property
    def words(self) -> str:
        """`statement "Allow use" of the key policy`."""
        label = self.statement.label
        named = label if label.startswith("statement") else f"statement {label}"
        return f"{named} of {'the ' if self.source == KEY_POLICY else ''}{self.source}"

    @property
    def span(self) -> Span:
        """Where the statement stands in its text."""
        return self.statement.node.span

    def matches(self, principal: Principal, *, has_boundary: bool) -> tuple[PrincipalMatch, ...]:
        """All the ways in which it is about `principal`."""
        if self.principal is None:
            return (_NAMED,)
        return self.principal.matches(principal, has_boundary=has_boundary)

    def ruled_out_for(self, principal: Principal) -> bool:
        """Whether a condition fails that hangs on who asks alone."""
        facts = principal.facts
        return any(
            condition.key in facts
            and not condition.has_variables
            and condition.truth(facts.get) is Truth.NO
            for condition in self.conditions
        )

    def covers_action(self, action: str) -> bool:
        """Whether Action or NotAction includes `action`; without either, nothing is."""
        actions, excluded = self.statement.actions, self.statement.not_actions
        patterns = actions or excluded
        matched = any(_stands_for(node.value, action) for node in patterns)
        return matched if actions else bool(excluded) and not matched

    def covers_resource(self, arn: str, lookup: Lookup) -> Truth:
        """Whether Resource or NotResource includes `arn`; without either, nothing is."""
        resources, excluded = self.statement.resources, self.statement.not_resources
        if not (resources or excluded):
            return Truth.NO
        if resources and resources[0].value == "*":
            return Truth.YES
        found = Truth.NO
        for node in resources or excluded:
            found = max(found, self._resource_truth(node.value, arn, lookup))
        return found if resources else ~found

    def _resource_truth(self, pattern: str, arn: str, lookup: Lookup) -> Truth:
        if self.variables and "${" in pattern:
            try:
                resolved = resolve(pattern, lookup)
            except UnknownVariableError:
                return Truth.MAYBE
            if resolved is None:
                return Truth.NO
            pattern = resolved
        return Truth.YES if resource_match(pattern, arn) else Truth.NO


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """One statement that is about a request, and whether its conditions hold."""

    compiled: CompiledStatement
    match: PrincipalMatch
    truth: Truth
    """Of all together; NO where only the conditions do not hold."""
    conditions: tuple[ConditionResult, ...]
    resource_doubt: bool = False

    @property
    def statement(self) -> Statement:
        """The statement as written."""
        return self.compiled.statement

    @property
    def source(self) -> str:
        """Which policy it stands in."""
        return self.compiled.source

    @property
    def span(self) -> Span:
        """Where it stands in that policy's text."""
        return self.compiled.span

    @property
    def deny(self) -> bool:
        """Whether it denies."""
        return self.compiled.deny

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Why its truth is MAYBE."""
        found = [] if self.match.doubt is None else [self.match.doubt]
        if self.resource_doubt:
            found.append(Doubt.VARIABLE)
        found += [result.doubt for result in self.conditions if result.doubt is not None]
        return tuple(dict.fromkeys(found))

    @property
    def open_conditions(self) -> tuple[ConditionResult, ...]:
        """The conditions that nobody can judge yet."""
        return tuple(result for result in self.conditions if result.truth is Truth.MAYBE)


Candidate = tuple[CompiledStatement, tuple[PrincipalMatch, ...]]


@dataclass(frozen=True, slots=True)
class _Matches:
    """How statements name one principal, by the statement's identity."""

    all: dict[int, tuple[PrincipalMatch, ...]]
    possible: dict[int, tuple[PrincipalMatch, ...]]
    """Less those that are ruled out."""


class CompiledPolicy:
    """A policy that is asked many times.

    It remembers which statements are about a principal, an action and a key, so the thousandth
    question about the same ones tests conditions only. Not for several threads at once.
    """

    def __init__(self, policy: Policy, source: str = KEY_POLICY, *, identity: bool = False) -> None:
        """Make `policy` ready.

        Args:
            policy: The statements; those of another Effect than Allow or Deny do nothing.
            source: What to call the policy.
            identity: Whether it is an IAM policy, which names no principals.
        """
        self.policy = policy
        self.source = source
        variables = policy.version == VARIABLES_SINCE
        of_key = source == KEY_POLICY
        self.statements = tuple(
            CompiledStatement(
                policy=policy,
                statement=statement,
                source=source,
                deny=statement.effect == "Deny",
                conditions=tuple(
                    compile_condition(entry, policy.version, in_key_policy=of_key)
                    for entry in statement.conditions
                ),
                principal=None if identity else PrincipalTest.of(statement),
                variables=variables,
            )
            for statement in policy.statements
            if statement.effect in ("Allow", "Deny")
        )
        self._by_handle: dict[object, list[CompiledStatement]] = {}
        for each in self.statements:
            for handle in () if each.principal is None else each.principal.handles:
                self._by_handle.setdefault(handle, []).append(each)
        self.has_not_principal = any(statement.not_principals for statement in policy.statements)
        self._by_action: dict[str, tuple[CompiledStatement, ...]] = {}
        self._matches: dict[tuple[Principal | None, bool], _Matches] = {}
        self._candidates: dict[tuple[Principal | None, str, bool, bool], tuple[Candidate, ...]] = {}

    def covering(self, action: str) -> tuple[CompiledStatement, ...]:
        """The statements whose actions include `action`."""
        found = self._by_action.get(action)
        if found is None:
            found = tuple(each for each in self.statements if each.covers_action(action))
            self._by_action[action] = found
        return found

    def candidates(
        self,
        principal: Principal | None,
        action: str,
        *,
        has_boundary: bool = False,
        ruled_out: bool = False,
    ) -> tuple[Candidate, ...]:
        """The statements about a principal and an action, with how they name the principal.

        Args:
            principal: Who asks; None for an identity policy.
            action: What is asked.
            has_boundary: Whether a permissions boundary is attached to the principal.
            ruled_out: Also those of which a condition fails for this principal whatever else
                the request says, such as one on aws:PrincipalArn.
        """
        key = (principal, action, has_boundary, ruled_out)
        found = self._candidates.get(key)
        if found is None:
            about = self._matches_of(principal, has_boundary)
            matches = about.all if ruled_out else about.possible
            found = self._candidates[key] = tuple(
                (each, matches[id(each)]) for each in self.covering(action) if id(each) in matches
            )
        return found

    def only_with_boundary(
        self, principal: Principal, action: str
    ) -> tuple[CompiledStatement, ...]:
        """The statements that are about a principal and an action if it has a boundary alone."""
        if not self.has_not_principal:
            return ()
        without = {each for each, _ in self.candidates(principal, action)}
        bounded = self.candidates(principal, action, has_boundary=True)
        return tuple(each for each, _ in bounded if each not in without)

    def _matches_of(self, principal: Principal | None, has_boundary: bool) -> _Matches:
        found = self._matches.get((principal, has_boundary))
        if found is None:
            if principal is None:
                every: dict[int, tuple[PrincipalMatch, ...]] = {
                    id(each): (_NAMED,) for each in self.statements
                }
                found = _Matches(every, every)
            else:
                found = _Matches({}, {})
                for each in self._naming(principal):
                    matches = each.matches(principal, has_boundary=has_boundary)
                    if matches:
                        found.all[id(each)] = matches
                        if not each.ruled_out_for(principal):
                            found.possible[id(each)] = matches
            self._matches[(principal, has_boundary)] = found
        return found

    def _naming(self, principal: Principal) -> Iterator[CompiledStatement]:
        """The statements that may be about a principal, each once."""
        own = (principal.name, principal.parent, principal.role_key)
        handles = {None, *own, principal.account, principal.root_arn}
        found = {id(each): each for handle in handles for each in self._by_handle.get(handle, ())}
        return iter(found.values())

    def applied(
        self,
        principal: Principal | None,
        action: str,
        resource: str,
        lookup: Lookup,
        *,
        has_boundary: bool = False,
        ruled_out: bool = False,
    ) -> Iterator[Applied]:
        """Every statement that is about the request, once for each way it names the principal.

        The arguments are those of `candidates`, and how condition keys resolve.
        """
        candidates = self.candidates(
            principal, action, has_boundary=has_boundary, ruled_out=ruled_out
        )
        for compiled, matches in candidates:
            covered = compiled.covers_resource(resource, lookup)
            if covered is Truth.NO:
                continue
            results = tuple(condition.result(lookup) for condition in compiled.conditions)
            held = min((result.truth for result in results), default=Truth.YES)
            for match in matches:
                yield Applied(
                    compiled,
                    match,
                    min(held, covered, match.truth),
                    results,
                    covered is Truth.MAYBE,
                )
