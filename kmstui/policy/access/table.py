"""Who can do what with a key: everybody by access groups, or one role by its effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kmstui.model import Arn, Grant, Identity
from kmstui.policy.access.groups import (
    AccessGroup,
    action_classes,
    actions_words,
    group_of,
    possible_actions,
)
from kmstui.policy.evaluation import (
    NOTHING_READ,
    Chain,
    Decision,
    Outcome,
    Policies,
    PolicyLike,
    ReasoningLine,
    evaluate,
    explain,
    granted_alike,
    most_in_the_way,
    needed_alike,
    reason_sentence,
)
from kmstui.policy.iam import (
    NOTHING_KNOWN,
    Context,
    Doubt,
    Principal,
    Request,
    account_of,
    brought_to_role,
    everyone,
)


class Mark(StrEnum):
    """What a cell says."""

    YES = "yes"
    CONDITIONAL = "conditional"
    """Under conditions on the request, or where the documents leave it open."""
    VIA_IAM = "via IAM"
    """The key policy leaves it to identity policies, which were not read."""
    DENIED = "denied"
    NO = "no"
    IMPOSSIBLE = "not with this key"
    """No action of the group works with a key of this usage and spec."""


_STRENGTH = {
    Mark.IMPOSSIBLE: 0,
    Mark.NO: 1,
    Mark.DENIED: 2,
    Mark.CONDITIONAL: 3,
    Mark.VIA_IAM: 4,
    Mark.YES: 5,
}


def mark_of(decision: Decision) -> Mark:
    """The mark for one decision."""
    if decision.outcome is Outcome.ALLOWED:
        return Mark.YES
    if decision.outcome is Outcome.EXPLICITLY_DENIED:
        return Mark.DENIED
    if decision.outcome is Outcome.IMPLICITLY_DENIED:
        return Mark.NO
    return Mark.VIA_IAM if decision.hangs_on_iam_alone else Mark.CONDITIONAL


@dataclass(frozen=True, slots=True)
class Part:
    """Actions of a cell that share one decision."""

    actions: tuple[str, ...]
    mark: Mark
    decision: Decision
    """About the first of the actions; the others are decided alike."""

    @property
    def why(self) -> str:
        """The reason, as one sentence about all of the actions."""
        if self.decision.request.action not in self.actions:
            return reason_sentence(self.decision)  # another permission that is needed too
        return reason_sentence(self.decision, "it" if len(self.actions) == 1 else "them")

    @property
    def sentence(self) -> str:
        """`Can Encrypt: …`, `Cannot Decrypt: …`, `May Sign: …`."""
        verb = {Mark.YES: "Can", Mark.NO: "Cannot", Mark.DENIED: "Cannot"}.get(self.mark, "May")
        return f"{verb} {actions_words(frozenset(self.actions))}: {self.why}"

    @property
    def words(self) -> str:
        """`Decrypt: conditional. Statement … allows it if …`."""
        return f"{actions_words(frozenset(self.actions))}: {self.mark.value}. {self.why}"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one principal can do of one access group."""

    group: AccessGroup
    mark: Mark
    """The best that it can do of the group."""
    parts: tuple[Part, ...]
    """The strongest first."""

    @property
    def partial(self) -> bool:
        """Whether the mark is true of some actions of the group only."""
        return len({part.mark for part in self.parts}) > 1

    @property
    def words(self) -> str:
        """One line for the cursor: what holds of which actions, with the condition."""
        if not self.parts:
            return f"No action of this group works with this key ({self.group.value})."
        return " ".join(part.words for part in self.parts if part.mark is self.mark)

    def reasoning(self) -> tuple[ReasoningLine, ...]:
        """The whole reasoning in words, with the statements to jump to."""
        lines: list[ReasoningLine] = []
        for part in self.parts:
            lines.append(ReasoningLine(f"{actions_words(frozenset(part.actions))}:"))
            lines.extend(explain(part.decision))
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class Row:
    """What one principal can do."""

    principal: Principal
    cells: tuple[Cell, ...]
    """One for each access group, in their order."""

    def cell(self, group: AccessGroup) -> Cell:
        """The cell of a group."""
        return next(cell for cell in self.cells if cell.group is group)

    @property
    def has_access(self) -> bool:
        """Whether any cell says more than no."""
        return any(_STRENGTH[cell.mark] > _STRENGTH[Mark.DENIED] for cell in self.cells)


