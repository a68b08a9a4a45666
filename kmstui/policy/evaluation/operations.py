"""What an operation needs besides a permission on one key: on an alias, another key, a Region.

https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html,
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html and the KMS API
Reference, "Required permissions" of each operation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

from kmstui.model import Arn
from kmstui.policy.evaluation.evaluator import Decision, evaluate
from kmstui.policy.evaluation.explanation import (
    ReasoningLine,
    answer_word,
    basis,
    explain,
    reason_sentence,
    reasoning,
)
from kmstui.policy.evaluation.outcome import Outcome
from kmstui.policy.evaluation.policies import Policies
from kmstui.policy.iam import Context, Request, resource_match
from kmstui.policy.witnesses import joined

_ANY_ALIAS = "alias/=any="
"""Stands for an alias that no policy names: an alias holds no `=`."""


class On(Enum):
    """What a permission is needed on."""

    KEY = "the key"
    ALIAS = "the alias"
    OTHER_KEY = "the other key"
    REGION = "the Region of the replica"


@dataclass(frozen=True, slots=True)
class Need:
    """A permission that an operation needs."""

    action: str
    on: On
    role: str
    """What the resource is in the operation: `the key that the alias names now`."""

    @property
    def words(self) -> str:
        """`kms:UpdateAlias on the alias`."""
        return f"{self.action} {'in' if self.on is On.REGION else 'on'} {self.role}"


def _needs(*needs: tuple[str, On, str]) -> tuple[Need, ...]:
    return tuple(Need(f"kms:{action}", on, role) for action, on, role in needs)


_FROM, _TO = "the key that it is encrypted under now", "the key that it shall be encrypted under"
_OPERATIONS: Mapping[str, tuple[Need, ...]] = {
    "kms:CreateAlias": _needs(
        ("CreateAlias", On.KEY, "the key"), ("CreateAlias", On.ALIAS, "the alias")
    ),
    "kms:DeleteAlias": _needs(
        ("DeleteAlias", On.KEY, "the key"), ("DeleteAlias", On.ALIAS, "the alias")
    ),
    "kms:UpdateAlias": _needs(
        ("UpdateAlias", On.KEY, "the key that the alias shall name"),
        ("UpdateAlias", On.ALIAS, "the alias"),
        ("UpdateAlias", On.OTHER_KEY, "the key that the alias names now"),
    ),
    "kms:ReEncrypt": _needs(("ReEncryptFrom", On.KEY, _FROM), ("ReEncryptTo", On.OTHER_KEY, _TO)),
    "kms:ReEncryptFrom": _needs(
        ("ReEncryptFrom", On.KEY, _FROM), ("ReEncryptTo", On.OTHER_KEY, _TO)
    ),
    "kms:ReEncryptTo": _needs(("ReEncryptTo", On.KEY, _TO), ("ReEncryptFrom", On.OTHER_KEY, _FROM)),
    "kms:ReplicateKey": _needs(
        ("ReplicateKey", On.KEY, "the primary key"),
        ("CreateKey", On.REGION, "the Region of the replica"),
    ),
    "kms:UpdatePrimaryRegion": _needs(
        ("UpdatePrimaryRegion", On.KEY, "the primary key"),
        ("UpdatePrimaryRegion", On.OTHER_KEY, "the replica that shall be primary"),
    ),
}


def needed_alike(action: str) -> object:
    """Equal for two actions that need permissions of IAM besides that on the key, or none."""
    return tuple(need.on for need in needs_of(action) if need.on in (On.ALIAS, On.REGION))


@lru_cache(maxsize=256)
def needs_of(operation: str) -> tuple[Need, ...]:
    """The permissions that an operation (`kms:CreateAlias`) needs; of most one, on the key."""
    return _OPERATIONS.get(operation) or (Need(operation, On.KEY, "the key"),)


@dataclass(frozen=True, slots=True)
class Others:
    """What an operation is about besides the key, as far as it is known."""

    alias: str = ""
    """ARN of the alias."""
    key: str = ""
    """ARN of the other key."""
    policies: Policies | None = None
    """What bears on the other key."""
    region: str = ""


NO_OTHERS = Others()
"""Where nothing is known of them."""


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The answer about one of the permissions."""

    need: Need
    decision: Decision | None
    """None where it is not known which resource it is, and that decides."""

    @property
    def how(self) -> str:
        """What to do where it is not known which resource it is."""
        return _HOW[self.need.on]

    @property
    def resource(self) -> str:
        """Which one it is, as far as it is known."""
        if self.decision is None:
            return ""
        arn = self.decision.request.resource
        if self.need.on is On.REGION:
            parsed = Arn.maybe(arn)
            return parsed.region if parsed is not None else ""
        return "" if arn.endswith(_ANY_ALIAS) else arn


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether somebody may call an operation: only with all the permissions that it needs."""

    operation: str
    parts: tuple[PartAnswer, ...]

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions about those of which the resource is known."""
        return tuple(part.decision for part in self.parts if part.decision is not None)

    @property
    def not_considered(self) -> tuple[str, ...]:
        """What the answer does not rest on; never empty."""
        left_out = (word for each in self.decisions for word in each.not_considered)
        return tuple(dict.fromkeys((*left_out, *(need.words for need in self.missing))))

    @property
    def missing(self) -> tuple[Need, ...]:
        """Those of which nobody can say anything before it is known which resource it is."""
        return tuple(part.need for part in self.parts if part.decision is None)

    @property
    def weakest(self) -> Decision:
        """The decision that stands most in the way."""
        return min(self.decisions, key=lambda each: _ORDER.index(each.outcome))

    @property
    def outcome(self) -> Outcome:
        """Allowed only where every permission is there."""
        found = self.weakest.outcome
        unsure = self.missing and found is Outcome.ALLOWED
        return Outcome.NOT_PREDICTABLE if unsure else found

    @property
    def word(self) -> str:
        """`yes`, `no`, `no, denied`, `it depends`, or `incomplete`."""
        if self.missing and self.weakest.outcome is Outcome.ALLOWED:
            return "incomplete"
        return answer_word(self.weakest)

    @property
    def sentence(self) -> str:
        """Why, as one sentence about the permission that stands most in the way."""
        if len(self.parts) == 1:
            return reason_sentence(self.weakest)
        if self.word == "incomplete":
            wanted = (need.words for need in self.missing)
            return f"{self.operation} needs {joined(wanted, 'and')} too, which was not asked about."
        part = next(part for part in self.parts if part.decision is self.weakest)
        return f"{part.need.words}: {reason_sentence(self.weakest)}"

    def explain(self) -> tuple[ReasoningLine, ...]:
        """The whole reasoning, permission by permission."""
        if len(self.parts) == 1:
            return explain(self.weakest)
        count = f"{self.operation} needs {len(self.parts)} permissions, each on its own resource."
        word = self.word[:1].upper() + self.word[1:]
        return (ReasoningLine(f"{word}: {count}"), *self._of_parts())

    def _of_parts(self) -> Iterator[ReasoningLine]:
        for part in self.parts:
            title = " ".join(filter(None, (part.need.words, part.resource)))
            if part.decision is None:
                yield ReasoningLine(f"{title}: not known. {part.how}")
            else:
                yield ReasoningLine(f"{title}:")
                yield from reasoning(part.decision)
        yield from basis(self.decisions)


