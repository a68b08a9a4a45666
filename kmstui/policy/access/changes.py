"""A change of access, and all of them, in words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from kmstui.policy.access.differences import UNSETTLED, Requests
from kmstui.policy.access.groups import actions_words
from kmstui.policy.access.terms import Access
from kmstui.policy.evaluation import RETIRE
from kmstui.policy.iam import Principal, action_info, key_actions
from kmstui.policy.syntax import Span, Statement
from kmstui.policy.witnesses import joined


class Direction(StrEnum):
    """Which way access changes."""

    GAINS = "gains"
    UNCLEAR = "may gain or lose"
    """Not every combination of conditions could be tried."""
    LOSES = "loses"
    DENIED = "is now explicitly denied"
    """It had no access by the policy; now grants do not help either."""
    UNDENIED = "is no longer explicitly denied"
    """It has no access by the policy; but grants would help now."""


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One row: some principals, some actions, one change."""

    direction: Direction
    before: Access
    after: Access
    when: tuple[str, ...]
    """The conditions, any of which suffices; an empty text says: always."""
    actions: tuple[str, ...] = ()
    statements_before: tuple[Statement, ...] = ()
    """Those of the old policy that the new one does not have, to jump to."""
    statements_after: tuple[Statement, ...] = ()
    """Those of the new policy that the old one did not have."""
    principals: tuple[Principal, ...] = ()
    names: tuple[str, ...] = ()
    """What to call the principals."""
    refused: str = ""
    """That control policies or a VPC endpoint's refuse it, as a clause; empty where none does."""
    requests: tuple[Requests, ...] = field(default=(), compare=False, repr=False)
    """Which requests of each of the principals it is about; empty where that is not known."""

    def beside_others(self) -> AccessChange:
        """The same, where statements that were not looked at may settle it before."""
        when = tuple(f"{words} and {UNSETTLED}" if words else UNSETTLED for words in self.when)
        return replace(self, when=when, requests=())

    @property
    def who(self) -> str:
        """The principals in words."""
        return joined(self.names, "and", most=6)

    @property
    def what(self) -> str:
        """The actions in words: `Decrypt, ReEncrypt*`."""
        if frozenset(self.actions) == _across_accounts():
            return f"all {len(self.actions)} actions that other accounts can use"
        return actions_words(frozenset(self.actions), governed())

    @property
    def condition(self) -> str:
        """When, in words; empty where it is always so."""
        return "; or ".join(filter(None, self.when)) if all(self.when) else ""

    @property
    def sentence(self) -> str:
        """The change as one sentence, with what refuses it."""
        return f"{self.made}; {self.refused}." if self.refused else f"{self.made}."

    @property
    def made(self) -> str:
        """What the key policy changes, as a clause, whatever refuses it."""
        words = f"{self.who} {self.verb} {self.what}"
        if self.direction is Direction.UNCLEAR:
            return f"{words}: {self.condition}"
        when = f" when {self.condition}" if self.condition else ""
        return f"{words}{when} ({_WORDS[self.before]} → {_WORDS[self.after]})"

    @property
    def verb(self) -> str:
        """What becomes of the principals: `gains`, `lose`."""
        several = len(self.names) > 1 or self.who.startswith(_PLURAL_NAMES)
        return _PLURAL[self.direction] if several else self.direction.value

    @property
    def spans_after(self) -> tuple[Span, ...]:
        """Where in the new text the statements stand that make the change."""
        return tuple(statement.node.span for statement in self.statements_after)


@dataclass(frozen=True, slots=True)
class AccessDiff:
    """All changes; empty where the two policies mean the same."""

    changes: tuple[AccessChange, ...]
    """Gains first, since they are what a slip of the hand gives away."""
    principals: tuple[Principal, ...]
    """Everybody who was asked about."""
    not_considered: tuple[str, ...]
    """Never empty."""
    open_keys: tuple[str, ...] = ()
    """Condition keys of which not every value could be tried; empty where the diff is complete."""
    complete: bool = True
    """Whether no request comes out differently but those of the changes."""

    @property
    def left_open(self) -> str:
        """What could not be worked out, as a sentence; empty where the diff is complete."""
        if self.complete:
            return ""
        what = (
            f"Not every value of {joined(self.open_keys, 'and')} could be tried"
            if self.open_keys
            else "Not every kind of caller that the policies tell apart could be tried"
        )
        return f"{what}, so more may change than is said here."

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.changes)

    def of(self, direction: Direction) -> tuple[AccessChange, ...]:
        """The changes of one direction."""
        return tuple(change for change in self.changes if change.direction is direction)

    def undoing(self, earlier: AccessDiff) -> tuple[AccessChange, ...]:
        """What of these changes gives back what `earlier` took, or takes what it gave."""
        found = []
        for change in self.changes:
            opposite = _OPPOSITES.get(change.direction, ())
            done = {
                (principal, action)
                for each in earlier.changes
                if each.direction in opposite
                for principal in each.principals
                for action in each.actions
            }
            who = tuple(each for each in change.principals if any(each == one for one, _ in done))
            what = tuple(
                action for action in change.actions if any((each, action) in done for each in who)
            )
            if what:
                names = tuple(dict.fromkeys(each.short for each in who))
                found.append(replace(change, principals=who, names=names, actions=what))
        return tuple(found)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The diff in words; one sentence where nothing changes."""
        if not self.changes and self.complete:
            return ("Nobody gains or loses anything: the two policies mean the same.",)
        told = tuple(change.sentence for change in self.changes)
        return told if self.complete else (*told, self.left_open)


_OPPOSITES = {
    Direction.GAINS: (Direction.LOSES, Direction.DENIED),
    Direction.UNDENIED: (Direction.DENIED,),
    Direction.LOSES: (Direction.GAINS,),
    Direction.DENIED: (Direction.GAINS, Direction.UNDENIED),
}

_WORDS = {
    Access.DENIED: "explicitly denied",
    Access.NONE: "no access",
    Access.VIA_IAM: "if IAM policies allow it",
    Access.DIRECT: "by the key policy",
}
_PLURAL_NAMES = ("principals ", "roles ", "users ", "federated users ", "AWS services ")
_PLURAL = {
    Direction.GAINS: "gain",
    Direction.LOSES: "lose",
    Direction.DENIED: "are now explicitly denied",
    Direction.UNDENIED: "are no longer explicitly denied",
    Direction.UNCLEAR: "may gain or lose",
}


@lru_cache(maxsize=1)
def governed() -> tuple[str, ...]:
    """The actions in which a key policy has a say: who may retire a grant, the grant tells."""
    return tuple(action for action in key_actions() if action != RETIRE)


@lru_cache(maxsize=1)
def _across_accounts() -> frozenset[str]:
    infos = map(action_info, governed())
    return frozenset(info.name for info in infos if info is not None and info.cross_account)