@dataclass(frozen=True, slots=True)
class AccessTable:
    """Principals by access groups."""

    rows: tuple[Row, ...]
    not_considered: tuple[str, ...]
    """Never empty; what no row rests on."""
    problems: tuple[str, ...] = ()
    """What of the identities could not be read, as sentences."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The key that the table is about."""

    arn: str
    usage: str = ""
    """KeyUsage, such as `ENCRYPT_DECRYPT`; empty where it is not known."""
    spec: str = ""
    """KeySpec, such as `SYMMETRIC_DEFAULT`; empty where it is not known."""


def access_table(
    policy: PolicyLike,
    key: KeyFacts,
    *,
    grants: Sequence[Grant] | None = None,
    identities: Sequence[Identity] = (),
    context: Context = NOTHING_KNOWN,
    chain: Chain = NOTHING_READ,
) -> AccessTable:
    """Ask for everybody who occurs, and for the stand-ins of all who do not.

    Args:
        policy: The key policy.
        key: Actions that its usage forbids are left out.
        grants: None where they were not read.
        identities: Roles and users with their IAM policies, as far as they may be read.
        context: What is known of the requests.
        chain: What is known of control policies and of a VPC endpoint.
    """
    base = replace(Policies.of_key(policy, grants), chain=chain)
    actions = possible_actions(key.usage, key.spec)
    classes = classes_of(base, actions)
    carried = _by_principal(identities)
    rows = []
    for principal in _askable(base, key, carried, grants or ()):
        identity = carried.get(principal.role_key or principal.name)
        if identity is None:
            row = access_row(principal, base, key, classes, context)
        else:
            own = base.with_identity(identity)
            row = access_row(principal, own, key, classes_of(own, actions), context)
        if row.has_access or principal.account == account_of(key.arn):
            rows.append(row)
    return AccessTable(
        rows=tuple(rows),
        not_considered=base.not_considered_by_anybody,
        problems=tuple(identity.problem for identity in identities if identity.problem),
    )


def _by_principal(identities: Sequence[Identity]) -> dict[object, Identity]:
    """Users by ARN; roles by account and name, which a session's ARN tells too."""
    found: dict[object, Identity] = {}
    for identity in identities:
        principal = Principal.maybe(identity.arn)
        if principal is not None:
            found[principal.role_key or principal.name] = identity
    return found


def _askable(
    base: Policies, key: KeyFacts, carried: dict[object, Identity], grants: Sequence[Grant]
) -> tuple[Principal, ...]:
    """Everybody to give a row: who is named, who holds a grant, and who was looked up."""
    arn = Arn.maybe(key.arn)
    names = [identity.arn for identity in carried.values()]
    names += [name for each in grants for name in (each.holder, each.retirer)]
    policies = (base.key.policy,)
    found = dict.fromkeys(
        brought_to_role(principal, policies)
        for name in names
        if (principal := Principal.maybe(name)) is not None
    )
    partition = "aws" if arn is None else arn.partition
    for principal in everyone(policies, account_of(key.arn), partition):
        found[brought_to_role(principal, policies)] = None
    return tuple(found)


Classes = tuple[tuple[AccessGroup, tuple[str, ...]], ...]
"""Sets of actions of one group that all policies treat alike."""


