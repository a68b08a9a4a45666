"""IAM Access Analyzer's custom policy checks of a change of a key policy, beside our own diff.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-checks-validating-policies.html:
the checks go by the texts alone, prove what passes, fail what they cannot tell, and "a charge is
associated with each custom policy check".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kmstui.policy.access import Access, AccessChange, AccessDiff, Direction, access_diff
from kmstui.policy.evaluation import as_policy
from kmstui.policy.iam import canonical_action, knowledge
from kmstui.policy.syntax import Statement
from kmstui.policy.witnesses import joined
from kmstui.service.access.comparison import Agreement
from kmstui.service.errors import FailedError
from kmstui.service.ports import AnalyzerGateway, PolicyCheck

PRICES = "https://aws.amazon.com/iam/access-analyzer/pricing"
"""What each check costs; the number may change, so it is not told here."""
CHARGE = f"AWS charges for each custom policy check: {PRICES} names the price."
READ_ONLY = "Read-only mode lets the checks pass, since they change nothing."

NO_NEW_ACCESS, NOT_GRANTED = "CheckNoNewAccess", "CheckAccessNotGranted"

_MOST_ACTIONS = 100
"""In one list (Access Analyzer API Reference, Access)."""
_GRAVEST = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion")
"""What is asked about where a change takes nothing from everybody."""
_NOTHING = '{"Version": "2012-10-17", "Statement": []}'
_NOT_COMPARED = ("aws:principalorgid", "aws:principalaccount")
"""Condition keys by whose values the checks "can't compare new access" (the page above)."""


@dataclass(frozen=True)
class PolicyChange:
    """One key policy in the place of another, and what kmstui makes of it; slow: use a thread."""

    old: str
    new: str
    key_arn: str
    """Of the key that both are for."""

    @cached_property
    def diff(self) -> AccessDiff:
        """Who gains and who loses, whatever control policies refuse of it."""
        return access_diff(self.old, self.new, self.key_arn)

    @cached_property
    def given(self) -> AccessDiff:
        """What the new policy gives at all."""
        return access_diff(_NOTHING, self.new, self.key_arn)

    @cached_property
    def suggested(self) -> tuple[str, ...]:
        """Actions to ask about: those taken away that nobody is left with, if there are any.

        A FAIL names no action, so that a list of which one is given tells nothing of the others.
        """
        taken = {
            action
            for change in self.diff.changes
            if change.direction in (Direction.LOSES, Direction.DENIED)
            for action in change.actions
        }
        left = {action for change in self.given.changes for action in change.actions}
        return tuple(sorted(taken.union(_GRAVEST) - left)) or _GRAVEST

    def statement(self, index: int | None) -> Statement | None:
        """The statement of the new policy that Access Analyzer names by its index from 0."""
        statements = as_policy(self.new).statements
        known = index is not None and 0 <= index < len(statements)
        return statements[index] if known and index is not None else None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a check should come to by kmstui's own reckoning."""

    passes: bool | None
    """None where that is left open."""
    reason: str

    @property
    def word(self) -> str:
        """As Access Analyzer says it."""
        return "open" if self.passes is None else _word(passes=self.passes)


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """One check beside what was expected of it."""

    check: str
    """The operation's name."""
    expected: Expectation
    agreement: Agreement
    said: PolicyCheck | None = None
    """None where it did not answer."""
    problem: str = ""
    """Why not, as a sentence."""
    statement: Statement | None = None
    """That of the new policy which Access Analyzer names."""
    causes: tuple[str, ...] = field(default=())
    """What may be why the two differ, as sentences; empty where they do not."""

    @property
    def word(self) -> str:
        """`PASS`, `FAIL` or `not checked`."""
        return "not checked" if self.said is None else _word(passes=self.said.passed)

    @property
    def title(self) -> str:
        """The check, its result, and how that goes with the expectation."""
        beside = {
            Agreement.AGREES: ", as kmstui expects",
            Agreement.SETTLES: ", which kmstui leaves open",
            Agreement.DIFFERS: f", and kmstui expects {self.expected.word}",
            Agreement.NOTHING: "",
        }[self.agreement]
        return f"{self.check}: {self.word}{beside}"

    @property
    def words(self) -> tuple[str, ...]:
        """What Access Analyzer says, in its own words; the statement as kmstui calls it."""
        if self.said is None:
            return (self.problem,)
        found = [self.said.message] if self.said.message else []
        for reason in self.said.reasons:
            number = self.statement.index + 1 if self.statement else 0
            where = f" (number {number} of the new policy)" if number else ""
            found.append(f"{reason.description.rstrip('.')}{where}.")
        return tuple(found)


def _word(*, passes: bool) -> str:
    return "PASS" if passes else "FAIL"


def actions_in(line: str) -> tuple[str, ...]:
    """The actions that a person lists; empty where none is named.

    Raises:
        ValueError: one is no action of KMS, or they are too many, as a sentence.
    """
    found = tuple(dict.fromkeys(map(canonical_action, line.replace(",", " ").split())))
    for action in found:
        if not knowledge().expand(action):
            raise ValueError(f"{action} is no action of KMS; an example is kms:Decrypt.")
    if len(found) > _MOST_ACTIONS:
        raise ValueError(f"One check takes {_MOST_ACTIONS} actions at most, not {len(found)}.")
    return found