_ORDER = (
    Outcome.EXPLICITLY_DENIED,
    Outcome.IMPLICITLY_DENIED,
    Outcome.NOT_PREDICTABLE,
    Outcome.ALLOWED,
)
_HOW = {
    On.KEY: "",
    On.ALIAS: "IAM policies treat aliases differently: say which it is.",
    On.OTHER_KEY: "Say which key that is.",
    On.REGION: "Say which Region that is.",
}


def ask(request: Request, policies: Policies, others: Others = NO_OTHERS) -> Answer:
    """Decide about an operation by all the permissions that it needs.

    Args:
        request: Who asks for what, and the key that it is first about.
        policies: What bears on that key.
        others: What else the operation is about.
    """
    needs = needs_of(request.action)
    if len(needs) == 1:
        return Answer(request.action, (PartAnswer(needs[0], evaluate(request, policies)),))
    asked = replace(request, context=_with_others(request, others))
    parts = (PartAnswer(need, _decided(need, asked, policies, others)) for need in needs)
    return Answer(request.action, tuple(parts))


def most_in_the_way(request: Request, policies: Policies) -> Decision:
    """The weakest decision of those that `ask` would make, where nothing else is known.

    Of other keys nothing is known then, so they may only take away from what is decided.
    """
    weakest = evaluate(request, policies)
    for need in needs_of(request.action)[1:]:
        # What IAM alone decides is as open as it is already, where no IAM policy was read.
        as_open = policies.identity is None and weakest.outcome is Outcome.NOT_PREDICTABLE
        if as_open or weakest.outcome in (Outcome.EXPLICITLY_DENIED, Outcome.IMPLICITLY_DENIED):
            break
        found = _decided(need, request, policies, NO_OTHERS)
        if found is not None and _ORDER.index(found.outcome) < _ORDER.index(weakest.outcome):
            weakest = found
    return weakest


def _with_others(request: Request, others: Others) -> Context:
    """What condition keys say of the other key or Region. Source: KMS condition keys."""
    known: dict[str, tuple[str, ...]] = {}
    if others.region:
        known["kms:replicaregion"] = (others.region,)
    other = Arn.maybe(others.key)
    if other is not None:
        known["kms:primaryregion"] = (other.region,)
        known["kms:reencryptonsamekey"] = (str(others.key == request.resource).lower(),)
    context = request.context
    return replace(context, values={**known, **context.values})


def _decided(need: Need, request: Request, policies: Policies, others: Others) -> Decision | None:
    asked = replace(request, action=need.action)
    if need.on is On.KEY:
        return evaluate(asked, policies)
    if need.on is On.OTHER_KEY:
        if others.policies is None:
            return None
        return evaluate(replace(asked, resource=others.key), others.policies)
    key = Arn.maybe(request.resource)
    if key is None:
        return None
    if need.on is On.REGION:
        return evaluate(replace(asked, resource=str(replace(key, region=others.region))), policies)
    any_alias = str(replace(key, resource=_ANY_ALIAS))
    if not others.alias and _tells_aliases_apart(policies, need.action, any_alias):
        return None
    return evaluate(replace(asked, resource=others.alias or any_alias), policies)


def _tells_aliases_apart(policies: Policies, action: str, any_alias: str) -> bool:
    """Whether a policy names single aliases, so that it matters which alias it is."""
    head = any_alias.removesuffix(_ANY_ALIAS)
    patterns = (
        node.value
        for policy in policies.of_iam
        for statement in policy.covering(action)
        for node in (*statement.statement.resources, *statement.statement.not_resources)
    )
    return any(
        ":alias/" in pattern
        and resource_match(f"{pattern.partition(':alias/')[0]}:", head)
        and not resource_match(pattern, any_alias)
        for pattern in patterns
    )
