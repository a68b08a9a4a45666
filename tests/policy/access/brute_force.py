"""The access diff held against brute force: the evaluator is asked about request after request.

Where an answer differs the diff must have said so, and where it said so the answer must differ.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from kmstui.policy.access import AccessDiff, access_diff
from kmstui.policy.access.terms import Access
from kmstui.policy.evaluation import Outcome, Policies, evaluate
from kmstui.policy.iam import (
    Principal,
    PrincipalKind,
    Request,
    absent_keys,
    account_of,
    action_info,
    lookup_for,
)
from tests.policy.access.near_misses import (
    ASKED,
    changed,
    contexts,
    sent,
    statement,
    strangers,
)
from tests.policy.asking import ACCOUNT, KEY
from tests.policy.lockouts import policy_text


def given(policies: Policies, request: Request) -> Access | None:
    """What the evaluator says that a key policy gives; None where AWS leaves it open."""
    principal, info = request.principal, action_info(request.action)
    anonymous = principal.kind is PrincipalKind.ANONYMOUS
    outside = principal.account not in ("", account_of(request.resource))
    if (outside or anonymous) and info is not None and not info.cross_account:
        return Access.NONE
    decision = evaluate(request, policies)
    match decision.outcome:
        case Outcome.EXPLICITLY_DENIED:
            return Access.DENIED
        case Outcome.IMPLICITLY_DENIED:
            return Access.NONE
        case Outcome.ALLOWED:
            return Access.VIA_IAM if outside else Access.DIRECT
        case _:
            return Access.VIA_IAM if decision.hangs_on_iam_alone else None


Pair = tuple[Access | None, Access | None]


@dataclass
class Report:
    """What came of trying pairs of policies."""

    pairs: int = 0
    incomplete: int = 0
    """Pairs of which the diff itself says that something is left open."""
    requests: int = 0
    differing: int = 0
    """Requests that the two policies answer differently."""
    open: int = 0
    """Requests that AWS's documents leave open, so that nothing can be compared."""
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    unknown_callers: list[str] = field(default_factory=list)
    """Callers who are treated as none of those that the diff asked about."""

    def add(self, other: Report) -> None:
        """Take the figures of another run in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def try_pair(seed: int, *, requests: int = 16, others: int = 3) -> Report:
    """Draw one pair of policies and hold the diff against the evaluator."""
    draw = random.Random(seed)
    report = Report(pairs=1)
    root = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
    old = [statement(draw) for _ in range(draw.choice((1, 2, 3)))]
    old += [root] if draw.random() < 0.5 else []
    new = changed(draw, old)
    texts = policy_text(*old), policy_text(*new)
    diff = access_diff(*texts, KEY)
    report.incomplete += not diff.complete
    before, after = map(Policies.of_key, texts)
    asked = contexts(draw, (old, new), requests)
    profiles: dict[Principal, list[Pair]] = {}
    action = draw.choice(ASKED)
    for principal in diff.principals:
        profiles[principal] = []
        for context in asked:
            request = sent(Request(principal, action, KEY, context))
            pair = given(before, request), given(after, request)
            profiles[principal].append(pair)
            _hold(report, diff, request, pair, f"seed {seed}")
    written = {_name(each): each.name for each in diff.principals if not each.label}
    told = {
        (_kind(each), each.account == ACCOUNT, change.before, change.after)
        for change in diff.changes
        if action in change.actions
        for each in change.principals
    }
    for stranger in draw.sample(strangers(), others):
        if written.get(_name(stranger), stranger.name) != stranger.name:
            # Names are unique in an account, whatever the path: the two cannot both exist.
            continue
        profile = [
            (given(before, request), given(after, request))
            for request in (sent(Request(stranger, action, KEY, context)) for context in asked)
        ]
        if "${" in "".join(texts):
            # What hangs on everybody's own name tells strangers apart without end.
            own = _kind(stranger), stranger.account == ACCOUNT
            unsaid = [
                pair
                for pair in profile
                if None not in pair and pair[0] is not pair[1] and (*own, *pair) not in told
            ]
            if unsaid and diff.complete:
                report.missed.append(f"seed {seed}: {stranger.name} {action} {unsaid[0]}")
            continue
        alike = (
            _agree(known, profile)
            for each, known in profiles.items()
            if _kind(each) is _kind(stranger)
            and (each.account == ACCOUNT) == (stranger.account == ACCOUNT)
        )
        if not any(alike):
            report.unknown_callers.append(f"seed {seed}: {stranger.name} {action}")
    return report


def _name(principal: Principal) -> tuple[object, ...]:
    arn = principal.role_arn or principal.name
    return _kind(principal), principal.account, arn.rpartition("/")[2]


def _kind(principal: Principal) -> PrincipalKind:
    session = principal.kind is PrincipalKind.SESSION
    return PrincipalKind.ROLE if session else principal.kind


def _agree(one: list[Pair], other: list[Pair]) -> bool:
    """Whether two callers gain and lose the same, as far as AWS says what they get."""
    return all(
        left == right or None in (*left, *right) or (left[0] is left[1] and right[0] is right[1])
        for left, right in zip(one, other, strict=True)
    )


def _hold(
    report: Report,
    diff: AccessDiff,
    request: Request,
    pair: Pair,
    where: str,
) -> None:
    before, after = pair
    report.requests += 1
    if before is None or after is None:
        report.open += 1
        return
    lookup = lookup_for(request, absent_keys(request.action))
    changes = [
        change
        for change in diff.changes
        if request.action in change.actions and request.principal in change.principals
    ]
    if any(not change.requests for change in changes):
        report.open += 1
        return
    about = [
        ((change.before, change.after), included.include(lookup))
        for change in changes
        for principal, included in zip(change.principals, change.requests, strict=False)
        if principal == request.principal
    ]
    if any(included is None for _, included in about):
        report.open += 1
        return
    said = [shift for shift, included in about if included]
    words = f"{where}: {request.principal.short} {request.action} {dict(request.context.values)}"
    if before is not after:
        report.differing += 1
        if (before, after) not in said and diff.complete:
            report.missed.append(f"{words}: {before.name} → {after.name}, said {said}")
    if any(each != (before, after) for each in said):
        report.false.append(f"{words}: {before.name} → {after.name}, said {said}")


def try_pairs(seeds: Iterable[int]) -> Report:
    """Try several pairs."""
    report = Report()
    for seed in seeds:
        report.add(try_pair(seed))
    return report