def announcement_of_checks(change: PolicyChange, region: str, actions: Sequence[str] | None) -> str:
    """What is about to be sent where, and what comes of that; None: a person lists the actions."""
    sizes = [f"{len(text.encode()):,} bytes" for text in (change.old, change.new)]
    words = [
        f"Both policies, the old one ({sizes[0]}) and the new one ({sizes[1]}), are sent to IAM"
        f" Access Analyzer in {region or 'this Region'}. {NO_NEW_ACCESS} tells whether the new one"
        " gives access that the old one does not."
    ]
    if actions is None or actions:
        which = ", ".join(actions or ()) or "the actions named below"
        words.append(f"{NOT_GRANTED} tells whether the new one gives anybody one of {which}.")
    words.append(f"{CHARGE} Nothing is changed; CloudTrail records each check.")
    return " ".join(words)


async def ask_analyzer(
    gateway: AnalyzerGateway, change: PolicyChange, actions: Sequence[str]
) -> tuple[CheckAnswer, ...]:
    """Have the change checked; without `actions` for new access alone.

    Raises:
        CancelledByPersonError: the connection is gone.
    """
    asked = [_asked(gateway.check_no_new_access(change.old, change.new))]
    if actions:
        asked.append(_asked(gateway.check_access_not_granted(change.new, actions)))
    found = await asyncio.gather(*asked)
    return await asyncio.to_thread(_answers, change, actions, found)


async def _asked(call: Awaitable[PolicyCheck]) -> PolicyCheck | FailedError:
    try:
        return await call
    except FailedError as error:
        return error


def _answers(
    change: PolicyChange, actions: Sequence[str], found: Sequence[PolicyCheck | FailedError]
) -> tuple[CheckAnswer, ...]:
    expected = [(NO_NEW_ACCESS, expected_of_new_access(change))]
    if actions:
        expected.append((NOT_GRANTED, expected_of_not_granted(change, actions)))
    return tuple(
        compare_check(change, check, expectation, said)
        for (check, expectation), said in zip(expected, found, strict=True)
    )


def expected_of_new_access(change: PolicyChange) -> Expectation:
    """Whether the new policy gives what the old one did not, by kmstui's diff."""
    gains = change.diff.of(Direction.GAINS)
    new = [each for each in gains if each.before <= Access.NONE]
    if new:
        return Expectation(False, _told(new))
    if gains:
        return Expectation(
            None,
            f"{_told(gains)} AWS does not document whether a check counts it as new where the"
            " account had it before.",
        )
    if change.diff.of(Direction.UNCLEAR) or not change.diff.complete:
        return Expectation(None, change.diff.left_open)
    return Expectation(True, "Nobody gains access by the policy.")


def expected_of_not_granted(change: PolicyChange, actions: Sequence[str]) -> Expectation:
    """Whether the new policy gives nobody one of these actions, by kmstui's reckoning."""
    asked = {name for action in actions for name in knowledge().expand(action)}
    given = [each for each in change.given.changes if asked.intersection(each.actions)]
    sure = [each for each in given if each.direction is Direction.GAINS]
    if sure:
        names = sorted({name for each in sure for name in asked.intersection(each.actions)})
        who = joined(dict.fromkeys(name for each in sure for name in each.names), "and", most=6)
        return Expectation(False, f"The new policy gives {joined(names, 'and')} to {who}.")
    if given or not change.given.complete:
        return Expectation(None, change.given.left_open)
    return Expectation(True, f"The new policy gives nobody {joined(actions, 'or')}.")


def _told(changes: Sequence[AccessChange]) -> str:
    more = len(changes) - 1
    return changes[0].sentence + (f" There are {more} more such changes." if more else "")


def compare_check(
    change: PolicyChange, check: str, expected: Expectation, said: PolicyCheck | FailedError
) -> CheckAnswer:
    """How a check goes together with what was expected of it."""
    if isinstance(said, FailedError):
        return CheckAnswer(check, expected, Agreement.NOTHING, problem=said.sentence)
    named = next((each.statement for each in said.reasons if each.statement is not None), None)
    agreement = Agreement.AGREES
    if expected.passes is None:
        agreement = Agreement.SETTLES
    elif expected.passes is not said.passed:
        agreement = Agreement.DIFFERS
    differs = agreement is Agreement.DIFFERS
    causes = tuple(_causes(change, passed=said.passed)) if differs else ()
    return CheckAnswer(
        check, expected, agreement, said, statement=change.statement(named), causes=causes
    )


def _causes(change: PolicyChange, *, passed: bool) -> Iterator[str]:
    if passed:
        yield (
            "kmstui counts every request that the conditions tell apart, and Access Analyzer may"
            " know of one that no service and no caller can make."
        )
    else:
        yield (
            "Access Analyzer goes by the texts alone and knows neither this key nor its account: an"
            " action that KMS does not have or other accounts cannot use, or a Resource that is not"
            " this key, counts there, and gives nobody anything here."
        )
        yield "It says FAIL of what it cannot tell for sure, so as to miss nothing."
    keys = sorted(_keys_not_compared((change.old, change.new)))
    if keys:
        yield f"It does not compare by the values of {joined(keys, 'and')}."
    yield (
        "Or kmstui is wrong. Take what is stricter for true, and please report it with both"
        " policies."
    )


def _keys_not_compared(texts: Iterable[str]) -> set[str]:
    return {
        entry.key.value
        for text in texts
        for statement in as_policy(text).statements
        for entry in statement.conditions
        if entry.key.value.lower() in _NOT_COMPARED
    }
