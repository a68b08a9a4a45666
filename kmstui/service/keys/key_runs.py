"""The life cycle of many keys: one action on each of them, in one run; and grants revoked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from kmstui.model import Key
from kmstui.service.changes import Clock, Shown, Sleep, ours_if
from kmstui.service.errors import NotFoundError, ServiceError
from kmstui.service.inventory import Store, slim_rotation
from kmstui.service.keys.allowed import KeyAction, pending_deletion
from kmstui.service.keys.grant_patterns import GrantPattern
from kmstui.service.keys.grants import REVOKE_GRANT
from kmstui.service.keys.life_cycle_changes import (
    CANCEL,
    CANCEL_AND_ENABLE,
    DESCRIPTION,
    DISABLE,
    ENABLE,
    NOT_BACK,
    ROTATION_OFF,
    ROTATION_ON,
    SCHEDULE,
    KeyNow,
    LifeCycleChange,
    already,
    before_of,
    is_as,
    opposite,
    reason,
    revocation,
    wanted_of,
)
from kmstui.service.keys.lifecycle import (
    OPERATIONS,
    ROTATION_OPERATIONS,
    key_shown,
    rotation_shown,
)
from kmstui.service.ports import ChangeRecord, Gateway, Urgency
from kmstui.service.runs import RunKind, Runs, Step, Told
from kmstui.service.session import Session

Send = Callable[[], Awaitable[str | None]]


class LifeCycleKind(RunKind[LifeCycleChange, KeyNow]):
    """Changes of keys and grants, as a run makes them."""

    operations: ClassVar[frozenset[str]] = frozenset(
        {DESCRIPTION, ENABLE, DISABLE, *ROTATION_OPERATIONS, SCHEDULE, CANCEL, CANCEL_AND_ENABLE,
         REVOKE_GRANT}
    )  # fmt: skip
    rates: ClassVar[Mapping[str, float]] = {
        DESCRIPTION: 5, ENABLE: 5, DISABLE: 5, ROTATION_ON: 15, ROTATION_OFF: 5, SCHEDULE: 15,
        CANCEL: 5, REVOKE_GRANT: 50,
    }  # fmt: skip

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def operation_of(self, change: LifeCycleChange) -> str:
        """The permissions that it needs."""
        return change.operation

    def change_of(self, record: ChangeRecord) -> LifeCycleChange:
        """Also one of a single key, outside of a run."""
        before: dict[str, Any] = json.loads(record.before)
        after: dict[str, Any] = json.loads(record.after)
        if grant := before.get("grant"):
            before, after = {grant: before}, {grant: None}
        values = tuple(before.items()), tuple(after.items())
        return LifeCycleChange(record.subject, *values, operation=record.operation)

    def refusal(self, key: Key, name: str) -> str:
        """By who manages or owns the key."""
        return f"{name} {key.fixed}: nobody else can change it." if key.fixed else ""

    async def read(self, gateway: Gateway, change: LifeCycleChange, urgency: Urgency) -> KeyNow:
        """Its description; its rotation or grants where the change is about them."""
        key, metadata = await gateway.describe(change.key_id, urgency)
        now = KeyNow(replace(key, metadata=metadata), metadata)
        if change.operation in ROTATION_OPERATIONS:
            return replace(now, rotation=await gateway.rotation_status(change.key_id, urgency))
        if change.operation == REVOKE_GRANT:
            return replace(now, grants=await gateway.list_grants(change.key_id, urgency))
        return now

    def known(self, key: Key, error: ServiceError) -> KeyNow | None:
        """Its state may have changed since: what cannot be read is left as it is."""
        return None

    def keep(self, store: Store, key_id: str, value: KeyNow) -> None:
        """The panes show it at once."""
        key = store.keys.get(key_id)
        if key is None:
            return
        if key.metadata != value.metadata:
            store.put_key(replace(key, metadata=value.metadata, problem=""))
        if value.rotation is not None:
            store.know(key_id, rotation=slim_rotation(value.rotation))

    def judge(self, change: LifeCycleChange, value: KeyNow) -> Shown:
        """As a single change of this operation is judged."""
        before, after = dict(change.before), dict(change.after)
        if change.operation == REVOKE_GRANT:
            return ours_if(all(grant.id not in after for grant in value.grants))
        if value.rotation is not None:
            return rotation_shown(before, after, value.rotation)
        operation = ENABLE if change.operation == CANCEL_AND_ENABLE else change.operation
        return key_shown(operation, before, after, value.metadata)

    def calls(self, change: LifeCycleChange) -> Iterable[str]:
        """One, or two to take a deletion back, or one for each grant."""
        if change.operation == REVOKE_GRANT:
            return [REVOKE_GRANT] * len(change.after)
        return change.operation.split()

    def steps(self, gateway: Gateway, change: LifeCycleChange) -> Sequence[Step[KeyNow]]:
        """As many as there are calls; after a refusal a key is looked at before it is repeated."""
        if change.operation == REVOKE_GRANT:
            total = len(change.after)
            return [
                Step(
                    partial(_revoke, gateway, change.key_id, grant),
                    half_done=f"{done} of {total} grants are revoked.",
                )
                for done, (grant, _) in enumerate(change.after, start=1)
            ]
        if change.operation != CANCEL_AND_ENABLE:
            check = self.check(gateway, change)
            return [Step(_sender(gateway, change), check, partial(is_as, change))]
        cancel = replace(change, operation=CANCEL, after=(("state", "Disabled"),))
        enable = replace(change, operation=ENABLE)
        return [
            Step(
                _sender(gateway, cancel),
                self.check(gateway, cancel),
                lambda now: pending_deletion(now.metadata),
                half_done="The deletion was cancelled, but the key stays disabled.",
                late="KMS does not show yet that the deletion is cancelled, so the key was not"
                " enabled",
            ),
            Step(
                _sender(gateway, enable),
                self.check(gateway, enable),
                lambda now: now.metadata.state == "Disabled",
            ),
        ]

    def again(self, change: LifeCycleChange, value: KeyNow, name: str) -> LifeCycleChange:
        """Nothing where the key is so already; a refusal where KMS would refuse it."""
        if change.operation == REVOKE_GRANT:
            listed = {grant.id: grant for grant in value.grants}
            return revocation(change, [listed[each] for each, _ in change.after if each in listed])
        if change.operation == CANCEL_AND_ENABLE and not pending_deletion(value.metadata):
            change = replace(change, operation=ENABLE)
        if self.judge(change, value) is Shown.OURS:
            return replace(change, before=(), after=(), note=already(change, value))
        if refused := reason(change, value):
            return replace(change, before=(), after=(), refused=refused)
        return replace(change, before=tuple(before_of(change, value).items()))

    def undo(self, change: LifeCycleChange, value: KeyNow, name: str) -> LifeCycleChange:
        """The opposite action, where the key still shows the change."""
        nothing = replace(change, before=(), after=())
        if change.is_empty:
            return change
        if change.operation == REVOKE_GRANT:
            return replace(nothing, refused=NOT_BACK)
        # Somebody may have enabled a key whose deletion was cancelled here.
        used_since = change.operation == CANCEL and value.metadata.state != "Disabled"
        if used_since or self.judge(change, value) is not Shown.OURS:
            if is_as(change, value):
                return replace(nothing, note=f"{name} is as it was before already.")
            return replace(nothing, note=f"{name} was changed by somebody else since, and stays.")
        operation, after, note = opposite(change, self._clock())
        if not operation:
            return replace(nothing, refused=note)
        back = replace(change, operation=operation, before=(), after=tuple(after.items()))
        planned = self.again(back, value, name)
        return replace(planned, note=note) if note and planned.will_be_sent else planned


class KeyRuns(Runs[LifeCycleChange, KeyNow]):
    """Plans and runs life-cycle actions and revocations on many keys."""

    def __init__(self, session: Session, pause: Sleep = asyncio.sleep) -> None:
        super().__init__(session, LifeCycleKind(session.clock), pause)

    async def plan(
        self,
        key_ids: Sequence[str],
        action: KeyAction,
        value: str | int = "",
        told: Told = lambda count: None,
    ) -> tuple[LifeCycleChange, ...]:
        """What an action of `RUN_ACTIONS` means for each key, by what KMS has now.

        `value` is the description, or the days of the rotation or waiting period.
        """
        after = tuple(wanted_of(action, value).items())
        asked = [
            LifeCycleChange(key_id, (), after, operation=OPERATIONS[action]) for key_id in key_ids
        ]
        return await self._plan(asked, self.kind.again, told)

    async def plan_revocations(
        self, key_ids: Sequence[str], pattern: GrantPattern, told: Told = lambda count: None
    ) -> tuple[LifeCycleChange, ...]:
        """The grants that a pattern means, on each key."""

        def planner(change: LifeCycleChange, now: KeyNow, name: str) -> LifeCycleChange:
            return revocation(change, [each for each in now.grants if pattern.means(each)])

        asked = [LifeCycleChange(key_id, (), (), operation=REVOKE_GRANT) for key_id in key_ids]
        return await self._plan(asked, planner, told)


def _sender(gateway: Gateway, change: LifeCycleChange) -> Send:
    """The one call of an operation."""
    key_id, after = change.key_id, dict(change.after)

    async def schedule() -> str | None:
        when = await gateway.schedule_deletion(key_id, after["window_days"])
        return f"DeletionDate {when.isoformat()}" if when else None

    calls: Mapping[str, Send] = {
        DESCRIPTION: lambda: gateway.update_description(key_id, after["description"]),
        ENABLE: lambda: gateway.enable(key_id),
        DISABLE: lambda: gateway.disable(key_id),
        ROTATION_ON: lambda: gateway.enable_rotation(key_id, after["period_days"]),
        ROTATION_OFF: lambda: gateway.disable_rotation(key_id),
        SCHEDULE: schedule,
        CANCEL: lambda: gateway.cancel_deletion(key_id),
    }
    return calls[change.operation]


async def _revoke(gateway: Gateway, key_id: str, grant: str) -> str | None:
    try:
        await gateway.revoke_grant(key_id, grant)
    except NotFoundError:
        # It was retired or revoked meanwhile, which is as well.
        if any(each.id == grant for each in await gateway.list_grants(key_id)):
            raise
    return None
