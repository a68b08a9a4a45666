"""The inline policy of a role as something to edit: what it means for the chosen key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kmstui.model import Identity, IdentityPolicy, Key
from kmstui.policy.access import KeyFacts, Mark, Part, RoleEffect, actions_words, role_effect
from kmstui.policy.authoring import CompletionContext, Completions, allows, complete
from kmstui.policy.evaluation import NOTHING_READ, Applied, Chain, Decision, reason_sentence
from kmstui.policy.iam import knowledge, role_arns
from kmstui.policy.lint import Finding, lint_identity, reads_the_same
from kmstui.policy.syntax import parse, read_policy, scalar_text
from kmstui.service.access import ChainReader, caller_principal, is_caller
from kmstui.service.editing.location import ABSENT, PUT_ROLE_POLICY, RolePolicyLocation
from kmstui.service.editing.review import (
    AccessComparison,
    AccessLine,
    Assessment,
    EditTarget,
    Judgement,
    Weight,
    json_judgement,
    json_problem,
)
from kmstui.service.session import Session


@dataclass(frozen=True, slots=True)
class RolePolicyRules:
    """The linter and the review of one inline policy, as pure functions."""

    identity: Identity
    policy: str
    """The inline policy's name."""
    key_name: str
    key: KeyFacts | None
    """The key that the review is about."""
    key_policy: str
    own: bool
    """Whether it is the caller's own role."""
    disabled: frozenset[str] = frozenset()
    chain: Chain = NOTHING_READ
    """What binds requests about the key besides the policies of the two accounts."""

    def lint(self, text: str) -> tuple[Finding, ...]:
        """What is wrong with a text."""
        return lint_identity(text, disabled=self.disabled)

    def complete(self, text: str, offset: int) -> Completions:
        """What could be written at an offset."""
        return complete(text, offset, knowledge(), CompletionContext())

    def staying(self, base: str, text: str) -> tuple[str, ...]:
        """Nothing: `Assessment.afterwards` tells all that the role can do."""
        return ()

    def assess(self, base: str, text: str, earlier: tuple[str, str] | None = None) -> Assessment:
        """What a change does to what the role can do with the key."""
        locked = self.own and self._may_put(base) and not self._may_put(text)
        judgements = list(self._judgements(base, text))
        if locked:
            judgements.insert(
                0,
                Judgement(
                    Weight.BAD,
                    f"No: nothing would allow you {PUT_ROLE_POLICY} any more, so you could not"
                    " change this role's policies again.",
                ),
            )
        not_json = json_problem(text)
        if not_json:
            judgements.insert(0, json_judgement(not_json, "IAM"))
        effect = self.effect(text)
        return Assessment(
            base=base,
            text=text,
            judgements=tuple(judgements),
            findings=self.lint(text),
            access=self._changes(base, text),
            not_considered=self._not_considered(text),
            not_json=not_json,
            undone=tuple(self._undone(base, text, *earlier)) if earlier else (),
            afterwards=f"With {self.key_name}: {effect.summary}." if effect else "",
            locks_out=locked,
        )

    def compare_access(self, old: str, new: str) -> AccessComparison:
        """What one version does to what the role can do with the key that another did not."""
        about = f" with {self.key_name}" if self.key is not None else ""
        rests_on = "Worked out with the key policy and the role's other policies as they are now."
        return AccessComparison(
            f"What role {self.identity.name} gains and loses{about}",
            self._changes(old, new),
            "" if self._unknown else f"{rests_on} {self.identity.problem}".rstrip(),
        )

    def fix_effect(self, before: str, after: str) -> tuple[str, ...]:
        """What a fix of a text changes in what the role can do, in sentences."""
        if reads_the_same(before, after):
            return ()
        told = tuple(line.sentence for line in self._changes(before, after))
        rest = "What it does to other keys and to other services is not worked out."
        return (*(told or (f"Nothing changes with {self.key_name}.",)), rest)

    @property
    def _unknown(self) -> str:
        """Why the effect on a key cannot be told, as a sentence; empty where it can."""
        if self.key is None:
            return "No key is chosen, so what it can do with one cannot be told."
        if not self.key_policy:
            return f"The policy of {self.key_name} is not known, so this cannot be told."
        return ""

    def effect(self, text: str) -> RoleEffect | None:
        """What the role can do with the key if this were the policy."""
        if self.key is None or self._unknown:
            return None
        return role_effect(self._with(text), self.key_policy, self.key, chain=self.chain)

    def _with(self, text: str) -> Identity:
        changed = IdentityPolicy(self.policy, text, inline=True)
        others = (each for each in self.identity.policies if not self._is_it(each))
        return replace(self.identity, policies=(*others, changed))

    def _is_it(self, policy: IdentityPolicy) -> bool:
        return policy.inline and policy.name == self.policy

    def _may_put(self, text: str) -> bool:
        return any(allows(each.text, PUT_ROLE_POLICY) for each in self._with(text).policies)

    def _judgements(self, base: str, text: str) -> Iterator[Judgement]:
        if base == ABSENT:
            yield Judgement(
                Weight.NOTE,
                f"Role {self.identity.name} has no inline policy {self.policy} yet: saving makes"
                " it.",
            )
        if self.effect(text) is None:
            yield Judgement(Weight.DOUBT, self._unknown)
        if self.identity.problem:
            yield Judgement(Weight.DOUBT, self.identity.problem)

    def _changes(self, base: str, text: str) -> tuple[AccessLine, ...]:
        before, after = self.effect(base), self.effect(text)
        if before is None or after is None:
            return (AccessLine(Weight.DOUBT, self._unknown),)
        return role_changes(before, after, self.key_name)

    def _undone(self, base: str, text: str, before: str, after: str) -> Iterator[str]:
        """What the role is given back that another change took, and what is taken that it gave."""
        then, now = (
            tuple(self._usable(each) for each in texts) for texts in ((before, after), (base, text))
        )
        who = f"{self.identity.kind} {self.identity.name}"
        for word, did, found in (
            ("gains", "took away", (now[1] - now[0]) & (then[0] - then[1])),
            ("loses", "gave", (now[0] - now[1]) & (then[1] - then[0])),
        ):
            if found:
                yield f"{who} {word} {actions_words(found)} with {self.key_name}, which that {did}"

    def _usable(self, text: str) -> frozenset[str]:
        effect = self.effect(text)
        return frozenset(effect.actions(*_CAN)) if effect else frozenset()

    def _not_considered(self, text: str) -> tuple[str, ...]:
        effect = self.effect(text)
        others = ("other keys and other services",)
        return others if effect is None else (*effect.not_considered, *others)