def classes_of(policies: Policies, actions: Sequence[str]) -> Classes:
    """The actions in sets that need one question each."""
    found: dict[object, list[str]] = {}
    for index, alike in enumerate(action_classes((policies.key, *policies.of_iam), actions)):
        for action in alike:
            bound = policies.chain.binds(action)
            by_grants = granted_alike(policies.grants or (), action)
            signature = (group_of(action), index, by_grants, bound, needed_alike(action))
            found.setdefault(signature, []).append(action)
    return tuple((group_of(members[0]), tuple(members)) for members in found.values())


def access_row(
    principal: Principal,
    policies: Policies,
    key: KeyFacts,
    classes: Classes,
    context: Context = NOTHING_KNOWN,
) -> Row:
    """What one principal can do of the actions in `classes`, group by group."""
    parts: dict[AccessGroup, list[Part]] = {group: [] for group in AccessGroup}
    for group, members in classes:
        decision = most_in_the_way(Request(principal, members[0], key.arn, context), policies)
        if Doubt.GRANTS in decision.doubts:
            continue  # said once for all: grants were not considered
        parts[group].append(Part(members, mark_of(decision), decision))
    return Row(principal, tuple(_cell(group, found) for group, found in parts.items()))


def _cell(group: AccessGroup, parts: Sequence[Part]) -> Cell:
    ordered = tuple(sorted(parts, key=lambda part: -_STRENGTH[part.mark]))
    mark = ordered[0].mark if ordered else Mark.IMPOSSIBLE
    return Cell(group, mark, ordered)


@dataclass(frozen=True, slots=True)
class RoleEffect:
    """What an identity can do with a key."""

    identity: Identity
    effects: tuple[Part, ...]
    """What it can first, then what depends, then what it cannot."""
    not_considered: tuple[str, ...]
    """Never empty."""

    def actions(self, *marks: Mark) -> tuple[str, ...]:
        """The actions that carry one of these marks, sorted."""
        found = (name for each in self.effects if each.mark in marks for name in each.actions)
        return tuple(sorted(found))

    @property
    def summary(self) -> str:
        """One line: `role app can Encrypt; cannot Decrypt`."""
        clauses = [
            f"{verb} {actions_words(frozenset(actions))}"
            for verb, actions in (
                ("can", self.actions(Mark.YES)),
                ("may under conditions", self.actions(Mark.CONDITIONAL, Mark.VIA_IAM)),
                ("cannot", self.actions(Mark.NO, Mark.DENIED)),
            )
            if actions
        ]
        return f"{self.identity.kind} {self.identity.name} {'; '.join(clauses)}"


_ORDER = (Mark.YES, Mark.CONDITIONAL, Mark.VIA_IAM, Mark.NO, Mark.DENIED)


def role_effect(
    identity: Identity,
    policy: PolicyLike,
    key: KeyFacts,
    *,
    grants: Sequence[Grant] | None = None,
    context: Context = NOTHING_KNOWN,
    chain: Chain = NOTHING_READ,
) -> RoleEffect:
    """Put an identity's policies together with a key policy.

    Raises:
        ValueError: the identity's ARN is not that of a principal.
    """
    principal = Principal.parse(identity.arn)
    policies = replace(Policies.of_key(policy, grants).with_identity(identity), chain=chain)
    classes = classes_of(policies, possible_actions(key.usage, key.spec))
    row = access_row(principal, policies, key, classes, context)
    alike: dict[object, list[Part]] = {}
    for cell in row.cells:
        for part in cell.parts:
            decision = part.decision
            spans = tuple((each.source, each.span) for each in decision.deciding)
            near = () if decision.deciding else tuple(each.span for each in decision.near)
            alike.setdefault((part.mark, decision.reason, spans, near), []).append(part)
    effects = [
        replace(parts[0], actions=tuple(sorted(name for each in parts for name in each.actions)))
        for parts in alike.values()
    ]
    effects.sort(key=lambda effect: _ORDER.index(effect.mark))
    put = Request(principal, "kms:PutKeyPolicy", key.arn, context)
    return RoleEffect(identity, tuple(effects), evaluate(put, policies).not_considered)
