"""Puts of other people's that one's own put replaced unseen, as far as CloudTrail tells of them.

KMS has no conditional put: what somebody puts between kmstui's read and its put is gone, and the
read-back shows one's own policy. CloudTrail tells of it some five minutes later, in no order that
is promised (CloudTrail User Guide, "How CloudTrail works"). What was stored right before one's own
put is the policy of the put before it; where that is not what had been read, nobody has seen it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kmstui.model import KeyEvent
from kmstui.service.changes import PROPAGATION, ChangeScope, Sleep
from kmstui.service.editing.location import PUT_KEY_POLICY, policy_of
from kmstui.service.errors import FailedError
from kmstui.service.ports import ChangeRecord, EventGateway
from kmstui.service.session import Session

LOOKED_FOR = timedelta(minutes=20)
"""How long after a put CloudTrail is asked about it: it promises no time, and is seldom later."""

BETWEEN_LOOKS = 180.0
"""Seconds; each look costs one of the two lookups a second that all of the account share."""

_MOST = 100
"""Puts that are looked for at once, the newest."""


def overwritten(record: ChangeRecord, events: Iterable[KeyEvent]) -> KeyEvent | None:
    """The put that this one replaced though something else had been read, or None.

    Times are compared within CloudTrail, whose clock is not this computer's, and tells seconds.
    """
    # Only now: at most starts nothing was put, and the policy engines need not be loaded.
    from kmstui.policy.iam import same_meaning

    sent, before = policy_of(record.after), policy_of(record.before)
    ended = record.ended or record.time
    puts = [
        (each.time, each) for each in events if each.time and each.policy and not each.error_code
    ]
    own = [(time, each) for time, each in puts if same_meaning(each.policy, sent)]
    if not own:
        return None
    at, mine = min(own, key=lambda put: abs(put[0] - ended))
    # Reads may be late, and the put may have been turned away at first.
    since = at - PROPAGATION - (ended - record.time)
    earlier = [put for put in puts if put[1] is not mine and since <= put[0] <= at]
    latest = max((time for time, _ in earlier), default=at)
    last = [each for time, each in earlier if time == latest]
    if any(same_meaning(each.policy, text) for each in last for text in (before, sent)):
        return None
    return last[0] if last else None


async def watch_puts(session: Session, sleep: Sleep = asyncio.sleep) -> None:
    """Tell of each put that one of this journal replaced unseen, as long as the connection lasts.

    Puts of the last minutes before this start are among them. Where CloudTrail may not be asked,
    nothing can be told.
    """
    gateway, scope = session.gateway, session.change_scope()
    told: set[str] = set()
    while session.is_connected_by(gateway):
        try:
            records = await _recent_puts(scope)
            seen = await _puts_since(gateway, records, scope.clock()) if records else ()
        except FailedError as error:
            if not error.retryable:
                return
            records = ()
        for record in records:
            events = [event for key_id, event in seen if key_id == record.subject]
            lost = overwritten(record, events)
            if lost is not None and lost.id not in told:
                told.add(lost.id)
                session.notify(_sentence(session.store.name_of(record.subject), lost), "warning")
        await sleep(BETWEEN_LOOKS)


async def _puts_since(
    gateway: EventGateway, records: Sequence[ChangeRecord], now: datetime
) -> tuple[tuple[str, KeyEvent], ...]:
    first = min(each.time for each in records)
    # Beyond both ends, since the clocks differ by as much as a signature may.
    return await gateway.policy_puts(first - 2 * PROPAGATION, now + PROPAGATION)


async def _recent_puts(scope: ChangeScope) -> Sequence[ChangeRecord]:
    records = await scope.journal.changes(scope.where, operations=(PUT_KEY_POLICY,), limit=_MOST)
    since = scope.clock() - LOOKED_FOR
    return [
        each
        for each in records
        if each.outcome == "done" and each.ended is not None and each.ended >= since
    ]


def _sentence(name: str, lost: KeyEvent) -> str:
    return (
        f"Overwritten unseen: {lost.principal or 'somebody'} put a policy on {name} at"
        f" {lost.time:%H:%M:%S} UTC that no read had shown before yours replaced it, says"
        " CloudTrail. f in the key's History (]) lists their text: compare it, and put back what"
        " is missing."
    )
