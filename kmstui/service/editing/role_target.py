"""The inline policy of a role as something to edit: what it means for the chosen key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from kmstui.model.identity import Identity, IdentityPolicy
from kmstui.model.key import Key
from kmstui.policy.access.role import RoleEffect, role_effect
from kmstui.policy.access.table import KeyFacts
from kmstui.policy.authoring.completion import CompletionContext, Completions, complete
from kmstui.policy.authoring.remove_action import allows
from kmstui.policy.authoring.templates import Facts
from kmstui.policy.iam.policy_principals import role_arns
from kmstui.policy.iam.vocabulary import knowledge
from kmstui.policy.lint.linter import lint_identity
from kmstui.policy.lint.rules import Finding
from kmstui.policy.syntax.parser import parse
from kmstui.policy.syntax.statements import read_policy
from kmstui.service.access.account_facts import principal_of
from kmstui.service.access.reader import is_caller
from kmstui.service.editing.history import AccessComparison
from kmstui.service.editing.location import (
    ABSENT,
    PUT_ROLE_POLICY,
    PolicyLocation,
    RolePolicyLocation,
)
from kmstui.service.editing.review import (
    AccessLine,
    Assessment,
    Judgement,
    Weight,
    no_json_judgement,
    why_no_json,
)
from kmstui.service.editing.role_diff import role_changes
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

    def lint(self, text: str) -> tuple[Finding, ...]:
        """What is wrong with a text."""
        return lint_identity(text, disabled=self.disabled)

    def assess(self, base: str, text: str) -> Assessment:
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
        no_json = why_no_json(text)
        if no_json:
            judgements.insert(0, no_json_judgement(no_json, "IAM"))
        return Assessment(
            base=base,
            text=text,
            judgements=tuple(judgements),
            findings=self.lint(text),
            access=self._changes(base, text),
            not_considered=self._not_considered(text),
            no_json=no_json,
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
        return role_effect(self._with(text), self.key_policy, self.key)

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
        effect = self.effect(text)
        if effect is None:
            yield Judgement(Weight.DOUBT, self._unknown)
        else:
            yield Judgement(Weight.NOTE, f"With {self.key_name}: {effect.summary}.")
        if self.identity.problem:
            yield Judgement(Weight.DOUBT, self.identity.problem)

    def _changes(self, base: str, text: str) -> tuple[AccessLine, ...]:
        before, after = self.effect(base), self.effect(text)
        if before is None or after is None:
            return (AccessLine(Weight.DOUBT, self._unknown),)
        return role_changes(before, after, self.key_name)

    def _not_considered(self, text: str) -> tuple[str, ...]:
        effect = self.effect(text)
        others = ("other keys and other services",)
        return others if effect is None else (*effect.not_considered, *others)


class RolePolicyTarget:
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
        store = session.store
        self._session = session
        self._key = key
        self._arn = identity.arn
        self.location: PolicyLocation = RolePolicyLocation(session.gateway, identity.name, policy)
        self.title = f"role {identity.name}, {policy}"
        self.word = identity.name
        self.key_arn = ""
        self.why_not = (
            "Read-only mode: you can look, and nothing is changed. Start kmstui without"
            " --read-only to edit."
            if session.read_only
            else ""
        )
        metadata = key.metadata if key is not None else None
        self._rules = RolePolicyRules(
            identity=identity,
            policy=policy,
            key_name=_name_of(session, key),
            key=KeyFacts(
                key.arn,
                usage=metadata.usage if metadata else "",
                spec=metadata.spec if metadata else "",
            )
            if key is not None
            else None,
            key_policy=_default_policy(session, key),
            own=is_caller(identity.arn, store.caller),
            disabled=frozenset(disabled),
        )

    def lint(self, text: str) -> tuple[Finding, ...]:
        """What is wrong with a text."""
        return self._rules.lint(text)

    def complete(self, text: str, offset: int) -> Completions:
        """What could be written at a place."""
        return complete(text, offset, knowledge(), CompletionContext())

    def assess(self, base: str, text: str) -> Assessment:
        """What a change does to what the role can do with the chosen key."""
        return self._rules.assess(base, text)

    def compare_access(self, old: str, new: str) -> AccessComparison:
        """What one version does to the role's access that another did not."""
        return self._rules.compare_access(old, new)

    def template_facts(self) -> Facts | None:
        """None: the templates are for key policies."""
        return None

    async def learn(self) -> None:
        """Read the policy of the chosen key, if it was not read yet."""
        if self._key is not None and not self._rules.key_policy:
            await self._session.read_policies(self._key.id)
            text = _default_policy(self._session, self._key)
            self._rules = replace(self._rules, key_policy=text)

    async def show_stored(self) -> None:
        """Let the views of access read the role again."""
        self._session.store.identity_changed(self._arn)


def _name_of(session: Session, key: Key | None) -> str:
    if key is None:
        return "no key"
    names = session.store.aliases_of(key.id)
    return names[0] if names else key.id


def _default_policy(session: Session, key: Key | None) -> str:
    if key is None:
        return ""
    policies = session.store.policies.get(key.id, ())
    return next((each.text for each in policies if each.name == "default"), "")


def roles_to_offer(session: Session, key: Key | None, others: Sequence[str] = ()) -> list[str]:
    """ARNs of roles: the caller's first, those that the chosen key's policy names, then others."""
    own = principal_of(session.store.caller)
    found = [own] if ":role/" in own else []
    found += role_arns(read_policy(parse(_default_policy(session, key))))
    found += others
    return list(dict.fromkeys(found))
