"""Life-cycle actions on many keys, and revoked grants, as the screen of a run shows them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from kmstui.model import Key, Rotation, visible
from kmstui.service.errors import ServiceError
from kmstui.service.keys import KeyNow, KeyRuns, LifeCycleChange
from kmstui.service.runs import RunResult
from kmstui.service.session import Session
from kmstui.service.uses import NOBODY_SEES, UsesReader, deletion_facts, in_brief, in_short
from kmstui.ui.keys.key_actions import production_tags
from kmstui.ui.runs import ShownKind, StepLine, number
from kmstui.ui.style import Part, Symbols

_LOOK_AT_ONCE = 3
"""Keys whose use is read at once: CloudTrail answers two questions a second."""

_REVOKE = "kms:RevokeGrant"
_DISABLE, _SCHEDULE = "kms:DisableKey", "kms:ScheduleKeyDeletion"

_VERBS = {
    "kms:UpdateKeyDescription": ("describe", "changes the description of"),
    "kms:EnableKey": ("enable", "enables"),
    _DISABLE: ("disable", "disables"),
    "kms:EnableKeyRotation": ("rotation on", "turns on the rotation of"),
    "kms:DisableKeyRotation": ("rotation off", "turns off the rotation of"),
    _SCHEDULE: ("schedule deletion", "schedules the deletion of"),
    "kms:CancelKeyDeletion": ("cancel deletion", "cancels the deletion of"),
    "kms:CancelKeyDeletion kms:EnableKey": (
        "cancel deletion, enable",
        "cancels the deletion of, and enables,",
    ),
    _REVOKE: ("revoke grants", "revokes grants of"),
}
"""By operation: its name, and what it does as the beginning of "3 keys"."""

_DISABLED_MEANS = (
    "Until they are enabled again nothing can be encrypted, decrypted, signed or verified with"
    " them, by AWS services neither. Nothing is lost."
)
_DELETED_MEANS = (
    "Once deleted they are gone for ever, with whatever is encrypted under them. GENTLER FIRST:"
    " disable them (x, b), set an alarm on each (y, w), and wait longer than their rarest use."
)


class ShownKeys(ShownKind[LifeCycleChange]):
    """Life-cycle actions and revocations."""

    reading: ClassVar[str] = "the keys"
    column: ClassVar[str] = "WHAT"
    as_wanted: ClassVar[str] = "is as wanted already"

    def __init__(self, runs: KeyRuns, session: Session, symbols: Symbols) -> None:
        super().__init__(runs, session.store)
        self.key_runs = runs
        self._session = session
        self._arrow = symbols.arrow

    def noun(self, changes: Iterable[LifeCycleChange]) -> str:
        """With what is done to them."""
        names = dict.fromkeys(_VERBS[each.operation][0] for each in changes)
        return f"change of keys ({', '.join(names)})"

    # The plan

    def steps(self, change: LifeCycleChange) -> list[StepLine]:
        """Its state, description or rotation; or each grant."""
        before, after = dict(change.before), dict(change.after)
        if not after:
            return []
        if change.operation == _REVOKE:
            return [("-", _holder(facts), _allows(facts)) for facts in before.values()]
        if "description" in after:
            old, new = (visible(each["description"]) or "none" for each in (before, after))
            return [("~", "description", f"{old} {self._arrow} {new}")]
        if "rotation" in after:
            return [("~", "rotation", f"{_period(before)} {self._arrow} {_period(after)}")]
        days = after.get("window_days")
        state = f"{before.get('state', '')} {self._arrow} {after['state']}"
        return [("~", "state", f"{state}, in {days} days" if days else state)]

    def line(self, change: LifeCycleChange) -> str:
        """The new state; of grants who loses what."""
        if change.operation == _REVOKE:
            words = [f"-{who} {may}" for _, who, may in self.steps(change)]
            many = f"{len(words)} grants: " if len(words) > 1 else ""
            return f"{many}{'; '.join(words)}"
        words = [value for _, _, value in self.steps(change)]
        return f"{words[0]} {change.note}".rstrip() if words else ""

    def counts(self, changes: Sequence[LifeCycleChange]) -> str:
        """What is done to how many keys; of grants, how many."""
        counts = Counter(each.operation for each in changes)
        words = []
        for operation, count in counts.items():
            if operation == _REVOKE:
                total = sum(len(each.after) for each in changes if each.operation == operation)
                words.append(f"revokes {number(total, 'grant')} of {number(count, 'key')}")
            else:
                words.append(f"{_VERBS[operation][1]} {number(count, 'key')}")
        return ", ".join(words)

    def commands(self, change: LifeCycleChange) -> Iterable[Sequence[str]]:
        """One for each call."""
        after = dict(change.after)
        for operation in change.operation.split():
            match operation:
                case "kms:UpdateKeyDescription":
                    yield "update-key-description", "--description", after["description"]
                case "kms:EnableKeyRotation":
                    days = str(after["period_days"])
                    yield "enable-key-rotation", "--rotation-period-in-days", days
                case "kms:ScheduleKeyDeletion":
                    days = str(after["window_days"])
                    yield "schedule-key-deletion", "--pending-window-in-days", days
                case "kms:RevokeGrant":
                    for grant in after:
                        yield "revoke-grant", "--grant-id", grant
                case _:
                    yield (_CLI[operation],)

    def can_undo(self, change: LifeCycleChange) -> bool:
        """A revoked grant is gone."""
        return change.operation != _REVOKE

    # What happened

    def now(self, result: RunResult[LifeCycleChange]) -> str:
        """What the change was about."""
        return _words_of(result.change, result.found)

    def now_holds(self, result: RunResult[LifeCycleChange]) -> str:
        """The same, of the key by its name."""
        name = self.store.name_of(result.change.key_id)
        return f"{name}: {_words_of(result.change, result.found)}."

    def all_found(self, result: RunResult[LifeCycleChange]) -> Sequence[str]:
        """The same as a line."""
        return [f"Now: {_words_of(result.change, result.found)}."]

    def if_lost(self, left: str) -> str:
        """The keys that stay as they are."""
        return f"Keys are being changed: {left} would be left as they are."

    # What to weigh

    def warning(self, changes: Sequence[LifeCycleChange]) -> str:
        """What it does to those who use the keys, and what is known of them."""
        operations = {each.operation for each in changes}
        if _REVOKE in operations:
            return _revoked_means(changes)
        if not self.looks(changes):
            return ""
        means = _DELETED_MEANS if _SCHEDULE in operations else _DISABLED_MEANS
        keys = [key for each in changes if (key := self.store.keys.get(each.key_id))]
        production = [key.id for key in keys if production_tags(key.tags or ())]
        names = ", ".join(map(self.store.bare_name, production[:3]))
        said = f" THEIR TAGS SAY PRODUCTION: {number(len(production), 'key')} ({names})."
        return f"{means}{said if production else ''} {self._seen_of_all(changes)}"

    def _seen_of_all(self, changes: Sequence[LifeCycleChange]) -> str:
        known = Counter(in_brief(self._reader(each.key_id).of(each.key_id))[1] for each in changes)
        words = f"SEEN IN USE: {known[True]} of {number(len(changes), 'key')}"
        if known[None]:
            words += f"; of {known[None]} not known yet"
        if known[False]:
            words += f"; of {known[False]} none was found, which is no proof (Space tells of a key)"
        return f"{words}."

    def question(self, changes: Sequence[LifeCycleChange]) -> tuple[str, str, str] | None:
        """A deletion asks for words that nobody types by chance."""
        doomed = [each for each in changes if each.operation == _SCHEDULE]
        if not doomed:
            return None
        days = dict(doomed[0].after)["window_days"]
        keys = [key for each in doomed if (key := self.store.keys.get(each.key_id))]
        facts = Counter(fact for key in keys for fact in deletion_facts(key, ()))
        words = [
            f"At once nothing can be encrypted or decrypted with {number(len(doomed), 'key')}, and"
            f" in {days} days they are deleted for ever. Until then x cancels it, and z.",
            self._seen_of_all(doomed),
            *(
                fact if count == len(keys) else f"Of {number(count, 'key')}: {fact}"
                for fact, count in facts.items()
            ),
            NOBODY_SEES,
        ]
        return "\n".join(words), "Schedule deletion", f"delete {number(len(doomed), 'key')}"

    def looks(self, changes: Sequence[LifeCycleChange]) -> bool:
        """Before keys are taken out of use."""
        return any(each.operation in (_DISABLE, _SCHEDULE) for each in changes)

    async def look(self, changes: Sequence[LifeCycleChange], told: Callable[[str], None]) -> None:
        """Read what uses the keys, as the dialog of one key does."""
        queue = iter([each.key_id for each in changes])

        async def work() -> None:
            for key_id in queue:
                if (key := self.store.keys.get(key_id)) is not None:
                    await self._look_at(key, told)

        async with asyncio.TaskGroup() as group:
            for _ in range(_LOOK_AT_ONCE):
                group.create_task(work())

    async def _look_at(self, key: Key, told: Callable[[str], None]) -> None:
        # What was not read is told in the row.
        with contextlib.suppress(ServiceError):
            await self._reader(key.id).read(key)
        told(key.id)

    def _reader(self, key_id: str) -> UsesReader:
        return self._session.of(key_id).shared(UsesReader)

    def seen(self, key_id: str) -> Part:
        """When and where it was seen in use."""
        words, seen = in_brief(self._reader(key_id).of(key_id))
        return words, "warn" if seen else "dim"

    def all_seen(self, key_id: str) -> str:
        """Which source told what, where anything was read."""
        uses = self._reader(key_id).of(key_id)
        return in_short(uses) if uses.readings else ""


_CLI = {
    "kms:EnableKey": "enable-key",
    "kms:DisableKey": "disable-key",
    "kms:DisableKeyRotation": "disable-key-rotation",
    "kms:CancelKeyDeletion": "cancel-key-deletion",
}


def _holder(facts: Mapping[str, Any]) -> str:
    who = facts.get("grantee") or facts.get("grantee_service") or "nobody named"
    return str(who).rpartition(":")[2]


def _allows(facts: Mapping[str, Any]) -> str:
    name = f" ({facts['name']})" if facts.get("name") else ""
    return f"{', '.join(facts.get('operations') or ('what was not read',))}{name}"


def _period(values: Mapping[str, Any]) -> str:
    if not values.get("rotation"):
        return "off" if values.get("rotation") is False else "not known"
    days = values.get("period_days")
    return f"every {days} days" if days else "on"


def _words_of(change: LifeCycleChange, now: KeyNow) -> str:
    """What of a key the change was about, as it is now."""
    if change.operation == _REVOKE:
        return f"{number(len(now.grants), 'grant')} left"
    if isinstance(now.rotation, Rotation):
        values = {"rotation": now.rotation.enabled, "period_days": now.rotation.period_days}
        return f"rotation {_period(values)}"
    if "description" in dict(change.after):
        return f"described as {visible(now.metadata.description) or 'nothing'}"
    when = now.metadata.deletion
    return f"{now.metadata.state}, deleted on {when:%Y-%m-%d}" if when else now.metadata.state


def _revoked_means(changes: Sequence[LifeCycleChange]) -> str:
    facts = [each for change in changes for _, each in change.before]
    services = sum(
        ".amazonaws.com" in f"{each.get('grantee', '')}{each.get('grantee_service', '')}"
        or "/aws-service-role/" in each.get("grantee", "")
        or bool(each.get("context_equals") or each.get("context_subset"))
        for each in facts
    )
    words = "Whoever holds them loses what they allow, within five minutes. It cannot be undone."
    if services:
        words += (
            f" {services} of {len(facts)} look like those of AWS services or of one resource: what"
            " they are for, such as an attached volume, may fail."
        )
    return words