class RolePolicyTarget(EditTarget):
    """One inline policy of a role."""

    def __init__(
        self,
        session: Session,
        identity: Identity,
        policy: str,
        key: Key | None,
        disabled: Collection[str] = (),
    ) -> None:
        """`key` is the chosen one, on which the effect is shown."""
        session = session.of(identity.arn)
        super().__init__(session)
        self._key = key
        self._arn = identity.arn
        self.location = RolePolicyLocation(session.gateway, identity.name, policy)
        self.title = f"role {identity.name}, {policy}"
        self.word = identity.name
        metadata = key.metadata if key is not None else None
        self.rules: RolePolicyRules = RolePolicyRules(
            identity=identity,
            policy=policy,
            key_name=session.store.short_name(key.id) if key is not None else "no key",
            key=KeyFacts(
                key.arn,
                usage=metadata.usage if metadata else "",
                spec=metadata.spec if metadata else "",
            )
            if key is not None
            else None,
            key_policy=_default_policy(session, key),
            own=is_caller(identity.arn, session.caller),
            disabled=frozenset(disabled),
        )

    async def learn(self) -> None:
        """Read the policy of the chosen key, if it was not read yet, and what binds its use."""
        if self._key is not None:
            chain = await self._session.shared(ChainReader).chain(self._key)
            self.rules = replace(self.rules, chain=chain)
        if self._key is not None and not self.rules.key_policy:
            await self._session.read_policies(self._key.id)
            text = _default_policy(self._session, self._key)
            self.rules = replace(self.rules, key_policy=text)

    async def show_stored(self) -> None:
        """Let the views of access read the role again."""
        self._session.store.identity_changed(self._arn)


