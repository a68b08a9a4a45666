"""What stays when one key policy replaces another: who could do what before, and still can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from kmstui.model import Arn
from kmstui.policy.access.changes import governed
from kmstui.policy.access.diff import changes_for
from kmstui.policy.access.groups import AccessGroup, actions_words, possible_actions
from kmstui.policy.access.table import Classes, KeyFacts, Mark, access_row, classes_of
from kmstui.policy.evaluation import NOTHING_READ, Chain, Policies, PolicyLike
from kmstui.policy.iam import Principal, Request, account_of, everyone
from kmstui.policy.witnesses import joined


class Kept(StrEnum):
    """How far somebody can still do what they could before; the words stand behind the actions."""

    FULLY = ""
    CONDITIONALLY = "under the same conditions"
    VIA_IAM = "if IAM policies allow it"
    PARTLY = "where both policies allow it"


@dataclass(frozen=True, slots=True)
class Staying:
    """What stays for some principals, to all of whom the same does."""

    names: tuple[str, ...]
    kept: tuple[tuple[Kept, tuple[str, ...]], ...]
    """Actions by how far they stay, what stays fully first."""
    universe: tuple[str, ...]
    """The actions in which the key's policy has a say."""

    @property
    def sentence(self) -> str:
        """As `role/app keeps Encrypt; Decrypt under the same conditions.`."""
        clauses = [
            f"{actions_words(frozenset(actions), self.universe)} {how.value}".rstrip()
            for how, actions in self.kept
        ]
        verb = "keep" if len(self.names) > 1 else "keeps"
        return f"{joined(self.names, 'and', most=6)} {verb} {'; '.join(clauses)}."


_CAN = {Mark.YES: Kept.FULLY, Mark.CONDITIONAL: Kept.CONDITIONALLY, Mark.VIA_IAM: Kept.VIA_IAM}
_Marks = dict[str, Mark]


def what_stays(
    before: PolicyLike, after: PolicyLike, key: KeyFacts, chain: Chain = NOTHING_READ
) -> tuple[Staying, ...]:
    """Everybody in either policy who can do with the key what they could before.

    Grants are left out: a policy takes none away and gives none.
    """
    old, new = (replace(Policies.of_key(each), chain=chain) for each in (before, after))
    arn = Arn.maybe(key.arn)
    actions = tuple(
        name for name in possible_actions(key.usage, key.spec) if name in frozenset(governed())
    )
    classes = _alike_in_both(old, new, actions)
    everybody = everyone(
        (old.key.policy, new.key.policy),
        account_of(key.arn),
        "aws" if arn is None else arn.partition,
    )
    alike: dict[tuple[tuple[Kept, tuple[str, ...]], ...], list[str]] = {}
    for principal in everybody:
        was, will = (_marks(principal, each, key, classes) for each in (old, new))
        found: dict[Kept, list[str]] = {}
        for _, members in classes:
            kept = _kept(was.get(members[0]), will.get(members[0]))
            if kept is None:
                continue
            request = Request(principal, members[0], key.arn)
            if kept is Kept.CONDITIONALLY and changes_for(old.key.policy, new.key.policy, request):
                kept = Kept.PARTLY
            found.setdefault(kept, []).extend(members)
        kept_by_all = tuple((how, tuple(sorted(found[how]))) for how in Kept if how in found)
        if kept_by_all:
            alike.setdefault(kept_by_all, []).append(principal.short)
    return tuple(
        Staying(tuple(dict.fromkeys(names)), kept, actions) for kept, names in alike.items()
    )


def _alike_in_both(old: Policies, new: Policies, actions: tuple[str, ...]) -> Classes:
    """The actions in sets that neither of the two policies tells apart."""
    places: dict[str, tuple[AccessGroup, int]] = {}
    for index, (group, members) in enumerate(classes_of(old, actions)):
        places |= dict.fromkeys(members, (group, index))
    found: dict[tuple[AccessGroup, int, int], list[str]] = {}
    for index, (_, members) in enumerate(classes_of(new, actions)):
        for name in members:
            found.setdefault((*places[name], index), []).append(name)
    return tuple((place[0], tuple(members)) for place, members in found.items())


def _marks(principal: Principal, policies: Policies, key: KeyFacts, classes: Classes) -> _Marks:
    return dict(_listed(principal, policies, key, classes))


def _listed(
    principal: Principal, policies: Policies, key: KeyFacts, classes: Classes
) -> Iterator[tuple[str, Mark]]:
    for cell in access_row(principal, policies, key, classes).cells:
        for part in cell.parts:
            yield from ((name, part.mark) for name in part.actions)


_WEAKEST_FIRST = (Mark.CONDITIONAL, Mark.VIA_IAM, Mark.YES)


def _kept(was: Mark | None, will: Mark | None) -> Kept | None:
    """The weaker of both; None where one of them gives nothing."""
    if was not in _CAN or will not in _CAN:
        return None
    return _CAN[next(each for each in _WEAKEST_FIRST if each in (was, will))]