def _default_policy(session: Session, key: Key | None) -> str:
    policy = session.store.default_policy(key.id) if key is not None else None
    return policy.text if policy else ""


def roles_to_offer(session: Session, key: Key | None, others: Sequence[str] = ()) -> list[str]:
    """ARNs of roles: the caller's first, those that the chosen key's policy names, then others."""
    own = caller_principal(session.caller)
    found = [own] if ":role/" in own else []
    found += role_arns(read_policy(parse(_default_policy(session, key))))
    found += others
    return list(dict.fromkeys(found))


# What a change does to what the role can do with one key. Both texts are evaluated beside the
# role's other policies and the key policy. Where the answer is conditional before and after, the
# conditions are compared by meaning: another list of addresses is a change although both answers
# are "under conditions".

_CAN = (Mark.YES, Mark.CONDITIONAL, Mark.VIA_IAM)
_WORDS = {
    Mark.YES: "can",
    Mark.CONDITIONAL: "can under conditions",
    Mark.VIA_IAM: "can if IAM allows it",
    Mark.NO: "cannot",
    Mark.DENIED: "is denied",
    Mark.IMPOSSIBLE: "cannot",
}


@dataclass(frozen=True, slots=True)
class _Change:
    """One change without the actions."""

    old: Mark
    new: Mark
    reason: str
    """That of the new answer, as a sentence about several actions."""

    @property
    def weight(self) -> Weight:
        """BAD where the role gains, GOOD where it loses, DOUBT where that is not clear."""
        if self.new in _CAN and self.old not in _CAN:
            return Weight.BAD
        if self.new not in _CAN and self.old in _CAN:
            return Weight.GOOD
        if self.new is Mark.YES:
            return Weight.BAD
        return Weight.GOOD if self.old is Mark.YES or self.new is Mark.DENIED else Weight.DOUBT

    @property
    def before(self) -> str:
        """What held before, in words."""
        return "under other conditions" if self.old is self.new else _WORDS[self.old]


def role_changes(before: RoleEffect, after: RoleEffect, key_name: str) -> tuple[AccessLine, ...]:
    """The changes, gains first; empty where the role can do the same as before."""
    was = _parts(before)
    alike: dict[_Change, dict[str, Decision]] = {}
    for name, part in _parts(after).items():
        old = was.get(name)
        if old is None or old.mark is not part.mark or _conditions(old) != _conditions(part):
            was_marked = Mark.NO if old is None else old.mark
            change = _Change(was_marked, part.mark, reason_sentence(part.decision, "them"))
            alike.setdefault(change, {})[name] = part.decision
    who = f"{after.identity.kind} {after.identity.name}"
    lines = [
        AccessLine(
            change.weight,
            f"{who} {_WORDS[change.new]} {actions_words(frozenset(decisions))} with {key_name}"
            f" (before: {change.before}). {_reason(decisions)}",
        )
        for change, decisions in alike.items()
    ]
    return tuple(sorted(lines, key=lambda line: _ORDER.index(line.weight)))


def _reason(decisions: Mapping[str, Decision]) -> str:
    return reason_sentence(next(iter(decisions.values())), "it" if len(decisions) == 1 else "them")


_ORDER = (Weight.BAD, Weight.DOUBT, Weight.NOTE, Weight.GOOD)


def _parts(effect: RoleEffect) -> dict[str, Part]:
    return {name: each for each in effect.effects for name in each.actions}


def _conditions(part: Part) -> frozenset[object]:
    """What a conditional answer hangs on, equal for policies that ask the same; else nothing."""
    if part.mark is not Mark.CONDITIONAL:
        return frozenset()
    return frozenset(map(_asked, part.decision.deciding))


def _asked(applied: Applied) -> object:
    statement = applied.statement
    tests = frozenset(
        (
            entry.operator.value,
            # Condition keys are compared without case (IAM User Guide, "Condition").
            entry.key.value.lower(),
            frozenset(map(scalar_text, entry.values)),
        )
        for entry in statement.conditions
    )
    resources = (*statement.resources, *statement.not_resources) if applied.resource_doubt else ()
    return applied.compiled.deny, tests, frozenset(node.value for node in resources)
